"""HTTP for schedules and shifts: who is on call when, what an override would change, swaps, and calendars."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from gateway.doors.ingest import problem
from gateway.doors.machine import questions
from gateway.doors.machine.bodies import (
    body,
    line_in,
    missing,
    moment_in,
    object_of,
    optional_body,
    small_number,
    text_in,
)
from gateway.doors.machine.door import ACT, ACTORS, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.flows import calendars, duties, layers
from gateway.store.db import reading, transaction
from gateway.store.directory import calendars as feeds
from gateway.store.directory import shifts as rows
from gateway.store.tables import SwapRow
from gateway.world import world
from rules.duty.duty_load import loads
from rules.duty.oncall import gaps, shifts
from rules.schedules import Override, Schedule
from rules.texts.durations import parse_duration
from rules.words import Directory

SWAP = ("id", "asker", "asked", "gives_from", "gives_to", "takes_from", "takes_to", "reason", "state", "created_at")
MOST = 500  # shifts and gaps of one answer
PROPOSED = -1  # no override has this number
AHEAD, BACK = timedelta(days=28), timedelta(days=90)
LONGEST = timedelta(days=92)


def _directory() -> Directory:
    with reading() as session:
        return world().roll.current(session)


def _named(name: str, directory: Directory) -> Schedule:
    found = directory.schedules.get(name)
    if found is None:
        raise missing("schedule", name)
    return found


def _numbered(number: str) -> Schedule:
    wanted = small_number(number, "schedule")
    found = next((one for one in _directory().schedules.values() if one.id == wanted), None)
    if found is None:
        raise missing("schedule", number)
    return found


@bp.get("/v1/schedules")
@needs(READ)
def schedules(call: Call) -> Response:
    """With the gaps of the next four weeks, and how the last 90 days were shared."""
    questions.nothing_asked(request.args)
    directory = _directory()
    return as_json({"schedules": [_schedule(one, directory, call.now) for one in directory.schedules.values()]})


def _schedule(one: Schedule, directory: Directory, now: datetime) -> dict[str, Any]:
    zones = {person.email: person.timezone for person in directory.people.values()}
    shared = [{"person": email, "hours": load.hours, "nights": len(load.nights), "weekends": len(load.weekends)}
              for email, load in loads([one], now - BACK, now, zones).items()]  # fmt: skip
    holes = [{"starts_at": begin, "ends_at": end} for begin, end in list(gaps(one, now, now + AHEAD))[:MOST]]
    with reading() as session:
        imports = [
            {"key": row.key, "duties": len(row.duties), "good_at": row.good_at, "error": row.error}
            for row in feeds.imported_of(session, one.id)
        ]
        feed = feeds.feed_of(session, schedule_id=one.id)
    names = {"id": one.id, "name": one.name, "team": one.team, "timezone": one.timezone}
    return names | {"gaps": holes, "shares": shared, "imports": imports,
                    "calendar_since": feed.created_at if feed else None}  # fmt: skip


@bp.get("/v1/oncall/shifts")
@needs(READ)
def oncall_shifts(call: Call) -> Response:
    """Of one schedule or of all, the next week if no times are given."""
    name, begin, end = questions.wanted_shifts(request.args, call.now)
    if not begin < end <= begin + LONGEST:
        raise Refused(problem(400, "to: after from, and no more than 92 days later"))
    directory = _directory()
    wanted = [_named(name, directory)] if name else list(directory.schedules.values())
    found = [{"schedule": one.name, **shift} for one in wanted for shift in _shifts(one, begin, end)]
    return as_json({"shifts": found[:MOST]})


def _shifts(schedule: Schedule, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    found = list(shifts(schedule, begin, end))[:MOST]
    return [{"person": one.who or None, "starts_at": one.starts, "ends_at": one.ends} for one in found]


@bp.post("/v1/oncall/overrides/preview")
@needs(READ, *ACTORS)
def preview(call: Call) -> Response:
    """What it would change of that time; nothing is kept."""
    said, directory = object_of(body()), _directory()
    begin, end = moment_in(said, "starts_at") or call.now, moment_in(said, "ends_at")
    try:
        end = begin + parse_duration(text_in(said, "for")) if "for" in said and end is None else end
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, f"for: {wrong}")) from wrong
    schedule, who = _named(text_in(said, "schedule"), directory), text_in(said, "person").lower()
    if who not in directory.people:
        raise Refused(problem(400, "person: there is nobody with this address"))
    if end is None or not begin < end <= begin + LONGEST:
        raise Refused(problem(400, "ends_at: after starts_at, and no more than 92 days later"))
    changed = replace(schedule, overrides=(*schedule.overrides, Override(begin, end, who, PROPOSED)))
    return as_json({"before": _shifts(schedule, begin, end), "after": _shifts(changed, begin, end)})


# Swaps: asked for by a person, answered by the other


@bp.get("/v1/oncall/swaps")
@needs(READ, only_persons=True)
def swaps(call: Call) -> Response:
    directory = _directory()
    with reading() as session:
        return as_json({"swaps": [_swap(row, directory) for row in rows.swaps(session, call.me.email, call.now)]})


def _swap(row: SwapRow, directory: Directory) -> dict[str, Any]:
    names = {one.id: one.name for one in directory.schedules.values()}
    return {name: getattr(row, name) for name in SWAP} | {"schedule": names.get(row.schedule_id, "")}


@bp.post("/v1/oncall/swaps")
@needs(ACT, only_persons=True)
def ask_swap(call: Call) -> Response:
    """One's own shift, or a part of it, to `person`; in return for a time of theirs, if there is one."""
    said = object_of(body())
    gives, takes = _span(said, "gives"), _span(said, "takes")
    if gives is None:
        raise Refused(problem(400, "gives_from, gives_to: the time in which somebody else is to be on call"))
    schedule, who, reason = text_in(said, "schedule"), text_in(said, "person"), line_in(said, "reason")
    asked = duties.AskedSwap(schedule, call.me.email, who, gives, takes, reason)
    with transaction() as session:
        try:
            row = duties.ask(session, asked, call.actor, call.now)
        except duties.Wrong as wrong:
            raise Refused(problem(400, str(wrong))) from wrong
        return as_json(_swap(row, world().roll.current(session)))


