"""Calendars: ours, read at a secret address, and those of others, read again and again as layers of schedules."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from flask import Flask
from sqlalchemy.orm import Session

from gateway import log, metrics
from gateway.actions import Actor
from gateway.flows import failing
from gateway.outward.outbound import How, PermanentFailure, TemporaryFailure, ask, judge, private_hosts
from gateway.secrets import BadSecret, digest, new_token
from gateway.store.db import db, reading, transaction
from gateway.store.directory import calendars, people
from gateway.store.tables import CalendarFeed, ImportedCalendar
from gateway.store.types import micros
from gateway.store.upkeep import audit
from gateway.world import World, world
from rules.duty.ical import Event, write
from rules.duty.ical_reading import BadCalendar, Reading, read
from rules.duty.oncall import Shift, shifts, shifts_of
from rules.schedules import Schedule
from rules.words import Directory

BEFORE, AHEAD = timedelta(days=30), timedelta(days=180)  # what our calendars hold
MOST = 3000  # events of one
EVERY, AGAIN = timedelta(hours=1), timedelta(minutes=10)  # how often others are read; after a failure
LOOK_BACK, LOOK_AHEAD = timedelta(days=100), timedelta(days=400)  # what of theirs is reckoned
ROOM = 1_000_000  # bytes
KINDS = "text/calendar, text/plain;q=0.5"
_TITLE = {"ru": "Дежурство"}


# Ours


def new_feed(session: Session, actor: Actor, now: datetime, *, person_id: int = 0, schedule_id: int = 0) -> str:
    """A secret for the address, in the caller's transaction; the one before ends. Only its hash is kept."""
    owner = {"person_id": person_id} if person_id else {"schedule_id": schedule_id}
    calendars.revoke(session, now, **owner)
    token = new_token()
    session.add(CalendarFeed(hash=digest(token), author=actor.account or actor.name, created_at=now, **owner))
    _note(session, actor, "calendar address new", owner, now)
    return token


def end_feed(session: Session, actor: Actor, now: datetime, *, person_id: int = 0, schedule_id: int = 0) -> bool:
    owner = {"person_id": person_id} if person_id else {"schedule_id": schedule_id}
    ended = calendars.revoke(session, now, **owner)
    if ended:
        _note(session, actor, "calendar address end", owner, now)
    return ended


def _note(session: Session, actor: Actor, what: str, owner: dict[str, int], now: datetime) -> None:
    target = " ".join(f"{name.removesuffix('_id')} {number}" for name, number in owner.items())
    audit.note(session, now, actor.account or actor.name, what, target, actor.how)


def feed(token: str, now: datetime) -> bytes | None:
    """The calendar of that address; none if it is not in force, or whoever it is of has left."""
    with reading() as session:
        found = calendars.feed(session, token)
        directory = world().roll.current(session)
        if found is None:
            return None
        number, person_id, schedule_id, read_at = found.id, found.person_id, found.schedule_id, found.read_at
    if read_at is None or now - read_at > EVERY:
        with transaction() as session:
            calendars.touch(session, number, now)
    if person_id is not None:
        return _of_person(directory, person_id, now)
    schedule = next((one for one in directory.schedules.values() if one.id == schedule_id), None)
    return None if schedule is None else _of_schedule(directory, schedule, now)


def _of_person(directory: Directory, person_id: int, now: datetime) -> bytes | None:
    person = directory.by_id(person_id)
    if person is None:
        return None
    title = _TITLE.get(person.language, "On call")
    found = (
        _event(schedule, shift, f"{title}: {schedule.name}", schedule.team)
        for schedule in directory.schedules.values()
        for shift in shifts_of(schedule, person.email, now - BEFORE, now + AHEAD)
    )
    return _written(f"{title}: {person.name}", found, now)


def _of_schedule(directory: Directory, schedule: Schedule, now: datetime) -> bytes:
    names = {person.email: person.name for person in directory.people.values()}
    found = (
        _event(schedule, shift, f"{names.get(shift.who, shift.who)} · {schedule.name}", schedule.team)
        for shift in shifts(schedule, now - BEFORE, now + AHEAD)
        if shift.who
    )
    return _written(schedule.name, found, now)


def _event(schedule: Schedule, shift: Shift, title: str, team: str) -> Event:
    """The same shift has the same name each time; one that began before what we show, one for its day."""
    who = hashlib.sha256((shift.who or "").encode()).hexdigest()[:12]
    return Event(
        f"{schedule.id}-{int(shift.starts.timestamp())}-{who}@nabat", shift.starts, shift.ends, title,
        f"{team}, {schedule.timezone}" if team else schedule.timezone,
    )  # fmt: skip


