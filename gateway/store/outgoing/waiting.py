"""What waits in the outbox and for whom the time has come: looked at without a lock, and marked when it is too late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from gateway.store.outgoing.floors import EXPIRY, FALLBACK, NONE, STEPS, Floors, of_channel
from gateway.store.sql import bulk
from gateway.store.types import micros


@dataclass(frozen=True, slots=True)
class Glance:
    """What is due now, seen without taking a lock."""

    steps: bool  # incidents whose next step has come
    stuck: bool  # messages whose fallback is due, or that have expired
    channels: tuple[str, ...]  # with messages that may be leased


_STEPS = "SELECT id FROM incident WHERE next_at IS NOT NULL AND next_at <= :now{} ORDER BY next_at LIMIT :limit"
_LATE = (
    "SELECT incident_id FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at <= :now{} "
    "ORDER BY fallback_at LIMIT :limit"
)
_GONE = (
    "SELECT incident_id FROM delivery WHERE status = 'queued' AND expires_at <= :now{} ORDER BY expires_at LIMIT :limit"
)
_LOST = (
    "SELECT 1 FROM delivery WHERE status IN ('queued', 'sending') AND channel = :channel "
    "AND status = 'sending' AND leased_until < :clock{} LIMIT 1"
)
_READY = (
    "SELECT 1 FROM delivery WHERE status IN ('queued', 'sending') AND channel = :channel AND rank {ranks} "
    "AND due_at <= :now AND status = 'queued' LIMIT 1"
)
# Rank by rank: what waits for a later attempt is passed over in the index.
_ANY_READY = text(_READY.format(ranks="IN (0, 1, 2, 3)"))
_READY_SINCE = text(_READY.format(ranks="= :rank AND due_at >= :low"))


def glance(session: Session, channels: Iterable[str], now: datetime, clock: int, floors: Floors = NONE) -> Glance:
    """Each question ends at the first row that answers it: a storm's backlog must not be read through every second.

    The order makes that row the first of its index. Without one PostgreSQL takes any row for as likely as the next and
    reads the table from its beginning, which is long when nothing is due.
    """

    def found(question: TextClause, **values: str | int) -> bool:
        return session.execute(question, {"now": micros(now), "clock": clock} | values).first() is not None

    def ready(channel: str) -> bool:
        if not floors.are_set:
            return found(_ANY_READY, channel=channel)
        lows = enumerate(floors.of(channel, now))
        return any(found(_READY_SINCE, channel=channel, rank=rank, low=low) for rank, low in lows)

    def lost(channel: str) -> bool:
        more, low = of_channel(floors, channel, now)
        return found(text(_LOST.format(more)), channel=channel, **low)

    due = tuple(channel for channel in channels if ready(channel) or lost(channel))
    steps = bool(_first(session, _STEPS, floors.since(STEPS, "next_at", now), now, 1))
    return Glance(steps, bool(stuck(session, now, 1, floors)), due)


def stuck(session: Session, now: datetime, limit: int, floors: Floors = NONE) -> list[int]:
    """Incidents with a message that is not out within its class's patience, or is no longer worth sending."""
    floors.steer(session)
    late = _first(session, _LATE, floors.since(FALLBACK, "fallback_at", now), now, limit)
    return sorted({*late, *_first(session, _GONE, floors.since(EXPIRY, "expires_at", now), now, limit)})


def _first(session: Session, sql: str, since: tuple[str, dict[str, int]], now: datetime, limit: int) -> list[int]:
    more, low = since
    values = {"now": micros(now), "limit": limit} | low
    return [row[0] for row in session.execute(text(sql.format(more)), values)]


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


def cancel_handed(session: Session, incident_ids: Iterable[int], why: str, now: datetime) -> None:
    """Nobody need hear in the morning that these are theirs: somebody else has them, or they know."""
    sql = (
        "UPDATE delivery SET status = 'cancelled', error = {}, finished_at = {} "
        "WHERE kind = 'assigned' AND part = 'held' AND status = 'queued' AND incident_id {list}"
    )
    bulk.execute(session, sql, incident_ids, why, micros(now))
