"""The incident list: its page, its menus of values, how dense it is, and where one begins."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.glance import frame, pulse, whole
from dashboard.incidents import filters, progress, saved
from dashboard.incidents.facets import values
from dashboard.incidents.listing import DENSITY, listing
from dashboard.page import draw, draw_part, htmx, is_local, reader_of
from gateway.access.auth import READERS, Visit, require
from gateway.lists.filters import DENSITIES
from gateway.world import world
from rules.words import Role

YEAR = 365 * 24 * 3600  # seconds
HOMES = {
    Role.VIEWER: "dashboard.overview",
    Role.RESPONDER: "dashboard.incidents",
    Role.DISPATCHER: "dashboard.tickets",
    Role.ADMIN: "dashboard.overview",
}


@bp.get("/")
@require(*READERS)
def home(visit: Visit) -> ResponseReturnValue:
    """Everybody's first page: the view one chose, else what one's role works with. Before any alert, how to begin."""
    if request.args:
        return _page(visit)  # a question is one to the list
    chosen = saved.home_url(visit)
    if not chosen and frame(visit.now).any_incident:
        chosen = url_for(HOMES[visit.person.role])
    return redirect(chosen or url_for("dashboard.incidents"))


@bp.get("/incidents")
@require(*READERS)
def incidents(visit: Visit) -> ResponseReturnValue:
    """Asked for a view by its name alone, as the app on a phone does: what it keeps is asked for."""
    if request.args.keys() == {"view"}:
        place = saved.place_of(request.args["view"], visit)
        if place not in ("", saved.url_of(request.args["view"], "")):  # one that asks for nothing is here already
            return redirect(place)
    return _page(visit)


def asked(visit: Visit) -> filters.Filter:
    return filters.read(request.args, visit.now, reader_of(visit).zone)


def _page(visit: Visit) -> ResponseReturnValue:
    wanted = asked(visit)
    if htmx and not htmx.history_restore_request:
        typing = request.args.get("typing") == "1"
        grown = htmx.trigger == "more"  # the same list, longer: what is being typed stays, Back leads past it
        answer = draw_part(
            visit, "partials/incident_list.html", {**listing(visit, wanted), "form": not typing and not grown}
        )
        way = "HX-Replace-Url" if typing or grown else "HX-Push-Url"
        answer.headers[way] = wanted.url(after=wanted.after, rows=wanted.rows)
        return answer
    if not whole(visit.now)[1].any_incident:
        return draw(visit, "pages/first_run.html", _first_run(visit))
    return draw(
        visit,
        "pages/incidents.html",
        {**listing(visit, wanted), "view_undo": saved.offer(visit), "job": progress.running(visit)},
    )


def _first_run(visit: Visit) -> dict[str, object]:
    """Nothing ever came in: how to connect the first source. The mark lets the page notice the first incident."""
    root = world().settings.public_url or request.host_url.rstrip("/")
    return {"page": "first_run", "root": root, "mark": marked(pulse(visit.now).mark, visit.now)}


@bp.get("/incidents/facet")
@require(*READERS)
def facet(visit: Visit) -> ResponseReturnValue:
    """The values of one menu, with how often each is in the list; without JavaScript a page of its own."""
    found = values(visit, asked(visit), request.args.get("name", "service"))
    template = "partials/facet.html" if htmx else "pages/facet.html"
    return (draw_part if htmx else draw)(visit, template, {"page": "incidents", "menu": found})


@bp.post("/incidents/density")
@require(*READERS)
def density(_: Visit) -> ResponseReturnValue:
    """Remembered in this browser."""
    back, wanted = request.form.get("back", ""), request.form.get("density", "")
    answer = redirect(back if is_local(back) else "/incidents")
    if wanted in DENSITIES:
        answer.set_cookie(DENSITY, wanted, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return answer
