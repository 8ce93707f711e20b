"""Who is told of notices by e-mail: asked, confirmed, gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import SubscriberRow

FORGOTTEN = timedelta(days=2)  # who has not confirmed by then
MOST, PORTION = 20_000, 500


def ask(session: Session, email: str, key: str, language: str, now: datetime) -> SubscriberRow:
    """As it stands now; `key` is that of a new one."""
    row = {"email": email, "key": key, "language": language, "asked_at": now}
    session.execute(upsert(session, SubscriberRow, [row]).on_conflict_do_nothing(index_elements=["email"]))
    return session.scalars(select(SubscriberRow).where(SubscriberRow.email == email)).one()


def silent(session: Session, now: datetime) -> Sequence[SubscriberRow]:
    """Who was asked and has said nothing for too long."""
    unheard = SubscriberRow.confirmed_at.is_(None), SubscriberRow.asked_at < now - FORGOTTEN
    return session.scalars(select(SubscriberRow).where(*unheard).limit(PORTION)).all()


def by_key(session: Session, key: str) -> SubscriberRow | None:
    if not key.isprintable():  # PostgreSQL takes no such text, and no key has it
        return None
    return session.scalar(select(SubscriberRow).where(SubscriberRow.key == key))


def by_email(session: Session, email: str) -> SubscriberRow | None:
    return session.scalar(select(SubscriberRow).where(SubscriberRow.email == email))


def confirmed(session: Session) -> Sequence[SubscriberRow]:
    query = select(SubscriberRow).where(SubscriberRow.confirmed_at.is_not(None))
    return session.scalars(query.order_by(SubscriberRow.id).limit(MOST)).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).where(SubscriberRow.confirmed_at.is_not(None))) or 0


def is_full(session: Session) -> bool:
    return (session.scalar(select(func.count(SubscriberRow.id))) or 0) >= MOST
