"""What the pages of sources ask the database, one query a question; none reads more than a bounded number of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select, text

from gateway.store.base import REFUSED
from gateway.store.db import db
from gateway.store.outgoing import desk
from gateway.store.senders import alertmanagers, topics
from gateway.store.senders.sources import API
from gateway.store.tables import DeskAddress, Payload, QuarantinedItem, Rhythm, Source, Token, TopicRow
from gateway.store.tables.drift import AlertmanagerAddress

LAST = 20  # requests shown of a source
RATED = 200  # newest requests of a source that its rate is reckoned from
COUNTED = 1_000  # refused requests that are counted of one source
REASONS = 5
SMALL = 64 * 1024  # bytes of one that is read again for what there is to say of it
ASIDE = 20  # items put aside that are shown of a source
SEARCHED = 20_000  # newest items put aside that are looked through for one source
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NEWEST = Payload.received_at.desc(), Payload.id.desc()  # requests, as their index has them


def listed() -> Sequence[Source]:
    """Every source but our own voice."""
    return db.session.scalars(select(Source).where(Source.id != 0).order_by(Source.name)).all()


def one(number: int) -> Source | None:
    return db.session.get(Source, number, populate_existing=True) if number else None


def tokens(source_id: int | None = None) -> Sequence[Token]:
    """The keys of sources, or of one, that were not revoked; newest first."""
    query = select(Token).where(Token.kind != API, Token.revoked_at.is_(None)).order_by(Token.id.desc())
    return db.session.scalars(query if source_id is None else query.where(Token.source_id == source_id)).all()


def rhythm(source_id: int) -> Rhythm | None:
    return db.session.get(Rhythm, source_id)


def per_hour(source_id: int, now: datetime) -> int:
    """How many requests an hour, by those of the last hour; of very many by the newest."""
    query = select(Payload.received_at).where(Payload.source_id == source_id).order_by(*NEWEST).limit(RATED)
    times = [at for at in db.session.scalars(query) if now - at < HOUR]
    if len(times) < RATED:
        return len(times)
    return round(len(times) * HOUR / max(now - min(times), timedelta(seconds=1)))


def took(source_id: int) -> tuple[float, int] | None:
    """The median of the newest requests in milliseconds, and of how many; none where nothing was measured."""
    query = select(Payload.took).where(Payload.source_id == source_id).order_by(*NEWEST).limit(RATED)
    known = [one for one in db.session.scalars(query) if one is not None]
    return (median(known) / 10, len(known)) if known else None


def refused(source_id: int, now: datetime) -> int:
    """Within a day, COUNTED at most."""
    some = select(Payload.id).where(Payload.source_id == source_id, REFUSED, Payload.received_at >= now - DAY)
    return db.session.scalar(select(func.count()).select_from(some.limit(COUNTED).subquery())) or 0


def reasons(source_id: int, now: datetime) -> list[tuple[str, int]]:
    """Why requests were refused within a day, the commonest first."""
    some = (
        select(Payload.error)
        .where(Payload.source_id == source_id, REFUSED, Payload.received_at >= now - DAY)
        .order_by(Payload.received_at.desc())
        .limit(COUNTED)
        .subquery()
    )
    query = select(some.c.error, func.count()).group_by(some.c.error).order_by(func.count().desc(), some.c.error)
    return [(row[0], row[1]) for row in db.session.execute(query.limit(REASONS))]


@dataclass(frozen=True, slots=True)
class Came:
    """One request as its row says; the body stays where it is."""

    id: int
    received_at: datetime
    size: int
    accepted: int
    quarantined: int
    error: str

    @property
    def passed_over(self) -> bool:
        return not (self.accepted or self.quarantined or self.error)


def requests(source_id: int) -> list[Came]:
    columns = (Payload.id, Payload.received_at, Payload.size, Payload.accepted, Payload.quarantined, Payload.error)
    query = select(*columns).where(Payload.source_id == source_id).order_by(*NEWEST).limit(LAST)
    return [Came(*row) for row in db.session.execute(query)]


def passed_over(came: Sequence[Came]) -> Sequence[Payload]:
    """Of these requests whole those that were about nothing, if they are small."""
    wanted = [one.id for one in came if one.passed_over and 0 < one.size <= SMALL]
    return db.session.scalars(select(Payload).where(Payload.id.in_(wanted))).all() if wanted else []


def aside(source_id: int) -> Sequence[QuarantinedItem]:
    """What could not be read of it, newest first."""
    newest = select(func.max(QuarantinedItem.id)).scalar_subquery()
    query = select(QuarantinedItem).where(
        QuarantinedItem.id > newest - SEARCHED, QuarantinedItem.source_id == source_id
    )
    return db.session.scalars(query.order_by(QuarantinedItem.id.desc()).limit(ASIDE)).all()


def payload(number: int) -> tuple[Payload, Source] | None:
    query = select(Payload, Source).join(Source, Source.id == Payload.source_id).where(Payload.id == number)
    found = db.session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def aside_of(payload_id: int, source_id: int) -> Sequence[QuarantinedItem]:
    return [item for item in aside(source_id) if item.payload_id == payload_id]


def desk_of(source_id: int) -> DeskAddress | None:
    return desk.address(db.session(), source_id)


def alertmanagers_of(source_id: int) -> list[AlertmanagerAddress]:
    return [one for source, one in alertmanagers.addresses(db.session()) if source.id == source_id]


def topics_of(source_id: int) -> list[TopicRow]:
    return topics.of_source(db.session(), source_id)


def has_requests(source_id: int) -> bool:
    sql = text("SELECT 1 FROM payload WHERE source_id = :source LIMIT 1")
    return db.session.execute(sql, {"source": source_id}).first() is not None
