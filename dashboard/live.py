"""The live pages' question, every 1.7 seconds: did anything change? Nearly always the answer is: no."""

from collections.abc import Hashable
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from dashboard import packing
from dashboard.alarms import marked
from dashboard.at_once import HEART, LEFT, Drawn, Heart
from dashboard.blueprint import bp
from dashboard.filters import before
from dashboard.glance import keep, pulse
from dashboard.incident import queries as incident_queries
from dashboard.incident.values import incident_values, shown_of
from dashboard.incidents import filters
from dashboard.incidents.listing import listing
from dashboard.incidents.waiting import waiting
from dashboard.overview.views import overview_values
from dashboard.page import draw_part, reader_of, stranger
from dashboard.shared import shared
from dashboard.tickets.presence import seen_now, with_looks
from dashboard.tickets.views import listing as ticket_listing
from gateway.access.auth import READERS, Visit, require
from gateway.store import signins
from gateway.store.db import db
from gateway.world import world

NOTHING_MORE = 286  # for htmx: show this and stop asking
OWN_PARTS = ("tickets", "overview", "first_run")  # pages whose change is not the list, and so not shared
LONGEST = 2000  # characters of the page's own query


def _signed_out() -> ResponseReturnValue:
    """The page stays as it is, says so, and keeps its address for after the sign-in."""
    place = url_for("dashboard.login", next=_path(request.args.get("page", ""), request.args.get("q", "")[:LONGEST]))
    body = render_template("partials/signed_out.html", _=stranger().say, place=place)
    return Response(body, NOTHING_MORE, {"HX-Retarget": "#flash-err", "HX-Reswap": "innerHTML"}, mimetype="text/html")


@bp.get("/live")
@require(*READERS, signed_out=_signed_out, touch=False)
def live(visit: Visit) -> ResponseReturnValue:
    """204 while nothing changed; else the part that did. While the page is held still, only that something waits."""
    asked = Request.from_values(query_string=request.args.get("q", "")[:LONGEST]).args
    page = request.args.get("page", "")
    number = _number(asked.get("n", "")) if page == "incident" else None
    since = request.args.get("since", "")
    fresh = not since or request.args.get("fresh") == "1"
    keep(shared("pulse", visit.now, lambda: pulse(visit.now), fresh=fresh))
    heart = shared(HEART, visit.now, lambda: _heart(visit), fresh=fresh)
    mark = heart.mark if number is None else marked(incident_queries.mark(number), visit.now)
    wanted = _wanted(visit, asked)
    if page == "tickets":
        mark = with_looks(mark, seen_now(visit, fresh=fresh))
    if number is None:
        request.environ[LEFT] = _key(visit, wanted) if page not in OWN_PARTS else None, heart
    same = since == mark
    if page == "first_run":
        return Response("", 204 if same else 200, {"X-Now": _now(visit)} if same else {"HX-Refresh": "true"})
    if same or request.args.get("frozen") == "1":
        answer = Response("", 204)
        if not same:
            answer.headers["X-Waiting"] = (
                "1" if number is not None or page in OWN_PARTS else waiting(visit, asked, since)
            )
    else:
        answer = _changed(visit, page, asked, number, wanted, fresh=fresh)
    answer.headers["X-Now"] = _now(visit)
    return answer


def _changed(
    visit: Visit, page: str, asked: MultiDict[str, str], number: int | None, wanted: filters.Filter, *, fresh: bool
) -> Response:
    if page == "tickets":
        shown = ticket_listing(visit, asked.get("tab", ""), before(asked))
        return draw_part(visit, "partials/ticket_list.html", shown)
    if page == "overview":
        return draw_part(visit, "partials/overview.html", overview_values(visit))
    if number is None:
        return _list(visit, wanted, fresh=fresh)
    found = incident_queries.incident(number)
    if found is None:
        return Response("", NOTHING_MORE)
    return draw_part(visit, "partials/incident.html", incident_values(visit, found, shown_of(asked)))


def _heart(visit: Visit) -> Heart:
    beat = pulse(visit.now)
    return Heart(marked(beat.mark, visit.now), beat.people, signins.version(db.session()))


def _key(visit: Visit, wanted: filters.Filter) -> Hashable:
    person, who = visit.person, reader_of(visit)
    theirs = person.email if wanted.team == "mine" or wanted.assignee == "me" else ""
    return wanted, visit.may_act, who.language, who.zone.key, who.exact, theirs


def _list(visit: Visit, wanted: filters.Filter, *, fresh: bool) -> Response:
    """Alike for all who may do the same and read it the same way: nobody's token is in it, scripts bring that."""

    def draw() -> Drawn:
        anybody = {**listing(visit, wanted), "csrf": ""}
        return Drawn(draw_part(visit, "partials/incident_list.html", anybody).get_data())

    drawn = shared(_key(visit, wanted), visit.now, draw, fresh=fresh)
    if not packing.is_wanted(drawn.html):
        return Response(drawn.html, mimetype="text/html")
    return Response(drawn.packed(), mimetype="text/html", headers={"Content-Encoding": "gzip"})


def _wanted(visit: Visit, asked: MultiDict[str, str]) -> filters.Filter:
    return filters.read(asked, visit.now, reader_of(visit).zone)


def _number(text: str) -> int:
    """The incident's number; 0, which no incident has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _now(visit: Visit) -> str:
    return str(int(visit.now.timestamp() * 1000))


def _path(page: str, query: str) -> str:
    if page == "overview":
        return url_for("dashboard.overview")
    asked = Request.from_values(query_string=query).args
    number = _number(asked.get("n", ""))
    if page == "incident" and number:
        return url_for("dashboard.incident", number=number)
    if page == "tickets":
        return url_for("dashboard.tickets", tab=asked.get("tab"))
    return filters.read(asked, world().clock.now(), ZoneInfo("UTC")).url()
