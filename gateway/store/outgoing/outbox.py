"""Deliveries: promised, leased, settled. A promise commits with what caused it; the database times a lease."""

import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.outgoing.floors import NONE, Floors, of_channel
from gateway.store.sql import bulk
from gateway.store.tables import Delivery
from gateway.store.types import micros
from rules.telling import retry
from rules.words import Notice, Urgency

LEASE = 15_000_000  # microseconds: a worker that dies is replaced after this long
PAGES = ("opened", "escalated")  # kinds that ask for an answer; the others tell of one
RINGING = (*PAGES, "assigned")  # kinds that interrupt
# What is passed to and fro, said, or happens again while its incident stands at one level, is told each time.
EACH_TIME = ("assigned", "commented", "mentioned", "flapping", "reopened", "reminder", "resolved")
ALSO = "also"  # a part: told beside a step, because of another route; no step waits for it
LATER = "later"  # a part: one of a person's own ways, whose time has not come yet
HELD = "held"  # a part: told at the end of somebody's quiet hours, unless it is answered by then
AGAIN = "again"  # a part: news that PagerDuty missed, though it was told; put right each time

_PROMISED = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "contact_id",
    "person_id", "who", "name", "rank", "status", "attempts", "ambiguous", "created_at", "due_at", "expires_at",
    "fallback_at", "lease", "provider_ref", "error", "is_page",
)  # fmt: skip
_ALIKE = frozenset(_PROMISED) - {"incident_id", "once"}
Promise = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A promise but for its incident: the same for all that tell one person the same way at one moment."""

    where: str
    rest: tuple[Any, ...]

    def promise(self, incident_id: int, uuid: str, level: int) -> Promise:
        # Made twice, it is one. The uuid comes first: it grows with time, and so does the index.
        return incident_id, f"{uuid}:{level}:{self.where}", level, *self.rest


def draft_of(promise: Promise) -> Draft:
    """What it has in common with those of other incidents that tell the same person the same way."""
    _, once, _, *rest = promise
    return Draft(once.rpartition(":")[2], tuple(rest))


def draft(notice: Notice, urgency: Urgency, kind: str, part: str, now: datetime) -> Draft:
    begins = now + notice.after
    contact, at, page = notice.contact, micros(begins), kind in PAGES
    each = f"{kind}:{at}" if kind in EACH_TIME or part == AGAIN else kind
    where = hashlib.sha256(f"{each}:{contact.channel}:{contact.address_id}".encode()).hexdigest()[:16]
    expires = retry.expires_at(notice.way if page else "email", urgency, begins)
    fallback = retry.fallback_at(urgency, begins) if page and part in ("primary", LATER) else None
    rest = (
        kind, part, notice.way.value, contact.channel, contact.address, contact.address_id, contact.id or None,
        notice.person_id or None, notice.who, notice.name, urgency.rank, "queued", 0, 0, at, at,
        None if expires is None else micros(expires), None if fallback is None else micros(fallback), 0, "", "", False,
    )  # fmt: skip
    return Draft(where, rest)


def write(session: Session, promises: Sequence[Promise], fresh: Container[int] = ()) -> None:
    """`fresh`: incidents that are new, so that nothing can have been promised of them before."""
    bulk.insert(session, Delivery, _PROMISED, [one for one in promises if one[0] in fresh], alike=_ALIKE)
    known = [one for one in promises if one[0] not in fresh]
    bulk.insert(session, Delivery, _PROMISED, known, "ON CONFLICT (incident_id, once) DO NOTHING", _ALIKE)


def wake_workers(session: Session) -> None:
    """Tells waiting workers, at commit, that the outbox has something. On SQLite they watch the file themselves."""
    bulk.tell(session, "nabat_outbox")


def cancel_pages(session: Session, incident_ids: Iterable[int], why: str, now: datetime) -> None:
    """Nobody need be called about what is already answered."""
    ids = list(incident_ids)
    if not ids:
        return
    sql = (
        "UPDATE delivery SET status = 'cancelled', error = {}, finished_at = {}, fallback_at = NULL "
        "WHERE status = 'queued' AND (kind IN ('opened', 'escalated') OR (kind = 'assigned' AND {} = 'resolved')) "
        "AND incident_id {list}"
    )
    bulk.execute(session, sql, ids, why, micros(now), why)


def cancel_ways(session: Session, incident_id: int, kept: Iterable[str], why: str, now: datetime) -> None:
    """What waits to go out by other ways than these does not: the incident is less urgent now."""
    sql = (
        "SELECT id, way FROM delivery WHERE incident_id = {} AND status = 'queued' AND kind IN ('opened', 'escalated')"
    )
    ways, at = set(kept), micros(now)
    rows = [
        (row[0], "cancelled", why, at, None)
        for row in bulk.select_plain(session, sql, incident_id)
        if row[1] not in ways
    ]
    bulk.update(session, Delivery, ("id", "status", "error", "finished_at", "fallback_at"), rows)


@dataclass(frozen=True, slots=True)
class Moved:
    """A message that comes sooner than it was promised."""

    who: str
    name: str
    way: str


_NOW_DUE = "UPDATE delivery SET due_at = :now, created_at = :now"  # from now on it is late, if it does not go out
_TO_COME = "incident_id = :incident AND level = :level AND status = 'queued' AND attempts = 0 AND due_at > :now"


def hasten(session: Session, incident_id: int, level: int, who: str, now: datetime) -> list[Moved]:
    """The next of the ways that this person is to be told by later is due now."""
    sql = f"""
        {_NOW_DUE} WHERE {_TO_COME} AND who = :who AND part = 'later' AND due_at = (
            SELECT min(due_at) FROM delivery WHERE {_TO_COME} AND who = :who AND part = 'later')
        RETURNING who, name, way
    """  # noqa: S608
    values = {"incident": incident_id, "level": level, "who": who, "now": micros(now)}
    return [Moved(*row) for row in session.execute(text(sql), values)]


def release(session: Session, incident_id: int, level: int, now: datetime) -> list[Moved]:
    """What quiet hours hold back of an emergency is due now: somebody else was to be reached, and is not."""
    sql = f"{_NOW_DUE} WHERE {_TO_COME} AND part = 'held' AND rank = 0 RETURNING who, name, way"
    values = {"incident": incident_id, "level": level, "now": micros(now)}
    return [Moved(*row) for row in session.execute(text(sql), values)]


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery as a plain value, fit to be carried into a thread."""

    id: int
    incident_id: int
    kind: str
    level: int
    way: str
    channel: str
    address: str
    person_id: int | None
    who: str
    name: str
    rank: int
    attempts: int
    lease: int
    created_at: int
    address_id: str
    part: str = "primary"
    again: int = 0  # how many times this address was told the same before, once with_earlier was asked


