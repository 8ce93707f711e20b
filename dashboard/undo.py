"""The button Undo, wherever it stands."""

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import htmx, is_local, reader_of
from dashboard.takeback import actor_of, outcome_words, say
from gateway.access.auth import ACTORS, Visit, require
from gateway.acts import undo as undoing


@bp.post("/undo/<token>")
@require(*ACTORS)
def undo(visit: Visit, token: str) -> ResponseReturnValue:
    """Back to the page it was pressed on, which shows things as they are now."""
    outcome = undoing.take_back(token, actor_of(visit), visit.now)
    if htmx:
        return say(Response("", 204), outcome_words(outcome, reader_of(visit)), visit, refresh=True)
    back = request.form.get("back", "")
    return redirect(back if is_local(back) else url_for("dashboard.incidents"))
