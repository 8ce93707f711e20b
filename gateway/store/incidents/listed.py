"""The alerts of one source as their sender may list them: those that are part of something open, and the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, union
from sqlalchemy.orm import Session

from gateway.store.base import LATEST
from gateway.store.tables import AlertRow, Incident

STRETCH = 20_000  # numbers of alerts, the newest of all sources, that are looked through
MOST = 5_000  # alerts that are part of something open, the newest of the source
_OPEN = text("incident.status <> 'resolved'")  # literal, as OPEN is


@dataclass(frozen=True, slots=True)
class Listed:
    """One alert with what a list is chosen and put in order by."""

    id: int
    fingerprint: str
    title: str
    firing: bool
    severity: str
    labels: dict[str, Any]
    seen: int
    first_seen_at: datetime
    last_seen_at: datetime


def of_source(session: Session, source_id: int) -> list[Listed]:
    """In no order."""
    newest = select(func.max(AlertRow.id)).scalar_subquery()
    mine = (AlertRow.source_id == source_id, LATEST)
    recent = select(AlertRow.id).where(*mine, AlertRow.id > newest - STRETCH, AlertRow.incident_id.is_not(None))
    under_way = select(AlertRow.id).join(Incident, Incident.id == AlertRow.incident_id).where(*mine, _OPEN)
    bounded = select(under_way.order_by(AlertRow.id.desc()).limit(MOST).subquery())
    columns = (getattr(AlertRow, name) for name in Listed.__dataclass_fields__)
    found = session.execute(select(*columns).where(AlertRow.id.in_(union(recent, bounded))))
    return [Listed(*row) for row in found]


def whole(session: Session, ids: Sequence[int]) -> list[tuple[AlertRow, Incident]]:
    """These alerts, each with its incident, in this order."""
    query = select(AlertRow, Incident).join(Incident, Incident.id == AlertRow.incident_id)
    found = {row[0].id: (row[0], row[1]) for row in session.execute(query.where(AlertRow.id.in_(ids)))}
    return [found[one] for one in ids if one in found]
