"""Timers are rows; here they are moved: after an outage of ours, and after the clock was set back."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.types import micros, moment

GRACE = timedelta(seconds=60)
SLACK = timedelta(seconds=10)  # clocks of machines that agree, and transactions that take a while
LONGEST_DELAY = timedelta(minutes=12)  # no retry and no patience is longer

_OF = "UPDATE {table} SET {column} = :until WHERE id IN (SELECT id FROM {table} WHERE {due}{{free}})"
_GRACE = (
    _OF.format(table="incident", column="next_at", due="next_at IS NOT NULL AND next_at <= :now"),
    _OF.format(table="delivery", column="fallback_at", due="fallback_at IS NOT NULL AND fallback_at <= :now"),
    _OF.format(table="delivery", column="expires_at", due="status = 'queued' AND expires_at <= :now"),
    # Its beats may have found nobody here: it has its whole time anew, or by a cron expression a minute.
    "UPDATE heartbeat SET due_at = CASE WHEN every > 0 THEN :now + (every + grace) * CAST(1000000 AS BIGINT) "
    "ELSE :until END WHERE due_at IS NOT NULL AND due_at <= :now",
    "UPDATE rhythm SET last_at = :now WHERE silent_at IS NULL",  # sources may have found nobody here either
)
_OUTAGE = (
    "INSERT INTO fact (key, value, at) VALUES ('outage', '', :now) ON CONFLICT (key) DO UPDATE SET at = excluded.at"
)
_UNSKEW = (
    "UPDATE incident SET next_at = next_at - (updated_at - :now), updated_at = :now WHERE id IN (SELECT id "
    "FROM incident WHERE next_at IS NOT NULL AND snoozed_until IS NULL AND updated_at > :slack{free})",
    "UPDATE delivery SET due_at = :now WHERE status = 'queued' AND due_at > :longest",
    "UPDATE delivery SET fallback_at = :now WHERE fallback_at IS NOT NULL AND fallback_at > :longest",
)


def grace(session: Session, now: datetime) -> int:
    """Nobody worked for a while: what fell due meanwhile was not given its time, so it gets a minute from now.

    Without this the first round after an outage of ours would call, fall back and escalate in one breath. What somebody
    holds keeps no other from its minute.
    """
    values = {"now": micros(now), "until": micros(now + GRACE)}
    free = _free(session)
    session.execute(text(_OUTAGE), {"now": micros(now)})
    return sum(session.execute(text(sql.format(free=free)), values).rowcount for sql in _GRACE)  # type: ignore[attr-defined]


def _free(session: Session) -> str:
    return " FOR UPDATE SKIP LOCKED" if is_postgres(session) else ""


def since_outage(session: Session, now: datetime) -> timedelta | None:
    """How long ago the last outage ended; None if there was none."""
    at = session.execute(text("SELECT at FROM fact WHERE key = 'outage'")).scalar_one_or_none()
    return None if at is None else now - moment(int(at))


def unskew(session: Session, now: datetime) -> int:
    """Rows that were written in what is now the future: the clock was set back, or another machine's runs ahead.

    Their timers keep the distance they had. Done twice it does nothing more; an incident that somebody holds has its
    turn the next time.
    """
    free = _free(session)
    values = {"now": micros(now), "slack": micros(now + SLACK), "longest": micros(now + LONGEST_DELAY)}
    statements = [text(sql.format(free=free)) for sql in _UNSKEW]
    used = ({"now", "slack"}, {"now", "longest"}, {"now", "longest"})
    done = [
        session.execute(sql, {name: values[name] for name in names})
        for sql, names in zip(statements, used, strict=True)
    ]
    return sum(one.rowcount for one in done)  # type: ignore[attr-defined]


def postpone(session: Session, incident_id: int, until: datetime) -> None:
    """The incident's timers ring again then."""
    values = {"until": micros(until), "incident": incident_id}
    session.execute(
        text("UPDATE incident SET next_at = :until WHERE id = :incident AND next_at IS NOT NULL AND next_at < :until"),
        values,
    )
    session.execute(
        text("UPDATE delivery SET fallback_at = :until WHERE incident_id = :incident AND fallback_at < :until"), values
    )
    waiting = "WHERE incident_id = :incident AND status = 'queued' AND expires_at < :until"
    session.execute(text(f"UPDATE delivery SET expires_at = :until {waiting}"), values)  # noqa: S608
