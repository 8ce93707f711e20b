"""Hand-over: what happened in the shift that ended last, what is still held or silenced, and who takes over."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Moment, Reader
from dashboard.takeback import actor_of
from dashboard.words import Badge
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.acts import handover
from gateway.acts.handover import Shift
from gateway.store.db import db
from gateway.store.tables import Incident
from gateway.world import world
from rules.words import Directory


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
    directory, reader = world().roll.current(db.session()), reader_of(visit)
    shift = handover.chosen(directory, visit.person.email, request.args.get("schedule", ""), visit.now)
    values: dict[str, object] = {"page": "reports", "schedules": sorted(directory.schedules), "shift": shift}
    if shift is not None:
        values |= _values(shift, directory, visit, reader)
    return draw(visit, "pages/report_shift.html", values)


@bp.post("/reports/shift")
@require(*ACTORS)
def take_over(visit: Visit) -> ResponseReturnValue:
    """Only whoever is on call now can say so, and saying it twice changes nothing."""
    directory = world().roll.current(db.session())
    shift = handover.chosen(directory, visit.person.email, request.form.get("schedule", ""), visit.now)
    if shift is None or not handover.take_over(shift, actor_of(visit), visit.now):
        abort(403)
    return redirect(url_for("dashboard.reports_shift", schedule=shift.schedule.name))


def _values(shift: Shift, directory: Directory, visit: Visit, reader: Reader) -> dict[str, object]:
    opened = handover.opened(db.session(), shift.start, shift.end)
    confirmed = handover.confirmed(db.session(), shift.key)
    late = visit.now - shift.end > handover.LONGEST_UNSAID
    return {
        "who": _name(directory, shift.who),
        "following": _name(directory, shift.following),
        "start": reader.moment(shift.start),
        "end": reader.moment(shift.end),
        "opened": _lines(opened[: handover.MOST], reader),
        "more": len(opened) > handover.MOST,
        "held": _lines(handover.held(db.session()), reader),
        "windows": [(one, reader.moment(one.ends_at)) for one in handover.quiet(db.session(), visit.now)],
        "confirmed": (confirmed[0], reader.moment(confirmed[1])) if confirmed else None,
        "may_confirm": visit.may_act and shift.following == visit.person.email and confirmed is None and not late,
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
