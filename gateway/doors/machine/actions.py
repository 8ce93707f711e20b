"""HTTP for programs: the same actions as the dashboard's, under /api/v1, for tokens with the scope `act`.

Asked twice is answered twice, and done once: "already acknowledged" is no mistake.
"""

from datetime import datetime
from typing import Any

from flask import Response, request

from gateway import actions
from gateway.acts import amend
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import body, done, not_found, number_of, object_, zone_of
from gateway.doors.machine.door import ACT, EVERYBODY, Call, Refused, as_json, bp, needs
from rules.lifecycle import NOTHING, Given, Signal
from rules.telling.snoozing import end_of
from rules.texts.text import clean_text

LONGEST_NOTE = 4000  # characters
SNOOZE = 'the body must be {"for": "30m"} or {"until": "2026-12-05T09:00:00+03:00"}'


@bp.post("/v1/incidents/<number>/acknowledge")
@needs(ACT)
def acknowledge(call: Call, number: str) -> Response:
    """With {"for": "30m"} or {"until": …} for a time; without a body for good."""
    wanted = number_of(number)
    said = body() if request.content_length else {}
    given = Given(until=_until(call, said)) if said != {} else NOTHING
    return done(wanted, actions.act(wanted, Signal.ACKNOWLEDGE, call.actor, call.now, given), call)


@bp.post("/v1/incidents/<number>/resolve")
@needs(ACT)
def resolve(call: Call, number: str) -> Response:
    """{"mute": true}: what still fires opens nothing new until it clears. {"fixed_by": "…"}: for the next time."""
    wanted, said = number_of(number), body() if request.content_length else {}
    mute, fixed_by = (said.get("mute", False), said.get("fixed_by", "")) if isinstance(said, dict) else (None, None)
    if not isinstance(mute, bool) or not isinstance(fixed_by, str):
        raise Refused(problem(400, 'the body, if there is one, must be like {"mute": true, "fixed_by": "…"}'))
    fixed_by = amend.line_of(fixed_by)
    return done(wanted, amend.resolve(wanted, call.actor, call.now, mute=mute, fixed_by=fixed_by), call)


@bp.post("/v1/incidents/<number>/snooze")
@needs(ACT)
def snooze(call: Call, number: str) -> Response:
    wanted, until = number_of(number), _until(call, body())
    return done(wanted, actions.act(wanted, Signal.SNOOZE, call.actor, call.now, Given(until=until)), call)


@bp.post("/v1/incidents/<number>/wake")
@needs(ACT)
def wake(call: Call, number: str) -> Response:
    """A snooze ends now, before its time."""
    wanted = number_of(number)
    return done(wanted, actions.act(wanted, Signal.WAKE, call.actor, call.now), call)


def _until(call: Call, written: Any) -> datetime:
    said = object_(written, SNOOZE)
    given = [said[name] for name in ("for", "until") if said.get(name) is not None]
    if len(given) != 1 or not isinstance(given[0], str):
        raise Refused(problem(400, SNOOZE))
    try:
        return end_of(clean_text(given[0]), call.now, zone_of(call))
    except ValueError as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


@bp.post("/v1/incidents/<number>/assign")
@needs(ACT)
def assign(call: Call, number: str) -> Response:
    wanted = number_of(number)
    to = object_(body(), 'the body must be {"to": "anna@example.org"}').get("to")
    if isinstance(to, bool) or not isinstance(to, str | int) or not str(to).strip():
        raise Refused(problem(400, 'the body must be {"to": "anna@example.org"}, or the id of a person'))
    try:
        return done(wanted, actions.assign(wanted, clean_text(str(to)), call.actor, call.now), call)
    except actions.NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


@bp.post("/v1/incidents/<number>/note")
@needs(ACT, *EVERYBODY)
def note(call: Call, number: str) -> Response:
    """With an Idempotency-Key the same note sent again is the same note."""
    wanted = number_of(number)
    text = object_(body(), "").get("text")
    if not isinstance(text, str) or not (text := clean_text(text).strip()):
        raise Refused(problem(400, 'the body must be {"text": "…"} with something in it'))
    if len(text) > LONGEST_NOTE:
        raise Refused(problem(400, f"a note has at most {LONGEST_NOTE} characters"))
    once = request.headers.get("Idempotency-Key", "")
    if once and not actions.ONCE.fullmatch(once):
        raise Refused(problem(400, "Idempotency-Key: 8 to 100 letters, digits and - _ . : are wanted"))
    try:
        kept = actions.add_note(wanted, text, call.actor, call.now, once, strict=True)
    except actions.NotPossible as wrong:
        raise Refused(problem(422, f"Idempotency-Key: {wrong}")) from wrong
    if kept is None:
        raise not_found(number)
    told = {name: list(kept.get(name, ())) for name in ("told", "not_told")}
    return as_json({"result": "noted", "incident": wanted, **told})
