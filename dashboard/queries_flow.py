"""What came in and what went out, for the pages Deliveries and Sources, one query a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.tables import Delivery, Incident, Payload, QuarantinedItem, Source, Token

PAGE = 50
SEARCHED = 20_000  # newest rows looked through where no index leads the way
WAITING = ("queued", "sending")
STATUSES = {"failed": ("failed",), "waiting": WAITING, "logged": ("logged",)}


def deliveries(status: str, way: str, after: int | None) -> Sequence[tuple[Delivery, str]]:
    """One page of messages with their incidents' titles, newest first, and one row more if there is another page."""
    query = select(Delivery, Incident.title).join(Incident, Incident.id == Delivery.incident_id)
    if after is not None:
        query = query.where(Delivery.id < after)
    if status or way:
        newest = select(func.max(Delivery.id)).scalar_subquery()
        query = query.where(Delivery.id > newest - SEARCHED)
    if status:
        query = query.where(Delivery.status.in_(STATUSES[status]))
    if way:
        query = query.where(Delivery.way == way)
    rows = db.session.execute(query.order_by(Delivery.id.desc()).limit(PAGE + 1))
    return [(row[0], row[1]) for row in rows]


def tokens() -> Sequence[Token]:
    """The keys of the sources that still work."""
    query = select(Token).where(Token.kind == "ingest", Token.revoked_at.is_(None)).order_by(Token.id)
    return db.session.scalars(query).all()


def quarantined(after: int | None) -> Sequence[tuple[QuarantinedItem, str]]:
    """Items that nobody could read, with the source's name, newest first; one row more if there is another page."""
    query = select(QuarantinedItem, Source.name).join(Source, Source.id == QuarantinedItem.source_id)
    if after is not None:
        query = query.where(QuarantinedItem.id < after)
    rows = db.session.execute(query.order_by(QuarantinedItem.id.desc()).limit(PAGE + 1))
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A payload of which nothing could be read."""

    id: int
    source: str
    received_at: datetime
    size: int
    error: str


def unreadable() -> Sequence[Unreadable]:
    """The latest unreadable payloads among the newest that came. Their bodies stay where they are."""
    newest = select(func.max(Payload.id)).scalar_subquery()
    query = (
        select(Payload.id, Source.name, Payload.received_at, Payload.size, Payload.error)
        .join(Source, Source.id == Payload.source_id)
        .where(Payload.id > newest - SEARCHED // 10, Payload.error != "")
        .order_by(Payload.id.desc())
        .limit(PAGE)
    )
    return [Unreadable(*row) for row in db.session.execute(query)]
