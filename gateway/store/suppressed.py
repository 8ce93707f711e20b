"""What of an incident fires, as whoever may keep it quiet asks about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.store import bulk
from gateway.store.types import moment


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


_FIRING = (
    "SELECT a.incident_id, a.source_id, s.name, i.kind, i.ticket, a.fingerprint, a.title, a.severity, "
    "a.labels, a.fired "
    "FROM incident i JOIN alert a ON a.incident_id = i.id JOIN source s ON s.id = a.source_id "
    "WHERE a.latest AND a.firing AND a.attached IS NULL AND "
)


def firing(session: Session, incident_id: int) -> list[Member]:
    """What fires of it; what inhibition attached is silent anyhow."""
    return [_member(row) for row in bulk.select_plain(session, _FIRING + "i.id = {} ORDER BY a.id", incident_id)]


def told_now(session: Session) -> list[Member]:
    """What fires of all incidents whose ladder goes on."""
    going_on = _FIRING + "i.status = 'triggered' AND i.snoozed_until IS NULL"
    return [_member(row) for row in bulk.select_plain(session, going_on)]


def all_firing(session: Session) -> list[Member]:
    """Everything that fires in an open incident."""
    return [_member(row) for row in bulk.select_plain(session, _FIRING + "i.status <> 'resolved'")]


def _member(row: Sequence[Any]) -> Member:
    values = [*row[:9], moment(max(row[9], 0))]
    return Member(*values)
