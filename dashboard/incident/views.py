"""One incident: its page, its buttons, its notes."""

from datetime import datetime

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import queries, rows
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.incident import queries as incident_queries
from dashboard.incident import timeline
from dashboard.incident.cards import alerts_card, details, hero, ladder, what, why
from dashboard.page import draw, draw_part, htmx, is_local, reader_of
from dashboard.reader import Reader
from dashboard.takeback import actor_of, leading_back, say, token_of
from gateway import actions, amend
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.store.tables import Incident
from rules.lifecycle import NOTHING, Given, Reason, Signal
from rules.snoozing import end_of
from rules.text import clean_text
from rules.words import Role

MOST_NOTE = 4000  # characters
SNOOZES = (
    ("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("4h", "4 hours"), ("1d", "1 day"),
    ("until 09:00 tomorrow", "until 09:00 tomorrow"),
)  # fmt: skip
LENGTHS = (("", "for good"), *SNOOZES[:3], ("until 09:00", "until 09:00"))  # of an acknowledgement


@bp.get("/incidents/<int(max=9223372036854775807):number>")
@require(*READERS)
def incident(visit: Visit, number: int) -> ResponseReturnValue:
    return draw(visit, "pages/incident.html", incident_values(visit, _found(number)))


@bp.post("/incidents/<int(max=9223372036854775807):number>/<any(acknowledge, resolve):what>")
@require(*ACTORS)
def act(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    if what == "resolve":
        fixed_by, mute = amend.line_of(request.form.get("fixed_by", "")), bool(request.form.get("mute"))
        reason = amend.resolve(number, actor_of(visit), visit.now, mute=mute, fixed_by=fixed_by)
    else:
        given = Given(until=_until(visit)) if request.form.get("for") else NOTHING
        reason = actions.act(number, Signal.ACKNOWLEDGE, actor_of(visit), visit.now, given)
    return _answered(visit, number, reason)


@bp.post("/incidents/<int(max=9223372036854775807):number>/snooze")
@require(*ACTORS)
def snooze(visit: Visit, number: int) -> ResponseReturnValue:
    reason = actions.act(number, Signal.SNOOZE, actor_of(visit), visit.now, Given(until=_until(visit)))
    return _answered(visit, number, reason)


def _until(visit: Visit) -> datetime:
    wanted = clean_text(request.form.get("until") or request.form.get("for") or SNOOZES[0][0])
    try:
        return end_of(wanted, visit.now, reader_of(visit).zone)
    except ValueError:
        abort(400)


@bp.post("/incidents/<int(max=9223372036854775807):number>/assign")
@require(*ACTORS)
def assign(visit: Visit, number: int) -> ResponseReturnValue:
    """Without a name: to whoever presses the button."""
    to = clean_text(request.form.get("to") or visit.person.email)
    try:
        reason = actions.assign(number, to, actor_of(visit), visit.now)
    except actions.NotPossible:
        abort(400)
    return _answered(visit, number, reason)


@bp.post("/incidents/<int(max=9223372036854775807):number>/notes")
@require(*READERS)
def add_note(visit: Visit, number: int) -> ResponseReturnValue:
    text = clean_text(request.form.get("text", "")).strip()[:MOST_NOTE]
    if text and not actions.add_note(number, text, actor_of(visit), visit.now):
        abort(404)
    return _done(visit, number, "")


def _answered(visit: Visit, number: int, reason: Reason | None) -> ResponseReturnValue:
    if reason is None:
        abort(404)
    return _done(visit, number, _words(visit, number, reason))


def _found(number: int) -> Incident:
    found = incident_queries.incident(number)
    if found is None:
        abort(404)
    return found


def _done(visit: Visit, number: int, said: str) -> ResponseReturnValue:
    """Without JavaScript back to where the button was; with it, the changed row or page and a word about it."""
    if not htmx:
        back = request.form.get("back", "")
        place = back if is_local(back) else url_for("dashboard.incident", number=number)
        return redirect(leading_back(place, token_of(visit)))
    found = _found(number)
    if (htmx.target or "").startswith("row-"):
        message = queries.last_notifications([number]).get(number)
        row = rows.row(found, message, queries.directory(), reader_of(visit))
        answer = draw_part(visit, "partials/row_alone.html", {"row": row})
    else:
        answer = draw_part(visit, "partials/incident.html", incident_values(visit, found))
    return say(answer, said, visit)


def _words(visit: Visit, number: int, reason: Reason) -> str:
    """What came of it, said neutrally: to be second is no mistake."""
    found, reader = _found(number), reader_of(visit)
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
    return _("Resolved #%(n)s.", n=found.id)


def _whose(found: Incident) -> str:
    people = queries.directory().people.values()
    return next((person.name or person.email for person in people if person.id == found.assignee_id), "?")


def _choices(visit: Visit) -> list[tuple[str, str]]:
    """Who may be given it: whoever looks at the page first, then by name. A viewer is never paged."""
    people = [person for person in queries.directory().people.values() if person.role is not Role.VIEWER]
    people.sort(key=lambda person: (person.email != visit.person.email, person.name.lower()))
    return [(person.email, person.name or person.email) for person in people]


def incident_values(visit: Visit, found: Incident) -> dict[str, object]:
    """Everything the page shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    mark = marked(incident_queries.mark(found.id), visit.now)
    reader = reader_of(visit)
    directory = queries.directory()
    sent = incident_queries.deliveries(found.id)
    alerts = incident_queries.alerts(found.id)
    source = incident_queries.source_of(found)
    return {
        "page": "incident",
        "mark": mark,
        "row": rows.row(found, None, directory, reader),
        "hero": hero(found, source.name, incident_queries.count_firing(found.id), directory, reader),
        "what": what(alerts),
        "lines": timeline.lines(incident_queries.entries(found.id), reader),
        "ladder": ladder(found, sent, directory, reader),
        "why": why(found, reader),
        "alerts": alerts_card(alerts, reader),
        "details": details(found, source, sent, reader),
        "most": incident_queries.MOST,
        "lengths": [(value, reader.say(word)) for value, word in LENGTHS],
        "snoozes": [(value, reader.say(word)) for value, word in SNOOZES],
        "people": _choices(visit) if visit.may_act else [],
    }


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("30 minutes"), _("1 hour"), _("2 hours"), _("4 hours"), _("1 day"), _("until 09:00 tomorrow"),
        _("for good"), _("until 09:00"),
    )  # fmt: skip