def lease(
    session: Session, channel: str, limit: int, now: datetime, clock: int, *, most_urgent: int = 3
) -> list[Leased]:
    """Take due deliveries of one channel, emergencies first.

    `clock` is the database's, `now` ours. Whatever was answered meanwhile is passed over, and so is a message to an
    address that still waits for an earlier one of the same incident: a resolve must not overtake its trigger. What is
    only to come later, or held by quiet hours, is no such earlier one; what is about no incident waits for nothing.

    It walks along the index `delivery_due` until it has enough. OFFSET keeps PostgreSQL, whose statistics are from
    before the storm, from joining all that waits with all that waits, and `e.status || ''` from looking for an earlier
    message among all that wait, not among the incident's few; the index's own order keeps it from sorting. Asked in
    place, not in `due`, PostgreSQL may ask again for every row, and each time take others.
    """
    return _lease(session, channel, limit, now, clock, f"d.rank <= {most_urgent:d}")


def lease_since(
    session: Session, channel: str, limit: int, now: datetime, clock: int, lows: Iterable[int]
) -> list[Leased]:
    """The same while floors are set, of so many ranks: the index is entered at each one's own.

    A floor is a parameter: written into the statement, it made another one of it each time, and all of them were kept.
    """
    taken: list[Leased] = []
    for rank, low in enumerate(lows):
        which = f"d.rank = {rank:d} AND d.due_at >= :low"
        taken += _lease(session, channel, limit - len(taken), now, clock, which, low=low)
    return taken


def lease_own(session: Session, channel: str, limit: int, now: datetime, clock: int) -> list[Leased]:
    """The same, only of our own alarms: what the auditor sends itself when no worker does."""
    return _lease(session, channel, limit, now, clock, "i.source_id = 0")


