"""Views that tell when something enters: the switch in the menu of views, everybody's own."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import queries
from dashboard.blueprint import bp
from dashboard.incidents.saved import url_of
from gateway.access.auth import ACTORS, WAY, Visit, require
from gateway.lists import watching
from gateway.store import audit, watches
from gateway.store.db import transaction


@bp.post("/incidents/views/watch")
@require(*ACTORS)
def watch_view(visit: Visit) -> ResponseReturnValue:
    """From now on one is told by push when something enters this view; or no longer. Done twice it is done."""
    key, on, directory = request.form.get("view", "")[:20], request.form.get("on") == "1", queries.directory()
    person = directory.people.get(visit.person.email)
    with transaction() as session:
        saved = watches.saved(session, [key] if key.isascii() else [])
        query = watching.query_of(key, person, saved, directory)
        if person is None or query is None:
            abort(404)
        if on and not watching.phones(person):
            return redirect(url_for("dashboard.my_phone"))  # nothing of theirs takes push yet: how that is set up
        if on:
            changed = watching.begin(session, person, key, query, directory, visit.now)
        else:
            changed = bool(watching.end(session, key, visit.now, person.id))
        if changed:
            said = "view watch" if on else "view unwatch"
            audit.note(session, visit.now, visit.person.email, said, f"view {key}", WAY)
    return redirect(url_of(key, query))
