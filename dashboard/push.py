"""Push in this browser: the card on a person's own page, the service worker, and what a phone needs to install us."""

import json
from dataclasses import dataclass

from flask import Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.assets import FOLDER, addresses, asset, version
from dashboard.blueprint import bp
from dashboard.page import draw_outside, draw_part, htmx, reader_of, stranger
from dashboard.reader import Moment, Reader
from gateway.access import browsers
from gateway.access.auth import ACTORS, Visit, require

WORKER = (FOLDER / "sw.js").read_bytes()
SHORTCUTS = (("Incidents", "/incidents"), ("On call", "/oncall"), ("Test my phone", "/me/phone"))
MANIFEST = {
    "id": "/",
    "name": "Nabat",
    "short_name": "Nabat",
    "start_url": "/incidents?view=mine",
    "scope": "/",
    "display": "standalone",
    "background_color": "#0d1117",
    "theme_color": "#141a22",
    "icons": [
        {"src": asset("bell.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        *(
            {"src": asset(f"{name}-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for name, purpose in (("icon", "any"), ("maskable", "maskable"))
            for size in (192, 512)
        ),
    ],
}


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    name: str
    mark: str
    since: Moment | None
    on_trust: bool


@dataclass(frozen=True, slots=True)
class Card:
    key: str  # our public one
    browsers: list[Line]
    said: str
    well: bool


def card(visit: Visit, said: str = "", *, well: bool = True) -> Card | None:
    """Nothing for a viewer, who is never told."""
    if not visit.may_act:
        return None
    reader = reader_of(visit)
    mine = browsers.mine(visit.person.person_id)
    lines = [
        Line(one.id, one.name, one.mark, reader.moment(one.since) if one.since else None, one.on_trust) for one in mine
    ]
    return Card(browsers.public_key(visit.now), lines, said, well)


@bp.get("/me/push")
@require(*ACTORS)
def push(visit: Visit) -> ResponseReturnValue:
    return _card(visit)


@bp.post("/me/push")
@require(*ACTORS)
def push_subscribe(visit: Visit) -> ResponseReturnValue:
    """The browser's own subscription, as JSON."""
    wrong = browsers.subscribe(visit.person.person_id, request.get_data(as_text=True), visit.now)
    body = json.dumps({"wrong": wrong} if wrong else {})
    return Response(body, 422 if wrong else 201, mimetype="application/json")


@bp.post("/me/push/<int:number>/test")
@require(*ACTORS)
def push_test(visit: Visit, number: int) -> ResponseReturnValue:
    reader = reader_of(visit)
    result = browsers.try_out(visit.person.person_id, number, reader.language, visit.now)
    if result == "unknown":
        abort(404)
    return _card(visit, _words(result, reader), well=result == "sent")


@bp.post("/me/push/<int:number>/delete")
@require(*ACTORS)
def push_delete(visit: Visit, number: int) -> ResponseReturnValue:
    if not browsers.forget(visit.person.person_id, number, visit.now):
        abort(404)
    return _card(visit, reader_of(visit).say("Removed: that browser is told nothing any more."))


@bp.get("/sw.js")
def service_worker() -> Response:
    """At the root, because a worker has power only over what lies beside and below it; with the files it keeps."""
    said = {"version": version(), "files": addresses()}
    body = b"self.NABAT=" + json.dumps(said).encode() + b";\n" + WORKER
    answer = Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})
    answer.set_etag(version())  # it is asked for with every page
    answer.make_conditional(request)
    return answer


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    there = {rule.rule for rule in current_app.url_map.iter_rules()}
    say = stranger().say
    shortcuts = [{"name": say(word), "url": place} for word, place in SHORTCUTS if place in there]
    said = MANIFEST | {"lang": stranger().language, "shortcuts": shortcuts}
    return Response(json.dumps(said), mimetype="application/manifest+json", headers={"Cache-Control": "no-cache"})


@bp.get("/offline")
def offline() -> Response:
    """What the service worker shows of a page it has no copy of. Browsers keep it, so nothing in it is anybody's."""
    return draw_outside("pages/offline.html", {})


def _card(visit: Visit, said: str = "", *, well: bool = True) -> ResponseReturnValue:
    if not htmx:
        return redirect(url_for("dashboard.my_phone", _anchor="push"))
    return draw_part(visit, "partials/push.html", {"push": card(visit, said, well=well)})


def _words(result: str, reader: Reader) -> str:
    _ = reader.say
    known = {
        "sent": _("Sent. It should be on your screen by now."),
        "too many": _("That was the fifth test within an hour. Wait a little."),
        "ended": _("That browser is no longer subscribed, so it was removed. Subscribe it anew."),
    }
    return known.get(result) or _("Not sent: %(why)s", why=result)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("Incidents"), _("On call"), _("Test my phone"))
