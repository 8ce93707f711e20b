"""HTTP for programs: what the dashboard shows and does, as JSON under /api/v1, for tokens that have the scope."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, RequestEntityTooLarge

from gateway import actions, log, openapi
from gateway import machine_answers as answers
from gateway import machine_questions as questions
from gateway.actions import Actor
from gateway.ingest import Answer, problem, unavailable
from gateway.loader import BadJson, load
from gateway.store import readings
from gateway.store import sources as source_store
from gateway.store.db import reading, transaction
from gateway.store.readings import WantedAlerts, WantedDeliveries
from gateway.world import world
from rules.lifecycle import Reason, Signal
from rules.text import clean_text

READ, ACT = "read", "act"
LARGEST = 64 * 1024  # bytes of a body
LONGEST_NOTE = 4000  # characters
LONGEST_TOKEN = 200
TOUCH_EVERY = timedelta(minutes=1)  # a question is no reason to write into the database each time
PROBLEM = "application/problem+json"

bp = Blueprint("machine_api", __name__, url_prefix="/api")
P = ParamSpec("P")


class Refused(Exception):
    """The request is answered with a problem (RFC 9457)."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a program that may make it."""

    token_id: int
    actor: Actor
    now: datetime


def needs(
    scope: str,
) -> Callable[[Callable[Concatenate[Call, P], Response]], Callable[P, Response]]:
    """Lets in whose token has the scope; the view is given the Call."""

    def guard(view: Callable[Concatenate[Call, P], Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            return view(_call(scope, world().clock.now()), *args, **kwargs)

        guarded.scope = scope  # type: ignore[attr-defined]  # for the test that walks all routes
        return guarded

    return guard


# Questions


@bp.get("/v1/incidents")
@needs(READ)
def incidents(_: Call) -> Response:
    wanted = questions.wanted_incidents(request.args)
    with reading() as session:
        page = readings.incidents(session, wanted)
        rows = [answers.incident(row, source, world().settings.public_url) for row, source in page.rows]
    return _json({"incidents": rows, "next": questions.cursor("incidents", page.next)})


@bp.get("/v1/incidents/<number>")
@needs(READ)
def incident(_: Call, number: str) -> Response:
    questions.nothing_asked(request.args)
    wanted = _number(number)
    with reading() as session:
        found = readings.incident(session, wanted)
        if found is None:
            raise _not_found(number)
        alerts = readings.alerts(session, WantedAlerts(readings.MOST, incident=wanted))
        messages = readings.deliveries(session, WantedDeliveries(readings.MOST, incident=wanted))
        lines = readings.timeline(session, wanted)
        return _json(answers.whole(found, alerts, lines, messages, world().settings.public_url))


@bp.get("/v1/alerts")
@needs(READ)
def alerts(_: Call) -> Response:
    wanted = questions.wanted_alerts(request.args)
    with reading() as session:
        page = readings.alerts(session, wanted)
        rows = [answers.alert(row, source) for row, source in page.rows]
    return _json({"alerts": rows, "next": questions.cursor("alerts", page.next)})


@bp.get("/v1/deliveries")
@needs(READ)
def deliveries(_: Call) -> Response:
    wanted = questions.wanted_deliveries(request.args)
    with reading() as session:
        page = readings.deliveries(session, wanted)
        rows = [answers.delivery(row, source) for row, source in page.rows]
    return _json({"deliveries": rows, "next": questions.cursor("deliveries", page.next)})


@bp.get("/v1/oncall")
@needs(READ)
def oncall(call: Call) -> Response:
    name, at = questions.wanted_oncall(request.args, call.now)
    with reading() as session:
        directory = world().roll.current(session)
    wanted = [schedule for schedule in directory.schedules.values() if name in ("", schedule.name)]
    if name and not wanted:
        raise Refused(problem(404, "there is no schedule of this name"))
    return _json({"at": at, "oncall": [answers.duty(schedule, directory, at) for schedule in wanted]})


@bp.get("/v1/openapi.json")
@needs(READ)
def description(_: Call) -> Response:
    return _json(openapi.document(world().settings.public_url))


# Actions


@bp.post("/v1/incidents/<number>/acknowledge")
@needs(ACT)
def acknowledge(call: Call, number: str) -> Response:
    return _act(call, number, Signal.ACKNOWLEDGE)


@bp.post("/v1/incidents/<number>/resolve")
@needs(ACT)
def resolve(call: Call, number: str) -> Response:
    return _act(call, number, Signal.RESOLVE)


@bp.post("/v1/incidents/<number>/note")
@needs(ACT)
def note(call: Call, number: str) -> Response:
    wanted = _number(number)
    body = _body()
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not (text := clean_text(text).strip()):
        raise Refused(problem(400, 'the body must be {"text": "…"} with something in it'))
    if len(text) > LONGEST_NOTE:
        raise Refused(problem(400, f"a note has at most {LONGEST_NOTE} characters"))
    if not actions.add_note(wanted, text, call.actor, call.now):
        raise _not_found(number)
    return _json({"result": "noted", "incident": wanted})


def _act(call: Call, number: str, signal: Signal) -> Response:
    """Asked twice is answered twice, and done once: "already acknowledged" is no mistake."""
    wanted = _number(number)
    reason = actions.act(wanted, signal, call.actor, call.now)
    if reason is None:
        raise _not_found(number)
    status = "resolved" if reason in (Reason.RESOLVED, Reason.ALREADY_RESOLVED) else "acknowledged"
    return _json({"result": reason.value, "incident": wanted, "status": status})


# Who asks, and what is wrong with it


def _call(scope: str, now: datetime) -> Call:
    """Raises Refused. A source's token opens nothing here: it only brings alerts."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        raise Refused(_unauthorized(""))
    with reading() as session:
        owner = source_store.find_token(session, token)
        used = None if owner is None else readings.last_used(session, owner.token_id)
    if owner is None or owner.kind != source_store.API or owner.source_id is not None:
        raise Refused(_unauthorized(', error="invalid_token"'))
    if scope not in owner.scopes:
        lacking = (("WWW-Authenticate", f'Bearer realm="nabat", error="insufficient_scope", scope="{scope}"'),)
        raise Refused(problem(403, f"this token has no scope {scope!r}", headers=lacking))
    if used is None or not timedelta() <= now - used < TOUCH_EVERY:
        _touch(owner.token_id, now)
    return Call(owner.token_id, Actor(owner.name, "api"), now)


def _touch(token_id: int, now: datetime) -> None:
    try:
        with transaction() as session:
            source_store.touch(session, [token_id], [], now)
    except OperationalError as trouble:  # busy or full: whoever only reads is served all the same
        log.warning("token_not_touched", problem=type(trouble).__name__)


def _unauthorized(more: str) -> Answer:
    return problem(401, "a valid API token is needed", headers=(("WWW-Authenticate", f'Bearer realm="nabat"{more}'),))


def _number(text: str) -> int:
    number = questions.number_of(text)
    if number is None:
        raise _not_found(text)
    return number


def _not_found(number: str) -> Refused:
    return Refused(problem(404, f"there is no incident {number[:20]}"))


def _body() -> Any:
    """The JSON of the body. Raises Refused."""
    request.max_content_length = LARGEST
    try:
        return load(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise Refused(problem(413, f"the body is larger than {LARGEST} bytes")) from None
    except BadJson as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def _json(value: Any) -> Response:
    return _respond(Answer(200, msgspec.json.encode(value), (("Content-Type", "application/json"),)))


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**dict(answer.headers), "Cache-Control": "no-store"})


@bp.before_app_request
def no_such_place() -> Response | None:
    """Addresses and methods under /api that do not exist: a program wants no page."""
    doubt = request.routing_exception
    if doubt is None or doubt.code is None or doubt.code < 400 or not f"{request.path}/".startswith("/api/"):
        return None
    if isinstance(doubt, MethodNotAllowed):
        allowed = (("Allow", ", ".join(sorted(doubt.valid_methods or ()))),)
        return _respond(problem(405, "this address does something else", headers=allowed))
    return _respond(problem(doubt.code, "there is nothing at this address"))


@bp.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    return _respond(refusal.answer)


@bp.errorhandler(questions.BadQuestion)
def not_understood(wrong: questions.BadQuestion) -> Response:
    return _respond(problem(400, str(wrong)))


@bp.errorhandler(OperationalError)
@bp.errorhandler(InterfaceError)
@bp.errorhandler(PoolTimeout)
def away(trouble: Exception) -> Response:
    log.warning("api_unavailable", problem=type(trouble).__name__)
    return _respond(unavailable("the database cannot be asked now"))


@bp.errorhandler(500)
def broken(_: InternalServerError) -> Response:
    return _respond(problem(500, "something broke in here; the log says what"))
