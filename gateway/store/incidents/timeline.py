"""The timeline: lines that are only ever inserted."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.senders import heard
from gateway.store.sql import bulk
from gateway.store.tables import Entry
from gateway.store.types import micros, to_json

_LINE = ("incident_id", "at", "kind", "actor", "detail")
_ALIKE = frozenset({"at", "kind", "actor", "detail"})
Line = tuple[int, int, str, str, str]


def line(incident_id: int, at: datetime, kind: str, actor: str, detail: dict[str, Any] | str) -> Line:
    """One line; `detail` may be JSON already."""
    return incident_id, micros(at), kind, actor, detail if isinstance(detail, str) else to_json(detail)


def write(session: Session, lines: Sequence[Line]) -> None:
    bulk.insert(session, Entry, _LINE, lines, alike=_ALIKE)


def once(incident_id: int, account: str, key: str, text: str) -> str:
    """What tells a note from every other: whoever has one name with its author is somebody else."""
    said = "\0".join((account, key, text))
    return f"note:{incident_id}:{hashlib.sha256(said.encode()).hexdigest()}"


def noted(session: Session, incident_id: int, once: str, now: datetime) -> Mapping[str, Any] | None:
    """The note that came as `once` before, as it was kept; remembered for a week. From now on this one has come."""
    if heard.first_time(session, once, now):
        return None
    notes = select(Entry.detail).where(Entry.incident_id == incident_id, Entry.kind == "note")
    found = (detail for detail in session.scalars(notes.order_by(Entry.id.desc())) if detail.get("once") == once)
    return next(found, None)


def with_lines(session: Session, ids: Sequence[int], kinds: Sequence[str], since: datetime) -> set[int]:
    """Which of these incidents have a line of such a kind that is newer than that."""
    found = select(Entry.incident_id).where(Entry.incident_id.in_(ids), Entry.kind.in_(kinds), Entry.at > since)
    return set(session.scalars(found))


def acknowledged_until(session: Session, incident_id: int, at: datetime | None) -> datetime | None:
    """The end that was set for the acknowledgement of that moment; none if it was for good."""
    if at is None:
        return None
    lines = select(Entry.detail).where(Entry.incident_id == incident_id, Entry.kind == "acknowledged", Entry.at == at)
    found = session.scalars(lines.order_by(Entry.id.desc()).limit(1)).first()
    return datetime.fromisoformat(found["until"]) if found and found.get("until") else None


def snoozed_at(session: Session, incident_id: int) -> datetime | None:
    """When it was snoozed last; none if it was part of another incident then."""
    lines = select(Entry.at).where(Entry.incident_id == incident_id, Entry.kind == "snoozed")
    at: datetime | None = session.scalars(lines.order_by(Entry.id.desc()).limit(1)).first()
    return at


def last(session: Session, incident_id: int, kind: str) -> Mapping[str, Any] | None:
    """What the newest line of this kind says."""
    lines = select(Entry.detail).where(Entry.incident_id == incident_id, Entry.kind == kind)
    found: Mapping[str, Any] | None = session.scalars(lines.order_by(Entry.id.desc()).limit(1)).first()
    return found
