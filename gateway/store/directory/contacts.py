"""Contacts of one person as rows: entered, confirmed by a code, failing, working again, taken away."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from gateway.store.db import locked, upsert
from gateway.store.directory.people import bump
from gateway.store.tables import ContactCode, ContactRow, Delivery


def of_person(session: Session, person_id: int) -> list[ContactRow]:
    mine = select(ContactRow).where(ContactRow.person_id == person_id)
    return list(session.scalars(mine.order_by(ContactRow.position, ContactRow.id)))


def one(session: Session, person_id: int, contact_id: int) -> ContactRow | None:
    mine = select(ContactRow).where(ContactRow.person_id == person_id, ContactRow.id == contact_id)
    return session.scalars(mine).one_or_none()


def add(
    session: Session, person_id: int, channel: str, address: tuple[str, str], now: datetime, *, verified: bool
) -> ContactRow | None:
    """`address`: as it is stored, and its hash. None if the person has it already."""
    stored, address_id = address
    same = ContactRow.person_id == person_id, ContactRow.channel == channel, ContactRow.address_id == address_id
    if session.scalar(select(ContactRow.id).where(*same)) is not None:
        return None
    last = session.scalar(select(func.max(ContactRow.position)).where(ContactRow.person_id == person_id))
    row = ContactRow(person_id=person_id, channel=channel, address=stored, address_id=address_id, own=True)
    row.position, row.verified_at = 0 if last is None else last + 1, now if verified else None
    session.add(row)
    session.flush()
    bump(session, now)
    return row


def remove(session: Session, row: ContactRow, now: datetime) -> None:
    drop_code(session, row.id)
    session.delete(row)
    session.flush()
    bump(session, now)


def verify(session: Session, row: ContactRow, now: datetime) -> None:
    row.verified_at, row.on_trust = now, False
    row.failed_at, row.failure = None, ""
    drop_code(session, row.id)
    session.flush()
    bump(session, now)


def seen(session: Session, row: ContactRow, now: datetime) -> None:
    """A message was seen there. Whoever only was told on trust is confirmed by it; nobody else is."""
    row.seen_at = row.seen_at or now
    if row.on_trust:
        row.on_trust = False
        session.flush()
        bump(session, now)


def on_trust(session: Session, person_id: int) -> list[ContactRow]:
    mine = ContactRow.person_id == person_id, ContactRow.on_trust
    return list(session.scalars(select(ContactRow).where(*mine)))


def told_of(session: Session, person_id: int, incident_id: int) -> set[int]:
    """The contacts of this person to which a message about this incident got out."""
    good = Delivery.status.in_(("sent", "delivered"))
    mine = Delivery.incident_id == incident_id, Delivery.person_id == person_id, good
    return {found for found in session.scalars(select(Delivery.contact_id).where(*mine).limit(100)) if found}


def keep_code(session: Session, contact_id: int, hashed: str, expires_at: datetime) -> None:
    fresh = {"hash": hashed, "expires_at": expires_at, "tries": 0}
    insert = upsert(session, ContactCode, [{"contact_id": contact_id, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["contact_id"], set_=fresh))


def code_of(session: Session, contact_id: int) -> ContactCode | None:
    """Locked: two tries at once are two tries."""
    mine = select(ContactCode).where(ContactCode.contact_id == contact_id)
    return session.scalars(locked(mine)).one_or_none()


def waiting(session: Session, contact_ids: Collection[int], now: datetime) -> set[int]:
    """For which of them a code was sent that may still be typed in."""
    mine = select(ContactCode.contact_id).where(ContactCode.contact_id.in_(contact_ids), ContactCode.expires_at > now)
    return set(session.scalars(mine))


def drop_code(session: Session, contact_id: int) -> None:
    session.execute(delete(ContactCode).where(ContactCode.contact_id == contact_id))


def fails(session: Session, channel: str, address_id: str, why: str, now: datetime) -> list[tuple[int, int, str]]:
    """Mark who has this address: (contact, person, address as stored) of each that was not marked before."""
    wanted = ContactRow.channel == channel, ContactRow.address_id == address_id, ContactRow.failed_at.is_(None)
    marked = update(ContactRow).where(*wanted).values(failed_at=now, failure=why)
    found = session.execute(marked.returning(ContactRow.id, ContactRow.person_id, ContactRow.address)).all()
    if found:
        bump(session, now)
    return [(contact, person, address) for contact, person, address in found if person is not None]


def works(session: Session, channel: str, address_id: str, now: datetime) -> None:
    wanted = ContactRow.channel == channel, ContactRow.address_id == address_id, ContactRow.failed_at.is_not(None)
    done = session.execute(
        update(ContactRow).where(*wanted).values(failed_at=None, failure="").returning(ContactRow.id)
    )
    if done.first() is not None:
        bump(session, now)


def last_successes(session: Session, person_id: int, since: datetime) -> dict[int, datetime]:
    """When something last got out to each contact, since then: a walk along the person's messages."""
    good = or_(Delivery.status == "sent", Delivery.status == "delivered")
    found = (
        select(Delivery.contact_id, func.max(Delivery.finished_at))
        .where(Delivery.person_id == person_id, Delivery.finished_at > since, good, Delivery.contact_id.is_not(None))
        .group_by(Delivery.contact_id)
    )
    return {contact: at for contact, at in session.execute(found) if contact is not None and at is not None}
