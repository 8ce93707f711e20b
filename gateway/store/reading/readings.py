"""What programs ask for: pages of incidents, alerts and messages, newest first, each a short walk along an index.

A page ends after `limit` rows, or after SCANNED rows looked at where no index leads to what is wanted; either way
`next` says where to go on, so nobody's search can occupy the database.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Text, TextClause, func, or_, select, type_coerce, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from gateway.store.db import is_postgres
from gateway.store.sql import buckets
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, Source, Token
from gateway.store.types import to_json
from rules.words import Status, Urgency

SCANNED = 20_000  # rows looked at for one page
MOST = 1000  # rows of one kind beside an incident; the newest
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows with their source's name, and the id that the next page starts below; None at the end."""

    rows: Sequence[tuple[T, str]]
    next: int | None


@dataclass(frozen=True, slots=True)
class WantedIncidents:
    statuses: tuple[Status, ...]
    urgencies: tuple[Urgency, ...]
    limit: int
    after: int | None = None
    sources: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()  # one of the incident's alerts has all of them
    text: str = ""  # in the title

    @property
    def scans(self) -> bool:
        """Open incidents are few enough to look at each; among resolved ones a filter could search for ever."""
        return Status.RESOLVED in self.statuses and bool(self.sources or self.labels or self.text)


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    limit: int
    after: int | None = None
    firing: bool | None = None
    sources: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class WantedDeliveries:
    limit: int
    after: int | None = None
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    incident: int | None = None


def incidents(session: Session, wanted: WantedIncidents) -> Page[Incident]:
    """Each (status, urgency) is a walk along an index, or two of them; the newest of all walks are the page."""
    floor = _floor(session, Incident.id, wanted.after) if wanted.scans else 0
    walks = [
        _walk(session, wanted, floor, Incident.status == status.value, Incident.urgency == urgency.rank, part)
        for status in wanted.statuses
        for urgency in wanted.urgencies
        for part in buckets.parts(status)
    ]
    found = union_all(*walks).subquery()
    query = (
        select(Incident, Source.name)
        .join(found, found.c.id == Incident.id)
        .join(Source, Source.id == Incident.source_id)
        .options(defer(Incident.route), defer(Incident.ticket))
        .order_by(Incident.id.desc())
    )
    return _page(session, query, wanted.limit, floor)


def _walk(
    session: Session, wanted: WantedIncidents, floor: int, *along: ColumnElement[bool] | TextClause
) -> Select[Any]:
    query = select(Incident.id).where(*along, *_between(Incident.id, wanted.after, floor))
    if wanted.sources:
        query = query.where(_of_sources(Incident.source_id, wanted.sources))
    if wanted.labels:
        query = query.where(_has_alert(session, wanted.labels))
    if wanted.text:
        query = query.where(_mentions(wanted.text))
    return select(query.order_by(Incident.id.desc()).limit(wanted.limit + 1).subquery())


