"""Letters to whoever subscribed to the status page: in the outbox as all messages, but to nobody of ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.secrets import digest
from gateway.store.outgoing import outbox
from gateway.store.sql import bulk
from gateway.store.tables import Delivery, SubscriberRow
from gateway.store.types import micros
from rules.words import Urgency, Way

CONFIRM, NOTICE = "status_confirm", "status_notice"  # kinds of messages
AFTER = timedelta(seconds=20)  # in which whoever published it takes it back, and costs nobody a wrong letter
EVERY = timedelta(milliseconds=100)  # one after the other: what our own people are written meanwhile goes in between
EXPIRES = timedelta(hours=24)
_COLUMNS = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "who", "name", "rank",
    "status", "attempts", "ambiguous", "created_at", "due_at", "expires_at", "lease", "provider_ref", "error",
    "is_page",
)  # fmt: skip


def ask(session: Session, one: SubscriberRow, now: datetime) -> None:
    """To say yes, by a link."""
    _promise(session, CONFIRM, [(one, f"confirm:{one.id}:{micros(now)}", 0)], now, now)


def tell(session: Session, update_id: int, all_of_them: Sequence[SubscriberRow], now: datetime) -> None:
    """Of an update, each once."""
    rows = [(one, f"notice:{update_id}:{one.id}", update_id) for one in all_of_them]
    _promise(session, NOTICE, rows, now, now + AFTER)


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


_QUEUED = "SELECT id FROM delivery WHERE status = 'queued' AND channel = 'email' AND kind = {} AND "


def call_off(session: Session, update_id: int, why: str, now: datetime) -> None:
    """What has not left yet of an update that was taken back."""
    _cancel(session, bulk.select_plain(session, f"{_QUEUED}level = {{}}", NOTICE, update_id), why, now)


def forget(session: Session, email: str, why: str, now: datetime) -> None:
    """Whoever has left is sent nothing more."""
    for kind in (NOTICE, CONFIRM):
        _cancel(session, bulk.select_plain(session, f"{_QUEUED}who = {{}}", kind, email), why, now)


def _cancel(session: Session, found: Sequence[Sequence[int]], why: str, now: datetime) -> None:
    rows = [(row[0], "cancelled", why, micros(now)) for row in found]
    bulk.update(session, Delivery, ("id", "status", "error", "finished_at"), rows)
