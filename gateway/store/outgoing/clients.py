"""Letters to whoever subscribed to the status page: in the outbox as all messages, but to nobody of ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.secrets import digest
from gateway.store.outgoing import outbox
from gateway.store.sql import bulk
from gateway.store.tables import Delivery, SubscriberRow, UpdateRow
from gateway.store.types import micros
from rules.words import Urgency, Way

CONFIRM, NOTICE = KINDS = "status_confirm", "status_notice"  # kinds of messages
PAGE, OF_NOTICE = "status", "notice-"  # what a letter is about, and what receipts of providers say that it was
AFTER = timedelta(seconds=20)  # in which whoever published it takes it back, and costs nobody a wrong letter
EVERY = timedelta(milliseconds=100)  # one after the other: what our own people are written meanwhile goes in between
EXPIRES = timedelta(hours=24)
HOUR = 3_600_000_000  # microseconds
FORGOTTEN = "–"  # in the place of an address
_COLUMNS = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "who", "name", "rank",
    "status", "attempts", "ambiguous", "created_at", "due_at", "expires_at", "lease", "provider_ref", "error",
    "is_page",
)  # fmt: skip


def ask(session: Session, one: SubscriberRow, now: datetime) -> None:
    """To say yes, by a link; once an hour at most."""
    _promise(session, CONFIRM, [(one, _asked(one, micros(now) // HOUR), 0)], now, now)


def tell(session: Session, update_id: int, all_of_them: Sequence[SubscriberRow], now: datetime) -> None:
    """Of an update, each once."""
    _promise(session, NOTICE, [(one, _told(one, update_id), update_id) for one in all_of_them], now, now + AFTER)


def _asked(one: SubscriberRow, hour: int) -> str:
    return f"client:{one.id}:hour {hour}"


def _told(one: SubscriberRow, update_id: int) -> str:
    return f"client:{one.id}:{update_id}"


def _promise(
    session: Session, kind: str, rows: Sequence[tuple[SubscriberRow, str, int]], now: datetime, due: datetime
) -> None:
    told = [
        (0, once, about, kind, "news", Way.EMAIL.value, Way.EMAIL.value, one.email, digest(one.email), one.email,
         one.email, Urgency.ORDINARY.rank, "queued", 0, 0, micros(now), micros(due + n * EVERY),
         micros(due + EXPIRES), 0, "", "", False)
        for n, (one, once, about) in enumerate(rows)
    ]  # fmt: skip
    bulk.insert(session, Delivery, _COLUMNS, told, "ON CONFLICT (incident_id, once) DO NOTHING")
    outbox.wake_workers(session)


def call_off(session: Session, update_id: int, why: str, now: datetime) -> None:
    """What has not left yet of an update that was taken back."""
    sql = "SELECT id FROM delivery WHERE status = 'queued' AND channel = 'email' AND kind = {} AND level = {}"
    rows = [(row[0], "cancelled", why, micros(now)) for row in bulk.select_plain(session, sql, NOTICE, update_id)]
    bulk.update(session, Delivery, ("id", "status", "error", "finished_at"), rows)


def stop(session: Session, one: SubscriberRow, why: str, now: datetime) -> None:
    """Nothing of what waits is sent there."""
    queued = "UPDATE delivery SET status = 'cancelled', error = {}, finished_at = {} WHERE status = 'queued' AND "
    bulk.execute(session, f"{queued}incident_id = 0 AND once {{list}}", _letters(session, one, now), why, micros(now))


def _letters(session: Session, one: SubscriberRow, now: datetime) -> list[str]:
    """By which names what was sent there can be found."""
    updates = session.scalars(select(UpdateRow.id).where(UpdateRow.at >= one.asked_at))
    asked = _between(one, one.asked_at, one.confirmed_at or now)
    again = _between(one, one.bounced_at, now) if one.bounced_at else []
    return [*asked, *again, *(_told(one, number) for number in updates)]


def _between(one: SubscriberRow, start: datetime, end: datetime) -> list[str]:
    return [_asked(one, hour) for hour in range(micros(start) // HOUR, micros(end) // HOUR + 1)]


def forget_asked_again(session: Session, one: SubscriberRow, now: datetime) -> None:
    """Whom a letter had not reached is told again: what asked them meanwhile no longer says where."""
    _hide(session, _between(one, one.bounced_at or now, now))


def forget(session: Session, one: SubscriberRow, why: str, now: datetime) -> None:
    """Nothing more is sent there, and what was sent no longer says where."""
    stop(session, one, why, now)
    _hide(session, _letters(session, one, now))


def _hide(session: Session, mine: Sequence[str]) -> None:
    known = "UPDATE delivery SET address = '', address_id = '', who = '', name = {} WHERE incident_id = 0 AND "
    bulk.execute(session, f"{known}once {{list}}", mine, FORGOTTEN)
