"""What of an incident fires, as whoever may keep it quiet asks about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.sql import bulk
from gateway.store.tables import Incident
from gateway.store.types import micros, moment
from rules.matchers import seen_labels
from rules.words import Alert, Kind, Severity, Ticket, Urgency

URGENCIES = tuple(Urgency)  # by rank


@dataclass(frozen=True, slots=True)
class Member:
    """A firing alert of an open incident; labels and ticket are JSON still."""

    incident_id: int
    source_id: int
    source: str
    kind: str
    ticket: str | None
    fingerprint: str
    title: str
    severity: str
    labels: str
    starts_at: datetime
    urgency: Urgency  # of its incident


_FIRING = (
    "SELECT a.incident_id, a.source_id, s.name, i.kind, i.ticket, a.fingerprint, a.title, a.severity, "
    "a.labels, a.fired, i.urgency "
    "FROM incident i JOIN alert a ON a.incident_id = i.id JOIN source s ON s.id = a.source_id "
    "WHERE a.latest AND a.firing AND a.attached IS NULL AND "
)


def firing(session: Session, incident_ids: Sequence[int]) -> list[Member]:
    """What fires of these; what inhibition attached is silent anyhow."""
    wanted = sorted(set(incident_ids))
    return [_member(row) for row in bulk.select_each(session, _FIRING + "i.id {list} ORDER BY a.id", wanted)]


def told_now(session: Session) -> list[Member]:
    """What fires of all incidents whose ladder goes on."""
    going_on = _FIRING + "i.status = 'triggered' AND i.snoozed_until IS NULL"
    return [_member(row) for row in bulk.select_plain(session, going_on)]


def inhibited(session: Session) -> list[Member]:
    """What fires of all incidents that something bigger keeps quiet, whatever else does."""
    quiet = _FIRING + "i.status <> 'resolved' AND i.suppressed_by LIKE {}"
    return [_member(row) for row in bulk.select_plain(session, quiet, "inhibition:%")]


_OVER = "SELECT id FROM silence WHERE ended_at > {}"
_AGAIN = "SELECT id FROM silence WHERE ended_at IS NULL AND rule <> ''"
# In this order whatever SQLite thinks of tables that it has no statistics of: it would walk through all that was ever
# hidden.
_OF_THOSE = (
    "SELECT a.incident_id FROM hidden_alert h CROSS JOIN alert a CROSS JOIN incident i "
    "WHERE h.silence_id {list} AND h.until > {} AND h.until <= {} "
    "AND a.source_id = h.source_id AND a.fingerprint = h.fingerprint AND a.latest AND a.firing "
    "AND i.id = a.incident_id AND i.status <> 'resolved' AND "
)
_KEPT_QUIET = _OF_THOSE + "i.suppressed_by IS NOT NULL AND i.next_at > {}"
_GATHERING = _OF_THOSE + "i.phase = 'gathering' AND i.suppressed_by IS NULL AND i.snoozed_until IS NULL"
_EVER = 2**62  # microseconds
LATE = timedelta(minutes=5)  # no alert takes longer from the clock to commit


def left_behind(session: Session, since: datetime, now: datetime) -> list[Member]:
    """What fires of the incidents that are kept quiet and have an alert whose silence, or time of a window, is over
    since then."""
    found = _let_go(session, _KEPT_QUIET, since, now, micros(now))
    return firing(session, found) if found else []


def waiting_for_more(session: Session, since: datetime, now: datetime) -> list[int]:
    """The incidents that wait for more alerts and have one whose silence, or time of a window, is over since then."""
    return sorted(set(_let_go(session, _GATHERING, since, now)))


def _let_go(session: Session, sql: str, since: datetime, now: datetime, *more: int) -> list[int]:
    at, then = micros(now), micros(since)
    over = [row[0] for row in bulk.select_plain(session, _OVER, then)]
    found = [*bulk.select_each(session, sql, over, 0, _EVER, *more)] if over else []
    if again := [row[0] for row in bulk.select_plain(session, _AGAIN)]:
        found += bulk.select_each(session, sql, again, then, at, *more)
    return [row[0] for row in found]


def all_firing(session: Session) -> list[Member]:
    """Everything that fires in an open incident."""
    return [_member(row) for row in bulk.select_plain(session, _FIRING + "i.status <> 'resolved'")]


def newest_firing(session: Session, most: int) -> list[Member]:
    """What fires, the alert that came last first."""
    query = _FIRING + "i.status <> 'resolved' ORDER BY a.id DESC LIMIT {}"
    return [_member(row) for row in bulk.select_plain(session, query, most)]


_CAME = (
    "SELECT a.incident_id, a.source_id, s.name, i.kind, i.ticket, a.fingerprint, a.title, a.severity, a.labels, "
    "a.fired, i.urgency FROM alert a JOIN incident i ON i.id = a.incident_id JOIN source s ON s.id = a.source_id "
    "WHERE a.id > (SELECT max(id) FROM alert) - {} AND a.first_seen_at >= {}"
)


def came(session: Session, since: datetime, most: int) -> list[Member]:
    """The alerts that came since then, of the newest `most`."""
    return [_member(row) for row in bulk.select_plain(session, _CAME, most, micros(since))]


def held(session: Session, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each silence or window that holds something now: how many firing alerts, of how many incidents."""
    sql = (
        "SELECT i.suppressed_by, count(a.id), count(DISTINCT i.id) FROM incident i "
        "LEFT JOIN alert a ON a.incident_id = i.id AND a.firing "
        "WHERE i.suppressed_by IS NOT NULL AND i.suppressed_by {list} AND i.status <> 'resolved' "
        "GROUP BY i.suppressed_by"
    )
    return {row[0]: (row[1], row[2]) for row in bulk.select(session, sql, keys)}


_QUIET = (
    "SELECT id FROM incident WHERE id {list} AND suppressed_by IS NOT NULL AND status <> 'resolved' AND next_at > {} "
    "ORDER BY id"
)


def look_now(session: Session, incident_ids: Iterable[int], now: datetime) -> None:
    """Those of these incidents that something keeps quiet are asked about now. They are locked in the order of ids,
    all at once: who took them in another, or some after others, might wait for intake while that waits for them.
    """
    at = micros(now)
    sql = _QUIET + (" FOR UPDATE" if is_postgres(session) else "")
    found = bulk.select(session, sql, sorted(set(incident_ids)), at)
    bulk.update(session, Incident, ("id", "next_at"), [(row[0], at) for row in found])


def labels_of(one: Member) -> dict[str, str]:
    return seen_labels(alert_of(one))


def alert_of(one: Member) -> Alert:
    """The alert as matchers see it, from what is kept of it."""
    said = msgspec.json.decode(one.ticket) if one.ticket else {}
    ticket = None
    if one.kind == Kind.TICKET:
        ticket = Ticket(one.fingerprint, str(said.get("event", "")), str(said.get("priority", "")))
    return Alert(
        one.source, one.fingerprint, True, one.title, Severity(one.severity), one.starts_at,  # noqa: FBT003 - firing
        labels=msgspec.json.decode(one.labels), kind=Kind(one.kind), ticket=ticket,
    )  # fmt: skip


def _member(row: Sequence[Any]) -> Member:
    values = [*row[:9], moment(max(row[9], 0)), URGENCIES[row[10]]]
    return Member(*values)
