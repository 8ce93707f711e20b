"""What programs ask for beside incidents: what could not be read, the audit log, tickets; pages, newest first."""

from collections.abc import Sequence

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session, defer

from gateway.store.base import TICKETS
from gateway.store.readings import Page
from gateway.store.tables import AlertRow, Audit, Incident, Payload, QuarantinedItem, SavedView, Source
from rules.words import Kind, Status

SEARCHED = 20_000  # newest items put aside that are looked through for one source


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


def audit(
    session: Session, actor: str, action: str, after: int | None, limit: int
) -> tuple[Sequence[Audit], int | None]:
    """Each name has an index, and the numbers of it are in it."""
    query = select(Audit)
    for column, value in ((Audit.actor, actor), (Audit.action, action)):
        query = query.where(column == value) if value else query
    if after is not None:
        query = query.where(Audit.id < after)
    rows = session.scalars(query.order_by(Audit.id.desc()).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


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


def ticket(session: Session, print_: str, source: str) -> tuple[Incident, str] | None:
    """The ticket with this fingerprint; of several desks, or incidents, the one that was heard last."""
    query = (
        select(Incident, Source.name)
        .join(AlertRow, AlertRow.incident_id == Incident.id)
        .join(Source, Source.id == AlertRow.source_id)
        .where(AlertRow.source_id.in_(select(Source.id)), AlertRow.fingerprint == print_, AlertRow.latest)
        .where(Incident.kind == Kind.TICKET.value)
        .options(defer(Incident.route))
    )
    if source:
        query = query.where(Source.name == source)
    row = session.execute(query.order_by(AlertRow.last_seen_at.desc()).limit(1)).first()
    return None if row is None else (row[0], row[1])


def payload(session: Session, number: int, source_id: int) -> Payload | None:
    found = session.get(Payload, number)
    return found if found is not None and found.source_id == source_id else None


def team_views(session: Session) -> Sequence[SavedView]:
    return session.scalars(select(SavedView).where(SavedView.team != "").order_by(SavedView.name, SavedView.id)).all()
