"""The forms of the incident page that change the incident itself: urgency, title, alerts, what fixed it, verdicts."""

from collections.abc import Mapping

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.incident.acting import answered, done, refused
from dashboard.incident.views import INCIDENT
from dashboard.page import htmx, reader_of
from dashboard.takeback import actor_of
from gateway import actions
from gateway.access.auth import ACTORS, Visit, require
from gateway.acts import amend, merging
from gateway.store.figures.verdicts import VALUES
from rules.lifecycle import Given, Signal
from rules.texts.reasons import reason
from rules.words import Urgency

MOST_ALERTS = 1000  # chosen at once
CALLS: Mapping[str, bool] = {"yes": True, "no": False}


@bp.post(f"{INCIDENT}/escalate")
@require(*ACTORS)
def escalate(visit: Visit, number: int) -> ResponseReturnValue:
    """The next step now. The form says which step was last when it was drawn, so that two presses are one."""
    level = request.form.get("level", "")
    known = level.isascii() and level.isdigit() and len(level) < 10
    given = Given(level=int(level) if known else None)
    return answered(visit, number, actions.act(number, Signal.HURRY, actor_of(visit), visit.now, given))


@bp.post(f"{INCIDENT}/urgency")
@require(*ACTORS)
def urgency(visit: Visit, number: int) -> ResponseReturnValue:
    wanted, why = request.form.get("urgency", ""), amend.line_of(request.form.get("reason", ""))
    _ = reader_of(visit).say
    if wanted not in tuple(Urgency):
        return refused(visit, number, _("Choose one of the four urgencies. Nothing was changed."))
    if not why:
        return refused(visit, number, _("Write why it is more or less urgent. Nothing was changed."))
    return answered(visit, number, amend.set_urgency(number, Urgency(wanted), why, actor_of(visit), visit.now))


@bp.post(f"{INCIDENT}/title")
@require(*ACTORS)
def title(visit: Visit, number: int) -> ResponseReturnValue:
    wanted, _ = amend.line_of(request.form.get("title", "")), reader_of(visit).say
    if not wanted:
        return refused(visit, number, _("A title cannot be empty. Nothing was changed."))
    changed = amend.retitle(number, wanted, actor_of(visit), visit.now)
    return _told(visit, number, changed, _("The title of #%(n)s was changed.", n=number))


@bp.post(f"{INCIDENT}/fixed")
@require(*ACTORS)
def fixed(visit: Visit, number: int) -> ResponseReturnValue:
    text, _ = amend.line_of(request.form.get("text", "")), reader_of(visit).say
    if not text:
        return refused(visit, number, _("Write what fixed it. Nothing was changed."))
    try:
        known = amend.say_fixed(number, text, actor_of(visit), visit.now)
    except actions.NotPossible:
        return refused(visit, number, _("It is not resolved yet. Nothing was changed."))
    return _told(visit, number, known or None, _("Saved for the next time."))


@bp.post(f"{INCIDENT}/verdict")
@require(*ACTORS)
def verdict(visit: Visit, number: int) -> ResponseReturnValue:
    value, call = request.form.get("verdict"), CALLS.get(request.form.get("call", ""))
    _, person = reader_of(visit).say, visit.person.person_id
    value = value if value in VALUES else None
    if value is None and call is None:
        return refused(visit, number, _("Choose a verdict. Nothing was changed."))
    try:
        changed = amend.judge(number, person, actor_of(visit), visit.now, value=value, call=call)
    except actions.NotPossible:
        return refused(visit, number, _("It is not resolved yet. Nothing was changed."))
    return _told(visit, number, changed, _("Thank you: reports about noise count it."))


@bp.post(f"{INCIDENT}/merge")
@require(*ACTORS)
def merge(visit: Visit, number: int) -> ResponseReturnValue:
    text, _ = request.form.get("into", "").strip().removeprefix("#"), reader_of(visit).say
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        return refused(visit, number, _("Write the number of the incident that it belongs to. Nothing was changed."))
    try:
        merged = merging.merge(number, int(text), actor_of(visit), visit.now)
    except actions.NotPossible as wrong:
        return refused(visit, number, _("Not merged: %(why)s.", why=reason(wrong, _)))
    return _told(visit, number, merged, _("Merged into #%(n)s.", n=text))


@bp.post(f"{INCIDENT}/split")
@require(*ACTORS)
def split(visit: Visit, number: int) -> ResponseReturnValue:
    chosen = [text for text in request.form.getlist("alert") if text.isascii() and text.isdigit() and len(text) < 18]
    _ = reader_of(visit).say
    try:
        made = merging.split(number, map(int, chosen[:MOST_ALERTS]), actor_of(visit), visit.now)
    except actions.NotPossible as wrong:
        return refused(visit, number, _("Not split: %(why)s.", why=reason(wrong, _)))
    if made is not None and not htmx:
        return redirect(url_for("dashboard.incident", number=made))
    return _told(visit, number, None if made is None else True, _("These alerts are #%(n)s now.", n=made or ""))


def _told(visit: Visit, number: int, changed: bool | None, said: str) -> ResponseReturnValue:
    if changed is None:
        abort(404)
    return done(visit, number, said if changed else reader_of(visit).say("Nothing was changed."))
