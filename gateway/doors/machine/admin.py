"""HTTP for programs: sources with their keys, what could not be read, messages sent again; scope `admin` to change."""

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from gateway.acts import resending, sourcing
from gateway.acts.sourcing import Made
from gateway.doors import replay
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, may_see_keys, number_of, object_of, text_in
from gateway.doors.machine.door import ACT, ACTORS, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.reading import readings_admin as readings
from gateway.store.senders import sources as store
from gateway.store.senders.sources import NotPossible
from gateway.store.tables import Source, Token
from gateway.world import world

LARGEST = 2**31 - 1  # of a source's or a token's number


@bp.get("/v1/sources")
@needs(READ)
def sources(call: Call) -> Response:
    after, limit = questions.wanted_page(request.args, "sources")
    with reading() as session:
        known = [one for one in store.list_sources(session) if one.id > (after or 0)]
        keys = [row for row, source in store.list_tokens(session) if source and sourcing.in_use(row, call.now)]
        keys = keys if may_see_keys(call) else []
        rows = [answers.source(one, [key for key in keys if key.source_id == one.id]) for one in known[:limit]]
    return as_json({"sources": rows, "next": questions.cursor("sources", _last(rows, len(known) > limit))})


def _last(rows: list[dict[str, Any]], more: bool) -> int | None:
    return rows[-1]["id"] if more else None


@bp.post("/v1/sources")
@needs(ADMIN)
def add_source(call: Call) -> Response:
    said = object_of(body())
    try:
        return _made(sourcing.add(text_in(said, "kind"), text_in(said, "name"), call.actor, call.now, fresh=True))
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


@bp.post("/v1/sources/<number>/token")
@needs(ADMIN)
def add_key(call: Call, number: str) -> Response:
    said = object_of(body()) if request.content_length else {}
    with reading() as session:
        one = _source(session, number)
        kind, name, old = one.kind, one.name, _key(session, one, said) if "old" in said else None
    try:
        if old is None:
            return _made(sourcing.add(kind, name, call.actor, call.now))
        return _made(sourcing.rotate(old, call.actor, call.now))
    except NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong


@bp.post("/v1/sources/<number>/revoke")
@needs(ADMIN)
def revoke_key(call: Call, number: str) -> Response:
    said = object_of(body())
    with reading() as session:
        token = _key(session, _source(session, number), said, "token")
    try:
        sourcing.revoke(token, text_in(said, "confirm"), call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    return as_json({"token": token})


@bp.get("/v1/sources/<number>/quarantine")
@needs(ADMIN, *ACTORS, persons=READ)
def quarantine(_: Call, number: str) -> Response:
    after, limit = questions.wanted_page(request.args, "quarantine")
    with reading() as session:
        found, last = readings.aside(session, _source(session, number).id, after, limit)
        rows = [answers.aside(row) for row in found]
    return as_json({"quarantine": rows, "next": questions.cursor("quarantine", last)})


@bp.post("/v1/sources/<number>/replay")
@needs(ADMIN, *PLANNERS, persons=ACT)
def replay_request(call: Call, number: str) -> Response:
    wanted = _number_in(object_of(body()), "payload", questions.LARGEST)
    with reading() as session:
        one = _source(session, number)
        payload = readings.payload(session, wanted, one.id)
        if payload is None:
            raise Refused(problem(404, f"the source has no request {wanted}, or it is not kept any more"))
        session.expunge_all()
    found = replay.replay(payload, one, world(), call.actor, call.now)
    if isinstance(found, str):
        raise Refused(problem(409, f"it cannot be read: {found}"))
    return as_json({"incidents": found})


@bp.post("/v1/deliveries/<number>/resend")
@needs(ADMIN)
def resend(call: Call, number: str) -> Response:
    wanted = number_of(number)
    done = resending.resend([wanted], call.actor, call.now)
    if done.left:
        raise Refused(problem(409, done.left[0][1]))
    if not done.done:
        raise Refused(problem(404, f"there is no message {number[:20]}"))
    return as_json({"delivery": wanted})


def _source(session: Session, number: str) -> Source:
    wanted = questions.number_of(number)
    found = session.get(Source, wanted) if wanted is not None and 0 < wanted <= LARGEST else None
    if found is None:
        raise Refused(problem(404, f"there is no source {number[:20]}"))
    return found


def _key(session: Session, of: Source, said: dict[str, Any], name: str = "old") -> int:
    wanted = _number_in(said, name, LARGEST)
    row = session.get(Token, wanted)
    if row is None or row.source_id != of.id:
        raise Refused(problem(404, f"{name}: the source has no key {wanted}"))
    return wanted


def _number_in(said: dict[str, Any], name: str, most: int) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise Refused(problem(400, f"{name}: must be a number"))
    return value


def _made(made: Made) -> Response:
    return as_json({"token": made.token, "source": made.source_id})
