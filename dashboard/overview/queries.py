"""What the overview asks the database, one query a question: of open incidents, of the newest rows, never of all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Subquery,
    UnaryExpression,
    and_,
    case,
    func,
    literal,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.glance import Count
from gateway.store.base import AWAKE, COUNTED, NAMED, OPEN
from gateway.store.db import db
from gateway.store.figures import rollups, service_days
from gateway.store.figures.stats import Scope
from gateway.store.sql import buckets
from gateway.store.tables import Delivery, Entry, Fact, Incident
from gateway.store.types import micros, moment
from gateway.store.upkeep import vitals
from gateway.store.upkeep.vitals import WORKER, Vitals
from gateway.world import world
from rules.checks.services import named
from rules.words import Directory, Status, Urgency

GRID = 24  # services
NEWEST = 500  # messages looked through for the state of each channel
MOST = 20_000  # incidents of a day that the strip counts
LINES = 6
WORST = 6  # incidents that a wallboard names
QUARTER = timedelta(minutes=15)
QUARTERS = 96
ALIVE = timedelta(minutes=1)


def now_by_urgency(now: datetime) -> Sequence[tuple[int, str, int, datetime, int]]:
    """Urgency, status, how many as far as that is counted, the oldest, how many of these are late."""
    late = case((and_(Incident.status == Status.TRIGGERED.value, Incident.ack_due_at < now), 1), else_=0).label("late")
    found = _each(COUNTED + 1, Incident.id, Incident.opened_at, late)
    groups = (found.c.urgency, found.c.status)
    rows = db.session.execute(
        select(*groups, func.count(), func.min(found.c.opened_at), func.sum(found.c.late)).group_by(*groups)
    )
    return [(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]


def newest() -> tuple[int, datetime] | None:
    """The number of the incident that opened last, and when."""
    query = select(Incident.id, Incident.opened_at).where(Incident.is_test.is_(False))
    row = db.session.execute(query.order_by(Incident.opened_at.desc()).limit(1)).one_or_none()
    return (row[0], row[1]) if row else None


_known: tuple[tuple[datetime | None, str], frozenset[str]] | None = None


def known_services() -> frozenset[str]:
    """Those of the last month and those that the rule book names; looked for anew when the days were counted anew."""
    global _known  # noqa: PLW0603 - a cache of one process, replaced as a whole
    book, held = world().shelf.book, _known
    key = (counted_until(), book.version)
    if held is None or held[0] != key:
        found = {one.name for one in service_days.names(db.session())}
        held = _known = (key, frozenset((*found, *named(book))))
    return held[1]


def services() -> Sequence[tuple[str, int, Count]]:
    """Of open incidents: service, its worst class, how many as far as that is counted; the worst first.

    The newest of each class are looked at: of thousands of open emergencies the last thousand say whose they are.
    """
    found = _each(COUNTED, Incident.id.desc(), Incident.service)
    groups = (found.c.service, found.c.urgency, found.c.status)
    known: dict[str, list[int]] = {}
    seen: dict[tuple[int, str], int] = {}
    for service, urgency, status, count in db.session.execute(select(*groups, func.count()).group_by(*groups)):
        seen[urgency, status] = seen.get((urgency, status), 0) + count
        if service:
            worst, so_far = known.get(service, [urgency, 0])
            known[service] = [min(worst, urgency), so_far + count]
    listed = sorted(known.items(), key=lambda one: (one[1][0], -one[1][1], one[0]))[: GRID + 1]
    whole = max(seen.values(), default=0) < COUNTED
    return [(service, worst, Count(count if whole else _open_of(service))) for service, (worst, count) in listed]


def worst() -> Sequence[tuple[int, int, str, str, str, datetime]]:
    """Class, number, title, service, status, beginning of open ones: a class's unanswered first, then the newest."""
    found = _each(
        WORST, Incident.id.desc(), Incident.id, Incident.title, Incident.service, Incident.opened_at, awake=True
    )
    query = select(found.c.urgency, found.c.id, found.c.title, found.c.service, found.c.status, found.c.opened_at)
    rows = db.session.execute(query.order_by(found.c.urgency, found.c.status.desc(), found.c.id.desc()).limit(WORST))
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def _each(
    most: int, order: UnaryExpression[int] | InstrumentedAttribute[int], *columns: Any, awake: bool = False
) -> Subquery:
    """So many open incidents of each class and status, and as many snoozed ones; `awake`: none of these."""
    parts = [
        select(
            select(literal(urgency.rank).label("urgency"), literal(status.value).label("status"), *columns)
            .where(Incident.status == status.value, Incident.urgency == urgency.rank, part)
            .order_by(order)
            .limit(most)
            .subquery()
        )
        for urgency in Urgency
        for status in (Status.TRIGGERED, Status.ACKNOWLEDGED)
        for part in ((AWAKE,) if awake else buckets.parts(status))
    ]
    return union_all(*parts).subquery()


def _open_of(service: str) -> int:
    few = select(Incident.id).where(OPEN, NAMED, Incident.service == service).limit(COUNTED + 1).subquery()
    return int(db.session.scalar(select(func.count()).select_from(few)) or 0)


def quarters(now: datetime) -> dict[tuple[int, int], int]:
    """Incidents of the last 24 hours by quarter of an hour and class."""
    begin, quarter = micros(now - QUARTERS * QUARTER), micros_of(QUARTER)
    newest = (
        select(((type_coerce(Incident.opened_at, BigInteger) - begin) // quarter).label("place"), Incident.urgency)
        .where(Incident.opened_at >= now - QUARTERS * QUARTER, Incident.is_test.is_(False))
        .order_by(Incident.opened_at.desc())
        .limit(MOST)
        .subquery()
    )
    groups = (newest.c.place, newest.c.urgency)
    found: dict[tuple[int, int], int] = {}
    for place, urgency, count in db.session.execute(select(*groups, func.count()).group_by(*groups)):
        last = min(QUARTERS - 1, place), urgency
        found[last] = found.get(last, 0) + count
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
