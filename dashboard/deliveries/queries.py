"""What the pages of deliveries ask the database, one query a question; each reads a bounded stretch of the newest."""

import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, TextClause, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from gateway.store.db import db
from gateway.store.figures import stats
from gateway.store.reading import readings_past
from gateway.store.tables import Delivery, Entry, Incident
from gateway.store.types import micros

PAGE = 50
MARKED = 200  # newest rows whose changes open lists are told of at once
SEARCHED = 20_000  # newest rows looked through where no index leads the way
WAITING = ("queued", "sending")
SKIPPED = ("cancelled", "bundled")
STATUSES = {"failed": ("failed",), "waiting": WAITING, "logged": ("logged",), "skipped": SKIPPED}
GOT_OUT, MISSED = ("sent", "delivered"), ("failed", "logged")
OF_FAILED = text("delivery.status = 'failed'")  # the words of the partial index
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    status: str = ""
    way: str = ""
    channel: str = ""
    who: str = ""  # a text in the name or the address of the person
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    whose: Collection[str] | None = None  # persons whose messages the reader may see; None: everybody's

    @property
    def narrows(self) -> bool:
        """Whether no index leads the way."""
        plain = not (self.way or self.channel or self.who or self.since or self.until) and self.whose is None
        return not plain or self.status not in ("", "failed")


def deliveries(wanted: Wanted) -> Sequence[tuple[Delivery, str]]:
    """One page of messages with their incidents' titles, newest first, and one row more if there is another page."""
    query = select(Delivery, Incident.title).outerjoin(Incident, Incident.id == Delivery.incident_id)
    rows = db.session.execute(query.where(*_conditions(wanted)).order_by(Delivery.id.desc()).limit(PAGE + 1))
    return [(row[0], row[1] or "") for row in rows]


def mark() -> str:
    """Changes whenever a message is promised, and whenever one of the newest gets on."""
    what = (Delivery.id, Delivery.status, Delivery.attempts, Delivery.lease, Delivery.finished_at)
    newest = db.session.execute(select(*what).order_by(Delivery.id.desc()).limit(MARKED)).all()
    return f"{zlib.crc32(repr([tuple(row) for row in newest]).encode()):x}"


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool] | TextClause]:
    yield from _result(wanted.status)
    yield from _stretch(wanted)
    if wanted.way:
        yield Delivery.way == wanted.way
    if wanted.channel:
        yield Delivery.channel == wanted.channel
    if wanted.who:
        yield or_(_with(Delivery.name, wanted.who), _with(Delivery.who, wanted.who))
    if wanted.whose is not None:
        yield Delivery.who.in_(wanted.whose)


def _stretch(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.after is not None:
        yield Delivery.id < wanted.after
    newest: ColumnElement[int] = select(func.max(Delivery.id)).scalar_subquery()
    if wanted.until is not None:  # numbers lead the way to times, to within a transaction
        newest = literal(stats.number_at(db.session(), micros(wanted.until) + stats.SKEW))
        yield Delivery.id <= newest
        yield Delivery.created_at <= wanted.until
    if wanted.narrows:
        yield Delivery.id > newest - SEARCHED
    if wanted.since is not None:
        yield Delivery.created_at >= wanted.since


def _result(status: str) -> Iterator[ColumnElement[bool] | TextClause]:
    if status == "failed":
        yield OF_FAILED
    elif status:
        yield Delivery.status.in_(STATUSES[status])


def _with(column: InstrumentedAttribute[str], part: str) -> ColumnElement[bool]:
    return column.icontains(part, autoescape=True)


def delivery(number: int) -> tuple[Delivery, str] | None:
    query = select(Delivery, Incident.title).outerjoin(Incident, Incident.id == Delivery.incident_id)
    row = db.session.execute(query.where(Delivery.id == number)).one_or_none()
    return None if row is None else (row[0], row[1] or "")


def attempts(message: Delivery) -> list[Entry]:
    return readings_past.attempts(db.session(), message)


def bundled(message: Delivery) -> Sequence[Delivery]:
    """What this roll-up says together."""
    query = select(Delivery).where(Delivery.bundle_id == message.id).order_by(Delivery.id).limit(PAGE)
    return db.session.scalars(query).all()


def replaced(messages: Sequence[Delivery]) -> dict[int, str]:
    """Of fallbacks, by their numbers: by which way the same person was to be told the same step first."""
    fallbacks = [one for one in messages if one.part == "fallback"]
    if not fallbacks:
        return {}
    keys = {(one.incident_id, one.level, one.who) for one in fallbacks}
    query = (
        select(Delivery.incident_id, Delivery.level, Delivery.who, Delivery.way)
        .where(Delivery.incident_id.in_({key[0] for key in keys}), Delivery.part == "primary")
        .where(tuple_(Delivery.level, Delivery.who).in_({key[1:] for key in keys}))
        .order_by(Delivery.status == "failed", Delivery.id)  # what failed last, so that it is what is told
    )
    known = {(row[0], row[1], row[2]): row[3] for row in db.session.execute(query)}
    told = {one.id: known.get((one.incident_id, one.level, one.who), "") for one in fallbacks}
    return {number: way for number, way in told.items() if way}


def outcome(now: datetime) -> tuple[int, int]:
    """Of the newest messages of one day: how many got out, and how many were to. The log reaches nobody."""
    newest = select(func.max(Delivery.id)).scalar_subquery()
    query = (
        select(Delivery.status, func.count())
        .where(Delivery.id > newest - SEARCHED, Delivery.created_at >= now - DAY)
        .group_by(Delivery.status)
    )
    counted = {row[0]: row[1] for row in db.session.execute(query)}
    out = sum(counted.get(one, 0) for one in GOT_OUT)
    return out, out + sum(counted.get(one, 0) for one in MISSED)


def channels() -> list[str]:
    """The channels of the newest messages, for a choice."""
    newest = select(func.max(Delivery.id)).scalar_subquery()
    return sorted(db.session.scalars(select(Delivery.channel).where(Delivery.id > newest - SEARCHED).distinct()))
