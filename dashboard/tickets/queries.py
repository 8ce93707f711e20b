"""What the pages about tickets show, one query a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from gateway.lists.meaning import ticket_print
from gateway.store.base import LATEST, NAMED, OPEN
from gateway.store.db import db
from gateway.store.outgoing import desk
from gateway.store.reading.readings_admin import known_by
from gateway.store.senders import ticket_names
from gateway.store.tables import AlertRow, DeskWord, Entry, Incident, Source
from rules.words import Status

PAGE = 50
MOST = 1000  # open tickets that are looked at; the newest
UNRESOLVED = (Status.TRIGGERED.value, Status.ACKNOWLEDGED.value)
SAID = ("opened", "raised", "note", "acknowledged", "resolved", "reopened", "snoozed", "assigned", "reassigned")
_COLUMNS = (
    Incident.id, Incident.status, Incident.urgency, Incident.title, Incident.service, Incident.ticket,
    Incident.assignee_id, Incident.snoozed_until, Incident.opened_at, Incident.source_id,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket's incident, as far as a list needs it."""

    id: int
    status: str
    urgency: int
    title: str
    service: str
    ticket: dict[str, Any] | None
    assignee_id: int | None
    snoozed_until: datetime | None
    opened_at: datetime
    source_id: int

    def word(self, name: str) -> Any:
        """What the service desk said last."""
        return (self.ticket or {}).get(name)


def unresolved() -> list[Found]:
    """The open ones, the newest first."""
    return _found(_tickets().where(Incident.status.in_(UNRESOLVED)).order_by(Incident.id.desc()).limit(MOST))


def resolved(after: int | None, limit: int = PAGE + 1) -> list[Found]:
    """One page of the closed ones, the newest first, and one more if there is another page."""
    query = _tickets().where(Incident.status == Status.RESOLVED.value)
    if after is not None:
        query = query.where(Incident.id < after)
    return _found(query.order_by(Incident.id.desc()).limit(limit))


def of_numbers(ids: Sequence[int]) -> list[Found]:
    return _found(_tickets().where(Incident.id.in_(ids)).order_by(Incident.id.desc())) if ids else []


def _tickets() -> Select[Any]:
    return select(*_COLUMNS).where(Incident.kind == "ticket")


def _found(query: Select[Any]) -> list[Found]:
    return [Found(**row) for row in db.session.execute(query).mappings()]


def sources() -> dict[int, str]:
    """The names of all sources."""
    return {row[0]: row[1] for row in db.session.execute(select(Source.id, Source.name))}


def last_words(ids: Sequence[int]) -> dict[int, Entry]:
    """The last thing that a person or the desk said or did about each of them."""
    if not ids:
        return {}
    one = aliased(Entry)
    told = one.kind.in_(SAID[1:]) | one.kind.startswith("ticket ", autoescape=True)
    mine = select(one.id).where(one.incident_id == Incident.id, told).order_by(one.id.desc()).limit(1)
    newest = mine.correlate(Incident).scalar_subquery()
    found = [number for number in db.session.scalars(select(newest).where(Incident.id.in_(ids))) if number is not None]
    rows = db.session.scalars(select(Entry).where(Entry.id.in_(found)))
    return {row.incident_id: row for row in rows}


def by_key(key: str, source: str) -> tuple[Incident, AlertRow] | None:
    """The ticket with this number, of this source if one is named; of several desks the one that was heard last."""
    if "\x00" in key + source:  # PostgreSQL takes no such text, and no ticket has it
        return None
    asked = known_by(db.session(), ticket_print(key), key)
    return next(filter(None, (_newest(wanted, source) for wanted in asked)), None)


def _newest(wanted: ColumnElement[bool], source: str) -> tuple[Incident, AlertRow] | None:
    query = (
        select(Incident, AlertRow)
        .join(AlertRow, AlertRow.incident_id == Incident.id)
        .where(AlertRow.source_id.in_(select(Source.id)), wanted, LATEST)
        .where(ticket_names.IS_TICKET)
        .order_by(AlertRow.last_seen_at.desc())
    )
    if source:
        query = query.where(AlertRow.source_id.in_(select(Source.id).where(Source.name == source)))
    row = db.session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def of_service(service: str, but: int) -> Sequence[Incident]:
    """What else is open of this service and may be the same trouble."""
    if not service:
        return ()
    query = select(Incident).where(OPEN, NAMED, Incident.service == service, Incident.id != but)
    return db.session.scalars(query.order_by(Incident.urgency, Incident.id.desc()).limit(5)).all()


def desk_word(incident_id: int) -> DeskWord | None:
    return desk.newest(db.session(), incident_id)


def loads() -> dict[int, int]:
    """How many open incidents each person has."""
    query = select(Incident.assignee_id, func.count()).where(
        Incident.status.in_(UNRESOLVED), Incident.assignee_id.is_not(None)
    )
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Incident.assignee_id)) if row[0] is not None}