def _written(name: str, events: Iterable[Event], now: datetime) -> bytes:
    return write(name, islice(sorted(events, key=lambda one: one.starts), MOST), now)


# Those of others


@dataclass(slots=True)
class Reader:
    """One worker's reading, beside its loop: who keeps a calendar may be slow, and nobody has to wait for it."""

    app: Flask
    world: World
    thread: threading.Thread | None = None

    def start_due(self, now: datetime) -> None:
        if self.thread is not None and self.thread.is_alive():
            return
        with reading() as session:
            if not calendars.due(session, now):
                return
        self.thread = threading.Thread(target=self._beside, args=(now,), name="calendars", daemon=True)
        self.thread.start()

    def _beside(self, now: datetime) -> None:
        with self.app.app_context():
            try:
                read_due(now)
            except Exception as problem:  # noqa: BLE001 - a database that is away, a bug: it is due again in ten minutes
                failing.tell("worker_job_failed", problem, job="calendars")
                metrics.worker_errors.labels("calendars").inc()
            finally:
                db.session.remove()


def read_due(now: datetime) -> int:
    """Each that is due is claimed, fetched, read and kept; returns how many."""
    with transaction() as session:
        due = calendars.due(session, now)
        claimed = [(row.id, row.address) for row in due]
        for row in due:
            row.next_at = now + AGAIN
    for number, address in claimed:
        _read_one(number, address, now)
    return len(claimed)


def _read_one(number: int, address: str, now: datetime) -> None:
    try:
        body, error = _fetched(address) if address else (None, "")
        _keep(number, body, error, now)
    except Exception as problem:  # noqa: BLE001 - the others were claimed with it: none of them waits for its sake
        log.error("calendar_failed", problem, calendar=number)
        metrics.worker_errors.labels("calendars").inc()


def _fetched(sealed: str) -> tuple[str | None, str]:
    """What is there, or what is wrong."""
    here = world()
    try:
        answer = ask(
            here.vault.open(sealed), how=How("GET", ROOM + 1), allow_private=private_hosts(here.settings.env),
            loopback=False, headers={"Accept": KINDS},
        )  # fmt: skip
        judge(answer, quote=False)
    except (TemporaryFailure, PermanentFailure, BadSecret) as problem:
        return None, str(problem)
    if len(answer.body) > ROOM:
        return None, f"the calendar is larger than {ROOM} bytes"
    expected = answer.headers.get("Content-Length", "")
    if expected.isdecimal() and int(expected) != len(answer.body):
        return None, "the answer broke off"
    return answer.body.decode("utf-8", "replace").replace("\0", ""), ""


def _keep(number: int, body: str | None, error: str, now: datetime) -> None:
    """The last good copy stays when the new one is none; its times are reckoned anew all the same.

    Reading it takes seconds where it is large: that comes before the transaction, in which others wait for us.
    """
    with reading() as session:
        kept, schedule_id = calendars.body(session, number)
        directory = world().roll.current(session)
    schedule = next((one for one in directory.schedules.values() if one.id == schedule_id), None)
    if schedule is None:
        return
    found, wrong = _read(kept if body is None else body, schedule, directory, now)
    is_new = found is not None and body is not None
    if found is None and body is not None and kept:
        found = _read(kept, schedule, directory, now)[0]
    with transaction() as session:
        row = calendars.lock(session, number)
        if row is None or row.body != kept:
            return  # taken away, or replaced by hand meanwhile: what was read is not what is there, and it is due again
        if is_new or (found is not None and not row.address):
            row.body, row.good_at = (body if body is not None else kept), now
        row.error, row.tried_at = error or wrong, now
        row.next_at = now + (AGAIN if row.error and row.address else EVERY)
        if found is not None:
            _take(session, row, found, now)
        log.info("calendar_read", calendar=number, error=row.error)


def _read(text: str, schedule: Schedule, directory: Directory, now: datetime) -> tuple[Reading | None, str]:
    names = {person.email: person.name for person in directory.people.values()}
    try:
        return (read(text, schedule.timezone, names, now - LOOK_BACK, now + LOOK_AHEAD) if text else None), ""
    except BadCalendar as problem:
        return None, str(problem)


def _take(session: Session, row: ImportedCalendar, found: Reading, now: datetime) -> None:
    duties = [[micros(one.starts), micros(one.ends), one.who] for one in found.duties]
    row.doubts = list(found.doubts)
    if row.duties != duties:
        row.duties = duties
        session.flush()
        people.bump(session, now)
