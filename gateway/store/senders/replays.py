"""The past, read again: what was received since a moment, and which incidents each alert had then. Only ever read."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.store.db import reading
from gateway.store.sql import bulk
from gateway.store.types import micros, moment

PORTION = 500  # payloads read at a time
NONE = 2**62  # no payload has a number beyond it


@dataclass(frozen=True, slots=True)
class Kept:
    """One request of a sender, as it was received."""

    source_id: int
    source: str
    kind: str
    received_at: datetime
    body: bytes
    account: str = ""  # that we write as there


def count(session: Session, since: datetime) -> tuple[int, int]:
    """How many payloads, and alerts in them, were received since then."""
    sql = "SELECT count(*), coalesce(sum(accepted), 0) FROM payload WHERE id > {} AND received_at >= {} AND error = ''"
    ((payloads, alerts),) = bulk.select_plain(session, sql, _before(session, since), micros(since))
    return int(payloads), int(alerts)


def _before(session: Session, since: datetime) -> int:
    """The number below those of all that was received since then, whatever the order in which they were stored."""
    sql = (
        "SELECT min((SELECT min(p.id + 0) FROM payload p WHERE p.source_id = s.id AND p.received_at >= {})) "
        "FROM source s"
    )  # + 0: the walk is along the moments, not along the numbers
    first: int | None = bulk.select_plain(session, sql, micros(since))[0][0]
    return NONE if first is None else first - 1


def payloads(since: datetime) -> Iterator[Kept]:
    """All that was received since then, as it was stored; a portion at a time, none held for long."""
    sql = (
        "SELECT p.received_at, p.source_id, s.name, s.kind, p.body, s.account, p.id FROM payload p "
        "JOIN source s ON s.id = p.source_id WHERE p.id > {} AND p.received_at >= {} AND p.error = '' "
        "ORDER BY p.id LIMIT {}"
    )
    with reading() as session:
        last = _before(session, since)
    while True:
        with reading() as session:
            rows = list(bulk.select_plain(session, sql, last, micros(since), PORTION))
        for received, source_id, name, kind, body, account, _ in rows:
            yield Kept(source_id, name, kind, moment(received), zlib.decompress(body), account)
        if len(rows) < PORTION:
            return
        last = rows[-1][-1]


def incidents(session: Session, since: datetime) -> Iterator[tuple[tuple[int, str], datetime, int, datetime | None]]:
    """By source and fingerprint: when each of its incidents opened, its number, when a person answered it."""
    sql = (
        "SELECT a.source_id, a.fingerprint, i.opened_at, i.id, coalesce(i.ack_at, "
        "CASE WHEN i.resolve_kind = 'person' THEN i.resolved_at END) "
        "FROM incident i JOIN alert a ON a.incident_id = i.id WHERE i.opened_at >= {} ORDER BY i.opened_at, i.id"
    )
    for source_id, name, opened, number, answered in bulk.select_plain(session, sql, micros(since)):
        yield (source_id, name), moment(opened), number, None if answered is None else moment(answered)
