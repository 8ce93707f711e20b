"""What the incident page and the pocket page show, one query a question."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from gateway.store.base import RESOLVED
from gateway.store.db import db
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, Payload, PersonRow, SilenceRow, Source
from gateway.store.types import micros

MOST = 200  # rows of one kind on a page; the newest
LINES = 60  # of the timeline on a page
LARGEST = 2**63 - 1  # a number that a database takes
SEEN_WITHIN, SEEN_MOST = timedelta(days=30), 100  # the same problem before, and how far it is counted
NEAR, LOOKED_AT = timedelta(minutes=15), 500  # what began close to it, among so many incidents of that time
SHOWN = 5


def incident(number: int) -> Incident | None:
    return db.session.get(Incident, number) if number <= LARGEST else None


def incident_by_uuid(uuid: str) -> Incident | None:
    return db.session.scalars(select(Incident).where(Incident.uuid == uuid)).one_or_none()


def source_of(found: Incident) -> Source:
    return db.session.get_one(Source, found.source_id)


def entries(
    incident_id: int, kinds: Iterable[str] = (), before: int | None = None, most: int = MOST
) -> Sequence[Entry]:
    """The timeline, newest first; one more than `most`, so that it is known whether there are older ones."""
    query = select(Entry).where(Entry.incident_id == incident_id)
    if wanted := list(kinds):
        query = query.where(Entry.kind.in_(wanted))
    if before is not None:
        query = query.where(Entry.id < before)
    return db.session.scalars(query.order_by(Entry.id.desc()).limit(most + 1)).all()


def last_entry(incident_id: int, kind: str) -> Entry | None:
    query = select(Entry).where(Entry.incident_id == incident_id, Entry.kind == kind)
    return db.session.scalars(query.order_by(Entry.id.desc()).limit(1)).one_or_none()


def deliveries(incident_id: int) -> Sequence[Delivery]:
    """Who was told, in the order of telling."""
    query = select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id.desc()).limit(MOST)
    return db.session.scalars(query).all()[::-1]


def alerts(incident_id: int) -> Sequence[AlertRow]:
    """Its alerts: what fires first, then the newest."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    return db.session.scalars(query.order_by(AlertRow.firing.desc(), AlertRow.id.desc()).limit(MOST)).all()


def alerts_page(incident_id: int, after: int | None) -> Sequence[AlertRow]:
    """All of them, newest first, a page at a time; one more than fits."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    if after is not None:
        query = query.where(AlertRow.id < after)
    return db.session.scalars(query.order_by(AlertRow.id.desc()).limit(MOST + 1)).all()


def count_alerts(incident_id: int) -> tuple[int, int]:
    """How many there are, and how many of them fire."""
    query = select(func.count(), func.sum(AlertRow.firing.cast(AlertRow.seen.type)))
    total, firing = db.session.execute(query.where(AlertRow.incident_id == incident_id)).one()
    return total, firing or 0


def seen_before(found: Incident, now: datetime) -> Sequence[Incident]:
    """Resolved incidents of the same key within the last 30 days, newest first; counted no further than a hundred."""
    query = select(Incident).where(Incident.dedup_key == found.dedup_key, RESOLVED, Incident.id < found.id)
    query = query.where(Incident.opened_at >= now - SEEN_WITHIN)
    return db.session.scalars(query.order_by(Incident.id.desc()).limit(SEEN_MOST + 1)).all()


def near(found: Incident) -> Sequence[Incident]:
    """Of the same service, and begun within a quarter of an hour of it."""
    if not found.service:
        return []
    then = select(Incident.id, Incident.service, Incident.opened_at).where(
        Incident.opened_at.between(found.opened_at - NEAR, found.opened_at + NEAR)
    )
    those = then.order_by(Incident.opened_at.desc()).limit(LOOKED_AT).subquery()
    ids = select(those.c.id).where(those.c.service == found.service, those.c.id != found.id).limit(SHOWN)
    wanted = list(db.session.scalars(ids))
    query = select(Incident).where(Incident.id.in_(wanted)).order_by(Incident.id.desc())
    return db.session.scalars(query).all() if wanted else []


def silence(number: int) -> SilenceRow | None:
    return db.session.get(SilenceRow, number)


def payloads(found: Incident, moments: Iterable[datetime]) -> Sequence[Payload]:
    """What was received from its senders when its alerts were first and last heard, as far as it is kept."""
    at = sorted(set(moments))
    if not at:
        return []
    sources = {found.source_id, *(alert.source_id for alert in alerts(found.id))}
    query = select(Payload).where(Payload.received_at.in_(at), Payload.source_id.in_(sources))
    return db.session.scalars(query.order_by(Payload.id.desc()).limit(SHOWN)).all()


def mark(number: int) -> str:
    """Changes whenever anything on this incident's page does."""
    entry = select(func.count(Entry.id), func.max(Entry.id)).where(Entry.incident_id == number)
    sent = select(func.count(Delivery.id), func.sum(Delivery.lease), func.max(Delivery.finished_at))
    alert = select(func.count(AlertRow.id), func.sum(AlertRow.seen)).where(AlertRow.incident_id == number)
    found = [
        *db.session.execute(entry).one(),
        *db.session.execute(sent.where(Delivery.incident_id == number)).one(),
        *db.session.execute(alert).one(),
    ]
    return "-".join(str(micros(value) if isinstance(value, datetime) else value or 0) for value in found)


def person_by_email(email: str) -> PersonRow | None:
    return db.session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()
