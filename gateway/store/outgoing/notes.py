"""Messages about no single incident, in the outbox as all others: promised once, leased, tried again, listed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.outgoing import outbox
from gateway.store.sql import bulk
from gateway.store.tables import Delivery
from gateway.store.types import micros
from rules.words import Contact, Person, Urgency, Way

_COLUMNS = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "contact_id",
    "person_id", "who", "name", "rank", "status", "attempts", "ambiguous", "created_at", "due_at", "lease",
    "provider_ref", "error", "is_page",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """What is told: by which way, as what kind of message, about which number; the same (`once`) is told once."""

    way: Way
    kind: str
    once: str
    about: int = 0


def promise(session: Session, person: Person, contact: Contact, note: Note, now: datetime) -> int:
    """In the caller's transaction. Returns its id."""
    at, key = micros(now), f"{note.once}:{contact.address_id}"[:64]
    row = (
        0, key, note.about, note.kind, "news", note.way.value, contact.channel, contact.address, contact.address_id,
        contact.id or None, person.id, person.email, person.name, Urgency.FAST.rank, "queued", 0, 0, at, at, 0, "",
        "", False,
    )  # fmt: skip
    bulk.insert(session, Delivery, _COLUMNS, [row], "ON CONFLICT (incident_id, once) DO NOTHING")
    outbox.wake_workers(session)
    return session.scalar(select(Delivery.id).where(Delivery.incident_id == 0, Delivery.once == key)) or 0
