"""The pocket page: one incident, one recipient, one big button; no sign-in, no JavaScript.

Looking changes nothing, because mail scanners look; the button posts. The signed token in the address is also what
proves that the form is ours: nobody else can know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import queries, rows, takeback, words
from dashboard.blueprint import bp
from dashboard.incident import queries as incident_queries
from dashboard.incident.values import LENGTHS
from dashboard.page import draw_outside, stranger
from dashboard.reader import Reader, reader
from gateway import actions
from gateway.access import contacts, links
from gateway.access.auth import MOST_FORM
from gateway.actions import Actor
from gateway.acts import belated, undo
from gateway.store.db import db
from gateway.store.incidents import undos
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Incident
from gateway.world import world
from rules.lifecycle import Given, Reason, Signal, has_next
from rules.phases import is_snoozed
from rules.telling.snoozing import end_of
from rules.texts.text import clean_text, cut, one_line, safe_url
from rules.words import Role, Status

SIGNALS = {"acknowledge": Signal.ACKNOWLEDGE, "resolve": Signal.RESOLVE, "decline": Signal.DECLINE, "wake": Signal.WAKE}
SAID = {
    Reason.ACKNOWLEDGED: "acknowledged", Reason.RESOLVED: "resolved", Reason.PASSED_ON: "passed",
    Reason.ALREADY_PASSED_ON: "passed", Reason.NOBODY_NEXT: "nobody",
    Reason.WOKEN_BY_HAND: "woken", Reason.NOT_SNOOZED: "awake",
}  # fmt: skip
ENVIRONMENT = ("env", "environment")  # what senders call that label
MOST_NOTE, MOST_TEXT = 1000, 600  # characters


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that still works: its incident, and who holds it."""

    incident: Incident
    actor: Actor
    may_act: bool
    reader: Reader


@bp.get("/p/<token>")
def pocket(token: str) -> ResponseReturnValue:
    found = _open(token)
    if found is None:
        return _over()
    return _page(token, found, request.args.get("said", ""), undo=request.args.get("undo", ""))


@bp.post("/p/<token>")
def pocket_act(token: str) -> ResponseReturnValue:
    request.max_content_length = MOST_FORM
    found = _open(token)
    if found is None:
        return _over()
    if not found.may_act:
        return _page(token, found, "", 403)
    now = world().clock.now()
    if request.form.get("do") == "undo":
        outcome = undo.take_back(request.form.get("undo", ""), found.actor, now)
        return _page(token, _open(token) or found, "", told=takeback.outcome_words(outcome, found.reader))
    said = _act(found, request.form.get("do", ""), now)
    row = undos.offered(db.session(), undo.account(found.actor), now)
    return redirect(url_for("dashboard.pocket", token=token, said=said, undo=row.token if row else None))


def _act(found: Opened, wanted: str, now: datetime) -> str:
    if wanted == "note":
        text = clean_text(request.form.get("text", "")).strip()[:MOST_NOTE]
        once = request.form.get("once", "")
        return "noted" if text and actions.add_note(found.incident.id, text, found.actor, now, once) else ""
    if wanted not in SIGNALS:
        return ""
    level = request.form.get("level", "")
    given = Given(
        until=_until(found, now) if wanted == "acknowledge" and request.form.get("for") else None,
        level=int(level) if level.isascii() and level.isdigit() and len(level) < 10 else None,
    )
    reason = _signal(found, SIGNALS[wanted], now, given)
    if wanted != "decline" and found.actor.person_id:
        contacts.answered(found.actor, found.incident.id, now)
    return SAID.get(reason, "already") if reason else ""


def _signal(found: Opened, signal: Signal, now: datetime, given: Given) -> Reason | None:
    """What waited for a network says since when; 409 if the incident is not what it was then."""
    seen = belated.seen_at(request.headers.get("X-Waited", ""), request.form.get("seen", ""), now)
    try:
        return belated.act(found.incident.id, signal, found.actor, seen, now, given)
    except actions.NotPossible:
        abort(409)


def _until(found: Opened, now: datetime) -> datetime:
    try:
        return end_of(clean_text(request.form["for"]), now, found.reader.zone)
    except ValueError:
        abort(400)


