"""HTTP for machines: taking alerts in, the plain way. `server.py` has the fast one; both are tested alike."""

from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from gateway import sources
from gateway.doors import inbox, ingest
from gateway.doors.inbox import Item
from gateway.doors.ingest import Refused
from gateway.reply import Answer
from gateway.store.db import reading
from gateway.store.senders import sources as source_store
from gateway.store.senders.sources import TokenOwner
from gateway.world import world

bp = Blueprint("api", __name__)


@bp.post("/ingest/<kind>")
@bp.post("/ingest/<kind>/<path_token>")
def take_in(kind: str, path_token: str = "") -> Response:
    now = world().clock.now()
    request.max_content_length = ingest.LARGEST + 1
    asked = ingest.Request(
        kind,
        ingest.token_in(kind, path_token, request.query_string.decode("latin-1")),
        request.headers.get("Authorization", ""),
        request.headers.get("Content-Type", "").lower(),
        request.headers.get("Content-Encoding", "").lower().strip(),
        request.get_data(cache=False),
        ingest.signed_in(kind, request.headers.get),
    )
    try:
        item = Item([ingest.read(asked, ingest.check(asked, _owner(asked, now), now), now)])
    except Refused as refused:
        if refused.posts:
            inbox.store([Item(list(refused.posts))], world())
        return respond(refused.answer)
    except SQLAlchemyError:
        return respond(ingest.unavailable("the database cannot be asked now"))
    inbox.store([item], world())
    return respond(ingest.answer(item))


def _owner(asked: ingest.Request, now: datetime) -> TokenOwner | None:
    by_token = None
    with reading() as session:
        if asked.signed is None or asked.signed.how is not None:
            by_token = source_store.find_token(session, ingest.token_of(asked), now)
        if asked.signed is None:
            return by_token
        found = source_store.signing_secrets(session, asked.kind) if asked.kind in sources.names() else []
    return ingest.vouched(asked, ingest.signers(found, world().vault), by_token, now)


def respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
