"""What was received, as it was received, one by one: for whoever tries out what the rule book makes of it."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.sql import bulk
from gateway.store.tables import AlertRow, Incident, Payload, Source
from gateway.store.types import micros

LATEST = 20  # offered to be tried
AROUND = 40  # looked through for the one that opened an incident
MOST_FINGERPRINTS = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """One request of a sender."""

    id: int
    source: str
    kind: str
    received_at: datetime
    alerts: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Around:
    """What came from an incident's source at about the time at which it opened, and which alerts it has."""

    payloads: Sequence[Kept]
    fingerprints: frozenset[str]


def first_since(session: Session, since: datetime) -> int | None:
    """The number of the first payload that was received then or later. Of those of the same seconds, which come in any
    order, some may have lower numbers.
    """
    sql = (
        "SELECT min((SELECT p.id FROM payload p WHERE p.source_id = s.id AND p.received_at >= {} "
        "ORDER BY p.received_at, p.id LIMIT 1)) FROM source s"
    )
    found: int | None = bulk.select_plain(session, sql, micros(since))[0][0]
    return found


def with_older(session: Session, before: datetime) -> list[int]:
    """The sources of which something is kept that was received before."""
    sql = (
        "SELECT s.id FROM source s WHERE (SELECT p.id FROM payload p WHERE p.source_id = s.id AND p.received_at < {} "
        "ORDER BY p.received_at, p.id LIMIT 1) IS NOT NULL ORDER BY s.id"
    )
    return [row[0] for row in bulk.select_plain(session, sql, micros(before))]


def latest(session: Session) -> list[Kept]:
    """The last ones of all sources, without their bodies."""
    query = (
        select(Payload.id, Source.name, Source.kind, Payload.received_at, Payload.accepted)
        .join(Source, Source.id == Payload.source_id)
        .order_by(Payload.id.desc())
        .limit(LATEST)
    )
    return [Kept(*row) for row in session.execute(query)]


def one(session: Session, number: int) -> Kept | None:
    query = (
        select(Payload.id, Source.name, Source.kind, Payload.received_at, Payload.accepted, Payload.body)
        .join(Source, Source.id == Payload.source_id)
        .where(Payload.id == number)
    )
    row = session.execute(query).first()
    return None if row is None else Kept(*row[:5], _whole(row[5]))


def around_opening(session: Session, number: int) -> Around:
    incident = session.get(Incident, number)
    if incident is None:
        return Around((), frozenset())
    names = select(AlertRow.fingerprint).where(AlertRow.incident_id == number).limit(MOST_FINGERPRINTS)
    query = (
        select(Payload.id, Source.name, Source.kind, Payload.received_at, Payload.accepted, Payload.body)
        .join(Source, Source.id == Payload.source_id)
        .where(Payload.received_at <= incident.opened_at, Payload.source_id == incident.source_id)
        .order_by(Payload.received_at.desc(), Payload.id.desc())
        .limit(AROUND)
    )
    found = [Kept(*row[:5], _whole(row[5])) for row in session.execute(query)]
    return Around(found, frozenset(session.scalars(names)))


def open_incidents(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """By dedup key: the open incident that an alert with it would join."""
    sql = "SELECT dedup_key, id FROM incident WHERE dedup_key {list} AND status <> 'resolved'"
    return {row[0]: row[1] for row in bulk.select(session, sql, sorted(set(keys)))}


def _whole(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:  # kept as it came, whatever it is
        return b""
