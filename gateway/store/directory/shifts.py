"""Overrides and swaps as rows: made, taken back, asked for, answered; and overrides as schedules hold them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from gateway.store.db import locked
from gateway.store.tables import OverrideRow, SwapRow
from rules.schedules import Override

KEPT = 5000  # overrides that the directory holds, the newest: fairness looks back over some months
SHOWN = 100
REQUESTED, ACCEPTED, DECLINED, WITHDRAWN = "requested", "accepted", "declined", "withdrawn"
EXPIRED = "expired"


def overrides(session: Session) -> dict[int, tuple[Override, ...]]:
    """By schedule, in the order in which they were made."""
    query = (
        select(OverrideRow.schedule_id, OverrideRow.starts_at, OverrideRow.ends_at, OverrideRow.email, OverrideRow.id)
        .where(OverrideRow.ends_at > OverrideRow.starts_at)
        .order_by(OverrideRow.id.desc())
        .limit(KEPT)
    )
    found: dict[int, list[Override]] = {}
    for row in reversed(session.execute(query).all()):
        found.setdefault(row[0], []).append(Override(*row[1:]))
    return {schedule: tuple(held) for schedule, held in found.items()}


def resume(session: Session, email: str, left: datetime, now: datetime) -> None:
    """Somebody who had left is back: their overrides count again from now on, and not for the time between."""
    query = select(OverrideRow).where(OverrideRow.email == email, OverrideRow.ends_at > left)
    for row in session.scalars(locked(query.order_by(OverrideRow.id))).all():
        ends, row.ends_at = row.ends_at, max(row.starts_at, left)
        if ends > now:
            session.add(
                OverrideRow(
                    schedule_id=row.schedule_id, email=row.email, starts_at=max(row.starts_at, now), ends_at=ends,
                    reason=row.reason, author=row.author, created_at=row.created_at, swap_id=row.swap_id,
                )
            )  # fmt: skip


def listed(session: Session, now: datetime) -> Sequence[OverrideRow]:
    """Those that have not ended, what begins first before."""
    query = (
        select(OverrideRow)
        .where(OverrideRow.ends_at > now, OverrideRow.ends_at > OverrideRow.starts_at)
        .order_by(OverrideRow.starts_at, OverrideRow.id)
        .limit(SHOWN)
    )
    return session.scalars(query).all()


def count(session: Session, now: datetime) -> int:
    """Up to the most that may be."""
    query = select(OverrideRow.id).where(OverrideRow.ends_at > now).limit(KEPT)
    return len(session.scalars(query).all())


def override(session: Session, number: int) -> OverrideRow | None:
    """Locked, for whoever wants to take it back."""
    found: OverrideRow | None = session.scalar(locked(select(OverrideRow).where(OverrideRow.id == number)))
    return found


def swap(session: Session, number: int) -> SwapRow | None:
    """Locked, for whoever wants to answer it."""
    found: SwapRow | None = session.scalar(locked(select(SwapRow).where(SwapRow.id == number)))
    return found


def swaps(session: Session, email: str, now: datetime) -> Sequence[SwapRow]:
    """What this person asked or was asked, as far as it lies ahead; the newest first."""
    query = (
        select(SwapRow)
        .where(SwapRow.gives_to > now, or_(SwapRow.asker == email, SwapRow.asked == email))
        .order_by(SwapRow.id.desc())
        .limit(SHOWN)
    )
    return session.scalars(query).all()


def due(session: Session, now: datetime) -> Sequence[int]:
    """Numbers of those whose time has come, without a lock."""
    query = select(SwapRow.id).where(SwapRow.next_at.is_not(None), SwapRow.next_at <= now)
    return session.scalars(query.order_by(SwapRow.next_at).limit(SHOWN)).all()


def put_off(session: Session, number: int, now: datetime, until: datetime) -> None:
    session.execute(update(SwapRow).where(SwapRow.id == number, SwapRow.next_at <= now).values(next_at=until))
