"""HTTP for calendar programs: who knows the secret address of a calendar reads it. Nothing else tells who asks."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from gateway import log
from gateway.doors.ingest import problem, unavailable
from gateway.flows import calendars
from gateway.reply import Answer
from gateway.world import world

LONGEST_TOKEN = 200
HEADERS = (("Content-Type", "text/calendar; charset=utf-8"), ("Cache-Control", "no-store"))

bp = Blueprint("ical", __name__)


@bp.get("/ical/<token>.ics")
def calendar(token: str) -> Response:
    try:
        found = calendars.feed(token, world().clock.now()) if len(token) <= LONGEST_TOKEN else None
    except SQLAlchemyError as trouble:  # the program asks again by itself
        log.warning("calendar_unavailable", problem=type(trouble).__name__)
        return _respond(unavailable("the database cannot be asked now"))
    if found is None:
        return _respond(problem(404, "there is no calendar at this address"))
    return _respond(Answer(200, found, HEADERS))


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
