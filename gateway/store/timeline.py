"""The timeline: lines that are only ever inserted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.store import bulk
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
