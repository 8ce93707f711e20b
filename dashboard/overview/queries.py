"""What the overview asks the database, one query a question: of open incidents, of the newest rows, never of all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text

from gateway.store import rollups, vitals
from gateway.store.base import OPEN
from gateway.store.db import db
from gateway.store.stats import Scope
from gateway.store.tables import Delivery, Entry, Fact, Incident
from gateway.store.types import micros, moment
from gateway.store.vitals import WORKER, Vitals
from gateway.world import world
from rules.words import Directory, Status

GRID = 24  # services
NEWEST = 500  # messages looked through for the state of each channel
MOST = 20_000  # incidents of a day that the strip counts
LINES = 6
QUARTER = timedelta(minutes=15)
QUARTERS = 96
ALIVE = timedelta(minutes=1)


def now_by_urgency(now: datetime) -> Sequence[tuple[int, str, int, datetime, int]]:
    """Urgency, status, how many, the oldest, how many are late."""
    rows = db.session.execute(
        select(
            Incident.urgency,
            Incident.status,
            func.count(),
            func.min(Incident.opened_at),
            func.sum(text(f"CASE WHEN status = 'triggered' AND ack_due_at < {micros(now):d} THEN 1 ELSE 0 END")),
        )
        .where(Incident.status.in_((Status.TRIGGERED.value, Status.ACKNOWLEDGED.value)))
        .group_by(Incident.urgency, Incident.status)
    )
    return [(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]


def services() -> Sequence[tuple[str, int, int]]:
    """Of open incidents: service, its worst class, how many; the worst first."""
    worst, count = func.min(Incident.urgency), func.count()
    query = select(Incident.service, worst, count).where(OPEN, Incident.service != "").group_by(Incident.service)
    rows = db.session.execute(query.order_by(worst, count.desc(), Incident.service).limit(GRID + 1))
    return [(row[0], row[1], row[2]) for row in rows]


def quarters(now: datetime) -> dict[tuple[int, int], int]:
    """Incidents of the last 24 hours by quarter of an hour and class."""
    begin = micros(now - QUARTERS * QUARTER)
    newest = (
        select(Incident.opened_at, Incident.urgency)
        .where(Incident.opened_at >= now - QUARTERS * QUARTER, Incident.is_test.is_(False))
        .order_by(Incident.opened_at.desc())
        .limit(MOST)
        .subquery()
    )
    found: dict[tuple[int, int], int] = {}
    for at, urgency in db.session.execute(select(newest.c.opened_at, newest.c.urgency)):
        place = min(QUARTERS - 1, (micros(at) - begin) // micros_of(QUARTER))
        found[place, urgency] = found.get((place, urgency), 0) + 1
    return found


def micros_of(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def lines() -> Sequence[tuple[Entry, str]]:
    """The latest of all timelines, with their incidents' titles."""
    newest = db.session.scalars(select(Entry).order_by(Entry.id.desc()).limit(LINES)).all()
    query = select(Incident.id, Incident.title).where(Incident.id.in_({one.incident_id for one in newest}))
    titles = {row.id: row.title for row in db.session.execute(query)}
    return [(one, titles.get(one.incident_id, "")) for one in newest]


def channels() -> dict[str, tuple[int, int, datetime | None]]:
    """Of the newest messages by channel: failed, of how many, when one went out last."""
    query = select(Delivery.channel, Delivery.status, Delivery.finished_at).order_by(Delivery.id.desc()).limit(NEWEST)
    found: dict[str, tuple[int, int, datetime | None]] = {}
    for channel, status, at in db.session.execute(query):
        failed, count, last = found.get(channel, (0, 0, None))
        if status in ("sent", "delivered", "failed", "logged"):
            out = at if status != "failed" else None
            found[channel] = (failed + (status == "failed"), count + 1, last or out)
    return found


def workers(now: datetime) -> int:
    """How many were seen within a minute."""
    query = select(func.count()).select_from(Fact).where(Fact.key.startswith(WORKER, autoescape=True))
    return int(db.session.scalar(query.where(Fact.at > now - ALIVE)) or 0)


def pulse(now: datetime) -> Vitals:
    configured = vitals.configured(world().settings.env)
    return vitals.vitals(db.session(), now, configured=configured)


def sleep_pages(scope: Scope) -> int:
    """From the sums by day: pages in sleep hours."""
    sql = text("SELECT coalesce(sum(sleep_pages), 0) FROM stat_core WHERE day >= :first AND day < :after")
    return int(db.session.execute(sql, {"first": scope.first, "after": scope.after}).scalar_one())


def counted_until() -> datetime | None:
    """When the sums were made last."""
    found = rollups.state(db.session())
    return moment(found.built) if found else None


def directory() -> Directory:
    return world().roll.current(db.session())
