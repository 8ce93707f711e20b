"""What a provider told us already, and which of its incidents is ours."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Heard, Incident

EVENT, PAIR = "pagerduty:event:", "pagerduty:incident:"


def first_time(session: Session, event_id: str, now: datetime) -> bool:
    """Remembers the event. False if it is remembered already; one that is being taken in just now is waited for."""
    insert = upsert(session, Heard, [{"key": EVENT + event_id, "at": now}]).on_conflict_do_nothing()
    return session.execute(insert.returning(Heard.key)).first() is not None


def remember(session: Session, reference: str, uuid: str, now: datetime) -> None:
    """PagerDuty names its own incident in every callback but ours only in some: this pair belongs together."""
    insert = upsert(session, Heard, [{"key": f"{PAIR}{reference}:{uuid}", "at": now}])
    session.execute(insert.on_conflict_do_nothing())


def uuid_of(session: Session, reference: str) -> str:
    """Our incident that PagerDuty calls so; nothing if we were never told."""
    if not reference:
        return ""
    query = select(Heard.key).where(Heard.key.startswith(f"{PAIR}{reference}:", autoescape=True))
    found = session.scalars(query.limit(1)).first()
    return found.rpartition(":")[2] if found else ""


def incident_of(session: Session, uuid: str) -> int | None:
    return session.scalar(select(Incident.id).where(Incident.uuid == uuid)) if uuid else None
