"""What programs ask for beside incidents: what could not be read, the audit log, tickets; pages, newest first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal, or_, select, tuple_, type_coerce, union_all
from sqlalchemy.orm import Session, defer

from gateway.store.base import LATEST, TICKETS
from gateway.store.reading.readings import Page
from gateway.store.senders import ticket_names
from gateway.store.tables import (
    AlertRow,
    Audit,
    Incident,
    Payload,
    PersonRow,
    QuarantinedItem,
    SavedView,
    Source,
    Token,
)
from gateway.store.types import Moment, micros
from rules.words import Status

API = "api"  # the kind of a token that programs ask with
SEARCHED = 20_000  # newest rows looked through where no index leads the way
SLACK = 1_000  # numbers by which rows of the audit log may be out of the order of their moments


def aside(
    session: Session, source_id: int, after: int | None, limit: int
) -> tuple[Sequence[QuarantinedItem], int | None]:
    """What could not be read of a source, among the newest; and where the next page begins."""
    newest = select(func.max(QuarantinedItem.id)).scalar_subquery()
    query = select(QuarantinedItem).where(
        QuarantinedItem.id > newest - SEARCHED, QuarantinedItem.source_id == source_id
    )
    if after is not None:
        query = query.where(QuarantinedItem.id < after)
    rows = session.scalars(query.order_by(QuarantinedItem.id.desc()).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


@dataclass(frozen=True, slots=True)
class WantedAudit:
    actor: str = ""
    action: str = ""
    target: str = ""  # a text in it
    request: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    after: int | None = None
    actors: Collection[str] | None = None  # whose rows the reader may see; None: everybody's


def audit(session: Session, wanted: WantedAudit, limit: int) -> tuple[Sequence[Audit], int | None]:
    """A page, and where the next one begins."""
    rows = audit_rows(session, wanted, limit + 1)
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def audit_rows(session: Session, wanted: WantedAudit, limit: int) -> Sequence[Audit]:
    """Newest first. Whole names have an index; a text within a name is looked for in the newest rows."""
    query = select(Audit).where(*_audited(session, wanted))
    return session.scalars(query.order_by(Audit.id.desc()).limit(limit)).all()


def _audited(session: Session, wanted: WantedAudit) -> list[ColumnElement[bool]]:
    """Numbers grow with time, nearly: a stretch of time is a stretch of numbers with some slack."""
    whole = ((Audit.actor, wanted.actor), (Audit.action, wanted.action), (Audit.request, wanted.request))
    found = [column == value for column, value in whole if value]
    if wanted.actors is not None:
        found.append(Audit.actor.in_(wanted.actors))
    if wanted.target:
        newest = select(func.max(Audit.id)).scalar_subquery()
        found += [Audit.id > newest - SEARCHED, Audit.target.icontains(wanted.target, autoescape=True)]
    at = type_coerce(Audit.at, BigInteger) + 0  # the walk is along the numbers, not along the moments
    if wanted.begin is not None:
        first = session.scalar(select(Audit.id).where(Audit.at >= wanted.begin).order_by(Audit.at).limit(1))
        found += [Audit.id >= (2**62 if first is None else first - SLACK), at >= micros(wanted.begin)]
    if wanted.end is not None:
        last = session.scalar(select(Audit.id).where(Audit.at < wanted.end).order_by(Audit.at.desc()).limit(1))
        found += [Audit.id <= (0 if last is None else last + SLACK), at < micros(wanted.end)]
    if wanted.after is not None:
        found.append(Audit.id < wanted.after)
    return found


def tickets(session: Session, statuses: Sequence[Status], after: int | None, limit: int) -> Page[Incident]:
    """A walk along the index of tickets for each status."""
    walks = []
    for status in statuses:
        one = select(Incident.id).where(TICKETS, Incident.status == status.value)
        one = one.where(Incident.id < after) if after is not None else one
        walks.append(select(one.order_by(Incident.id.desc()).limit(limit + 1).subquery()))
    ids = select(union_all(*walks).subquery())
    query = select(Incident, Source.name).join(Source, Source.id == Incident.source_id).where(Incident.id.in_(ids))
    rows = session.execute(query.options(defer(Incident.route)).order_by(Incident.id.desc()).limit(limit + 1)).all()
    shown = [(row[0], row[1]) for row in rows[:limit]]
    return Page(shown, shown[-1][0].id if len(rows) > limit else None)


def known_by(session: Session, print_: str, key: str) -> Iterator[ColumnElement[bool]]:
    """What to ask one after another until there is such a ticket: its fingerprint, then what people call it.

    For Jira that is not the same.
    """
    yield AlertRow.fingerprint == print_
    yield ticket_names.called(session, [key])


def ticket(session: Session, print_: str, key: str, source: str) -> tuple[Incident, str] | None:
    """The ticket with this fingerprint, or key; of several desks, or incidents, the one that was heard last."""
    return next(filter(None, (_ticket(session, wanted, source) for wanted in known_by(session, print_, key))), None)


def _ticket(session: Session, wanted: ColumnElement[bool], source: str) -> tuple[Incident, str] | None:
    query = (
        select(Incident, Source.name)
        .join(AlertRow, AlertRow.incident_id == Incident.id)
        .join(Source, Source.id == AlertRow.source_id)
        .where(AlertRow.source_id.in_(select(Source.id)), wanted, LATEST)
        .where(ticket_names.IS_TICKET)
        .options(defer(Incident.route))
    )
    if source:
        query = query.where(Source.name == source)
    row = session.execute(query.order_by(AlertRow.last_seen_at.desc()).limit(1)).first()
    return None if row is None else (row[0], row[1])


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Of people, also of those who have left."""
    rows = session.execute(select(PersonRow.id, PersonRow.name, PersonRow.email).where(PersonRow.id.in_(ids)))
    return {row.id: row.name or row.email for row in rows}


