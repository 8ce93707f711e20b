"""The page Wallboard: for whoever is signed in, and for a screen with a token of its own, which leaves the address."""

from http import HTTPStatus

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.glance import keep, pulse
from dashboard.page import draw_outside, reader_of, stranger
from dashboard.reader import Reader
from dashboard.shared import shared
from dashboard.slashes import with_query
from dashboard.wall import values
from gateway.access import screens
from gateway.access.auth import READERS, Visit, require, to_sign_in
from gateway.world import world


def _screen() -> ResponseReturnValue:
    """Nobody is signed in here: a screen with a cookie, or a stranger."""
    if "k" in request.args:
        return _exchange()
    token = screens.kept(request)
    if not token:
        return _told_nobody(make_response(to_sign_in()))
    if screens.find(token, request.remote_addr or "", world().clock.now()) is None:
        return _over()
    return _page(stranger())


@bp.get("/wall")
@require(*READERS, signed_out=_screen)
def wall(visit: Visit) -> ResponseReturnValue:
    return _exchange() if "k" in request.args else _page(reader_of(visit))


@bp.get("/wall/")
def wall_with_a_slash() -> ResponseReturnValue:
    return _told_nobody(make_response(redirect(with_query("/wall"))))


def _exchange() -> Response:
    """The token goes into a cookie, so that it stays in no address bar, no history and no log of what is asked next."""
    token = request.args.get("k", "")
    if screens.find(token, request.remote_addr or "", world().clock.now()) is None:
        return _over()
    answer = make_response(redirect(url_for("dashboard.wall")))
    screens.keep(answer, token, request)
    return _told_nobody(answer)


def _over() -> Response:
    """Revoked, ended, or never made: the screen says so instead of going on with what it had."""
    answer = draw_outside("pages/wall_over.html", {}, HTTPStatus.GONE)
    if screens.kept(request):
        screens.drop(answer, request)
    return _told_nobody(answer)


def _page(who: Reader) -> Response:
    """All pages in one; `p` says which one is shown where no script turns them."""
    found = values.wall_values(who, who.now)
    names = found["names"]
    assert isinstance(names, list)
    asked = request.args.get("p", "")
    place = names.index(asked) if asked in names else 0
    more = {
        "shown": names[place],
        "place": place + 1,
        "following": names[(place + 1) % len(names)],
        "turn": values.TURN,
    }
    return _told_nobody(draw_outside("pages/wall.html", {**found, **more}, who=who))


def _screen_asks() -> ResponseReturnValue:
    token = screens.kept(request)
    if not token or screens.find(token, request.remote_addr or "", world().clock.now()) is None:
        return _told_nobody(make_response(to_sign_in()))  # the page's script goes to /wall then, which says why
    return _live(stranger())


@bp.get("/wall/live")
@require(*READERS, signed_out=_screen_asks, touch=False)
def wall_live(visit: Visit) -> ResponseReturnValue:
    """204 while nothing changed, else all pages anew. Walls that read alike are told alike."""
    return _live(reader_of(visit))


def _live(who: Reader) -> Response:
    now = who.now
    keep(shared("pulse", now, lambda: pulse(now), fresh=False))
    headers = {"X-Now": str(int(now.timestamp() * 1000))}
    if request.args.get("since") == values.mark(now):
        return Response("", HTTPStatus.NO_CONTENT, headers)
    html = shared(("wall", who.language, who.zone.key), now, lambda: _drawn(who), fresh=False)
    return _told_nobody(Response(html, headers=headers, mimetype="text/html"))


def _drawn(who: Reader) -> bytes:
    found = values.wall_values(who, who.now)
    return draw_outside("partials/wall.html", {**found, "shown": ""}, who=who).get_data()


def _told_nobody(answer: Response) -> Response:
    """Not even our own server is told from which address something was asked: a token may stand in it."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
