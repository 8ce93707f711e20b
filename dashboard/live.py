"""The live pages' question, every 1.7 seconds: did anything change? Nearly always the answer is: no."""

from collections.abc import Callable, Hashable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from dashboard import packing
from dashboard.alarms import marked
from dashboard.at_once import HEART, LEFT, Drawn, Heart
from dashboard.blueprint import bp
from dashboard.deliveries.views import listed_mark
from dashboard.deliveries.views import listing as deliveries_listing
from dashboard.glance import keep, pulse
from dashboard.incident import queries as incident_queries
from dashboard.incident.values import incident_values, shown_of
from dashboard.incidents import filters
from dashboard.incidents.listing import listing
from dashboard.incidents.waiting import waiting
from dashboard.oncall.views import looker_of, now_mark, now_values
from dashboard.overview.views import overview_values
from dashboard.page import draw_part, reader_of, stranger
from dashboard.shared import shared
from dashboard.tickets.presence import seen_now, with_looks
from dashboard.tickets.views import listing as ticket_listing
from dashboard.tickets.views import ticket_mark, ticket_values
from gateway.access.auth import READERS, Visit, require
from gateway.lists.filters import QUERY
from gateway.store.db import db
from gateway.store.directory import signins
from gateway.world import world

NOTHING_MORE = 286  # for htmx: show this and stop asking
OF_ONE = ("incident", "ticket")  # pages about one incident, whose own mark they have
SETTLED = timedelta(days=30)  # after which a resolved incident is not expected to change


# the part of a page that is drawn anew, and what it shows
PARTS: Mapping[str, tuple[str, Callable[[Visit, MultiDict[str, str]], dict[str, object]]]] = {
    "tickets": ("partials/ticket_list.html", ticket_listing),
    "overview": ("partials/overview.html", lambda visit, _: overview_values(visit)),
    "deliveries": ("partials/deliveries.html", deliveries_listing),
    "oncall": ("partials/oncall_now.html", lambda visit, _: now_values(visit, looker_of(visit))),
}
OWN_PARTS = (*PARTS, "first_run")  # pages whose change is not the list, and so not shared


def _signed_out() -> ResponseReturnValue:
    """The page stays as it is, says so, and keeps its address for after the sign-in."""
    place = url_for("dashboard.login", next=_path(request.args.get("page", ""), request.args.get("q", "")[:QUERY]))
    body = render_template("partials/signed_out.html", _=stranger().say, place=place)
    return Response(body, NOTHING_MORE, {"HX-Retarget": "#flash-err", "HX-Reswap": "innerHTML"}, mimetype="text/html")


@bp.get("/live")
@require(*READERS, signed_out=_signed_out, touch=False)
def live(visit: Visit) -> ResponseReturnValue:
    """204 while nothing changed; else the part that did. While the page is held still, only that something waits."""
    asked = Request.from_values(query_string=request.args.get("q", "")[:QUERY]).args
    page = request.args.get("page", "")
    number = _number(asked.get("n", "")) if page in OF_ONE else None
    if number is not None and _is_settled(visit, number):
        return Response("", NOTHING_MORE, {"HX-Reswap": "none", "X-Now": _now(visit)})
    since = request.args.get("since", "")
    fresh = not since or request.args.get("fresh") == "1"
    keep(shared("pulse", visit.now, lambda: pulse(visit.now), fresh=fresh))
    heart = shared(HEART, visit.now, lambda: _heart(visit), fresh=fresh)
    mark = _mark(visit, page, number, heart.mark, fresh=fresh)
    wanted = _wanted(visit, asked)
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


def _is_settled(visit: Visit, number: int) -> bool:
    """Whether the page about it may stop asking: what is there stays, and whoever changes it yet is shown that."""
    resolved_at = incident_queries.resolved_at(number)
    return resolved_at is not None and visit.now - resolved_at > SETTLED


def _mark(visit: Visit, page: str, number: int | None, whole: str, *, fresh: bool) -> str:
    """Changes with what this page shows. `whole`: with any line on any timeline."""
    if number is not None:
        return ticket_mark(visit, number) if page == "ticket" else marked(incident_queries.mark(number), visit.now)
    if page == "tickets":
        return with_looks(whole, seen_now(visit, fresh=fresh))
    if page == "deliveries":
        return listed_mark(visit, fresh=fresh)
    if page == "oncall":
        return now_mark(visit, pulse(visit.now).people)
    return whole


def _changed(
    visit: Visit, page: str, asked: MultiDict[str, str], number: int | None, wanted: filters.Filter, *, fresh: bool
) -> Response:
    if page in PARTS:
        template, values = PARTS[page]
        return draw_part(visit, template, values(visit, asked))
    if page == "ticket":
        return _ticket(visit, asked, number)
    if number is None:
        return _list(visit, wanted, fresh=fresh)
    found = incident_queries.incident(number)
    if found is None:
        return Response("", NOTHING_MORE)
    return draw_part(visit, "partials/incident.html", incident_values(visit, found, shown_of(asked)))


def _ticket(visit: Visit, asked: MultiDict[str, str], number: int | None) -> Response:
    values = ticket_values(visit, asked.get("key", ""), asked.get("source", ""))
    if not values:
        return Response("", NOTHING_MORE)
    answer = draw_part(visit, "partials/ticket.html", values)
    if values["number"] != number:  # it came again: another incident is its own now
        answer.headers["HX-Refresh"] = "true"
    return answer


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
    if page == "ticket" and asked.get("key"):
        return url_for("dashboard.ticket", key=asked["key"], source=asked.get("source"))
    if page in ("tickets", "deliveries", "oncall"):
        return f"{url_for(f'dashboard.{page}')}{'?' if query else ''}{query}"
    return filters.read(asked, world().clock.now(), ZoneInfo("UTC")).url()
