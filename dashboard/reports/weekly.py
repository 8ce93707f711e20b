"""The weekly e-mail: asked for and stopped, here or by the link in it, which needs no sign-in."""

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw_outside, is_local
from dashboard.takeback import actor_of
from gateway.access import links, mine
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import transaction
from gateway.store.outgoing import letters
from gateway.store.upkeep import audit
from gateway.world import world

ROBOTS = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@bp.post("/reports/weekly")
@require(*READERS)
def want_weekly(visit: Visit) -> ResponseReturnValue:
    wanted, back = request.form.get("wanted") == "1", request.form.get("back", "")
    mine.want_weekly(visit.person.person_id, actor_of(visit), visit.now, wanted=wanted)
    return redirect(back if is_local(back) else url_for("dashboard.reports"))


@bp.get("/weekly/<token>")
def stop_weekly(token: str) -> ResponseReturnValue:
    """Only a question: whatever scans mails follows links."""
    if links.read_number(world().settings.secret_key, token, links.WEEKLY) is None:
        abort(404)
    return _page(token, done=False)


@bp.post("/weekly/<token>")
def stop_weekly_now(token: str) -> ResponseReturnValue:
    person_id = links.read_number(world().settings.secret_key, token, links.WEEKLY)
    if person_id is None:
        abort(404)
    with transaction() as session:
        email = letters.set_wanted(session, person_id, wanted=False)
        if not email:
            abort(404)
        audit.note(session, world().clock.now(), email, "weekly report", email, "link", wanted=False)
    return _page(token, done=True)


def _page(token: str, *, done: bool) -> Response:
    answer = draw_outside("pages/weekly_stop.html", {"key": token, "done": done})
    answer.headers.update(ROBOTS)
    return answer
