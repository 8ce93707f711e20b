"""HTTP for the pages of settings: what is configured, whether all is well, a channel tried out, API tokens."""

from flask import Response, request

from gateway import checkup, shown
from gateway.acts import sourcing, trying
from gateway.acts.sourcing import NewToken
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, line_in, missing, object_of, small_number, texts_in
from gateway.doors.machine.door import ADMIN, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.reading import readings_admin as readings
from gateway.store.senders.sources import WALL, NotPossible
from gateway.world import world


@bp.get("/v1/settings")
@needs(ADMIN, only_persons=True)
def settings(call: Call) -> Response:
    """Of a secret no more than its ending."""
    questions.nothing_asked(request.args)
    given, book = world().settings, world().shelf.book
    rows = [{"name": one.name, "value": one.value, "secret": one.secret, "origin": one.origin,
             "what": one.what.replace("`", "")} for one in shown.settings(given)]  # fmt: skip
    ways = [{"name": one.name, "label": one.label, "lacking": one.lacking} for one in trying.channels(given.env)]
    with reading() as session:
        checks = [{"name": one.name, "state": one.state.value, "words": one.words}
                  for one in checkup.quick(session, given, call.now)]  # fmt: skip
    return as_json({"settings": rows, "channels": ways, "checks": checks, "book_version": book.version})


@bp.post("/v1/settings/test")
@needs(ADMIN, only_persons=True)
def try_channel(call: Call) -> Response:
    """One message to one's own first address of that channel, with the provider's answer."""
    channel = line_in(object_of(body()), "channel")
    done = trying.try_out(channel, call.me.id, world(), call.actor, call.now)
    if done is None:
        raise Refused(problem(400, f"channel: one of {', '.join(one.name for one in trying.channels({}))}"))
    return as_json({"well": done.well, "words": done.words})


@bp.get("/v1/tokens")
@needs(ADMIN, only_persons=True)
def tokens(call: Call) -> Response:
    """Those of programs and those of persons, as far as they work."""
    after, limit = questions.wanted_page(request.args, "tokens")
    with reading() as session:
        rows, last = readings.api_tokens(session, call.now, after, limit)
        whose = readings.emails(session, {row.person_id for row in rows if row.person_id is not None})
        said = [answers.token(row) | {"person": whose.get(row.person_id or 0)} for row in rows]
    return as_json({"tokens": said, "next": questions.cursor("tokens", last)})


@bp.post("/v1/tokens")
@needs(ADMIN, only_persons=True)
def add_token(call: Call) -> Response:
    """Of a program: no wider than the token that makes it, and no longer."""
    said = object_of(body())
    scopes, days = texts_in(said, "scopes", 10), said.get("days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int)):
        raise Refused(problem(400, "days: a number, or nothing"))
    if not {READ if one == WALL else one for one in scopes} <= set(call.scopes):  # a wallboard tells what READ does
        raise Refused(problem(403, f"scopes: no more than this token has: {', '.join(call.scopes)}"))
    wanted = NewToken(line_in(said, "name"), scopes, days, latest=call.ends_at)
    try:
        return as_json({"token": sourcing.add_api_token(wanted, call.actor, call.now).token})
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


@bp.post("/v1/tokens/<number>/revoke")
@needs(ADMIN, only_persons=True)
def revoke_token(call: Call, number: str) -> Response:
    """Anybody's; `confirm` is its ending."""
    wanted, said = small_number(number, "token"), object_of(body())
    with reading() as session:
        if readings.api_token(session, wanted) is None:
            raise missing("token", number)
    try:
        sourcing.revoke(wanted, line_in(said, "confirm", 20), call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    return as_json({"token": wanted})
