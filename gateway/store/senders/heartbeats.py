"""Heartbeats as rows: when each came last, from when on it is silent, and by which token it comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from gateway.secrets import digest, new_token
from gateway.store.db import locked, upsert
from gateway.store.tables import HeartbeatRow
from rules.senders.heartbeats import Heartbeat, due_at
from rules.words import Severity

ENDING = 4  # characters of a token that are kept to tell two apart
MOST = 1000
LIMIT = 100  # that are told in one round
_PLAIN = {"cron": "", "timezone": "UTC", "hash": None, "ending": ""}


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody asks to be expected."""

    name: str
    every: timedelta
    cron: str
    timezone: str
    grace: timedelta
    severity: Severity


def add(session: Session, wanted: Expected, now: datetime) -> str:
    """The token by which it comes; shown this once."""
    token = new_token()
    session.add(
        HeartbeatRow(
            name=wanted.name, every=int(wanted.every.total_seconds()), cron=wanted.cron, timezone=wanted.timezone,
            grace=int(wanted.grace.total_seconds()), severity=wanted.severity.value, hash=digest(token),
            ending=token[-ENDING:], created_at=now,
        )
    )  # fmt: skip
    session.flush()
    return token


def listed(session: Session) -> Sequence[HeartbeatRow]:
    return session.scalars(select(HeartbeatRow).order_by(HeartbeatRow.name)).all()


def named(session: Session, names: Iterable[str]) -> list[HeartbeatRow]:
    """Locked in the order of names, so that two of us cannot wait for each other."""
    query = select(HeartbeatRow).where(HeartbeatRow.name.in_(list(names))).order_by(HeartbeatRow.name)
    return _all(session, query)


def by_token(session: Session, token: str) -> HeartbeatRow | None:
    """Locked; it is looked up by its hash: no time tells how near a guess was."""
    found = _all(session, select(HeartbeatRow).where(HeartbeatRow.hash == digest(token)))
    return found[0] if found else None


def from_book(session: Session, wanted: Sequence[Heartbeat], now: datetime) -> list[HeartbeatRow]:
    """Those that the rule book names, made at their first beat."""
    values = [
        {
            "name": one.name, "every": int(one.every.total_seconds()), "grace": int(one.grace.total_seconds()),
            "severity": one.severity.value, "created_at": now, **_PLAIN,
        }
        for one in sorted(wanted, key=lambda one: one.name)
    ]  # fmt: skip
    session.execute(upsert(session, HeartbeatRow, values).on_conflict_do_nothing(index_elements=["name"]))
    rows, by_name = named(session, [one.name for one in wanted]), {one.name: one for one in wanted}
    for row in rows:
        if row.hash is None:  # the book may have changed since
            said = by_name[row.name]
            row.every, row.grace = int(said.every.total_seconds()), int(said.grace.total_seconds())
            row.severity = said.severity.value
    return rows


def beat(row: HeartbeatRow, now: datetime) -> bool:
    """It came. Whether its silence was told, so that the end of it must be."""
    was_silent, row.silent_at, row.last_at = row.silent_at is not None, None, now
    every, grace = timedelta(seconds=row.every), timedelta(seconds=row.grace)
    row.due_at = due_at(now, every, row.cron, row.timezone, grace)
    return was_silent


def overdue(session: Session, now: datetime) -> Sequence[str]:
    """Without a lock: those whose silence is to be told now."""
    late = HeartbeatRow.due_at.is_not(None) & (HeartbeatRow.due_at <= now)
    return session.scalars(select(HeartbeatRow.name).where(late).order_by(HeartbeatRow.due_at).limit(LIMIT)).all()


def forgotten(session: Session, names: Iterable[str]) -> Sequence[str]:
    """Without a lock: those of a rule book that no longer names them."""
    gone = HeartbeatRow.hash.is_(None) & HeartbeatRow.name.not_in(list(names))
    return session.scalars(select(HeartbeatRow.name).where(gone).order_by(HeartbeatRow.name)).all()


def put_off(session: Session, name: str, now: datetime, until: datetime) -> None:
    session.execute(
        update(HeartbeatRow).where(HeartbeatRow.name == name, HeartbeatRow.due_at <= now).values(due_at=until)
    )


def remove(session: Session, row: HeartbeatRow) -> None:
    session.execute(delete(HeartbeatRow).where(HeartbeatRow.id == row.id))


def _all(session: Session, query: Select[HeartbeatRow]) -> list[HeartbeatRow]:
    return list(session.scalars(locked(query)))
