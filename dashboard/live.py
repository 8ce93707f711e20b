"""The live pages' question, every 1.7 seconds: did anything change? Nearly always the answer is: no."""

import secrets
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from dashboard.alarms import marked
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
from dashboard.tickets.views import listing as ticket_listing
from gateway.access.auth import READERS, Visit, require
from gateway.secrets import salted
from gateway.world import world

NOTHING_MORE = 286  # for htmx: show this and stop asking
LONGEST = 2000  # characters of the page's own query
TOKEN = f"token-{secrets.token_urlsafe(16)}"  # stands in what is shared where a form's own goes


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
    mark = marked(pulse(visit.now).mark if number is None else incident_queries.mark(number), visit.now)
    same = since == mark
    if page == "first_run":
        return Response("", 204 if same else 200, {"X-Now": _now(visit)} if same else {"HX-Refresh": "true"})
    if same or request.args.get("frozen") == "1":
        answer = Response("", 204)
        if not same:
            answer.headers["X-Waiting"] = (
                "1" if number is not None or page in ("tickets", "overview") else waiting(visit, asked, since)
            )
    elif page == "tickets":
        shown = ticket_listing(visit, asked.get("tab", ""), before(asked))
        answer = draw_part(visit, "partials/ticket_list.html", shown)
    elif page == "overview":
        answer = draw_part(visit, "partials/overview.html", overview_values(visit))
    elif number is None:
        answer = _list(visit, _wanted(visit, asked), fresh=fresh)
    else:
        found = incident_queries.incident(number)
        if found is None:
            return Response("", NOTHING_MORE)
        answer = draw_part(visit, "partials/incident.html", incident_values(visit, found, shown_of(asked)))
    answer.headers["X-Now"] = _now(visit)
    return answer


def _list(visit: Visit, wanted: filters.Filter, *, fresh: bool) -> Response:
    """Alike for all who may do the same and read it the same way; but for each with the token of their own forms."""
    person, who = visit.person, reader_of(visit)
    theirs = person.email if wanted.team == "mine" or wanted.assignee == "me" else ""
    key = (wanted, visit.may_act, who.language, who.zone.key, who.exact, theirs)

    def draw() -> str:
        anybody = {**listing(visit, wanted), "csrf": TOKEN}
        return draw_part(visit, "partials/incident_list.html", anybody).get_data(as_text=True)

    drawn = shared(key, visit.now, draw, fresh=fresh)
    return Response(drawn.replace(TOKEN, salted(person.csrf)), mimetype="text/html")


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