def _lease(
    session: Session, channel: str, limit: int, now: datetime, clock: int, which: str, **more: int
) -> list[Leased]:
    skip = " FOR UPDATE OF d SKIP LOCKED" if is_postgres(session) else ""
    sql = f"""
        WITH due AS MATERIALIZED (
            SELECT d.id FROM delivery d LEFT JOIN incident i ON i.id = d.incident_id
            WHERE d.status IN ('queued', 'sending') AND d.channel = :channel AND {which}
              AND d.status = 'queued' AND d.due_at <= :now
              AND (d.kind NOT IN ('opened', 'escalated') OR (i.status = 'triggered' AND i.snoozed_until IS NULL))
              AND (d.incident_id = 0 OR NOT EXISTS (
                SELECT 1 FROM delivery e WHERE e.incident_id = d.incident_id AND e.channel = d.channel
                AND e.address_id = d.address_id AND e.id < d.id AND e.status || '' IN ('queued', 'sending')
                AND NOT (e.part IN ('later', 'held') AND e.attempts = 0 AND e.due_at > :now) LIMIT 1 OFFSET 0))
            ORDER BY d.rank, d.due_at LIMIT :limit{skip})
        UPDATE delivery SET status = 'sending', lease = lease + 1, attempts = attempts + 1, leased_until = :until
        WHERE id IN (SELECT id FROM due)
        RETURNING id, incident_id, kind, level, way, channel, address, person_id, who, name, rank, attempts, lease,
            created_at, address_id, part
    """  # noqa: S608
    values = {"channel": channel, "limit": limit, "now": micros(now), "until": clock + LEASE, **more}
    if limit <= 0:
        return []
    taken = [Leased(*row) for row in session.execute(text(sql), values)]
    return sorted(taken, key=lambda one: (one.rank, one.id))


@dataclass(frozen=True, slots=True)
class Lost:
    """A message whose worker was lost while sending it."""

    id: int
    incident_id: int
    kind: str
    level: int
    way: str
    who: str
    name: str
    attempts: int
    status: str  # queued again, or cancelled: it was answered meanwhile


def reclaim(session: Session, channel: str, now: datetime, clock: int, floors: Floors = NONE) -> list[Lost]:
    """End the leases that ran out. The token moves on, so that whoever held one has no say any more.

    A page of an incident that calls nobody now is over: queued it would never be taken, and would for ever stand before
    the acknowledgement or the resolve that waits for it.
    """
    skip = " FOR UPDATE SKIP LOCKED" if is_postgres(session) else ""
    since, low = of_channel(floors, channel, now)
    sql = f"""
        WITH lost AS MATERIALIZED (
            SELECT id FROM delivery WHERE status IN ('queued', 'sending') AND status = 'sending' AND channel = :channel
            AND leased_until < :clock{since} LIMIT 100{skip})
        UPDATE delivery SET ambiguous = ambiguous + 1, lease = lease + 1, leased_until = NULL, due_at = :now,
            status = CASE WHEN kind IN ('opened', 'escalated') AND NOT EXISTS (
                SELECT 1 FROM incident i WHERE i.id = delivery.incident_id AND i.status = 'triggered'
                AND i.snoozed_until IS NULL) THEN 'cancelled' ELSE 'queued' END
        WHERE status = 'sending' AND id IN (SELECT id FROM lost)
        RETURNING id, incident_id, kind, level, way, who, name, attempts, status
    """  # noqa: S608
    values = {"channel": channel, "now": micros(now), "clock": clock} | low
    return [Lost(*row) for row in session.execute(text(sql), values)]


def hurry(session: Session, channel: str, now: datetime) -> None:
    """The provider is back: what failed before and waits for its next attempt is due. A long Retry-After stays."""
    sql = """
        UPDATE delivery SET due_at = :now WHERE channel = :channel AND status = 'queued' AND finished_at IS NULL
          AND error <> '' AND due_at > :now AND due_at <= :latest
    """
    latest = micros(now + retry.LONGEST_PAUSE)
    session.execute(text(sql), {"now": micros(now), "channel": channel, "latest": latest})


def renew(session: Session, held: Iterable[tuple[int, int]], clock: int) -> None:
    """Still sending: these (id, lease) stay ours for another while."""
    statement = text(
        "UPDATE delivery SET leased_until = :until WHERE id = :id AND lease = :lease AND status = 'sending'"
    )
    for delivery_id, token in held:
        session.execute(statement, {"until": clock + LEASE, "id": delivery_id, "lease": token})


def settle(session: Session, leased: Leased, values: dict[str, Any]) -> bool:
    """Write down how it went. False if the lease was lost meanwhile: then somebody else's word counts."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    statement = text(
        f"UPDATE delivery SET {sets}, leased_until = NULL WHERE id = :id AND lease = :lease AND status = 'sending' "  # noqa: S608
        "RETURNING id"
    )
    done = session.execute(statement, {**values, "id": leased.id, "lease": leased.lease})
    return done.first() is not None


def ambiguous(session: Session, delivery_id: int) -> int:
    return int(session.execute(text("SELECT ambiguous FROM delivery WHERE id = :id"), {"id": delivery_id}).scalar_one())
