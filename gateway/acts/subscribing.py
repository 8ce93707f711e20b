"""Clients who want notices by e-mail: they ask, confirm by a link, and leave by another, each without an account."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import log
from gateway.access.proxies import visitor
from gateway.actions import Actor
from gateway.outward import mailing
from gateway.secrets import digest
from gateway.store.db import transaction
from gateway.store.directory.signins import count_attempt
from gateway.store.outgoing import clients
from gateway.store.public import page, subscribers
from gateway.store.tables import SubscriberRow
from gateway.store.upkeep import audit
from rules.texts.text import cut

LONGEST = 254
OF_VISITOR, OF_ADDRESS, OF_ALL = 5, 2, 200  # at once; each one after them waits, and longer each time
PAUSE, LONG_PAUSE = timedelta(minutes=1), timedelta(hours=1)
TAKEN_BACK, LEFT, SILENT = "it was taken back", "whoever reads there has left", "it was not confirmed"
CAME_BACK, TAKEN_OFF = "a letter to this address came back", "an administrator has taken the address off"
LONGEST_REASON = 300


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
            if row.confirmed_at is None or row.bounced_at is not None:
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
        if row is not None and row.bounced_at is not None:
            _write_again(session, row, now)
        elif row is not None and row.confirmed_at is None:
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
    """Whoever was asked and said nothing is forgotten, and whoever nothing reached for long."""
    with transaction() as session:
        for row in subscribers.silent(session, now):
            _forget(session, row, CAME_BACK if row.bounced_at else SILENT, now)


def bounced(session: Session, email: str, why: str, now: datetime) -> None:
    """A letter came back for good: nothing more is sent, until an administrator or whoever reads there says so."""
    row = subscribers.told(session, email)
    if row is None:
        return
    clients.stop(session, row, CAME_BACK, now)
    row.bounced_at, row.bounce = now, cut(why, LONGEST_REASON)
    log.warning("subscriber_paused", subscriber=row.id)


def write_again(number: int | None, actor: Actor, now: datetime) -> int:
    """To this one, or to all to whom a letter came back: to how many."""
    with transaction() as session:
        rows = subscribers.paused(session, number)
        for row in rows:
            _write_again(session, row, now)
            _note(session, row, "subscriber resumed", actor, now)
    return len(rows)


def _write_again(session: Session, row: SubscriberRow, now: datetime) -> None:
    clients.forget_asked_again(session, row, now)
    row.bounced_at, row.bounce = None, ""


def take_off(number: int, actor: Actor, now: datetime) -> int:
    """One to whom a letter came back; 0: there is no such."""
    with transaction() as session:
        rows = subscribers.paused(session, number)
        for row in rows:
            _note(session, row, "subscriber removed", actor, now)
            _forget(session, row, TAKEN_OFF, now)
    return len(rows)


def _note(session: Session, row: SubscriberRow, act: str, actor: Actor, now: datetime) -> None:
    """Without the address: of who leaves nothing is kept."""
    audit.note(session, now, actor.account or actor.name, act, f"subscriber {row.id}", actor.how)


def _forget(session: Session, row: SubscriberRow, why: str, now: datetime) -> None:
    clients.forget(session, row, why, now)
    session.delete(row)


def tell(session: Session, update_id: int, now: datetime) -> None:
    """In the transaction that publishes it."""
    if page.found(session).mail:
        clients.tell(session, update_id, subscribers.confirmed(session), now)


def call_off(session: Session, update_id: int, now: datetime) -> None:
    clients.call_off(session, update_id, TAKEN_BACK, now)
