"""Notices, their updates and the components they name, as rows: read as the values of rules/reports/public.py."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from gateway.store.base import BY_FORM
from gateway.store.db import locked_to_change
from gateway.store.public import page
from gateway.store.tables import ComponentRow, NoticeRow, UpdateRow
from rules.reports.months import month_of
from rules.reports.public import DAYS, About, Component, Notice, Stage, Standing, State, Update

MOST = 200  # notices of the page; older ones have pages of their own
MOST_COMPONENTS = 50
MOST_OF_MONTH = 500
LISTED = 100


def standing(session: Session, now: datetime, zone: tzinfo = UTC) -> Standing:
    """All that the page shows: what is open or to come, and what was over within the days of its bars; of what is older
    how much there was in which month of the zone.
    """
    set_ = page.found(session)
    recent = or_(NoticeRow.ended_at.is_(None), NoticeRow.ended_at > now - timedelta(days=DAYS + 1))
    query = _there().where(recent).order_by(_going(now).desc(), NoticeRow.id.desc()).limit(MOST)
    found = tuple(read(session, session.scalars(query).all()))
    return Standing(
        set_.on, set_.uuid, dict(set_.names), tuple(components(session)), found, set_.mail, _months(session, zone)
    )


def _months(session: Session, zone: tzinfo) -> dict[str, int]:
    starts = session.scalars(select(NoticeRow.starts_at).where(NoticeRow.withdrawn_at.is_(None)))
    return dict(Counter(month_of(one, zone) for one in starts))


def began_within(session: Session, start: datetime, end: datetime) -> list[Notice]:
    """The newest first."""
    query = _there().where(NoticeRow.starts_at >= start, NoticeRow.starts_at < end)
    query = query.order_by(NoticeRow.starts_at.desc(), NoticeRow.id.desc()).limit(MOST_OF_MONTH)
    return read(session, session.scalars(query).all())


def components(session: Session) -> list[Component]:
    """In their order; those that are no longer shown as well."""
    rows = session.scalars(select(ComponentRow).order_by(ComponentRow.place, ComponentRow.id))
    return [Component(row.id, dict(row.names), row.created_at, row.removed_at is None) for row in rows]


def component_rows(session: Session) -> Sequence[ComponentRow]:
    """Those that are shown, to be changed."""
    query = select(ComponentRow).where(ComponentRow.removed_at.is_(None))
    return session.scalars(locked_to_change(session, query.order_by(ComponentRow.place, ComponentRow.id))).all()


def listed(session: Session, now: datetime) -> list[Notice]:
    """For those who write them: what is not over, however old, then the newest of the others."""
    query = _there().order_by(_going(now).desc(), NoticeRow.starts_at.desc(), NoticeRow.id.desc()).limit(LISTED)
    return read(session, session.scalars(query).all())


def _going(now: datetime) -> ColumnElement[bool]:
    """It is not over: however many came after it, it is shown."""
    return or_(NoticeRow.ended_at.is_(None), NoticeRow.ended_at > now)


def one(session: Session, number: int) -> Notice | None:
    found = read(session, session.scalars(_there().where(NoticeRow.id == number)).all())
    return found[0] if found else None


def of_incident(session: Session, incident_id: int) -> list[Notice]:
    query = _there().where(NoticeRow.incident_id == incident_id).order_by(NoticeRow.id.desc())
    return read(session, session.scalars(query).all())


def row(session: Session, number: int) -> NoticeRow | None:
    """Locked for whoever wants to change it; nothing once it is withdrawn."""
    found: NoticeRow | None = session.scalar(locked_to_change(session, _there().where(NoticeRow.id == number)))
    return found


def updates(session: Session, numbers: Iterable[int]) -> Sequence[UpdateRow]:
    """Those that were not taken back, in their order."""
    mine = UpdateRow.notice_id.in_(list(numbers)), UpdateRow.withdrawn_at.is_(None)
    return session.scalars(select(UpdateRow).where(*mine).order_by(UpdateRow.notice_id, UpdateRow.id)).all()


def published_by(session: Session, once: str) -> int | None:
    """The notice to which this form has brought a word that was not taken back."""
    return session.scalar(select(UpdateRow.notice_id).where(UpdateRow.once == once, BY_FORM))


def authors(session: Session, number: int) -> dict[int, str]:
    """Who wrote each update, for us."""
    return {one.id: one.author for one in updates(session, [number])}


def read(session: Session, rows: Sequence[NoticeRow]) -> list[Notice]:
    words: dict[int, list[Update]] = {row.id: [] for row in rows}
    for one_ in updates(session, words) if words else ():
        words[one_.notice_id].append(_update(one_))
    return [_notice(row, words[row.id]) for row in rows if words[row.id]]


def last_place(session: Session) -> int:
    return session.scalar(select(func.max(ComponentRow.place)).where(ComponentRow.removed_at.is_(None))) or 0


def _there() -> Select[NoticeRow]:
    return select(NoticeRow).where(NoticeRow.withdrawn_at.is_(None))


def _notice(row: NoticeRow, words: Sequence[Update]) -> Notice:
    return Notice(row.id, row.uuid, About(row.about), dict(row.titles), row.starts_at, tuple(words))


def _update(row: UpdateRow) -> Update:
    states = {int(number): State(state) for number, state in row.states.items()}
    return Update(row.id, row.at, Stage(row.stage), dict(row.texts), states, row.ends_at)
