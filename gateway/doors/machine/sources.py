"""HTTP for one source: its settings, the Alertmanagers behind it, a test alert, and what it sent, read again dry."""

from typing import Any

from flask import Response, request

from gateway.acts import sourcing, writeback
from gateway.acts.sourcing import Behind, Settings
from gateway.acts.writeback import Place
from gateway.doors import replay
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import (
    body,
    line_in,
    may_see_keys,
    missing,
    object_of,
    optional_body,
    small_number,
    text_in,
    texts_in,
)
from gateway.doors.machine.door import ACT, ACTORS, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.outgoing import desk
from gateway.store.reading import readings_admin as readings
from gateway.store.senders import alertmanagers
from gateway.store.senders import sources as store
from gateway.store.senders.sources import NotPossible
from gateway.store.tables import Source
from gateway.world import world
from rules.texts.text import clean_text, cut

CAME = ("id", "received_at", "size", "accepted", "quarantined", "error")
SHOWN = 64 * 1024  # characters of a body


def _found(number: str) -> Source:
    wanted = small_number(number, "source")
    with reading() as session:
        one = session.get(Source, wanted, populate_existing=True)
        if one is None:
            raise missing("source", number)
        session.expunge(one)
        return one


@bp.get("/v1/sources/<number>")
@needs(READ)
def source(call: Call, number: str) -> Response:
    return _source(_found(number), call)


def _source(one: Source, call: Call) -> Response:
    with reading() as session:
        row = session.get_one(Source, one.id, populate_existing=True)
        keys = [
            key for key, of in store.list_tokens(session) if of and of.id == one.id and sourcing.in_use(key, call.now)
        ]
        behind = [
            {"url": address.url, "receivers": address.receivers, "asked_at": address.asked_at,
             "problem": address.problem, "secret": bool(address.sealed)}
            for of, address in alertmanagers.addresses(session) if of.id == one.id
        ]  # fmt: skip
        shown = keys if may_see_keys(call) else []
        told = desk.address(session, one.id) if ADMIN in call.scopes else None
        place = {"url": told.url, "secret": bool(told.sealed)} if told else None
        more = {"alertmanagers": behind if ADMIN in call.scopes else None, "desk": place}
        return as_json(answers.source(row, shown) | more)


@bp.post("/v1/sources/<number>/settings")
@needs(ADMIN)
def set_source(call: Call, number: str) -> Response:
    """After how long an alert of it is over; of desks the priority to assume, and the account that is ours there."""
    one, said = _found(number), object_of(body())
    stale, priority, account = (
        read(said, name) if name in said else None
        for read, name in ((text_in, "stale_after"), (line_in, "default_priority"), (line_in, "account"))
    )
    wanted = Settings(stale, priority if sourcing.is_desk(one.kind) else None, account)
    try:
        sourcing.set_source(one.id, wanted, call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _source(one, call)


@bp.post("/v1/sources/<number>/alertmanagers")
@needs(ADMIN)
def set_alertmanagers(call: Call, number: str) -> Response:
    """All of them anew. `bearer`, or `user` and `password`; with `keep` an address keeps the secret that it has."""
    one, said = _found(number), object_of(body())
    keep = said.get("keep", False) is True
    secret: dict[str, str] = {name: text_in(said, name) for name in ("bearer", "user", "password") if name in said}
    if secret and (set(secret) not in ({"bearer"}, {"user", "password"}) or sourcing.secret_wrong(secret) or keep):
        raise Refused(problem(400, "bearer alone, or user and password, or keep; as an HTTP header takes it"))
    wanted = Behind(tuple(texts_in(said, "urls", 20)), secret, tuple(texts_in(said, "receivers", 20)), keep=keep)
    try:
        sourcing.set_alertmanagers(one.id, wanted, world(), call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _source(one, call)


@bp.post("/v1/sources/<number>/desk")
@needs(ADMIN)
def set_desk(call: Call, number: str) -> Response:
    """Where it hears who works on its tickets; an empty address: nowhere."""
    one, said = _found(number), object_of(body())
    if "url" not in said:
        raise Refused(problem(400, 'the body must be {"url": "https://…", "bearer": "…"}; the url "" is nowhere'))
    place = Place(line_in(said, "url"), text_in(said, "bearer"), keep=said.get("keep", False) is True)
    try:
        writeback.set_address(one.id, place, world(), call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _source(one, call)


@bp.post("/v1/sources/<number>/test")
@needs(ADMIN, *PLANNERS, persons=ACT)
def send_test(call: Call, number: str) -> Response:
    """An alert of ours that takes the way of every other of this source."""
    one, _ = _found(number), optional_body()
    found = replay.send_test(one, world(), call.actor, call.now)
    if isinstance(found, str):
        raise Refused(problem(503, found, headers=(("Retry-After", "5"),)))
    return as_json({"incidents": found})


@bp.get("/v1/sources/<number>/requests")
@needs(ADMIN, *ACTORS, persons=READ)
def requests(_: Call, number: str) -> Response:
    """What was received, without bodies."""
    after, limit = questions.wanted_page(request.args, "requests")
    one = _found(number)
    with reading() as session:
        rows, last = readings.requests(session, one.id, after, limit)
        found = [dict(zip(CAME, row, strict=True)) for row in rows]
    return as_json({"requests": found, "next": questions.cursor("requests", last)})


@bp.get("/v1/sources/<number>/requests/<payload>")
@needs(ADMIN, *ACTORS, persons=READ)
def one_request(call: Call, number: str, payload: str) -> Response:
    """Its body, and what it would say today: read again dry, nothing is kept."""
    one, wanted = _found(number), questions.number_of(payload)
    with reading() as session:
        row = readings.payload(session, wanted, one.id) if wanted else None
        if row is None:
            raise missing("request", payload)
        session.expunge(row)
    text = replay.body_of(row)
    seen = replay.reread(row, one, world(), call.now) if text else replay.Reread(wrong=row.error)
    told: list[dict[str, Any]] = [answers.without_addresses(each.as_data()) for each in seen.explained]
    return as_json({name: getattr(row, name) for name in CAME} | {
        "body": cut(clean_text(text[: SHOWN * 4].decode("utf-8", "replace")), SHOWN), "alerts": len(seen.alerts),
        "wrong": seen.wrong, "notes": list(seen.notes), "explained": told,
        "aside": [{"place": item.place, "reason": item.reason} for item in seen.quarantined],
    })  # fmt: skip
