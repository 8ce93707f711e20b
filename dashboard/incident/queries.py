"""What the incident page and the pocket page show, one query a question."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.tables import AlertRow, Delivery, Entry, Incident, PersonRow, Source
from gateway.store.types import micros

MOST = 200  # rows of one kind on a page; the newest
LARGEST = 2**63 - 1  # a number that a database takes


def incident(number: int) -> Incident | None:
    return db.session.get(Incident, number) if number <= LARGEST else None


def incident_by_uuid(uuid: str) -> Incident | None:
    return db.session.scalars(select(Incident).where(Incident.uuid == uuid)).one_or_none()


def source_of(found: Incident) -> Source:
    return db.session.get_one(Source, found.source_id)


def entries(incident_id: int) -> Sequence[Entry]:
    """The timeline, newest first."""
    query = select(Entry).where(Entry.incident_id == incident_id).order_by(Entry.id.desc()).limit(MOST)
    return db.session.scalars(query).all()


def deliveries(incident_id: int) -> Sequence[Delivery]:
    """Who was told, in the order of telling."""
    query = select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id.desc()).limit(MOST)
    return db.session.scalars(query).all()[::-1]


def alerts(incident_id: int) -> Sequence[AlertRow]:
    """Its alerts: what fires first, then the newest."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    return db.session.scalars(query.order_by(AlertRow.firing.desc(), AlertRow.id.desc()).limit(MOST)).all()


def count_firing(incident_id: int) -> int:
    query = select(func.count()).where(AlertRow.incident_id == incident_id, AlertRow.firing)
    return db.session.execute(query).scalar_one()


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
