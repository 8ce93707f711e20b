"""HTTP for machines: taking alerts in, the plain way. `server.py` has the fast one; both are tested alike."""

from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from gateway import sources
from gateway.doors import asking, dialects, ingest, storing
from gateway.doors.dialects import Asked
from gateway.doors.ingest import Refused
from gateway.doors.owners import signers
from gateway.doors.storing import Item
from gateway.reply import Answer
from gateway.store.db import reading
from gateway.store.senders import sources as source_store
from gateway.store.senders.sources import TokenOwner
from gateway.world import world

bp = Blueprint("api", __name__)


@bp.post("/ingest/<kind>", strict_slashes=False)
@bp.post("/ingest/<kind>/<path_token>", strict_slashes=False)
def take_in(kind: str, path_token: str = "") -> Response:
    now = world().clock.now()
    request.max_content_length = ingest.LARGEST + 1
    query, body = request.query_string.decode("latin-1"), request.get_data(cache=False)
    asked = asking.request_at(kind, path_token, query, request.headers.get, body)
    return respond(_taken(asked, now))


@bp.post("/v2/enqueue", strict_slashes=False)
@bp.post("/v2/change/enqueue", strict_slashes=False)
@bp.post("/generic/2010-04-15/create_event.json", strict_slashes=False)
@bp.post("/api/v2/alerts", strict_slashes=False)
@bp.post("/v2/alerts", strict_slashes=False)
@bp.route("/v2/alerts/<path:about>", methods=["POST", "PUT"])
def in_dialect(about: str = "") -> Response:
    """What speaks to another alerting service."""
    dialect = dialects.find(request.method, request.path)
    if dialect is None:
        return respond(ingest.problem(404, f"nothing is taken at {about[:40]!r}"))
    request.max_content_length = dialect.largest + 1
    try:
        body = request.get_data(cache=False)
        if len(body) > dialect.largest:
            raise ingest.too_large(None, world().clock.now(), dialect.largest)
        asked = dialect.request(Asked(request.path, request.headers.get, body))
    except Refused as refused:
        return respond(dialect.refused(refused.answer))
    answer = _taken(asked, world().clock.now())
    return respond(dialect.refused(answer) if answer.status >= 400 else answer)


def _taken(asked: asking.Request, now: datetime) -> Answer:
    try:
        owner = ingest.check(asked, _owner(asked, now), now)
        item = Item([ingest.read(asked, owner, now, world().shelf.book)])
    except Refused as refused:
        if refused.posts:
            storing.store([Item(list(refused.posts))], world())
        return refused.answer
    except SQLAlchemyError:
        return ingest.unavailable("the database cannot be asked now")
    storing.store([item], world())
    return ingest.answer(item, asked.taken)


def _owner(asked: asking.Request, now: datetime) -> TokenOwner | None:
    by_token = None
    with reading() as session:
        if asked.signed is None or asked.signed.how is not None:
            by_token = source_store.find_token(session, ingest.token_of(asked), now, sources.showing_secrets())
        if asked.signed is None:
            return by_token
        found = source_store.signing_secrets(session, asked.kind) if asked.kind in sources.names() else []
    return ingest.vouched(asked, signers(found, world().vault), by_token, now)


def respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
