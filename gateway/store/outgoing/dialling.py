"""What is asked at the moment of dialling: does it still fire, who has a push, how often was this person told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.store.outgoing.outbox import AGAIN, Leased
from gateway.store.sql import bulk
from gateway.store.types import micros, moment

OWN_SOURCE = 0
MOST_ASKED = 500  # alerts of one incident that its source is asked for
RINGS = "kind IN ('opened', 'escalated', 'assigned')"
COUNTED = "kind IN ('opened', 'escalated', 'assigned', 'digest')"  # a roll-up by SMS is an SMS


def firing(session: Session, incident_ids: Iterable[int]) -> set[int]:
    """Which of these incidents have an alert that fires."""
    sql = "SELECT DISTINCT incident_id FROM alert WHERE incident_id {list} AND firing AND latest"
    return {row[0] for row in bulk.select(session, sql, sorted(set(incident_ids)))}


def flapping(session: Session, incident_ids: Iterable[int]) -> set[int]:
    """Which of these incidents are held open because they flap."""
    sql = "SELECT id FROM incident WHERE id {list} AND phase = 'flapping'"
    return {row[0] for row in bulk.select(session, sql, sorted(set(incident_ids)))}


def with_earlier(session: Session, taken: Sequence[Leased]) -> list[Leased]:
    """The same, each with how often a page of its incident went to its address before; what is put right was told."""
    sql = """
        SELECT d.id, count(*) FROM delivery d JOIN delivery e ON e.incident_id = d.incident_id AND e.id < d.id
          AND e.channel = d.channel AND e.address_id = d.address_id
        WHERE d.kind IN ('opened', 'escalated') AND e.kind IN ('opened', 'escalated', 'assigned')
          AND (e.status IN ('sent', 'delivered') OR e.ambiguous > 0) AND d.id {list} GROUP BY d.id
    """
    counted = {row[0]: row[1] for row in bulk.select(session, sql, [one.id for one in taken])}
    return [replace(one, again=1 if one.part == AGAIN else counted.get(one.id, 0)) for one in taken]


def lately(
    session: Session, person_id: int, way: str, span: timedelta, now: datetime, but: Sequence[int] = ()
) -> list[datetime]:
    """When this person was told this way, but for our own alarms; what is on its way counts as told now."""
    sql = (
        f"SELECT d.id, d.finished_at FROM delivery d JOIN incident i ON i.id = d.incident_id AND i.source_id <> {{}} "  # noqa: S608
        f"WHERE d.person_id = {{}} AND d.way = {{}} AND d.{COUNTED} AND ((d.status IN ('sent', 'delivered') "
        "AND d.finished_at > {}) OR (d.status = 'sending' AND d.finished_at IS NULL))"
    )
    rows = bulk.select_plain(session, sql, OWN_SOURCE, person_id, way, micros(now - span))
    return [now if at is None else moment(at) for id_, at in rows if id_ not in but]


def told_of_step(session: Session, one: Leased) -> list[tuple[str, str, str]]:
    """Who is told of its step by which way, and how that stands; not whoever sleeps till the end of quiet hours."""
    sql = (
        "SELECT who, way, status FROM delivery "  # noqa: S608
        f"WHERE incident_id = {{}} AND level = {{}} AND {RINGS} AND part <> 'held' AND id <> {{}}"
    )
    return [tuple(row) for row in bulk.select_plain(session, sql, one.incident_id, one.level, one.id)]


def put_off(session: Session, one: Leased, until: datetime, fallback: datetime | None) -> None:
    """It waits: not an attempt."""
    sql = (
        "UPDATE delivery SET status = 'queued', due_at = {}, fallback_at = {}, leased_until = NULL, "
        "attempts = attempts - 1 WHERE lease = {} AND id {list}"
    )
    later = None if fallback is None else micros(fallback)
    bulk.execute(session, sql, [one.id], micros(until), later, one.lease)


def space(session: Session, one: Leased, until: datetime) -> None:
    """It waits until there is room for it: no attempt, and its patience is not longer for it."""
    sql = (
        "UPDATE delivery SET status = 'queued', due_at = {}, leased_until = NULL, attempts = attempts - 1 "
        "WHERE lease = {} AND id {list}"
    )
    bulk.execute(session, sql, [one.id], micros(until), one.lease)


@dataclass(frozen=True, slots=True)
class Firing:
    """What of an incident fires, and at which addresses its source can be asked for it."""

    fingerprints: frozenset[str]
    addresses: tuple[tuple[str, str], ...]  # url, and sealed what we show there


def at_source(session: Session, incident_id: int) -> Firing | None:
    """None if any of it comes from somebody who cannot be asked."""
    sql = "SELECT DISTINCT source_id, fingerprint FROM alert WHERE incident_id = {} AND firing AND latest LIMIT {}"
    rows = bulk.select_plain(session, sql, incident_id, MOST_ASKED + 1)
    sources = {row[0] for row in rows}
    if len(sources) != 1 or len(rows) > MOST_ASKED:
        return None
    known = "SELECT url, sealed FROM alertmanager_address WHERE source_id = {} ORDER BY id"
    found = tuple((row[0], row[1] or "") for row in bulk.select_plain(session, known, sources.pop()))
    return Firing(frozenset(row[1] for row in rows), found) if found else None


def call_off(session: Session, one: Leased, why: str, now: datetime, fallback: datetime | None = None) -> None:
    """`fallback`: when its fallback starts all the same, unless `gone_on` was called by then."""
    sql = (
        "UPDATE delivery SET status = 'cancelled', error = {}, finished_at = {}, fallback_at = {}, "
        "leased_until = NULL WHERE lease = {} AND id {list}"
    )
    later = None if fallback is None else micros(fallback)
    bulk.execute(session, sql, [one.id], why, micros(now), later, one.lease)


def gone_on(session: Session, one: Leased) -> None:
    """What was to follow from calling it off is done."""
    bulk.execute(session, "UPDATE delivery SET fallback_at = NULL WHERE status = 'cancelled' AND id {list}", [one.id])
