"""What the auditor asks the database about our own work, and the report that it leaves there for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from gateway.store.db import database_clock, upsert
from gateway.store.sql import bulk
from gateway.store.tables import Fact
from gateway.store.types import micros, moment
from gateway.store.upkeep import horizon, vitals
from rules.reports.selfwatch import LATE, Finding, Sight, What
from rules.words import Urgency

REPORT = "audit"  # the key of the fact
OWN_SOURCE = 0
LIMIT = 100  # emergencies looked at one by one
SETTLED = timedelta(seconds=30)  # a step told a moment ago is looked at the next time

_CHANNELS = text("SELECT DISTINCT channel FROM delivery WHERE status IN ('queued', 'sending')")
# What leasing asks too: no page of what is answered or asleep, nothing that waits behind an earlier one of its kind.
# It ends at the first row: in a storm tens of thousands are late. OFFSET keeps PostgreSQL, as long as it has no
# statistics, from joining the table with itself.
_MESSAGE_DUE = text("""
    SELECT d.due_at FROM delivery d JOIN incident i ON i.id = d.incident_id
    WHERE d.status IN ('queued', 'sending') AND d.channel = :channel AND d.status = 'queued' AND d.due_at < :late
      AND (d.kind NOT IN ('opened', 'escalated') OR (i.status = 'triggered' AND i.snoozed_until IS NULL))
      AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.incident_id = d.incident_id AND e.channel = d.channel
        AND e.address_id = d.address_id AND e.id < d.id AND e.status IN ('queued', 'sending')
        AND NOT (e.part IN ('later', 'held') AND e.attempts = 0 AND e.due_at > :late) LIMIT 1 OFFSET 0)
    ORDER BY d.rank, d.due_at LIMIT 1
""")
_LEASE_LOST = text(
    "SELECT min(leased_until) FROM delivery WHERE status IN ('queued', 'sending') AND status = 'sending' "
    "AND leased_until < :late"
)
_STEP_DUE = text("""
    SELECT min(at) FROM (
        SELECT min(next_at) AS at FROM incident WHERE next_at IS NOT NULL
        UNION ALL SELECT min(fallback_at) FROM delivery WHERE fallback_at IS NOT NULL
        UNION ALL SELECT min(expires_at) FROM delivery WHERE status = 'queued') AS soonest
    WHERE at < :late
""")
_WITHOUT_PAGE = """
    SELECT i.id, i.level, i.next_at IS NULL FROM incident i
    WHERE i.status <> 'resolved' AND i.status = 'triggered' AND i.urgency = {} AND i.snoozed_until IS NULL
      AND i.phase = ''
      AND (i.next_at IS NULL OR NOT EXISTS (SELECT 1 FROM delivery d WHERE d.incident_id = i.id AND d.level = i.level
           AND d.kind IN ('opened', 'escalated') LIMIT 1 OFFSET 0))
    ORDER BY i.id LIMIT {}
"""
_STEPS_TOLD = (
    "SELECT incident_id, at, detail FROM entry WHERE incident_id {list} AND kind IN ('opened', 'escalated', "
    "'told again', 'snooze over', 'suppression over', 'woken', 'woken by hand', "
    "'enough alerts', 'reopened', 'flapping over', 'acknowledgement over', 'passed on', 'notification missing')"
)
_OWN_FIRING = "SELECT fingerprint FROM alert WHERE fingerprint {list} AND source_id = {} AND latest AND firing"


@dataclass(frozen=True, slots=True)
class Missing:
    """An emergency that nothing will call anybody about before its next step, or ever; and the step it stands at."""

    incident_id: int
    level: int


def look(session: Session, now: datetime, *, configured: bool) -> Sight:
    """All but what is missing and how much room there is."""
    late = micros(now - LATE)
    clock_late = database_clock(session) - int(LATE.total_seconds() * 1_000_000)
    waiting = session.scalars(_CHANNELS).all()
    messages = [_moment(session, _MESSAGE_DUE, late, channel=channel) for channel in waiting]
    messages.append(_moment(session, _LEASE_LOST, clock_late))
    old = horizon.held(session)
    return Sight(
        vitals.worker_seen(session),
        min((at for at in messages if at is not None), default=None),
        _moment(session, _STEP_DUE, late),
        unreached=_unreached(session, now, configured=configured),
        held=timedelta(seconds=old.seconds),
        passed=old.passed,
    )


def _moment(session: Session, question: TextClause, late: int, **more: str) -> datetime | None:
    found = session.execute(question, {"late": late, **more}).scalar()
    return None if found is None else moment(int(found))


def _unreached(session: Session, now: datetime, *, configured: bool) -> int:
    """Without our own: an alarm of ours that reaches nobody must not be what keeps itself alive."""
    ids = vitals.undelivered(session, now, configured=configured)
    others = bulk.select(session, "SELECT id FROM incident WHERE id {list} AND source_id <> {}", ids, OWN_SOURCE)
    return len(others)


def missing(session: Session, now: datetime) -> list[Missing]:
    """Emergencies whose last step told somebody by its timeline line, and there is no such message in any state."""
    found = bulk.select_plain(session, _WITHOUT_PAGE, Urgency.EMERGENCY.rank, LIMIT)
    if not found:
        return []
    told = set()
    for incident_id, at, written in bulk.select(session, _STEPS_TOLD, [row[0] for row in found]):
        detail = msgspec.json.decode(written)
        if detail.get("told") and at <= micros(now - SETTLED):
            told.add((incident_id, detail.get("level")))
    return [Missing(id_, level) for id_, level, timeless in found if timeless or (id_, level) in told]


def firing(session: Session, fingerprints: Sequence[str]) -> set[str]:
    """Which of our own alerts are firing."""
    return {row[0] for row in bulk.select(session, _OWN_FIRING, fingerprints, OWN_SOURCE)}


@dataclass(frozen=True, slots=True)
class Report:
    """What the last audit found, and when it was."""

    at: datetime
    findings: tuple[Finding, ...]


def keep(session: Session, findings: Sequence[Finding], now: datetime) -> None:
    rows = [[one.what, one.count, one.seconds, None if one.since is None else micros(one.since)] for one in findings]
    fresh = {"value": msgspec.json.encode(rows).decode(), "at": now}
    statement = upsert(session, Fact, [{"key": REPORT, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def last(session: Session) -> Report | None:
    """None if there never was an audit, or none for a long time."""
    row = session.get(Fact, REPORT)
    return None if row is None else report_of(row.value, row.at)


def report_of(value: str, at: datetime) -> Report:
    findings = tuple(
        Finding(What(what), count, seconds, None if since is None else moment(since))
        for what, count, seconds, since in msgspec.json.decode(value)
        if what in tuple(What)  # a newer program may find what this one has no word for
    )
    return Report(at, findings)


def forget(session: Session, before: datetime) -> None:
    """Who has run no auditor for so long does without one."""
    row = session.get(Fact, REPORT)
    if row is not None and row.at < before:
        session.delete(row)
