"""Who is told of notices by e-mail: asked, confirmed, gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from gateway.store.db import locked_to_change, upsert
from gateway.store.tables import SubscriberRow

FORGOTTEN = timedelta(days=2)  # who has not confirmed by then
PAUSED_FOR = timedelta(days=90)  # to whom a letter came back, until they are forgotten
MOST, PORTION = 20_000, 500
_TOLD = SubscriberRow.confirmed_at.is_not(None), SubscriberRow.bounced_at.is_(None)


def ask(session: Session, email: str, key: str, language: str, now: datetime) -> SubscriberRow:
    """As it stands now; `key` is that of a new one."""
    row = {"email": email, "key": key, "language": language, "asked_at": now}
    session.execute(upsert(session, SubscriberRow, [row]).on_conflict_do_nothing(index_elements=["email"]))
    return session.scalars(select(SubscriberRow).where(SubscriberRow.email == email)).one()


def silent(session: Session, now: datetime) -> Sequence[SubscriberRow]:
    """Who was asked and has said nothing for too long; and to whom nothing got through for as long as that."""
    unheard = and_(SubscriberRow.confirmed_at.is_(None), SubscriberRow.asked_at < now - FORGOTTEN)
    unmet = SubscriberRow.bounced_at < now - PAUSED_FOR
    return session.scalars(select(SubscriberRow).where(or_(unheard, unmet)).limit(PORTION)).all()


def by_key(session: Session, key: str) -> SubscriberRow | None:
    if not key.isprintable():  # PostgreSQL takes no such text, and no key has it
        return None
    return session.scalar(select(SubscriberRow).where(SubscriberRow.key == key))


def by_email(session: Session, email: str) -> SubscriberRow | None:
    return session.scalar(select(SubscriberRow).where(SubscriberRow.email == email))


def confirmed(session: Session) -> Sequence[SubscriberRow]:
    query = select(SubscriberRow).where(*_TOLD)
    return session.scalars(query.order_by(SubscriberRow.id).limit(MOST)).all()


def told(session: Session, email: str) -> SubscriberRow | None:
    """Whoever is told at this address, to be changed."""
    found: SubscriberRow | None = session.scalar(
        locked_to_change(session, select(SubscriberRow).where(SubscriberRow.email == email, *_TOLD))
    )
    return found


def count(session: Session) -> int:
    return session.scalar(select(func.count(SubscriberRow.id)).where(*_TOLD)) or 0


def paused(session: Session, number: int | None = None) -> Sequence[SubscriberRow]:
    """To whom a letter came back for good, the newest first; or this one alone. To be changed, within a transaction."""
    one = () if number is None else (SubscriberRow.id == number,)
    query = select(SubscriberRow).where(SubscriberRow.bounced_at.is_not(None), *one)
    query = query.order_by(SubscriberRow.bounced_at.desc(), SubscriberRow.id.desc()).limit(PORTION)
    return session.scalars(locked_to_change(session, query)).all()


def count_paused(session: Session) -> int:
    return session.scalar(select(func.count(SubscriberRow.id)).where(SubscriberRow.bounced_at.is_not(None))) or 0


def is_full(session: Session) -> bool:
    return (session.scalar(select(func.count(SubscriberRow.id))) or 0) >= MOST
