"""The door for programs: tokens and their scopes, what a body may be, and what every answer under /api looks like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, RequestEntityTooLarge

from gateway import log
from gateway.actions import Actor
from gateway.doors import machine_questions as questions
from gateway.doors.ingest import Answer, problem, unavailable
from gateway.loader import BadJson, load
from gateway.store import readings
from gateway.store import sources as source_store
from gateway.store.db import reading, transaction
from gateway.world import world
from rules.lifecycle import Reason
from rules.text import clean_text

READ, ACT, ADMIN = source_store.SCOPES
LARGEST = 64 * 1024  # bytes of a body
LONGEST_TOKEN = 200
TOUCH_EVERY = timedelta(minutes=1)  # a question is no reason to write into the database each time

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
    scopes: Sequence[str] = ()


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


# Who asks


def _call(scope: str, now: datetime) -> Call:
    """Raises Refused. A source's token opens nothing here: it only brings alerts."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        raise Refused(_unauthorized(""))
    with reading() as session:
        owner = source_store.find_token(session, token, now)
        used = None if owner is None else readings.last_used(session, owner.token_id)
    if owner is None or owner.kind != source_store.API or owner.source_id is not None:
        raise Refused(_unauthorized(', error="invalid_token"'))
    if scope not in owner.scopes:
        lacking = (("WWW-Authenticate", f'Bearer realm="nabat", error="insufficient_scope", scope="{scope}"'),)
        raise Refused(problem(403, f"this token has no scope {scope!r}", headers=lacking))
    if used is None or not timedelta() <= now - used < TOUCH_EVERY:
        _touch(owner.token_id, now)
    return Call(owner.token_id, _actor(owner), now, tuple(owner.scopes))


def _actor(owner: source_store.TokenOwner) -> Actor:
    return Actor(owner.name, "api", account=f"token {owner.name} #{owner.token_id}")


def _touch(token_id: int, now: datetime) -> None:
    try:
        with transaction() as session:
            source_store.touch(session, [token_id], [], now, request.remote_addr or "")
    except OperationalError as trouble:  # busy or full: whoever only reads is served all the same
        log.warning("token_not_touched", problem=type(trouble).__name__)


def _unauthorized(more: str) -> Answer:
    return problem(401, "a valid API token is needed", headers=(("WWW-Authenticate", f'Bearer realm="nabat"{more}'),))


def number_of(text: str) -> int:
    number = questions.number_of(text)
    if number is None:
        raise not_found(text)
    return number


def not_found(number: str) -> Refused:
    return Refused(problem(404, f"there is no incident {number[:20]}"))


def body() -> Any:
    """The JSON of the body. Raises Refused."""
    request.max_content_length = LARGEST
    try:
        return load(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise Refused(problem(413, f"the body is larger than {LARGEST} bytes")) from None
    except BadJson as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def object_(said: Any, otherwise: str) -> dict[str, Any]:
    """A body that must be an object. Raises Refused."""
    if isinstance(said, dict):
        return said
    raise Refused(problem(400, otherwise or "the body must be an object"))


def done(number: int, reason: Reason | None) -> Response:
    """What came of it, and how the incident stands."""
    if reason is None:
        raise not_found(str(number))
    with reading() as session:
        status = readings.status(session, number)
    return as_json({"result": reason.value, "incident": number, "status": status})


def object_of(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Refused(problem(400, "the body must be an object"))
    return said


def text_in(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise Refused(problem(400, f"{name}: must be text"))
    return clean_text(value).strip()


def moment_in(said: dict[str, Any], name: str) -> datetime | None:
    text = text_in(said, name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(world().settings.timezone))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(problem(400, f"{name}: write it like 2026-12-05T09:00:00+03:00")) from None
    if not questions.EARLIEST <= found.year <= questions.LATEST:
        raise Refused(problem(400, f"{name}: out of every calendar"))
    return found


def as_json(value: Any) -> Response:
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
