"""Browsers that are told by push: contacts that only the browser itself can give, and the key we sign with."""

from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.directory.people import bump
from gateway.store.tables import ContactRow, Fact

CHANNEL = "webpush"
KEY = "vapid"  # the Fact that holds our sealed private key


def sealed_key(session: Session) -> str:
    return session.scalar(select(Fact.value).where(Fact.key == KEY)) or ""


def keep_key(session: Session, sealed: str, now: datetime) -> str:
    """The sealed key that counts: this one, or another process's that was quicker. All subscriptions hang on it."""
    insert = upsert(session, Fact, [{"key": KEY, "value": sealed, "at": now}])
    session.execute(insert.on_conflict_do_nothing())
    return sealed_key(session)


def of_person(session: Session, person_id: int) -> list[ContactRow]:
    mine = select(ContactRow).where(ContactRow.person_id == person_id, ContactRow.channel == CHANNEL)
    return list(session.scalars(mine.order_by(ContactRow.id)))


def add(session: Session, person_id: int, sealed: str, address_id: str, now: datetime) -> None:
    """The browser now belongs to this person, whoever subscribed it before."""
    gone = (ContactRow.person_id == person_id) & ContactRow.failed_at.is_not(None)  # this browser's old ones among them
    old = delete(ContactRow).where(ContactRow.channel == CHANNEL, or_(ContactRow.address_id == address_id, gone))
    session.execute(old)
    last = session.scalar(select(func.max(ContactRow.position)).where(ContactRow.person_id == person_id))
    row = ContactRow(person_id=person_id, channel=CHANNEL, address=sealed, address_id=address_id, verified_at=now)
    row.position, row.on_trust = 0 if last is None else last + 1, True
    session.add(row)
    session.flush()
    bump(session, now)


def remove(session: Session, person_id: int, contact_id: int, now: datetime) -> bool:
    """False if the person has no such browser."""
    mine = ContactRow.person_id == person_id, ContactRow.channel == CHANNEL, ContactRow.id == contact_id
    done = session.execute(delete(ContactRow).where(*mine).returning(ContactRow.id)).first()
    if done is not None:
        bump(session, now)
    return done is not None
