"""Clients who want notices by e-mail: they ask, confirm by a link, and leave by another, each without an account."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import log
from gateway.access.proxies import visitor
from gateway.outward import mailing
from gateway.secrets import digest
from gateway.store.db import transaction
from gateway.store.directory.signins import count_attempt
from gateway.store.outgoing import clients
from gateway.store.public import page, subscribers
from gateway.store.tables import SubscriberRow

LONGEST = 254
OF_VISITOR, OF_ADDRESS, OF_ALL = 5, 2, 200  # at once; each one after them waits, and longer each time
PAUSE, LONG_PAUSE = timedelta(minutes=1), timedelta(hours=1)
TAKEN_BACK, LEFT, SILENT = "it was taken back", "whoever reads there has left", "it was not confirmed"


class NoAddress(ValueError):
    """What was written is no e-mail address."""


def ask(email: str, language: str, address: str, now: datetime) -> timedelta:
    """A letter with a link goes there, unless it is told of notices already or was asked often. Raises NoAddress.

    Returns how long this visitor, or everybody, has to wait first. Who asks hears the same whether it is known here.
    """
    wanted = email.strip().lower()
    if len(wanted) > LONGEST or mailing.check(wanted, {}):
        raise NoAddress(email[:LONGEST])
    with transaction() as session:
        wait = _wait(session, address, now)
        if wait:
            log.warning("subscribing_throttled", address=address)
            return wait
        if count_attempt(session, f"status mail:{digest(wanted)[:32]}", now, OF_ADDRESS, LONG_PAUSE):
            return timedelta()
        if not subscribers.is_full(session):
            row = subscribers.ask(session, wanted, secrets.token_urlsafe(24), language, now)
            if row.confirmed_at is None:
                clients.ask(session, row, now)
    return timedelta()


def _wait(session: Session, address: str, now: datetime) -> timedelta:
    mine = count_attempt(session, f"status mail from:{visitor(address)}", now, OF_VISITOR, PAUSE)
    return mine or count_attempt(session, "status mail", now, OF_ALL, PAUSE)


def known(session: Session, key: str) -> SubscriberRow | None:
    return subscribers.by_key(session, key)


def confirm(key: str, now: datetime) -> bool:
    """False if there is nothing to be confirmed any more."""
    with transaction() as session:
        row = subscribers.by_key(session, key)
        if row is not None and row.confirmed_at is None:
            row.confirmed_at = now
    return row is not None


def leave(key: str, now: datetime) -> bool:
    """Nothing more is sent, and nothing is kept of them."""
    with transaction() as session:
        row = subscribers.by_key(session, key)
        if row is None:
            return False
        _forget(session, row, LEFT, now)
    return True


def tidy(now: datetime) -> None:
    """Whoever was asked and said nothing is forgotten."""
    with transaction() as session:
        for row in subscribers.silent(session, now):
            _forget(session, row, SILENT, now)


def _forget(session: Session, row: SubscriberRow, why: str, now: datetime) -> None:
    clients.forget(session, row, why, now)
    session.delete(row)


def tell(session: Session, update_id: int, now: datetime) -> None:
    """In the transaction that publishes it."""
    if page.found(session).mail:
        clients.tell(session, update_id, subscribers.confirmed(session), now)


def call_off(session: Session, update_id: int, now: datetime) -> None:
    clients.call_off(session, update_id, TAKEN_BACK, now)
