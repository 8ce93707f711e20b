"""Messages that go out together: which roll-up a person will get next, what is in it, and what becomes of that."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import bulk
from gateway.store.tables import Delivery
from gateway.store.types import micros, moment
from rules.telling import retry
from rules.words import Notice

DIGEST = "digest"  # the kind of message that says several
HELD = "held"  # a part: it says what was held back until a calendar opened
MOST = 5000  # incidents whose labels are looked at

_COLUMNS = (
    "incident_id", "once", "level", "kind", "part", "way", "channel", "address", "address_id", "contact_id",
    "person_id", "who", "name", "rank", "status", "attempts", "ambiguous", "created_at", "due_at", "lease",
    "provider_ref", "error", "is_page",
)  # fmt: skip


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


# How long after the roll-up is due a page of it takes its fallback, where that is still not out.
_LATE = "".join(
    f"WHEN part IN ('primary', 'later') AND rank = {one.rank} THEN {_microseconds(span)} "
    for one, span in retry.PATIENCE.items()
) + "".join(f"WHEN rank > 0 AND way = '{way}' THEN {_microseconds(span)} " for way, span in retry.EXPIRY.items())
_PUT_IN = (
    "UPDATE delivery SET status = 'bundled', bundle_id = {}, leased_until = NULL, expires_at = NULL, "  # noqa: S608
    f"fallback_at = (SELECT b.due_at FROM delivery b WHERE b.id = {{}}) + CASE {_LATE}ELSE NULL END WHERE id {{list}}"
)


def waiting(session: Session, person_id: int) -> int | None:
    """The roll-up that this person will get next, if there is one. The digest of what was held back is none.

    Locked, so that nobody sends it before all is in it; one that another worker has taken has said what it says.
    """
    skip = " FOR UPDATE SKIP LOCKED" if is_postgres(session) else ""
    sql = (
        "SELECT id FROM delivery WHERE person_id = {} AND finished_at IS NULL AND kind = 'digest' "
        "AND status = 'queued' AND part <> 'held' ORDER BY id LIMIT 1"
    )
    rows = bulk.select_plain(session, sql + skip, person_id)
    return rows[0][0] if rows else None


def last(session: Session, person_id: int, now: datetime, since: datetime) -> datetime | None:
    """When the last one went out; one that is under way goes out now."""
    sql = (
        "SELECT finished_at FROM delivery WHERE person_id = {} AND kind = 'digest' "
        "AND ((finished_at > {} AND status IN ('sent', 'delivered', 'logged')) "
        "OR (finished_at IS NULL AND status = 'sending'))"
    )
    rows = bulk.select_plain(session, sql, person_id, micros(since))
    return max((now if at is None else moment(at) for (at,) in rows), default=None)


def begin(session: Session, notice: Notice, first: Leased, due: datetime, now: datetime) -> int:
    """A roll-up to come, for the sake of `first`, which is not in it yet. Returns its id."""
    contact, at = notice.contact, micros(now)
    once = f"digest:{first.id}:{first.lease}"
    row = (
        first.incident_id, once, 0, DIGEST, "news", notice.way.value, contact.channel, contact.address,
        contact.address_id, contact.id or None, notice.person_id, notice.who, notice.name, first.rank,
        "queued", 0, 0, at, micros(due), 0, "", "", False,
    )  # fmt: skip
    bulk.insert(session, Delivery, _COLUMNS, [row])
    sql = "SELECT id FROM delivery WHERE kind = 'digest' AND once = {}"
    return int(bulk.select_plain(session, sql, once)[0][0])


def put_in(session: Session, bundle_id: int, ids: Sequence[int], person_id: int, way: str) -> list[int]:
    """These messages, and all that wait for the same person and way, are said by that one. Returns their incidents."""
    skip = " FOR UPDATE SKIP LOCKED" if is_postgres(session) else ""
    sql = f"""
        SELECT id FROM delivery WHERE person_id = :person AND way = :way AND status = 'queued' AND finished_at IS NULL
          AND kind IN ('opened', 'escalated') AND NOT (part IN ('later', 'held') AND attempts = 0){skip}
    """  # noqa: S608
    found = [row[0] for row in session.execute(text(sql), {"person": person_id, "way": way})]
    everything = sorted({*ids, *found})
    bulk.execute(session, _PUT_IN, everything, bundle_id, bundle_id)
    rows = bulk.select(session, "SELECT incident_id FROM delivery WHERE id {list}", everything)
    return sorted({row[0] for row in rows})


_BEGIN_HELD = text("""
    INSERT INTO delivery (incident_id, once, level, kind, part, way, channel, address, address_id, contact_id,
        person_id, who, name, rank, status, attempts, ambiguous, created_at, due_at, lease, provider_ref, error,
        is_page)
    SELECT incident_id, :once, 0, 'digest', 'held', way, channel, address, address_id, contact_id,
        person_id, who, name, rank, 'queued', 0, 0, :now, :now, 0, '', '', is_page
    FROM delivery WHERE id = :id ON CONFLICT (once) WHERE kind = 'digest' DO NOTHING
