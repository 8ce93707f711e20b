"""The timeline: lines that are only ever inserted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store import bulk
from gateway.store.tables import Entry
from gateway.store.types import micros, to_json

_LINE = ("incident_id", "at", "kind", "actor", "detail")
_ALIKE = frozenset({"at", "kind", "actor", "detail"})
LOOKED_AT = 200  # newest lines, among which a note that was sent twice is found
Line = tuple[int, int, str, str, str]


def line(incident_id: int, at: datetime, kind: str, actor: str, detail: dict[str, Any] | str) -> Line:
    """One line; `detail` may be JSON already."""
    return incident_id, micros(at), kind, actor, detail if isinstance(detail, str) else to_json(detail)


def write(session: Session, lines: Sequence[Line]) -> None:
    bulk.insert(session, Entry, _LINE, lines, alike=_ALIKE)


def noted(session: Session, incident_id: int, actor: str, text: str, once: str) -> Mapping[str, Any] | None:
    """The note that came with this key before, as it was kept."""
    newest = select(Entry.kind, Entry.actor, Entry.detail).where(Entry.incident_id == incident_id)
    for kind, who, detail in session.execute(newest.order_by(Entry.id.desc()).limit(LOOKED_AT)):
        if (kind, who) == ("note", actor) and (detail.get("once"), detail.get("text")) == (once, text):
            return dict(detail)
    return None
