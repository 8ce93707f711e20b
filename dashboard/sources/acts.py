"""What administrators change of a source: made, its keys, its settings; and a test alert, by dispatchers too."""

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.sources import queries, views
from dashboard.sources.views import NUMBER, TESTERS, found, whole
from gateway.access.auth import WAY, Visit, require
from gateway.actions import Actor
from gateway.acts import sourcing, writeback
from gateway.acts.sourcing import Behind, Settings
from gateway.acts.writeback import Place
from gateway.doors import replay
from gateway.secrets import BadSecret
from gateway.store.senders.sources import NotPossible
from gateway.store.tables import Source
from gateway.world import world
from rules.texts.text import clean_text, one_line
from rules.words import Role


def actor(visit: Visit) -> Actor:
    person = visit.person
    return Actor(person.name or person.email, WAY, person.person_id, person.email)


@bp.post("/sources/new")
@require(Role.ADMIN)
def add_source(visit: Visit) -> ResponseReturnValue:
    try:
        made = sourcing.add(_given("kind"), _given("name"), actor(visit), visit.now, fresh=True)
    except NotPossible as problem:
        return views.new_form(visit, reader_of(visit).say(str(problem)), 422)
    assert made.source_id is not None
    return _with_token(visit, found(made.source_id), made.token)


@bp.post(f"/sources/{NUMBER}/token")
@require(Role.ADMIN)
def source_token(visit: Visit, number: int) -> ResponseReturnValue:
    """Another token, or with `old` one in place of that."""
    one, old = found(number), _given("old")
    try:
        if _given("signing"):
            secret = request.form.get("secret", "").strip()
            made = sourcing.add_signing_secret(one, world(), actor(visit), visit.now, secret)
            if secret:
                return _back(number, "secret")
        elif old:
            made = sourcing.rotate(_of(one, old), actor(visit), visit.now)
        else:
            made = sourcing.add(one.kind, one.name, actor(visit), visit.now)
    except (NotPossible, BadSecret) as problem:
        return _refused(visit, one, str(problem))
    return _with_token(visit, found(number), made.token, signing=bool(_given("signing")))


@bp.post(f"/sources/{NUMBER}/revoke")
@require(Role.ADMIN)
def source_revoke(visit: Visit, number: int) -> ResponseReturnValue:
    one = found(number)
    try:
        sourcing.revoke(_of(one, _given("token")), _given("confirm"), actor(visit), visit.now)
    except NotPossible as problem:
        return _refused(visit, one, str(problem))
    return _back(number, "revoked")


@bp.post(f"/sources/{NUMBER}/settings")
@require(Role.ADMIN)
def source_settings(visit: Visit, number: int) -> ResponseReturnValue:
    one = found(number)
    wanted = Settings(_given("stale"))
    if sourcing.is_desk(one.kind):
        wanted = Settings(priority=_given("priority"), account=_given("account") if "account" in request.form else None)
    try:
        sourcing.set_source(number, wanted, actor(visit), visit.now)
    except NotPossible as problem:
        return _refused(visit, one, str(problem))
    return _back(number, "set")


@bp.post(f"/sources/{NUMBER}/alertmanagers")
@require(Role.ADMIN)
def source_alertmanagers(visit: Visit, number: int) -> ResponseReturnValue:
    """Kept, then asked: how each answers is said on the page."""
    one, how, key = found(number), _given("auth"), request.form.get("secret", "").strip("\r\n")
    secret = {"bearer": {"bearer": key}, "user": {"user": _given("user"), "password": key}}.get(how, {})
    if sourcing.secret_wrong(secret):
        return _refused(visit, one, "the secret, or the user, is empty or has characters that no HTTP header takes")
    urls = tuple(clean_text(request.form.get("urls", "")).split())
    receivers = tuple(word for word in _given("receivers").replace(",", " ").split())
    wanted = Behind(urls, secret, receivers, keep=how == "keep")
    try:
        sourcing.set_alertmanagers(number, wanted, world(), actor(visit), visit.now)
    except NotPossible as problem:
        return _refused(visit, one, str(problem))
    if not urls:
        return _back(number, "none")
    if how == "keep":
        return _back(number, "set")
    said = "; ".join(f"{url}: {sourcing.tried(url, secret, world())}" for url in urls[:2])
    return draw(visit, "pages/source.html", whole(visit, found(number), said=said))


@bp.post(f"/sources/{NUMBER}/desk")
@require(Role.ADMIN)
def source_desk(visit: Visit, number: int) -> ResponseReturnValue:
    one, key = found(number), request.form.get("bearer", "").strip()
    place = Place(_given("url"), key, keep=not key and bool(_given("keep")))
    try:
        writeback.set_address(number, place, world(), actor(visit), visit.now)
    except NotPossible as problem:
        return _refused(visit, one, str(problem))
    return _back(number, "set")


@bp.post(f"/sources/{NUMBER}/test")
@require(*TESTERS)
def source_test(visit: Visit, number: int) -> ResponseReturnValue:
    one = found(number)
    incidents = replay.send_test(one, world(), actor(visit), visit.now)
    if isinstance(incidents, str):
        return _refused(visit, one, incidents, 503)
    return redirect(url_for("dashboard.incident", number=incidents[0]) if incidents else f"/sources/{number}")


def _given(name: str) -> str:
    return one_line(clean_text(request.form.get(name, "")))[:500]


def _of(one: Source, text: str) -> int:
    """The number of a key, if it is one of this source's. Raises NotPossible."""
    for key in queries.tokens(one.id):
        if text == str(key.id):
            return key.id
    raise NotPossible("this token does not work any more")


def _with_token(visit: Visit, one: Source, token: str, *, signing: bool = False) -> Response:
    """Shown this once: no browser and nobody between keeps the page."""
    answer = draw(visit, "pages/source.html", whole(visit, one, made=token, signing=signing))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refused(visit: Visit, one: Source, wrong: str, code: int = 422) -> Response:
    return draw(visit, "pages/source.html", whole(visit, one, wrong=reader_of(visit).say(wrong)), code)


def _back(number: int, done: str) -> ResponseReturnValue:
    return redirect(url_for("dashboard.source", number=number, done=done))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Tickets (generic JSON)"), _("Any JSON, read by a mapping"), _("Prometheus Alertmanager"),
        _("this token does not work any more"),
        _("type the token's last four characters to confirm: nothing was revoked"),
        _("there is a source of this name already: make a new token on its page"),
        _("a name has 1 to 100 printable characters"),
        _("a signing secret has 16 to 200 printable characters, all of ASCII"),
        _("this secret is, or was, in use already: let the sender make another one"),
        _("everybody knows this secret: it is for tests only"),
        _("the secret, or the user, is empty or has characters that no HTTP header takes"),
        _("a ticket is over when its service desk says so"),
        _("an account's names have 300 characters together at most"),
    )  # fmt: skip
