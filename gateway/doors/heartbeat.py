"""HTTP for jobs that must run: whoever asks for the address of a heartbeat has come. GET or POST, whatever the body."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from gateway import log
from gateway.doors.ingest import problem, unavailable
from gateway.flows import heartbeats
from gateway.reply import Answer
from gateway.world import world

LONGEST_TOKEN = 200

bp = Blueprint("heartbeat", __name__)


@bp.route("/heartbeat/<token>", methods=["GET", "POST"])
def beat(token: str) -> Response:
    try:
        known = len(token) <= LONGEST_TOKEN and heartbeats.beat(token, world().clock.now())
    except SQLAlchemyError as trouble:  # the job tries again, or its silence is told
        log.warning("heartbeat_unavailable", problem=type(trouble).__name__)
        return _respond(unavailable("the database cannot take it now"))
    if not known:
        return _respond(problem(404, "there is no heartbeat of this address"))
    return _respond(
        Answer(200, b"ok\n", (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")))
    )


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
