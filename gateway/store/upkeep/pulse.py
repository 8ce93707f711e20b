"""Signs of life, and when the clock's rows next want attention."""

from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.outgoing.floors import EXPIRY, FALLBACK, NONE, STEPS, Floors
from gateway.store.tables import Fact
from gateway.store.types import micros, moment

CAUGHT_UP = "caught up"


def say_alive(session: Session, worker: str, now: datetime) -> None:
    fresh = {"value": worker, "at": now}
    statement = upsert(session, Fact, [{"key": f"worker:{worker}", **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def say_caught_up(session: Session, now: datetime) -> None:
    """An outage's end was seen to: a worker that dies before it has shown itself leaves no second grace behind."""
    fresh = {"value": "", "at": now}
    statement = upsert(session, Fact, [{"key": CAUGHT_UP, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def last_turn(session: Session) -> datetime | None:
    """When a worker last showed itself, or saw to the end of an outage."""
    return session.scalar(select(func.max(Fact.at)).where(Fact.key.like("worker:%") | (Fact.key == CAUGHT_UP)))


def forget_workers(session: Session, before: datetime) -> None:
    session.execute(delete(Fact).where(Fact.key.like("worker:%"), Fact.at < before))


_SOONEST = (
    (STEPS, "next_at", "FROM incident WHERE next_at IS NOT NULL AND next_at <= :until"),
    (FALLBACK, "fallback_at", "FROM delivery WHERE fallback_at <= :until"),
    (EXPIRY, "expires_at", "FROM delivery WHERE status = 'queued' AND expires_at <= :until"),
)
_MESSAGE = """
    SELECT min(due_at) FROM delivery
    WHERE status IN ('queued', 'sending') AND status = 'queued' AND due_at <= :until
"""
_MESSAGE_SINCE = """
    SELECT (SELECT d.due_at FROM delivery d WHERE d.status IN ('queued', 'sending') AND d.channel = f.channel
        AND d.rank = f.rank AND d.due_at >= f.low AND d.due_at <= :until AND d.status = 'queued'
        ORDER BY d.due_at LIMIT 1)
    FROM unnest(CAST(:channels AS text[]), CAST(:ranks AS int[]), CAST(:lows AS bigint[])) AS f (channel, rank, low)
"""


def next_moment(session: Session, now: datetime, until: datetime, floors: Floors = NONE) -> datetime | None:
    """The earliest time until then at which a step, a message, a fallback or an expiry is due; None if nothing is."""
    floors.steer(session)
    asked, values = [], dict[str, object](until=micros(until))
    for key, column, question in _SOONEST:
        more, low = floors.since(key, column, now)
        since = more.replace(":low", f":{key}")
        asked.append(f"SELECT (SELECT {column} {question}{since} ORDER BY {column} LIMIT 1) AS at")
        if low:
            values[key] = low["low"]
    lows = floors.of_messages(now)
    if lows:
        values |= dict(zip(("channels", "ranks", "lows"), map(list, zip(*lows, strict=True)), strict=True))
    asked.append(_MESSAGE_SINCE if lows else _MESSAGE)
    sql = f"SELECT min(at) FROM ({' UNION ALL '.join(asked)}) AS soonest"  # noqa: S608 - texts from here
    found = session.execute(text(sql), values).scalar_one_or_none()
    return None if found is None else moment(int(found))
