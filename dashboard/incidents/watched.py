"""Views that tell when something enters: the switch in the menu of views, everybody's own."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.incidents.saved import url_of, viewer
from gateway.access.auth import ACTORS, Visit, require
from gateway.actions import NotPossible
from gateway.acts import viewing


@bp.post("/incidents/views/watch")
@require(*ACTORS)
def watch_view(visit: Visit) -> ResponseReturnValue:
    """From now on one is told by push when something enters this view; or no longer. Done twice it is done."""
    key, on = request.form.get("view", "")[:20], request.form.get("on") == "1"
    try:
        query = viewing.watch(viewer(visit), key, visit.now, on=on)
    except NotPossible:  # nothing of theirs takes push yet: how that is set up
        return redirect(url_for("dashboard.my_phone"))
    if query is None:
        abort(404)
    return redirect(url_of(key, query))
