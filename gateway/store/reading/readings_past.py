"""What belongs to an incident or a message beside itself: the same before, what began near it, payloads, attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from gateway.store.base import RESOLVED
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, Payload, Source

SEEN_WITHIN, SEEN_MOST = timedelta(days=30), 100  # the same problem before, and how far it is counted
NEAR, LOOKED_AT = timedelta(minutes=15), 500  # what began close to it, among so many incidents of that time
SHOWN = 5
MOST = 200  # alerts of an incident whose payloads are looked for
LINES = 1_000  # newest lines of an incident's timeline in which attempts are looked for
ATTEMPTS = (
    "sent", "delivered", "subscription ended", "logged", "attempt failed", "delivery failed", "delivery cancelled",
    "sent again",
)  # fmt: skip


def seen_before(session: Session, found: Incident, now: datetime) -> Sequence[Incident]:
    """Resolved incidents of the same key within the last 30 days, newest first; counted no further than a hundred."""
    query = select(Incident).where(Incident.dedup_key == found.dedup_key, RESOLVED, Incident.id < found.id)
    query = query.where(Incident.opened_at >= now - SEEN_WITHIN)
    return session.scalars(query.order_by(Incident.id.desc()).limit(SEEN_MOST + 1)).all()


def near(session: Session, found: Incident) -> Sequence[Incident]:
    """Of the same service, and begun within a quarter of an hour of it."""
    if not found.service:
        return []
    then = select(Incident.id, Incident.service, Incident.opened_at).where(
        Incident.opened_at.between(found.opened_at - NEAR, found.opened_at + NEAR)
    )
    those = then.order_by(Incident.opened_at.desc()).limit(LOOKED_AT).subquery()
    ids = select(those.c.id).where(those.c.service == found.service, those.c.id != found.id).limit(SHOWN)
    wanted = list(session.scalars(ids))
    query = select(Incident).where(Incident.id.in_(wanted)).order_by(Incident.id.desc())
    return session.scalars(query).all() if wanted else []


def alerts(session: Session, incident_id: int) -> Sequence[AlertRow]:
    """Its alerts: what fires first, then the newest."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    return session.scalars(query.order_by(AlertRow.firing.desc(), AlertRow.id.desc()).limit(MOST)).all()


def payloads_of(session: Session, found: Incident) -> Sequence[Payload]:
    """What was received from its senders when its alerts were first and last heard, as far as it is kept."""
    known = alerts(session, found.id)
    at = sorted({moment for alert in known for moment in (alert.first_seen_at, alert.last_seen_at)})
    if not at:
        return []
    sources = {found.source_id, *(alert.source_id for alert in known)}
    query = select(Payload).where(Payload.received_at.in_(at), Payload.source_id.in_(sources))
    return session.scalars(query.order_by(Payload.id.desc()).limit(SHOWN)).all()


def delivery(session: Session, number: int) -> tuple[Delivery, str] | None:
    """With its incident's source."""
    query = select(Delivery, Source.name).outerjoin(Incident, Incident.id == Delivery.incident_id)
    query = query.outerjoin(Source, Source.id == Incident.source_id).where(Delivery.id == number)
    row = session.execute(query.options(defer(Delivery.address))).one_or_none()
    return None if row is None else (row[0], row[1] or "")


def attempts(session: Session, message: Delivery) -> list[Entry]:
    """What its incident's timeline says of it, the oldest first."""
    query = select(Entry).where(Entry.incident_id == message.incident_id).order_by(Entry.id.desc()).limit(LINES)
    found = [one for one in session.scalars(query) if one.kind in ATTEMPTS]
    return [one for one in reversed(found) if one.detail.get("delivery") == message.id]