def emails(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(PersonRow.id, PersonRow.email).where(PersonRow.id.in_(ids)))
    return {row.id: row.email for row in rows}


def api_tokens(session: Session, now: datetime, after: int | None, limit: int) -> tuple[Sequence[Token], int | None]:
    """Those that work, newest first."""
    query = select(Token).where(Token.kind == API, Token.revoked_at.is_(None))
    query = query.where(or_(Token.expires_at.is_(None), Token.expires_at > now))
    if after is not None:
        query = query.where(Token.id < min(after, 2**31 - 1))
    rows = session.scalars(query.order_by(Token.id.desc()).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def api_token(session: Session, number: int) -> Token | None:
    row = session.get(Token, number)
    return row if row is not None and row.kind == API else None


def payload(session: Session, number: int, source_id: int) -> Payload | None:
    found = session.get(Payload, number)
    return found if found is not None and found.source_id == source_id else None


def requests(
    session: Session, source_id: int, after: int | None, limit: int
) -> tuple[list[tuple[Any, ...]], int | None]:
    """What was received of a source, without bodies, newest first; and where the next page begins."""
    columns = (Payload.id, Payload.received_at, Payload.size, Payload.accepted, Payload.quarantined, Payload.error)
    query = select(*columns).where(Payload.source_id == source_id)
    if after is not None:
        last = session.scalar(select(Payload.received_at).where(Payload.id == after))
        if last is None:  # it is let go by now, and so is what came before it
            return [], None
        query = query.where(tuple_(Payload.received_at, Payload.id) < tuple_(literal(last, Moment), literal(after)))
    newest = (Payload.received_at.desc(), Payload.id.desc())
    rows: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(query.order_by(*newest).limit(limit + 1))]
    return rows[:limit], rows[limit - 1][0] if len(rows) > limit else None


def team_views(session: Session) -> Sequence[SavedView]:
    return session.scalars(select(SavedView).where(SavedView.team != "").order_by(SavedView.name, SavedView.id)).all()
