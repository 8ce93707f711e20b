"""What people are told about themselves, as rows: kept with what caused it, claimed, told, tried again."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import PersonalNotice
from gateway.store.types import micros

AGAIN, MOST = timedelta(minutes=10), 24  # between tries, and how many there are
_CLAIM = text("""
    UPDATE personal_notice SET due_at = :again, tries = tries + 1 WHERE id = :id AND due_at = :due RETURNING id
""")


def tell(session: Session, person_id: int, once: str, kind: str, detail: Mapping[str, Any], now: datetime) -> bool:
    """Promised with what caused it; the same (`once`) is told once: then it is False."""
    row = {
        "person_id": person_id, "once": once[:200], "kind": kind, "detail": dict(detail), "created_at": now,
        "due_at": now, "tries": 0, "told_at": None, "way": "", "error": "",
    }  # fmt: skip
    made = upsert(session, PersonalNotice, [row]).on_conflict_do_nothing(index_elements=["once"])
    return session.execute(made.returning(PersonalNotice.id)).first() is not None


def newest(session: Session, people: Collection[int], of: str, since: datetime) -> dict[int, datetime]:
    """When each of them was last promised one whose `once` begins so, after that moment."""
    query = select(PersonalNotice.person_id, func.max(PersonalNotice.created_at)).where(
        PersonalNotice.person_id.in_(people), PersonalNotice.once.startswith(of), PersonalNotice.created_at > since
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(PersonalNotice.person_id))}


def due(session: Session, now: datetime, limit: int = 20) -> list[PersonalNotice]:
    waits = PersonalNotice.due_at.is_not(None), PersonalNotice.due_at <= now
    return list(session.scalars(select(PersonalNotice).where(*waits).order_by(PersonalNotice.due_at).limit(limit)))


def claim(session: Session, number: int, due: datetime, now: datetime) -> bool:
    """Whether this process tells what it saw due then: of several the first. If it is lost, it is tried again later."""
    values = {"id": number, "due": micros(due), "again": micros(now + AGAIN)}
    return session.execute(_CLAIM, values).first() is not None


def settle(session: Session, number: int, way: str, error: str, now: datetime) -> None:
    row = session.get_one(PersonalNotice, number, populate_existing=True)
    row.error = error
    if way:
        row.told_at, row.way, row.due_at = now, way, None
    elif row.tries >= MOST:
        row.due_at = None
