"""HTTP for programs: an incident's urgency, title, alerts and verdict changed, under /api/v1, with the scope `act`."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from gateway import actions
from gateway.acts import amend, merging, writeback
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import body, done, not_found, number_of, object_, undo_of
from gateway.doors.machine.door import ACT, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.figures.verdicts import VALUES
from gateway.world import world
from rules.lifecycle import Given, Signal
from rules.words import Urgency

VERDICT = 'the body must be like {"person": "anna@example.org", "verdict": "useful", "call": false}'


@bp.post("/v1/incidents/<number>/escalate")
@needs(ACT)
def escalate(call: Call, number: str) -> Response:
    """The next step now. {"level": 1}: only if that is the step that was told last, so that twice is once."""
    wanted, said = number_of(number), object_(body(), "") if request.content_length else {}
    level = said.get("level")
    if level is not None and (isinstance(level, bool) or not isinstance(level, int)):
        raise Refused(problem(400, 'the body, if there is one, must be like {"level": 1}'))
    return done(wanted, actions.act(wanted, Signal.HURRY, call.actor, call.now, Given(level=level)), call)


@bp.post("/v1/incidents/<number>/desk")
@needs(ACT)
def tell_desk(call: Call, number: str) -> Response:
    """The service desk of a ticket is told once more who has it, if that failed."""
    wanted = number_of(number)
    return _said(wanted, "told again", writeback.again(wanted, call.actor, call.now))


@bp.post("/v1/incidents/<number>/urgency")
@needs(ACT)
def urgency(call: Call, number: str) -> Response:
    wanted, said = number_of(number), object_(body(), "")
    known, why = said.get("urgency"), _line(said, "reason")
    if known not in list(Urgency):
        raise Refused(problem(400, f"urgency: one of {', '.join(Urgency)}"))
    return done(wanted, amend.set_urgency(wanted, Urgency(known), why, call.actor, call.now), call)


@bp.post("/v1/incidents/<number>/title")
@needs(ACT)
def title(call: Call, number: str) -> Response:
    wanted = number_of(number)
    changed = amend.retitle(wanted, _line(object_(body(), ""), "title"), call.actor, call.now)
    return _said(wanted, "retitled", changed)


@bp.post("/v1/incidents/<number>/fixed")
@needs(ACT)
def fixed(call: Call, number: str) -> Response:
    """What fixed it, after it was resolved."""
    wanted, text = number_of(number), _line(object_(body(), ""), "text")
    try:
        return _said(wanted, "fixed", amend.say_fixed(wanted, text, call.actor, call.now) or None)
    except actions.NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong


@bp.post("/v1/incidents/<number>/merge")
@needs(ACT)
def merge(call: Call, number: str) -> Response:
    wanted, into = number_of(number), object_(body(), "").get("into")
    if isinstance(into, bool) or not isinstance(into, int) or not 0 < into < 2**63:
        raise Refused(problem(400, 'the body must be {"into": 17}'))
    try:
        merged = merging.merge(wanted, into, call.actor, call.now)
    except actions.NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    return _said(wanted, "merged", merged, into=into, undo=undo_of(wanted, call) if merged else None)


@bp.post("/v1/incidents/<number>/split")
@needs(ACT)
def split(call: Call, number: str) -> Response:
    wanted, chosen = number_of(number), object_(body(), "").get("alerts")
    if not isinstance(chosen, list) or any(isinstance(one, bool) or not isinstance(one, int) for one in chosen):
        raise Refused(problem(400, 'the body must be {"alerts": [3, 4]}: numbers of some of its alerts'))
    try:
        made = merging.split(wanted, chosen, call.actor, call.now)
    except actions.NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    return _said(wanted, "split", None if made is None else True, into=made)


@bp.post("/v1/incidents/<number>/verdict")
@needs(ACT)
def verdict(call: Call, number: str) -> Response:
    """A verdict is a person's, so a program says whose it is; a person says their own."""
    wanted, said = number_of(number), object_(body(), VERDICT)
    email, value, right = (said.get(name) for name in ("person", "verdict", "call"))
    email = call.person.email if call.person and email is None else email
    known = (value is None or value in VALUES) and (right is None or isinstance(right, bool))
    if not isinstance(email, str) or not known or (value is None and right is None):
        raise Refused(problem(400, VERDICT))
    if call.person and email.strip().lower() != call.person.email:
        raise Refused(problem(403, "a verdict is one's own: leave the person out"))
    with reading() as session:
        person = world().roll.current(session).people.get(email.strip().lower())
    if person is None:
        raise Refused(problem(400, f"there is nobody with the address {email[:100]!r}"))
    try:
        changed = amend.judge(wanted, person.id, call.actor, call.now, value=value, call=right)
    except actions.NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    return _said(wanted, "judged", changed)


def _line(said: Mapping[str, Any], name: str) -> str:
    text = said.get(name)
    if not isinstance(text, str) or not (text := amend.line_of(text)):
        raise Refused(problem(400, f'the body must have "{name}" with something in it'))
    return text


def _said(
    number: int, result: str, changed: bool | None, into: int | None = None, undo: str | None = None
) -> Response:  # fmt: skip
    if changed is None:
        raise not_found(str(number))
    return as_json({"result": result if changed else "unchanged", "incident": number, "into": into, "undo": undo})
