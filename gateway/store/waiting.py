"""What waits in the outbox and for whom the time has come: looked at without a lock, and marked when it is too late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from gateway.store.types import micros


@dataclass(frozen=True, slots=True)
class Glance:
    """What is due now, seen without taking a lock."""

    steps: bool  # incidents whose next step has come
    stuck: bool  # messages whose fallback is due, or that have expired
    channels: tuple[str, ...]  # with messages that may be leased


def glance(session: Session, channels: Iterable[str], now: datetime, clock: int) -> Glance:
    """Each question ends at the first row that answers it: a storm's backlog must not be read through every second.

    The order makes that row the first of its index. Without one PostgreSQL takes any row for as likely as the next and
    reads the table from its beginning, which is long when nothing is due.
    """
    values = {"now": micros(now), "clock": clock}
    steps = text("SELECT 1 FROM incident WHERE next_at IS NOT NULL AND next_at <= :now ORDER BY next_at LIMIT 1")
    late = text(
        "SELECT 1 FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at <= :now ORDER BY fallback_at LIMIT 1"
    )
    gone = text("SELECT 1 FROM delivery WHERE status = 'queued' AND expires_at <= :now ORDER BY expires_at LIMIT 1")
    lost = text(
        "SELECT 1 FROM delivery WHERE status IN ('queued', 'sending') AND channel = :channel "
        "AND status = 'sending' AND leased_until < :clock LIMIT 1"
    )
    # Rank by rank: what waits for a later attempt is passed over in the index.
    ready = text(
        "SELECT 1 FROM delivery WHERE status IN ('queued', 'sending') AND channel = :channel AND rank IN (0, 1, 2, 3) "
        "AND due_at <= :now AND status = 'queued' LIMIT 1"
    )

    def found(question: TextClause, **more: str) -> bool:
        return session.execute(question, values | more).first() is not None

    due = tuple(channel for channel in channels if found(ready, channel=channel) or found(lost, channel=channel))
    return Glance(found(steps), found(late) or found(gone), due)


def stuck(session: Session, now: datetime, limit: int) -> list[int]:
    """Incidents with a message that is not out within its class's patience, or is no longer worth sending."""
    late = text(
        "SELECT incident_id FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at <= :now "
        "ORDER BY fallback_at LIMIT :limit"
    )
    gone = text(
        "SELECT incident_id FROM delivery WHERE status = 'queued' AND expires_at <= :now "
        "ORDER BY expires_at LIMIT :limit"
    )
    values = {"now": micros(now), "limit": limit}
    return sorted({row[0] for query in (late, gone) for row in session.execute(query, values)})


@dataclass(frozen=True, slots=True)
class Stuck:
    """One such message."""

    id: int
    kind: str
    level: int
    way: str
    channel: str
    who: str
    name: str
    attempts: int


_EXPIRE = text("""
    UPDATE delivery
    SET status = 'failed', error = 'expired: not delivered in time', finished_at = :now, fallback_at = NULL
    WHERE incident_id = :incident AND status = 'queued' AND expires_at <= :now
    RETURNING id, kind, level, way, channel, who, name, attempts
""")
_LOSE_PATIENCE = text("""
    UPDATE delivery SET fallback_at = NULL WHERE incident_id = :incident AND fallback_at <= :now
    RETURNING id, kind, level, way, channel, who, name, attempts
""")


def expire(session: Session, incident_id: int, now: datetime) -> list[Stuck]:
    """The incident's messages that are no longer worth sending, marked as failed."""
    return [Stuck(*row) for row in session.execute(_EXPIRE, {"now": micros(now), "incident": incident_id})]


def impatient(session: Session, incident_id: int, now: datetime) -> list[Stuck]:
    """The incident's messages that are not out though their class's patience is over; each is named once."""
    return [Stuck(*row) for row in session.execute(_LOSE_PATIENCE, {"now": micros(now), "incident": incident_id})]
