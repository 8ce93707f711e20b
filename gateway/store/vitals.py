"""The states that say whether we do our work, read from the database when somebody asks and kept nowhere."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from gateway.store.base import WAITING
from gateway.store.tables import Delivery, Fact, Incident
from gateway.store.types import micros
from rules.words import Status, Urgency

WORKER = "worker:"  # how the keys of workers' signs of life begin
REACHED_WITHIN = timedelta(seconds=60)  # by then some page of an emergency has to be out


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at everything."""

    open: dict[tuple[Urgency, Status], int]  # every combination, zeros too
    waiting: int  # messages that are not out yet
    oldest: datetime | None  # when the one that waits longest was promised
    undelivered: int  # emergencies that have reached nobody
    worker_seen: datetime | None


def vitals(session: Session, now: datetime) -> Vitals:
    waiting, oldest = session.execute(select(func.count(), func.min(Delivery.created_at)).where(WAITING)).one()
    return Vitals(_open(session), waiting, oldest, undelivered(session, now), worker_seen(session))


def _open(session: Session) -> dict[tuple[Urgency, Status], int]:
    counted = {(urgency, status): 0 for urgency in Urgency for status in (Status.TRIGGERED, Status.ACKNOWLEDGED)}
    query = (
        select(Incident.status, Incident.urgency, func.count())
        .where(Incident.status.in_((Status.TRIGGERED.value, Status.ACKNOWLEDGED.value)))
        .group_by(Incident.status, Incident.urgency)
    )
    for status, rank, count in session.execute(query):
        counted[tuple(Urgency)[rank], Status(status)] = count
    return counted


def undelivered(session: Session, now: datetime) -> int:
    """Emergencies that nobody answered and of which no page got out in time, though one should have.

    Where no provider is configured pages only go to the log: that is no failure of ours.
    """
    query = text("""
        SELECT count(*) FROM incident i
        WHERE i.status = 'triggered' AND i.urgency = 0 AND i.opened_at < :late
          AND EXISTS (SELECT 1 FROM delivery d WHERE d.incident_id = i.id AND d.kind IN ('opened', 'escalated')
                      AND d.status <> 'logged')
          AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.incident_id = i.id AND d.kind IN ('opened', 'escalated')
                          AND d.status IN ('sent', 'delivered'))
    """)
    return int(session.execute(query, {"late": micros(now - REACHED_WITHIN)}).scalar_one())


def worker_seen(session: Session) -> datetime | None:
    """The last sign of life of any worker."""
    query = select(func.max(Fact.at)).where(Fact.key.startswith(WORKER, autoescape=True))
    return session.execute(query).scalar_one()


def behind(session: Session, known: Collection[str], newest: Collection[str]) -> bool:
    """Whether the database is older than this program. A newer one is fine: the other processes are ahead of us."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return True
    found = set(session.scalars(text("SELECT version_num FROM alembic_version")))
    return not found or bool(found & (set(known) - set(newest)))
