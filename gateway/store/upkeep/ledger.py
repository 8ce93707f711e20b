"""The ledger: what was received against what became of it, from rows that commit together with what they count.

Received is what the payloads say, handled what the alerts have heard: two accounts of the same messages, so a message
that was answered and then lost shows, whoever was killed. Payloads are let go after a while; what they counted is
added up here before (`close`), so the account never ends. Nabat's own alarms were received from nobody: they do not
count.
"""

import zlib
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres, upsert
from gateway.store.senders.kept_payloads import first_since
from gateway.store.tables import Fact

CLOSED = "ledger"  # the key of the fact
AFTER = timedelta(hours=1)  # to what is so old nothing is added: no transaction lasts so long, no clock is so wrong
NOT_STORED = "not stored:"  # how the error of a payload begins that could be read and not be handled

_PAYLOADS = text("""
    SELECT coalesce(sum(accepted), 0), coalesce(sum(quarantined), 0),
        coalesce(sum(CASE WHEN error LIKE :held THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN error <> '' AND error NOT LIKE :held THEN 1 ELSE 0 END), 0)
    FROM payload WHERE id > :after AND id <= :upto AND source_id <> 0
""")
_ITEMS = text("SELECT count(*) FROM quarantined_item WHERE payload_id > :after AND payload_id <= :upto")
_HEARD = text("SELECT coalesce(sum(seen), 0) FROM alert WHERE source_id <> 0")
_EMPTY = text("UPDATE payload SET body = :nothing, size = 0 WHERE id = :number AND received_at < :before AND size > 0")
_LAST = text("SELECT coalesce(max(id), 0) FROM payload")


@dataclass(frozen=True, slots=True)
class Account:
    """Sums over the payloads up to the number `upto`."""

    upto: int = 0
    accepted: int = 0  # alerts in what was answered with 202
    quarantined: int = 0  # items set aside, as their payloads say …
    kept: int = 0  # … and as rows of their own
    held: int = 0  # payloads that could be read and not be handled: kept whole for people to look at
    unread: int = 0  # payloads nobody could read, kept as well

    def plus(self, later: "Account") -> "Account":
        sums = {one.name: getattr(self, one.name) + getattr(later, one.name) for one in fields(self)}
        return Account(**(sums | {"upto": later.upto}))


@dataclass(frozen=True, slots=True)
class Ledger:
    """received = handled + held + quarantined, if it balances."""

    received: int
    handled: int
    held: int
    quarantined: int

    @property
    def balanced(self) -> bool:
        return self.received == self.handled + self.held + self.quarantined


def read(session: Session) -> Ledger:
    """As of one moment; to be the first thing that this session's transaction does."""
    if is_postgres(session):
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    closed = _closed(session)
    known = closed.plus(_count(session, closed.upto, int(session.execute(_LAST).scalar_one())))
    heard = int(session.execute(_HEARD).scalar_one())
    received = known.accepted + known.quarantined + known.held + known.unread
    return Ledger(received, heard, known.held, known.kept + known.unread)


def close(session: Session, now: datetime) -> int:
    """Add up what nobody adds to any more. Returns the number of the last payload that may be let go."""
    closed = _closed(session, lock=True)
    first_new = first_since(session, now - AFTER)
    upto = int(session.execute(_LAST).scalar_one()) if first_new is None else first_new - 1
    if upto <= closed.upto:
        return closed.upto
    total = closed.plus(_count(session, closed.upto, upto))
    fresh = {"value": msgspec.json.encode(asdict(total)).decode(), "at": now}
    statement = upsert(session, Fact, [{"key": CLOSED, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))
    return upto


def empty_last(session: Session, number: int, before: int) -> None:
    """The payload whose row has to stay does not keep its words for ever."""
    session.execute(_EMPTY, {"number": number, "before": before, "nothing": zlib.compress(b"")})


def _closed(session: Session, *, lock: bool = False) -> Account:
    row = session.get(Fact, CLOSED, with_for_update=lock, populate_existing=True)
    return Account(**msgspec.json.decode(row.value)) if row is not None else Account()


def _count(session: Session, after: int, upto: int) -> Account:
    values = {"after": after, "upto": upto}
    accepted, quarantined, held, unread = session.execute(_PAYLOADS, values | {"held": f"{NOT_STORED}%"}).one()
    kept = session.execute(_ITEMS, values).scalar_one()
    return Account(upto, int(accepted), int(quarantined), int(kept), int(held), int(unread))