def _span(said: dict[str, Any], name: str) -> duties.Span | None:
    begin, end = moment_in(said, f"{name}_from"), moment_in(said, f"{name}_to")
    if (begin is None) != (end is None):
        raise Refused(problem(400, f"{name}_from and {name}_to: both, or none"))
    return None if begin is None or end is None else (begin.astimezone(UTC), end.astimezone(UTC))


@bp.post("/v1/oncall/swaps/<number>/accept")
@needs(ACT, only_persons=True)
def accept_swap(call: Call, number: str) -> Response:
    return _answered(number, call, accept=True)


@bp.post("/v1/oncall/swaps/<number>/decline")
@needs(ACT, only_persons=True)
def decline_swap(call: Call, number: str) -> Response:
    return _answered(number, call, accept=False)


@bp.post("/v1/oncall/swaps/<number>/withdraw")
@needs(ACT, only_persons=True)
def withdraw_swap(call: Call, number: str) -> Response:
    return _answered(number, call, accept=None)


def _answered(number: str, call: Call, *, accept: bool | None) -> Response:
    """Only by whom it concerns."""
    wanted, _ = small_number(number, "swap of yours"), optional_body()
    with transaction() as session:
        try:
            if accept is None:
                row = duties.withdraw(session, wanted, call.actor, call.now)
            else:
                row = duties.answer(session, wanted, call.actor, call.now, accept=accept)
        except duties.Wrong as wrong:
            raise Refused(problem(409, str(wrong))) from wrong
        if row is None:
            raise missing("swap of yours", number)
        return as_json(_swap(row, world().roll.current(session)))


@bp.post("/v1/oncall/away")
@needs(ACT, only_persons=True)
def away(call: Call) -> Response:
    """For each shift of one's own in that time `person` is asked to stand in."""
    said = object_of(body())
    begin, end = moment_in(said, "from"), moment_in(said, "to")
    if begin is None or end is None:
        raise Refused(problem(400, "from, to: moments with their offsets"))
    with transaction() as session:
        try:
            asked = duties.away(
                session, (begin, end), text_in(said, "person"), line_in(said, "reason"), call.actor, call.now
            )
        except duties.Wrong as wrong:
            raise Refused(problem(400, str(wrong))) from wrong
        return as_json({"swaps": [_swap(row, world().roll.current(session)) for row in asked]})


# Calendars of schedules


@bp.post("/v1/schedules/<number>/calendar")
@needs(ACT, *PLANNERS)
def new_schedule_calendar(call: Call, number: str) -> Response:
    """A new secret address, shown this once; the one before ends."""
    schedule, _ = _numbered(number), optional_body()
    with transaction() as session:
        made = calendars.new_feed(session, call.actor, call.now, schedule_id=schedule.id)
    return as_json({"address": f"{world().settings.public_url}/ical/{made}.ics"})


@bp.delete("/v1/schedules/<number>/calendar")
@needs(ACT, *PLANNERS)
def end_schedule_calendar(call: Call, number: str) -> Response:
    schedule = _numbered(number)
    with transaction() as session:
        return as_json({"ended": calendars.end_feed(session, call.actor, call.now, schedule_id=schedule.id)})


@bp.post("/v1/schedules/<number>/imports")
@needs(ADMIN)
def add_import(call: Call, number: str) -> Response:
    """A calendar of others as the last layer: `address`, or the calendar itself as `text`; read within a minute."""
    schedule, said = _numbered(number), object_of(body())
    try:
        with transaction() as session:
            layers.add(session, schedule.id, text_in(said, "address") or text_in(said, "text"), call.actor, call.now)
    except duties.Wrong as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _imports(schedule)


@bp.delete("/v1/schedules/<number>/imports/<key>")
@needs(ADMIN)
def remove_import(call: Call, number: str, key: str) -> Response:
    schedule = _numbered(number)
    with transaction() as session:
        if not _gone(session, schedule, key, call):
            raise missing("calendar", key)
    return _imports(schedule)


def _gone(session: Session, schedule: Schedule, key: str, call: Call) -> bool:
    return layers.remove(session, schedule.id, key, call.actor, call.now)


def _imports(schedule: Schedule) -> Response:
    with reading() as session:
        return as_json({"keys": [row.key for row in feeds.imported_of(session, schedule.id)]})
