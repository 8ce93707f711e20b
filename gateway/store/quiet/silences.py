"""Silences and maintenance windows as rows: made, ended, turned by the clock, and what each has hidden."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from gateway import log
from gateway.store.db import locked_to_change, upsert
from gateway.store.quiet import suppressed
from gateway.store.sql import bulk
from gateway.store.tables import Fact, HiddenAlert, Incident, SilenceRow
from gateway.store.types import micros, moment
from rules.matchers import Matcher
from rules.words import Silence, Suppression, Suppressor

VERSION = "silences"  # the Fact that tells other processes to read them again
MOST = 1000  # that have not ended: each is asked of each alert that begins to fire
SHOWN = 200  # alerts of a report, rows of a list


@dataclass(frozen=True, slots=True)
class Hidden:
    """An alert to be noted as hidden."""

    by: Suppression
    source_id: int
    fingerprint: str
    incident_id: int
    title: str


def in_force(session: Session) -> tuple[Silence, ...]:
    """All that have not ended, ready to be asked."""
    rows = session.scalars(select(SilenceRow).where(SilenceRow.ended_at.is_(None)).order_by(SilenceRow.id))
    return tuple(one for one in map(_silence, rows) if one is not None)


def _silence(row: SilenceRow) -> Silence | None:
    spans = tuple((moment(starts), moment(ends)) for starts, ends in row.spans)
    try:
        match = tuple(Matcher.parse(text) for text in row.matchers)
    except ValueError as problem:  # of another version of ours: it hides nothing, rather than stopping all intake
        log.error("silence_unreadable", problem, silence=row.id)
        return None
    return Silence(row.id, Suppressor(row.kind), match, spans, row.reason, row.author, row.page_emergencies)


def bump(session: Session, now: datetime) -> None:
    """Makes every process read them again."""
    fresh = {"value": uuid.uuid4().hex, "at": now}
    insert = upsert(session, Fact, [{"key": VERSION, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def add(session: Session, row: SilenceRow, now: datetime) -> SilenceRow:
    session.add(row)
    session.flush()
    bump(session, now)
    return row


def count(session: Session) -> int:
    return int(bulk.select_plain(session, "SELECT count(*) FROM silence WHERE ended_at IS NULL")[0][0])


def find(session: Session, number: int, kind: Suppressor) -> SilenceRow | None:
    """Locked, for whoever wants to change it."""
    query = select(SilenceRow).where(SilenceRow.id == number, SilenceRow.kind == kind.value)
    return _one(session, query)


def listed(session: Session, kind: Suppressor, *, ended: bool, now: datetime) -> Sequence[SilenceRow]:
    """Those in force and to come, what ends first before; or the last that have ended."""
    query = select(SilenceRow).where(SilenceRow.kind == kind.value).limit(SHOWN)
    over = SilenceRow.ended_at.is_not(None) | (SilenceRow.ends_at <= now)
    if ended:
        return session.scalars(query.where(over).order_by(SilenceRow.id.desc())).all()
    return session.scalars(query.where(~over).order_by(SilenceRow.ends_at, SilenceRow.id)).all()


def due(session: Session, now: datetime) -> list[int]:
    sql = "SELECT id FROM silence WHERE next_at IS NOT NULL AND next_at <= {} ORDER BY next_at LIMIT 100"
    return [row[0] for row in bulk.select_plain(session, sql, micros(now))]


def put_off(session: Session, number: int, now: datetime, until: datetime) -> None:
    """What is due is not so until then."""
    is_due = (SilenceRow.id == number, SilenceRow.next_at <= now)
    session.execute(update(SilenceRow).where(*is_due).values(next_at=until))


def seen(session: Session, number: int) -> SilenceRow | None:
    """As it is, without a lock."""
    return session.scalar(select(SilenceRow).where(SilenceRow.id == number))


def lock(session: Session, number: int) -> SilenceRow | None:
    return _one(session, select(SilenceRow).where(SilenceRow.id == number))


def _one(session: Session, query: Select[SilenceRow]) -> SilenceRow | None:
    """Beside whoever notes what it hides: they hold the incident that its end waits for."""
    found: SilenceRow | None = session.scalar(locked_to_change(session, query, key=True))
    return found


_LEFT = (
    "SELECT i.id FROM incident i WHERE i.suppressed_by IS NOT NULL AND i.status <> 'resolved' AND i.next_at > {} "
    "AND i.suppressed_by NOT LIKE {} AND NOT EXISTS (SELECT 1 FROM silence s "
    "WHERE s.kind || ':' || s.id = i.suppressed_by AND s.ended_at IS NULL AND s.ends_at > {} AND s.starts_at <= {})"
)
_HIDDEN = (
    "SELECT a.incident_id FROM hidden_alert h "
    "JOIN alert a ON a.source_id = h.source_id AND a.fingerprint = h.fingerprint "
    "WHERE h.silence_id = {} AND a.latest AND a.firing"
)


def holds_any(session: Session) -> bool:
    """Whether anything is suppressed; without a lock."""
    return bool(bulk.select_plain(session, "SELECT 1 FROM incident WHERE suppressed_by IS NOT NULL LIMIT 1"))


def release(session: Session, now: datetime) -> None:
    """What is suppressed by something that is no longer in force is looked at now. Safe to repeat."""
    suppressed.look_now(session, _left(session, now), now)


def ended(session: Session, number: int, now: datetime) -> None:
    """What it kept quiet is looked at now: also where another one goes on hiding other alerts of the same incident."""
    hidden = [row[0] for row in bulk.select_plain(session, _HIDDEN, number)]
    suppressed.look_now(session, [*hidden, *_left(session, now)], now)


def _left(session: Session, now: datetime) -> list[int]:
    """What is suppressed by something that is no longer in force, without a lock."""
    at = micros(now)
    return [row[0] for row in bulk.select_plain(session, _LEFT, at, f"{Suppressor.INHIBITION}:%", at, at)]


def note_hidden(session: Session, found: Iterable[Hidden], now: datetime) -> None:
    columns = ("silence_id", "until", "source_id", "fingerprint", "incident_id", "title", "at")
    rows = [
        (one.by.id, micros(one.by.until), one.source_id, one.fingerprint, one.incident_id, one.title, micros(now))
        for one in found
        if one.by.kind is not Suppressor.INHIBITION
    ]
    rows.sort()  # two who write some of the same wait for each other in one order
    bulk.insert(session, HiddenAlert, columns, rows, tail="ON CONFLICT DO NOTHING")


def counts(session: Session, ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """For each: how many alerts it has hidden, and of how many incidents."""
    sql = (
        "SELECT silence_id, count(*), count(DISTINCT incident_id) FROM hidden_alert WHERE silence_id {list} "
        "GROUP BY silence_id"
    )
    return {row[0]: (row[1], row[2]) for row in bulk.select(session, sql, ids)}


def report(session: Session, number: int) -> list[tuple[HiddenAlert, Incident | None]]:
    """What it hid, the newest first, with what became of it."""
    query = (
        select(HiddenAlert, Incident)
        .outerjoin(Incident, Incident.id == HiddenAlert.incident_id)
        .where(HiddenAlert.silence_id == number)
        .order_by(HiddenAlert.id.desc())
        .limit(SHOWN)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
