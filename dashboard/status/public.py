"""The public status page: for everybody, without a cookie, a script or a name of ours; 404 until it is switched on.

Everything stands in the last reading of the database: it is also what is served while the database is away.
"""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from dashboard.assets import asset
from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.packing import LEAST, LEVEL
from dashboard.reader import Reader, reader
from dashboard.shared import Shared
from dashboard.slashes import with_query
from dashboard.status import badge, feed, rows
from gateway.acts import standing as kept
from gateway.acts.standing import Seen
from gateway.store.db import db
from gateway.store.public import notices
from gateway.world import world
from rules.reports.public import Component, Notice, Standing, all_spans, in_language, state_at

FOR = "public, max-age=30"
DRAWN_FOR = timedelta(seconds=5)  # unless something is published
NAME = "nabat.drawn"
NUMBER = "<int(max=2147483647):number>"


@bp.get("/status")
def status() -> ResponseReturnValue:
    found, who = seen(), visitor()
    return page("pages/status.html", found, lambda: rows.whole(found.standing, who.now, who), who)


@bp.get(f"/status/{NUMBER}")
def status_notice(number: int) -> ResponseReturnValue:
    found, who = seen(), visitor()
    one = next((one for one in found.standing.notices if one.id == number), None) or _older(number, found)
    if one is None:
        abort(404)
    return page("pages/status_notice.html", found, lambda: {"one": rows.shown(one, found.standing, who.now, who)}, who)


@bp.get("/status/")
def status_with_a_slash() -> ResponseReturnValue:
    return led_to(with_query("/status"))


def led_to(place: str) -> ResponseReturnValue:
    """As long as there is a page for the world."""
    seen()
    return redirect(place)


@bp.get(f"/status/{NUMBER}/")
def status_notice_with_a_slash(number: int) -> ResponseReturnValue:
    return led_to(with_query(f"/status/{number}"))


@bp.get("/status/feed.atom")
def status_feed() -> ResponseReturnValue:
    found, who = seen(), visitor()
    place, query = root(), _query()
    return _answer(found, who, feed.KIND, lambda: feed.written(found.standing, place, query, who), place)


@bp.get("/status/badge.svg")
def status_badge() -> ResponseReturnValue:
    """Of all components, or of ?component=N."""
    found, who = seen(), visitor()
    wanted = request.args.get("component", "")
    shown = (one for one in found.standing.components if one.shown and str(one.id) == wanted)
    one = next(shown, None)
    if wanted and one is None:
        abort(404)
    answer = _answer(found, who, "image/svg+xml", lambda: _badge(one, found.standing, who), wanted)
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is made to stand on other pages
    return answer


def _badge(one: Component | None, standing: Standing, who: Reader) -> str:
    if one is None:
        return badge.drawn(name_of(standing, who), rows.summary(standing, who.now, who))
    mark = rows.mark(state_at(all_spans(standing.notices, one.id), who.now), who)
    return badge.drawn(rows.text(one.names, who).text, mark)


def name_of(standing: Standing, who: Reader) -> str:
    return in_language(standing.names, who.language)[0]


def root() -> str:
    return world().settings.public_url or request.host_url.rstrip("/")


def seen() -> Seen:
    """404 without a word more while there is no page for the world."""
    try:
        found = kept.standing(world().clock.now())
    except SQLAlchemyError:
        abort(503)
    if not found.standing.on:
        abort(404)
    return found


def _older(number: int, found: Seen) -> Notice | None:
    """One that was over before the days of the bars. While nobody can say whether there is one, 503."""
    if found.stale:
        abort(503)
    try:
        return notices.one(db.session(), number)
    except SQLAlchemyError:
        abort(503)


def visitor(otherwise: str = "") -> Reader:
    """Whose language the address or the browser says; no cookie is looked at."""
    return _reader(world().clock.now(), request.args.get("lang", "") or otherwise)


def _reader(now: datetime, wanted: str) -> Reader:
    offered = request.accept_languages.best_match(list(LANGUAGES), world().settings.language)
    return reader(now, wanted if wanted in LANGUAGES else offered or "en", world().settings.timezone)


def _query() -> str:
    """The language, where the address says it: links keep it."""
    wanted = request.args.get("lang", "")
    return f"?lang={wanted}" if wanted in LANGUAGES else ""


def page(template: str, seen: Seen, values: Callable[[], dict[str, object]], who: Reader) -> Response:
    return _answer(seen, who, "text/html", lambda: _drawn(template, seen, values(), who))


def plain(template: str, seen: Seen, values: dict[str, object], who: Reader, code: int) -> Response:
    """For one visitor alone, and kept by nobody."""
    return Response(_drawn(template, seen, values, who), code, mimetype="text/html")


def _drawn(template: str, seen: Seen, values: dict[str, object], who: Reader) -> str:
    known = {
        "_": who.say,
        "reader": who,
        "asset": asset,
        "name": rows.text(seen.standing.names, who),
        "stale": rows.when(seen.at, who) if seen.stale else None,
        "query": _query(),
        "languages": LANGUAGES,
        "here": request.path,
        "mail": seen.standing.mail,
    }
    return render_template(template, **known, **values)


@dataclass(frozen=True, slots=True)
class _Body:
    """The same bytes for the same matter, so that whoever has them already is only told so."""

    plain: bytes
    packed: bytes  # empty: it is not worth it
    tag: str


def _body(text: str) -> _Body:
    plain = text.encode()
    packed = gzip.compress(plain, LEVEL, mtime=0) if len(plain) >= LEAST else b""
    return _Body(plain, packed, hashlib.sha256(plain).hexdigest()[:20])


def switch_on(app: Flask) -> None:
    """Web servers draw for many at once: when much is down everybody looks, and alerts have to come through then."""
    app.extensions.setdefault(NAME, Shared())


def _answer(seen: Seen, who: Reader, kind: str, make: Callable[[], str], of: str = "") -> Response:
    """Drawn anew for another address, language, reading and `of`; for nothing else that a visitor can choose."""
    drawn: Shared | None = current_app.extensions.get(NAME)
    key = (request.path, of, who.language, _query(), seen.version, seen.at if seen.stale else None)
    body = drawn.ask(key, who.now, lambda: _body(make()), fresh=False, lasts=DRAWN_FOR) if drawn else _body(make())
    packed = body.packed and request.accept_encodings.quality("gzip") > 0
    answer = Response(body.packed if packed else body.plain, mimetype=kind)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.update(("Accept-Language", "Accept-Encoding"))
    answer.headers["Cache-Control"] = FOR
    answer.set_etag(body.tag + ("-gzip" if packed else ""))
    answer.make_conditional(request)
    return answer
