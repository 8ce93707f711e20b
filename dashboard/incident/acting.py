"""What the buttons of the incident page do, and what is said about it."""

from dataclasses import replace
from datetime import datetime

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import queries as list_queries
from dashboard import rows
from dashboard.blueprint import bp
from dashboard.incident import queries
from dashboard.incident.values import SNOOZES, incident_values, shown_at
from dashboard.incident.views import INCIDENT, found_or_404
from dashboard.page import draw, draw_part, htmx, is_local, reader_of
from dashboard.reader import Reader
from dashboard.takeback import actor_of, leading_back, say, token_of
from gateway import actions
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.acts import amend, belated, writeback
from gateway.store.tables import Incident
from rules.lifecycle import NOTHING, Given, Reason, Signal
from rules.telling.snoozing import end_of
from rules.texts.text import clean_text

MOST_NOTE = 4000  # characters


@bp.post(f"{INCIDENT}/<any(acknowledge, resolve, wake):what>")
@require(*ACTORS)
def act(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    if what == "resolve":
        fixed_by, mute = amend.line_of(request.form.get("fixed_by", "")), bool(request.form.get("mute"))
        reason = amend.resolve(number, actor_of(visit), visit.now, mute=mute, fixed_by=fixed_by)
    elif what == "wake":
        reason = actions.act(number, Signal.WAKE, actor_of(visit), visit.now)
    else:
        given = Given(until=_until(visit)) if request.form.get("for") else NOTHING
        reason = _acknowledge(visit, number, given)
    return answered(visit, number, reason)


def _acknowledge(visit: Visit, number: int, given: Given) -> Reason | None:
    """What waited for a network says since when; 409 if the incident is not what it was then."""
    seen = belated.seen_at(request.headers.get("X-Waited", ""), request.headers.get("X-Seen", ""), visit.now)
    try:
        return belated.act(number, Signal.ACKNOWLEDGE, actor_of(visit), seen, visit.now, given)
    except actions.NotPossible:
        abort(409)


@bp.post(f"{INCIDENT}/snooze")
@require(*ACTORS)
def snooze(visit: Visit, number: int) -> ResponseReturnValue:
    reason = actions.act(number, Signal.SNOOZE, actor_of(visit), visit.now, Given(until=_until(visit)))
    return answered(visit, number, reason)


def _until(visit: Visit) -> datetime:
    wanted = clean_text(request.form.get("until") or request.form.get("for") or SNOOZES[0][0])
    try:
        return end_of(wanted, visit.now, reader_of(visit).zone)
    except ValueError:
        abort(400)


@bp.post(f"{INCIDENT}/assign")
@require(*ACTORS)
def assign(visit: Visit, number: int) -> ResponseReturnValue:
    """Without a name: to whoever presses the button."""
    to = clean_text(request.form.get("to") or visit.person.email)
    try:
        reason = actions.assign(number, to, actor_of(visit), visit.now)
    except actions.NotPossible:
        abort(400)
    return answered(visit, number, reason)


@bp.post(f"{INCIDENT}/desk")
@require(*ACTORS)
def tell_desk(visit: Visit, number: int) -> ResponseReturnValue:
    """The service desk of a ticket is told once more who has it."""
    writeback.again(found_or_404(number).id, actor_of(visit), visit.now)
    return done(visit, number, "")


@bp.post(f"{INCIDENT}/notes")
@require(*READERS)
def add_note(visit: Visit, number: int) -> ResponseReturnValue:
    text = clean_text(request.form.get("text", "")).strip()[:MOST_NOTE]
    if text and actions.add_note(number, text, actor_of(visit), visit.now, request.form.get("once", "")) is None:
        abort(404)
    return done(visit, number, "")


def answered(visit: Visit, number: int, reason: Reason | None) -> ResponseReturnValue:
    if reason is None:
        abort(404)
    return done(visit, number, _words(visit, number, reason))


def done(visit: Visit, number: int, said: str) -> ResponseReturnValue:
    """Without JavaScript back to where the button was; with it, the changed row or page and a word about it."""
    if not htmx:
        back = request.form.get("back", "")
        place = back if is_local(back) else url_for("dashboard.incident", number=number)
        return redirect(leading_back(place, token_of(visit)))
    found = found_or_404(number)
    if (htmx.target or "").startswith("row-"):
        message = list_queries.last_notifications([number]).get(number)
        row = rows.row(found, message, list_queries.directory(), reader_of(visit))
        row = replace(row, outside=queries.outside(number))
        answer = draw_part(visit, "partials/row_alone.html", {"row": row})
    else:
        values = incident_values(visit, found, shown_at(htmx.current_url))
        answer = draw_part(visit, "partials/incident.html", values)
    return say(answer, said, visit)


def refused(visit: Visit, number: int, why: str) -> ResponseReturnValue:
    """Nothing was changed, and why: above the page."""
    if not htmx:
        values = incident_values(visit, found_or_404(number))
        return draw(visit, "pages/incident.html", {**values, "wrong": why}, 422)
    body = render_template("partials/refused.html", wrong=why)
    return Response(body, 422, {"HX-Retarget": "#flash-err", "HX-Reswap": "innerHTML"}, mimetype="text/html")


def _words(visit: Visit, number: int, reason: Reason) -> str:
    """What came of it, said neutrally: to be second is no mistake."""
    found, reader = found_or_404(number), reader_of(visit)
    _ = reader.say
    if reason is Reason.ALREADY_ACKNOWLEDGED:
        at = reader.moment(found.ack_at).short if found.ack_at else ""
        return _("#%(n)s was already acknowledged by %(who)s %(time)s.", n=number, who=found.ack_by or "?", time=at)
    if reason is Reason.ALREADY_RESOLVED:
        at = reader.moment(found.resolved_at).short if found.resolved_at else ""
        return _("#%(n)s was already resolved %(time)s.", n=number, time=at)
    return _plain(found, reader, reason)


def _plain(found: Incident, reader: Reader, reason: Reason) -> str:
    _ = reader.say
    if reason is Reason.ACKNOWLEDGED:
        return _("Acknowledged #%(n)s. Nobody else is called.", n=found.id)
    if reason is Reason.SNOOZED and found.snoozed_until:
        return _("Snoozed #%(n)s until %(time)s.", n=found.id, time=reader.moment(found.snoozed_until).short)
    if reason in (Reason.ASSIGNED, Reason.REASSIGNED, Reason.ALREADY_ASSIGNED):
        return _("#%(n)s is in the hands of %(who)s.", n=found.id, who=_whose(found))
    known = {
        Reason.WOKEN_BY_HAND: _("Woken: step %(level)s of #%(n)s begins now.", level=found.level, n=found.id),
        Reason.NOT_SNOOZED: _("#%(n)s is not snoozed. Nothing was changed.", n=found.id),
        Reason.HURRIED: _("Step %(level)s of #%(n)s begins now.", level=found.level, n=found.id),
        Reason.NOBODY_NEXT: _("Everybody was told already: the policy has no further step."),
        Reason.ALREADY_PASSED_ON: _("The next step had begun already."),
        Reason.NOT_DUE: _("Nothing was changed."),
        Reason.LOWERED: _("Less urgent from now on. Calls about #%(n)s stop.", n=found.id),
        Reason.ESCALATED: _("More urgent from now on: its steps begin anew."),
    }
    return known.get(reason, _("Resolved #%(n)s.", n=found.id))


def _whose(found: Incident) -> str:
    people = list_queries.directory().people.values()
    return next((person.name or person.email for person in people if person.id == found.assignee_id), "?")
