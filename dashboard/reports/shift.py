"""Hand-over: what happened in the shift that ended last, what is still held or silenced, and who takes over."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Moment, Reader
from dashboard.reports import shift_queries as queries
from dashboard.words import Badge
from gateway.access import auth
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.store import audit
from gateway.store.db import transaction
from gateway.store.tables import Incident
from rules.oncall import shifts
from rules.schedules import Schedule
from rules.words import Directory

BACK = timedelta(days=21)  # how far a shift may have begun
LONGEST_UNSAID = timedelta(days=3)  # after which nobody is asked to confirm any more


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's turn on a schedule, and who came after."""

    schedule: Schedule
    who: str
    start: datetime
    end: datetime
    following: str

    @property
    def key(self) -> str:
        name = hashlib.sha256(self.schedule.name.encode()).hexdigest()[:16]
        return f"handover:{name}:{int(self.end.timestamp())}"


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    title: str
    urgency: Badge
    status: Badge
    opened: Moment


@bp.get("/reports/shift")
@require(*READERS)
def reports_shift(visit: Visit) -> ResponseReturnValue:
    directory, reader = queries.directory(), reader_of(visit)
    shift = _chosen(directory, visit, request.args.get("schedule", ""))
    values: dict[str, object] = {"page": "reports", "schedules": sorted(directory.schedules), "shift": shift}
    if shift is not None:
        values |= _values(shift, directory, visit, reader)
    return draw(visit, "pages/report_shift.html", values)


@bp.post("/reports/shift")
@require(*ACTORS)
def take_over(visit: Visit) -> ResponseReturnValue:
    """Only whoever is on call now can say so, and saying it twice changes nothing."""
    directory = queries.directory()
    shift = _chosen(directory, visit, request.form.get("schedule", ""))
    if shift is None or shift.following != visit.person.email:
        abort(403)
    with transaction() as session:
        if queries.confirm(session, shift.key, visit.person.name or visit.person.email, visit.now):
            target = f"schedule {shift.schedule.name}"
            audit.note(session, visit.now, visit.person.email, "hand-over confirmed", target, auth.WAY, of=shift.who)
    return redirect(url_for("dashboard.reports_shift", schedule=shift.schedule.name))


def _chosen(directory: Directory, visit: Visit, name: str) -> Shift | None:
    """Of the schedule that is named; else of the one in which the reader gave or takes over."""
    found = [shift for one in sorted(directory.schedules) if (shift := last_shift(directory.schedules[one], visit.now))]
    named = next((one for one in found if one.schedule.name == name), None)
    mine = next((one for one in found if visit.person.email in (one.who, one.following)), None)
    return named or mine or next(iter(found), None)


def last_shift(schedule: Schedule, now: datetime) -> Shift | None:
    """The turn that ended last, of the same person from its first moment to its last."""
    turns: list[Shift] = []
    for one in shifts(schedule, now - BACK, now + timedelta(microseconds=1)):
        if turns and turns[-1].who == (one.who or ""):
            turns[-1] = replace(turns[-1], end=one.ends)
        else:
            turns.append(Shift(schedule, one.who or "", one.starts, one.ends, ""))
    over = [replace(turn, following=after.who) for turn, after in pairwise(turns) if turn.who]
    return over[-1] if over else None


def _values(shift: Shift, directory: Directory, visit: Visit, reader: Reader) -> dict[str, object]:
    opened = queries.opened(shift.start, shift.end)
    confirmed = queries.confirmed(shift.key)
    late = visit.now - shift.end > LONGEST_UNSAID
    return {
        "who": _name(directory, shift.who),
        "following": _name(directory, shift.following),
        "start": reader.moment(shift.start),
        "end": reader.moment(shift.end),
        "opened": _lines(opened[: queries.MOST], reader),
        "more": len(opened) > queries.MOST,
        "held": _lines(queries.held(), reader),
        "windows": [(one, reader.moment(one.ends_at)) for one in queries.quiet(visit.now)],
        "confirmed": (confirmed[0], reader.moment(confirmed[1])) if confirmed else None,
        "may_confirm": shift.following == visit.person.email and confirmed is None and not late,
    }


def _name(directory: Directory, email: str) -> str:
    person = directory.people.get(email)
    return person.name if person else email


def _lines(found: Sequence[Incident], reader: Reader) -> list[Line]:
    return [
        Line(
            one.id,
            one.title,
            words.urgency(one.urgency, reader),
            words.status(one.status, reader, snoozed=one.snoozed_until is not None),
            reader.moment(one.opened_at),
        )
        for one in found
    ]