""")


def put_held(session: Session, incident_id: int, until: datetime, now: datetime) -> list[tuple[str, str, str, int]]:
    """What an incident that was held until then tells is said by one message to each. Returns who, name, way, its id.

    A call is no digest, and what has its own time to come is not said before it. One that went out already takes in
    nothing more: what comes too late goes out by itself.
    """
    sql = (
        "SELECT id, who, name, way FROM delivery WHERE incident_id = {} AND status = 'queued' "
        "AND kind IN ('opened', 'escalated') AND way <> 'voice' AND part NOT IN ('later', 'held') ORDER BY id"
    )
    lock = " FOR UPDATE" if is_postgres(session) else ""
    digest = f"SELECT id, status FROM delivery WHERE kind = 'digest' AND once = {{}}{lock}"  # noqa: S608
    done: dict[str, tuple[str, str, str, int]] = {}
    for id_, who, name, way in bulk.select_plain(session, sql, incident_id):
        once = f"held:{micros(until)}:{hashlib.sha256(who.encode()).hexdigest()[:24]}"
        session.execute(_BEGIN_HELD, {"once": once, "now": micros(now), "id": id_})
        found = bulk.select_plain(session, digest, once)
        bundle_id, status = found[0]
        if status == "queued":
            bulk.execute(session, _PUT_IN, [id_], bundle_id, bundle_id)
            done.setdefault(who, (who, name, way, bundle_id))
    return list(done.values())


def more_to_come(session: Session, now: datetime) -> bool:
    """Whether something that was held back until now has not been told yet."""
    sql = (
        "SELECT 1 FROM incident WHERE next_at <= {} AND next_at IS NOT NULL AND phase = 'deferred' "
        "AND status = 'triggered' ORDER BY next_at LIMIT 1"
    )
    return bool(bulk.select_plain(session, sql, micros(now)))


_RELEASE = text(f"""
    UPDATE delivery SET status = 'queued', bundle_id = NULL, due_at = :now,
        fallback_at = CASE {_LATE}ELSE NULL END + CAST(:now AS BIGINT)
    WHERE bundle_id = :id AND status = 'bundled' AND EXISTS (SELECT 1 FROM incident i
        WHERE i.id = delivery.incident_id AND i.status = 'triggered' AND i.snoozed_until IS NULL)
""")  # noqa: S608 - numbers


def release(session: Session, bundle_id: int, now: datetime) -> None:
    """It never arrived: what it was to say is said one by one, but for what was answered meanwhile."""
    session.execute(_RELEASE, {"now": micros(now), "id": bundle_id})


def arrived(session: Session, bundle_id: int) -> None:
    """It went out: what it said needs no fallback."""
    session.execute(
        text("UPDATE delivery SET fallback_at = NULL WHERE bundle_id = :id AND status = 'bundled'"),
        {"id": bundle_id},
    )


def incidents(session: Session, bundle_ids: Sequence[int]) -> list[int]:
    """What these roll-ups say. One that is under way takes in no more."""
    if not bundle_ids:
        return []
    rows = bulk.select(session, "SELECT DISTINCT incident_id FROM delivery WHERE bundle_id {list}", bundle_ids)
    return [row[0] for row in rows]


def only_logged(session: Session, bundle_id: int) -> list[tuple[int, int, str]]:
    """It went to the log, and so did what it was to say: (incident, level, who) of each, which wants its fallback."""
    session.execute(
        text("UPDATE delivery SET status = 'logged' WHERE bundle_id = :id AND status = 'bundled'"), {"id": bundle_id}
    )
    sql = "SELECT incident_id, level, who FROM delivery WHERE bundle_id = {} AND status = 'logged' ORDER BY incident_id"
    return [(row[0], row[1], row[2]) for row in bulk.select_plain(session, sql, bundle_id)]


@dataclass(frozen=True, slots=True)
class Said:
    """One incident of a roll-up that still calls."""

    incident_id: int
    title: str


def said(session: Session, bundle_id: int) -> list[Said]:
    """Without what was answered, or healed, meanwhile."""
    sql = (
        "SELECT DISTINCT i.id, i.title, i.urgency FROM delivery d JOIN incident i ON i.id = d.incident_id "
        "WHERE d.bundle_id = {} AND i.status = 'triggered' AND i.snoozed_until IS NULL ORDER BY i.urgency, i.id"
    )
    return [Said(row[0], row[1]) for row in bulk.select_plain(session, sql, bundle_id)]


def labels(session: Session, incident_ids: Sequence[int]) -> list[dict[str, str]]:
    """The labels of what fires of these incidents."""
    sql = "SELECT labels FROM alert WHERE incident_id {list} AND firing AND latest"
    return [msgspec.json.decode(row[0]) for row in bulk.select(session, sql, list(incident_ids)[:MOST])]