def _has_alert(session: Session, labels: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """Not written as EXISTS: PostgreSQL would read every alert there is, not those of the incidents looked at."""
    one = select(AlertRow.id).where(AlertRow.incident_id == Incident.id, *_labelled(session, labels)).limit(1)
    return one.correlate(Incident).scalar_subquery().is_not(None)


def _mentions(text: str) -> ColumnElement[bool]:
    """SQLite knows no capital letters but ASCII's, so the usual spellings are tried."""
    spellings = sorted({text, text.lower(), text.capitalize(), text.upper()})
    return or_(*(Incident.title.icontains(one, autoescape=True) for one in spellings))


def incident(session: Session, number: int) -> tuple[Incident, str] | None:
    query = select(Incident, Source.name).join(Source, Source.id == Incident.source_id).where(Incident.id == number)
    found = session.execute(query.options(defer(Incident.route))).one_or_none()
    return None if found is None else (found[0], found[1])


def these(session: Session, ids: Sequence[int]) -> list[tuple[Incident, str]]:
    """In the order in which they are asked for."""
    query = select(Incident, Source.name).join(Source, Source.id == Incident.source_id).where(Incident.id.in_(ids))
    rows = session.execute(query.options(defer(Incident.route), defer(Incident.ticket)))
    found = {row[0].id: (row[0], row[1]) for row in rows}
    return [found[one] for one in ids if one in found]


def status(session: Session, number: int) -> str:
    return session.scalar(select(Incident.status).where(Incident.id == number)) or ""


def alerts(session: Session, wanted: WantedAlerts) -> Page[AlertRow]:
    """The rows that speak for their fingerprints now; of one incident, all its rows."""
    floor = 0 if wanted.incident is not None else _floor(session, AlertRow.id, wanted.after)
    query = select(AlertRow, Source.name).join(Source, Source.id == AlertRow.source_id)
    query = query.where(*_between(AlertRow.id, wanted.after, floor))
    query = query.where(AlertRow.latest if wanted.incident is None else AlertRow.incident_id == wanted.incident)
    if wanted.firing is not None:
        query = query.where(AlertRow.firing == wanted.firing)
    if wanted.sources:
        query = query.where(_of_sources(AlertRow.source_id, wanted.sources))
    query = query.where(*_labelled(session, wanted.labels))
    return _page(session, query.order_by(AlertRow.id.desc()), wanted.limit, floor)


def deliveries(session: Session, wanted: WantedDeliveries, whose: Collection[str] | None = None) -> Page[Delivery]:
    """Addresses stay where they are: who was told and by which channel says enough."""
    scans = wanted.incident is None and bool(wanted.statuses or wanted.channels or whose is not None)
    floor = _floor(session, Delivery.id, wanted.after) if scans else 0
    query = select(Delivery, Source.name).join(Incident, Incident.id == Delivery.incident_id)
    query = query.join(Source, Source.id == Incident.source_id).options(defer(Delivery.address, raiseload=True))
    query = query.where(*_between(Delivery.id, wanted.after, floor))
    if wanted.incident is not None:
        query = query.where(Delivery.incident_id == wanted.incident)
    if wanted.statuses:
        query = query.where(Delivery.status.in_(wanted.statuses))
    if whose is not None:
        query = query.where(Delivery.who.in_(whose))
    if wanted.channels:
        query = query.where(Delivery.channel.in_(wanted.channels))
    return _page(session, query.order_by(Delivery.id.desc()), wanted.limit, floor)


def timeline(session: Session, incident_id: int) -> Sequence[Entry]:
    """Oldest first; of a very long one, its newest lines."""
    query = select(Entry).where(Entry.incident_id == incident_id).order_by(Entry.id.desc()).limit(MOST)
    return session.scalars(query).all()[::-1]


def life(session: Session, token_id: int) -> tuple[datetime | None, datetime | None]:
    """When it was used last, and when it ends."""
    row = session.execute(select(Token.last_used_at, Token.expires_at).where(Token.id == token_id)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def _between(column: InstrumentedAttribute[int], after: int | None, floor: int) -> list[ColumnElement[bool]]:
    return ([] if after is None else [column < after]) + ([column >= floor] if floor else [])


def _floor(session: Session, column: InstrumentedAttribute[int], after: int | None) -> int:
    """The lowest id that this page looks at; 0 when it may look to the end."""
    newest = session.scalar(select(func.max(column))) or 0
    oldest = session.scalar(select(func.min(column))) or 0  # apart: for both at once SQLite reads the whole index
    floor = min(newest + 1, newest + 1 if after is None else after) - SCANNED
    return floor if floor > oldest else 0


def _page(session: Session, query: Select[*tuple[Any, ...]], limit: int, floor: int) -> Page[Any]:
    rows = [(row[0], row[1]) for row in session.execute(query.limit(limit + 1))]
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1][0].id)
    return Page(rows, floor if floor > 1 else None)


def _of_sources(column: InstrumentedAttribute[int], names: Sequence[str]) -> ColumnElement[bool]:
    return column.in_(select(Source.id).where(Source.name.in_(names)))


def _labelled(session: Session, labels: Sequence[tuple[str, str]]) -> list[ColumnElement[bool]]:
    """Labels are kept as JSON without spaces, so `"name":"value"` after { or , is a label and can be nothing else.

    Asked of the text: PostgreSQL's own JSON cannot read everything that senders write.
    """
    find = func.strpos if is_postgres(session) else func.instr
    column = type_coerce(AlertRow.labels, Text)
    pairs = [f"{to_json(name)}:{to_json(value)}" for name, value in labels]
    return [or_(find(column, "{" + pair) > 0, find(column, "," + pair) > 0) for pair in pairs]
