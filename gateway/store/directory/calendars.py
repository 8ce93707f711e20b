"""Calendars as rows: secret addresses at which ours are read, and those of others that are layers of schedules."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway.secrets import Vault, digest
from gateway.store.db import locked
from gateway.store.tables import CalendarFeed, ImportedCalendar
from gateway.store.types import moment
from rules.schedules import Duty


def feed(session: Session, token: str) -> CalendarFeed | None:
    query = select(CalendarFeed).where(CalendarFeed.hash == digest(token), CalendarFeed.revoked_at.is_(None))
    return session.scalar(query)


def touch(session: Session, number: int, now: datetime) -> None:
    session.execute(update(CalendarFeed).where(CalendarFeed.id == number).values(read_at=now))


def feed_of(session: Session, **owner: int) -> CalendarFeed | None:
    """The address in force of `person_id=…` or `schedule_id=…`."""
    query = select(CalendarFeed).filter_by(**owner).where(CalendarFeed.revoked_at.is_(None))
    return session.scalar(query.order_by(CalendarFeed.id.desc()).limit(1))


def revoke(session: Session, now: datetime, **owner: int) -> bool:
    """Whether there was one."""
    ended = update(CalendarFeed).filter_by(**owner).where(CalendarFeed.revoked_at.is_(None)).values(revoked_at=now)
    return bool(session.execute(ended).rowcount)  # type: ignore[attr-defined]


def imported(session: Session) -> dict[tuple[int, str], tuple[Duty, ...]]:
    """What stands in each imported calendar, by schedule and key."""
    query = select(ImportedCalendar.schedule_id, ImportedCalendar.key, ImportedCalendar.duties)
    return {(row[0], row[1]): _duties(row[2]) for row in session.execute(query)}


def imported_of(session: Session, schedule_id: int) -> Sequence[ImportedCalendar]:
    query = select(ImportedCalendar).where(ImportedCalendar.schedule_id == schedule_id)
    return session.scalars(query.order_by(ImportedCalendar.id)).all()


def sources(session: Session, vault: Vault) -> dict[tuple[int, str], str]:
    """The address of each, or the calendar itself where it was given. Raises BadSecret."""
    return {
        (row.schedule_id, row.key): vault.open(row.address) if row.address else row.body
        for row in session.scalars(select(ImportedCalendar))
    }


def keep(session: Session, schedule_id: int, source: str, vault: Vault, now: datetime) -> str:
    """An address or a whole calendar becomes a layer of the schedule; returns the key it is kept by."""
    key = digest(source)
    query = select(ImportedCalendar.id).filter_by(schedule_id=schedule_id, key=key)
    if session.scalar(query) is None:
        is_address = not source.startswith("BEGIN:")
        row = ImportedCalendar(schedule_id=schedule_id, key=key, duties=[], doubts=[], error="", next_at=now)
        row.address, row.body = (vault.seal(source), "") if is_address else ("", source)
        session.add(row)
        session.flush()
    return key


def forget_others(session: Session, schedule_id: int, keys: Collection[str]) -> None:
    query = delete(ImportedCalendar).where(
        ImportedCalendar.schedule_id == schedule_id, ImportedCalendar.key.not_in(list(keys))
    )
    session.execute(query)


def due(session: Session, now: datetime) -> Sequence[ImportedCalendar]:
    query = select(ImportedCalendar).where(ImportedCalendar.next_at <= now)
    return session.scalars(query.order_by(ImportedCalendar.next_at).limit(10)).all()


def body(session: Session, number: int) -> tuple[str, int]:
    """What was kept of it last, and the schedule it is a layer of; 0 where it is not there any more."""
    query = select(ImportedCalendar.body, ImportedCalendar.schedule_id).where(ImportedCalendar.id == number)
    found = session.execute(query).first()
    return (found[0], found[1]) if found else ("", 0)


def lock(session: Session, number: int) -> ImportedCalendar | None:
    found: ImportedCalendar | None = session.scalar(
        locked(select(ImportedCalendar).where(ImportedCalendar.id == number))
    )
    return found


def _duties(kept: list[Any]) -> tuple[Duty, ...]:
    return tuple(Duty(moment(starts), moment(ends), who) for starts, ends, who in kept)
