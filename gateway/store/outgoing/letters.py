"""The weekly report as rows: who wants it, whose turn it is, and the letter with its promise."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.outgoing import outbox
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import bulk
from gateway.store.tables import Delivery, PersonRow
from gateway.store.tables.stats import Letter
from gateway.store.types import micros
from rules.words import Person, Role, Urgency, Way

KIND = "weekly"  # the kind of message
_COLUMNS = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "contact_id",
    "person_id", "who", "name", "rank", "status", "attempts", "ambiguous", "created_at", "due_at", "lease",
    "provider_ref", "error", "is_page",
)  # fmt: skip


def wants(session: Session, person_id: int) -> bool:
    """Whoever only looks gets it unless they said no; everybody else when they said yes."""
    row = session.execute(select(PersonRow.weekly, PersonRow.role).where(PersonRow.id == person_id)).first()
    return row is not None and _wants(row.weekly, row.role)


def _wants(said: bool | None, role: str) -> bool:
    return role == Role.VIEWER if said is None else said


def set_wanted(session: Session, person_id: int, *, wanted: bool) -> str:
    """Returns their e-mail address; empty if there is no such person."""
    changed = update(PersonRow).where(PersonRow.id == person_id).values(weekly=wanted).returning(PersonRow.email)
    return session.scalar(changed) or ""


def readers(session: Session) -> list[int]:
    """Everybody who wants it."""
    rows = session.execute(select(PersonRow.id, PersonRow.weekly, PersonRow.role).where(PersonRow.active))
    return [row.id for row in rows if _wants(row.weekly, row.role)]


def written(session: Session, week: int) -> set[int]:
    """Who has this week's."""
    return set(session.scalars(select(Letter.person_id).where(Letter.week == week)))


def write(session: Session, person: Person, week: int, facts: Mapping[str, Any], now: datetime) -> bool:
    """Writes the letter and promises it, once: of several workers the first. False where no address is known theirs."""
    contact = next((one for one in person.contacts if one.channel == Way.EMAIL.value and one.verified), None)
    if contact is None:
        return False
    row = {"person_id": person.id, "week": week, "delivery_id": None, "facts": dict(facts), "created_at": now}
    made = upsert(session, Letter, [row]).on_conflict_do_nothing(index_elements=["person_id", "week"])
    number = session.scalar(made.returning(Letter.id))
    if number is None:
        return False
    at, once = micros(now), f"letter:{number}"
    promise = (
        0, once, 0, KIND, "news", Way.EMAIL.value, contact.channel, contact.address, contact.address_id,
        contact.id or None, person.id, person.email, person.name, Urgency.ORDINARY.rank, "queued", 0, 0, at, at, 0, "",
        "", False,
    )  # fmt: skip
    bulk.insert(session, Delivery, _COLUMNS, [promise])
    delivery = session.scalar(select(Delivery.id).where(Delivery.incident_id == 0, Delivery.once == once))
    session.execute(update(Letter).where(Letter.id == number).values(delivery_id=delivery))
    outbox.wake_workers(session)
    return True


def facts_of(session: Session, leased: Leased) -> dict[str, Any]:
    """What the letter says; nothing for any other message."""
    if leased.kind != KIND:
        return {}
    rows = bulk.select_plain(session, "SELECT facts FROM letter WHERE delivery_id = {}", leased.id)
    found: dict[str, Any] = msgspec.json.decode(rows[0][0]) if rows else {}
    return found
