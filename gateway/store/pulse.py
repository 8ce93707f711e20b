"""Signs of life, and when the clock's rows next want attention."""

from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Fact
from gateway.store.types import moment

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


def next_moment(session: Session) -> datetime | None:
    """The earliest time at which a step, a message, a fallback or an expiry is due; None if nothing waits."""
    sql = """
        SELECT min(at) FROM (
            SELECT min(next_at) AS at FROM incident WHERE next_at IS NOT NULL
            UNION ALL SELECT min(due_at) FROM delivery WHERE status IN ('queued', 'sending') AND status = 'queued'
            UNION ALL SELECT min(fallback_at) FROM delivery WHERE fallback_at IS NOT NULL
            UNION ALL SELECT min(expires_at) FROM delivery WHERE status = 'queued') AS soonest
    """
    found = session.execute(text(sql)).scalar_one_or_none()
    return None if found is None else moment(int(found))