def _open(token: str) -> Opened | None:
    link = links.read(world().settings.secret_key, token)
    found = incident_queries.incident_by_uuid(link.incident_uuid) if link else None
    now = world().clock.now()
    if link is None or found is None or links.over(found.resolved_at, now):
        return None
    if link.who.startswith("team:"):
        return Opened(found, Actor(link.who.removeprefix("team:"), "link"), may_act=True, reader=stranger())
    person = incident_queries.person_by_email(link.who)
    if person is None or not person.active:
        return None
    actor = Actor(person.name or person.email, "link", person.id, person.email)
    return Opened(found, actor, person.role != Role.VIEWER, reader(now, person.language, person.timezone))


def _over() -> Response:
    return draw_outside("pages/pocket_over.html", {}, 410)


def _page(token: str, found: Opened, said: str, code: int = 200, *, told: str = "", undo: str = "") -> Response:
    incident, who = found.incident, found.reader
    alerts = incident_queries.alerts(incident.id)[:1]
    annotations = alerts[0].annotations if alerts else {}
    links = {**alerts[0].labels, **annotations} if alerts else {}  # the rule book's tables may have added a link
    text = str(annotations.get("summary") or annotations.get("description") or "")
    values = {
        "token": token,
        "incident": incident,
        "urgency": words.urgency(incident.urgency, who),
        "status": words.status(incident.status, who),
        "opened": who.moment(incident.opened_at),
        "environment": _environment(alerts[0].labels) if alerts else "",
        "alerts": who.count("%(n)s alert", "%(n)s alerts", incident.alert_count),
        "text": cut(text, MOST_TEXT) if text != incident.title else "",
        "runbook": safe_url(str(links.get("runbook_url", ""))),
        "open": incident.status == Status.TRIGGERED,
        "asleep": incident.status != Status.RESOLVED and is_snoozed(incident.snoozed_until, incident.suppressed_by),
        "answer": rows.may_acknowledge(incident),
        "lengths": [(value, who.say(word)) for value, word in LENGTHS],
        "over": incident.status == Status.RESOLVED,
        "state": _state(incident, who),
        "said": told or _said(said, incident, who),
        "undo": undo if undo.isalnum() else "",
        "pass_to": _next_names(incident, who),
        "next": rows.next_step(incident, queries.directory(), who) if incident.status == Status.TRIGGERED else None,
        "actor": found.actor.name,
        "may_act": found.may_act,
    }
    return draw_outside("pages/pocket.html", values, code, who)


def _environment(labels: Mapping[str, str]) -> str:
    """Production or not: whoever is woken wants to know."""
    return cut(one_line(next((str(labels[name]) for name in ENVIRONMENT if labels.get(name)), "")), 40)


def _next_names(incident: Incident, who: Reader) -> str:
    """To whom it can be passed; to nobody once all steps were told."""
    going = incident.status == Status.TRIGGERED and has_next(route_of(incident.route), incident.level)
    return rows.next_names(incident, queries.directory(), who) if going else ""


def _state(incident: Incident, who: Reader) -> str:
    """By whom and when it was answered, or until when it is snoozed."""
    if incident.snoozed_until:
        return who.say("Snoozed until %(time)s.", time=who.moment(incident.snoozed_until).short)
    if incident.status == Status.ACKNOWLEDGED and incident.ack_at:
        at = who.moment(incident.ack_at).short
        return who.say("Acknowledged by %(who)s %(time)s.", who=incident.ack_by or "?", time=at)
    if incident.status == Status.RESOLVED and incident.resolved_at:
        by = incident.resolved_by if incident.resolve_kind == "person" else None
        at = who.moment(incident.resolved_at).short
        known = who.say("Resolved by %(who)s %(time)s.", who=by, time=at)
        return known if by else who.say("Resolved by itself %(time)s.", time=at)
    return ""


def _said(said: str, incident: Incident, who: Reader) -> str:
    """What the last press of a button came to."""
    _ = who.say
    if said == "already" and incident.resolved_at:
        return _("It was already resolved %(time)s.", time=who.moment(incident.resolved_at).short)
    if said == "already" and incident.ack_at:
        at = who.moment(incident.ack_at).short
        return _("It was already acknowledged by %(who)s %(time)s.", who=incident.ack_by or "?", time=at)
    known = {
        "acknowledged": _("Done. Nobody else is called."),
        "resolved": _("Done. Whoever was told is told that it is over."),
        "noted": _("Your note is on the timeline."),
        "passed": _("Passed on: the next step has begun."),
        "woken": _("Woken: the next step has begun."),
        "awake": _("It is not snoozed any more."),
        "nobody": _("There is nobody to pass it to: everybody was told."),
    }
    return known.get(said, "")
