"""What the incident page and the pocket page show, one query a question."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.outgoing import echoes
from gateway.store.reading import readings_past
from gateway.store.reading.readings_past import SEEN_MOST
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, Payload, PersonRow, SilenceRow, Source
from gateway.store.types import micros
from rules.words import Status

__all__ = ["SEEN_MOST"]
MOST = 200  # rows of one kind on a page; the newest
LINES = 60  # of the timeline on a page
LARGEST = 2**63 - 1  # a number that a database takes


def incident(number: int) -> Incident | None:
    return db.session.get(Incident, number) if number <= LARGEST else None


def incident_by_uuid(uuid: str) -> Incident | None:
    return db.session.scalars(select(Incident).where(Incident.uuid == uuid)).one_or_none()


def outside(number: int) -> str:
    """Where PagerDuty shows its own incident for it; nothing if that is not known."""
    return echoes.pages(db.session(), [number]).get(number, "")


def source_of(found: Incident) -> Source:
    return db.session.get_one(Source, found.source_id)


def entries(
    incident_id: int, kinds: Iterable[str] = (), before: int | None = None, most: int = MOST
) -> Sequence[Entry]:
    """The timeline, newest first; one more than `most`, so that it is known whether there are older ones."""
    query = select(Entry).where(Entry.incident_id == incident_id)
    if wanted := list(kinds):
        query = query.where(Entry.kind.in_(wanted))
    if before is not None:
        query = query.where(Entry.id < before)
    return db.session.scalars(query.order_by(Entry.id.desc()).limit(most + 1)).all()


def last_entry(incident_id: int, kind: str) -> Entry | None:
    query = select(Entry).where(Entry.incident_id == incident_id, Entry.kind == kind)
    return db.session.scalars(query.order_by(Entry.id.desc()).limit(1)).one_or_none()


def deliveries(incident_id: int) -> Sequence[Delivery]:
    """Who was told, in the order of telling."""
    query = select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id.desc()).limit(MOST)
    return db.session.scalars(query).all()[::-1]


def alerts(incident_id: int) -> Sequence[AlertRow]:
    return readings_past.alerts(db.session(), incident_id)


def alerts_page(incident_id: int, after: int | None) -> Sequence[AlertRow]:
    """All of them, newest first, a page at a time; one more than fits."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    if after is not None:
        query = query.where(AlertRow.id < after)
    return db.session.scalars(query.order_by(AlertRow.id.desc()).limit(MOST + 1)).all()


def count_alerts(incident_id: int) -> tuple[int, int]:
    """How many there are, and how many of them fire."""
    query = select(func.count(), func.sum(AlertRow.firing.cast(AlertRow.seen.type)))
    total, firing = db.session.execute(query.where(AlertRow.incident_id == incident_id)).one()
    return total, firing or 0


def seen_before(found: Incident, now: datetime) -> Sequence[Incident]:
    return readings_past.seen_before(db.session(), found, now)


def near(found: Incident) -> Sequence[Incident]:
    return readings_past.near(db.session(), found)


def silence(number: int) -> SilenceRow | None:
    return db.session.get(SilenceRow, number)


def payloads(found: Incident) -> Sequence[Payload]:
    return readings_past.payloads_of(db.session(), found)


def resolved_at(number: int) -> datetime | None:
    over = Incident.status == Status.RESOLVED
    return db.session.scalar(select(Incident.resolved_at).where(Incident.id == number, over))


def mark(number: int) -> str:
    """Changes whenever anything on this incident's page does."""
    entry = select(func.count(Entry.id), func.max(Entry.id)).where(Entry.incident_id == number)
    sent = select(func.count(Delivery.id), func.sum(Delivery.lease), func.max(Delivery.finished_at))
    alert = select(func.count(AlertRow.id), func.sum(AlertRow.seen)).where(AlertRow.incident_id == number)
    found = [
        *db.session.execute(entry).one(),
        *db.session.execute(sent.where(Delivery.incident_id == number)).one(),
        *db.session.execute(alert).one(),
    ]
    return "-".join(str(micros(value) if isinstance(value, datetime) else value or 0) for value in found)


def person_by_email(email: str) -> PersonRow | None:
    return db.session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()
