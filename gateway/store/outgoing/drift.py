"""What reconciliation with PagerDuty asks the database: whose turn it is, and how our side of an incident stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gateway.store.sql import bulk
from gateway.store.tables import Fact
from gateway.store.types import micros, moment
from rules.senders.drift import Ours
from rules.words import Status

_CLAIM = text("""
    INSERT INTO fact (key, value, at) VALUES (:key, '', :now)
    ON CONFLICT (key) DO UPDATE SET at = :now WHERE fact.at <= :due OR fact.at > :now
    RETURNING key
""")
# What makes an acknowledgement in PagerDuty old news: it was answered here since, or began to call again.
_ANSWERS, _STIRS = (
    "('acknowledged', 'snoozed')",
    "('acknowledged', 'snoozed', 'snooze over', 'woken', 'woken by hand', 'escalated', 'reopened')",
)
_STANDS = f"""
    SELECT i.id, i.uuid, i.status, i.resolved_at,
      (SELECT max(e.at) FROM entry e WHERE e.incident_id = i.id AND e.kind IN {_ANSWERS}),
      (SELECT max(e.at) FROM entry e WHERE e.incident_id = i.id AND e.kind IN {_STIRS}),
      (SELECT count(*) FROM delivery d WHERE d.incident_id = i.id AND d.channel = 'pagerduty'
        AND d.kind = 'acknowledged'),
      (SELECT max(d.finished_at) FROM delivery d WHERE d.incident_id = i.id AND d.channel = 'pagerduty'
        AND d.kind = 'acknowledged' AND d.status IN ('sent', 'delivered')),
      (SELECT max(e.at) FROM entry e WHERE e.incident_id = i.id AND e.kind = 'reopened')
    FROM incident i
"""  # noqa: S608 - our own words
_TOLD = """
    EXISTS (SELECT 1 FROM delivery d WHERE d.incident_id = i.id AND d.channel = 'pagerduty'
      AND d.kind IN ('opened', 'escalated', 'assigned') AND (d.status IN ('sent', 'delivered') OR d.ambiguous > 0))
"""


@dataclass(frozen=True, slots=True)
class Side:
    """Our side of one incident that PagerDuty knows."""

    id: int
    uuid: str
    ours: Ours


def claim(session: Session, what: str, every: timedelta, now: datetime) -> bool:
    """Whether it is this process's turn: of all that ask within `every`, the first. A clock set back frees it too."""
    values = {"key": f"reconcile:{what}", "now": micros(now), "due": micros(now - every)}
    return session.execute(_CLAIM, values).first() is not None


def is_due(session: Session, what: str, every: timedelta, now: datetime) -> bool:
    """The same without taking it: a look costs nobody anything."""
    last = session.scalar(select(Fact.at).where(Fact.key == f"reconcile:{what}"))
    return last is None or last <= now - every or last > now


def open_sides(session: Session) -> list[Side]:
    """Open incidents of which a page went to PagerDuty, in order of id."""
    sql = f"{_STANDS} WHERE i.status <> 'resolved' AND {_TOLD} ORDER BY i.id"
    return [_side(row) for row in bulk.select_plain(session, sql)]


def sides_of(session: Session, uuids: Iterable[str]) -> list[Side]:
    """Incidents by our name for them, whatever their state."""
    return [_side(row) for row in bulk.select(session, f"{_STANDS} WHERE i.uuid {{list}} ORDER BY i.id", uuids)]


def _side(row: Any) -> Side:
    id_, uuid, status, resolved_at, answered, stirred, words, told_at, back_at = row
    since = None if answered is None else moment(stirred)
    resolved = None if resolved_at is None else moment(resolved_at)
    told = None if told_at is None else moment(told_at)
    back = None if back_at is None else moment(back_at)
    return Side(id_, uuid, Ours(Status(status), since, resolved, words > 0, told, back))


def repeats(session: Session, incident_id: int, kind: str) -> tuple[int, int]:
    """How often this news was repeated to PagerDuty, and how many messages of it are still on their way."""
    sql = (
        "SELECT coalesce(sum(CASE WHEN part = 'again' THEN 1 ELSE 0 END), 0), "
        "coalesce(sum(CASE WHEN status IN ('queued', 'sending') THEN 1 ELSE 0 END), 0) "
        "FROM delivery WHERE channel = 'pagerduty' AND incident_id = {} AND kind = {}"
    )
    again, waiting = bulk.select_plain(session, sql, incident_id, kind)[0]
    return int(again), int(waiting)
