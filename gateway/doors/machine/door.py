"""The door for programs: tokens, their scopes and whose they are, and what every answer under /api looks like."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.exceptions import InternalServerError, MethodNotAllowed

from gateway import log
from gateway.actions import Actor
from gateway.doors.ingest import problem, unavailable
from gateway.doors.machine import questions
from gateway.reply import Answer
from gateway.store.db import reading, transaction
from gateway.store.reading import readings
from gateway.store.senders import sources as source_store
from gateway.store.tables import PersonRow
from gateway.world import world
from rules.words import Role

READ, ACT, ADMIN = source_store.SCOPES
EVERYBODY = tuple(Role)
ACTORS = (Role.RESPONDER, Role.DISPATCHER, Role.ADMIN)
PLANNERS = (Role.DISPATCHER, Role.ADMIN)  # who may change what is others'
ROLES: Mapping[str, tuple[Role, ...]] = {READ: EVERYBODY, ACT: ACTORS, ADMIN: (Role.ADMIN,)}
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
class Me:
    """Whose token it is, if it is a person's own."""

    id: int
    email: str
    name: str
    role: Role
    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a program, or of a person by a program, that may make it."""

    token_id: int
    actor: Actor
    now: datetime
    scopes: tuple[str, ...] = ()
    ends_at: datetime | None = None
    person: Me | None = None

    @property
    def me(self) -> Me:
        """Raises Refused."""
        if self.person is None:
            raise Refused(problem(403, "this is a person's own: make a token of yours on the page of your account"))
        return self.person

    @property
    def own(self) -> str:
        """Whose own things only may be changed; empty: everybody's. A program does what those who plan may do."""
        return self.person.email if self.person and self.person.role not in PLANNERS else ""


def needs(
    scope: str, *roles: Role, persons: str = "", only_persons: bool = False
) -> Callable[[Callable[Concatenate[Call, P], Response]], Callable[P, Response]]:
    """Lets in whose token has the scope; the view is given the Call.

    A person's token needs one of `roles` as well, as the page does; `persons` is the scope that is enough for it where
    a program needs a wider one, having no role.
    """
    wanted = roles or ROLES[scope]

    def guard(view: Callable[Concatenate[Call, P], Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            call = _call(scope, persons or scope, world().clock.now())
            if only_persons or call.person:
                _check_role(call.me, wanted)
            return view(call, *args, **kwargs)

        guarded.scope, guarded.roles = scope, wanted  # type: ignore[attr-defined]  # for the tests that walk all routes
        guarded.persons, guarded.only_persons = persons or scope, only_persons  # type: ignore[attr-defined]
        return guarded

    return guard


def _check_role(me: Me, wanted: Collection[Role]) -> None:
    if me.role not in wanted:
        raise Refused(problem(403, f"this is for {', '.join(wanted)}: your role is {me.role}"))


# Who asks


def _call(scope: str, persons: str, now: datetime) -> Call:
    """Raises Refused. A source's token opens nothing here: it only brings alerts."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        raise Refused(_unauthorized(""))
    with reading() as session:
        owner = source_store.find_token(session, token, now)
        used, ends = (None, None) if owner is None else readings.life(session, owner.token_id)
        person = _person(session, owner.person_id) if owner and owner.person_id is not None else None
    if owner is not None and owner.person_id is not None:
        owner, scope = (owner if person else None), persons  # whoever has left has no token
    if owner is None or owner.kind != source_store.API or owner.source_id is not None:
        raise Refused(_unauthorized(', error="invalid_token"'))
    if scope not in owner.scopes:
        lacking = (("WWW-Authenticate", f'Bearer realm="nabat", error="insufficient_scope", scope="{scope}"'),)
        raise Refused(problem(403, f"this token has no scope {scope!r}", headers=lacking))
    if used is None or not timedelta() <= now - used < TOUCH_EVERY:
        _touch(owner.token_id, now)
    scopes = tuple(one for one in owner.scopes if one != ADMIN or not person or person.role is Role.ADMIN)
    return Call(owner.token_id, _actor(owner, person), now, scopes, ends, person)


def _person(session: Session, number: int) -> Me | None:
    row = session.get(PersonRow, number)
    if row is None or not row.active:
        return None
    return Me(row.id, row.email, row.name, Role(row.role), row.language, row.timezone)


def _actor(owner: source_store.TokenOwner, person: Me | None) -> Actor:
    if person is not None:
        return Actor(person.name or person.email, "api", person.id, person.email)
    return Actor(owner.name, "api", account=f"token {owner.name} #{owner.token_id}")


def _touch(token_id: int, now: datetime) -> None:
    try:
        with transaction() as session:
            source_store.touch(session, [token_id], [], now, request.remote_addr or "")
    except OperationalError as trouble:  # busy or full: whoever only reads is served all the same
        log.warning("token_not_touched", problem=type(trouble).__name__)


def _unauthorized(more: str) -> Answer:
    return problem(401, "a valid API token is needed", headers=(("WWW-Authenticate", f'Bearer realm="nabat"{more}'),))


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
