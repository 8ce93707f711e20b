"""The door: sign-in, sign-out, the first administrator, and a link that sets a password."""

from datetime import timedelta

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.page import Values, draw_outside, is_local, stranger
from gateway.access import auth, passwords, staff
from gateway.access.auth import READERS, Visit, require
from gateway.acts import standing
from gateway.store.db import db
from gateway.store.tables import PersonRow
from gateway.world import world
from rules.texts.text import clean_text, one_line
from rules.words import Role

YEAR = 365 * 86400
BUSY = "Too many people are signing in at this moment. Try again in some seconds."


@bp.get("/login")
def login() -> ResponseReturnValue:
    if auth.signed_in(request, world().clock.now()) is not None:
        return redirect(_next(request.args.get("next", "")))
    values = {
        "next": _next(request.args.get("next", "")),
        "username": "",
        "wrong": "",
        "ended": "ended" in request.args,
    }
    return _login_form(values)


@bp.post("/login")
def sign_in() -> ResponseReturnValue:
    auth.check_early_form()
    now, _ = world().clock.now(), stranger().say
    username, password = clean_text(request.form.get("username", ""))[:254], request.form.get("password", "")
    values = {"next": _next(request.form.get("next", "")), "username": username}
    try:
        found = auth.sign_in(username, password, request.remote_addr or "", now)
    except passwords.Busy:
        return _later(_login_form({**values, "wrong": stranger().say(BUSY)}, 503))
    if isinstance(found, timedelta):
        wait = stranger().duration(max(found, timedelta(seconds=1)))
        answer = _login_form({**values, "wrong": _("Too many tries. Wait %(time)s.", time=wait)}, 429)
        answer.headers["Retry-After"] = str(max(1, round(found.total_seconds())))
        return answer
    if found is None:
        return _login_form({**values, "wrong": _("This e-mail address and password do not belong together.")}, 401)
    answer = redirect_to(str(values["next"]))
    auth.start(found, answer, now, lasting=request.form.get("stay") == "1")
    return answer


def _later(answer: Response) -> Response:
    answer.headers["Retry-After"] = "5"
    return answer


def _login_form(values: Values, code: int = 200) -> Response:
    here = url_for("dashboard.login", next=values["next"])
    told = {"here": here, "world_told": standing.is_on(world().clock.now())}
    return _with_form_token("pages/login.html", {**values, **told}, code)


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Before sign-in; nothing but a cookie, so the worst another site can do with it is another language."""
    auth.check_early_form()
    language = request.form.get("language", "")
    wanted = request.form.get("next", "")
    answer = redirect_to(wanted if is_local(wanted) else url_for("dashboard.login"))
    if language in LANGUAGES:
        answer.set_cookie("language", language, max_age=YEAR, samesite="Lax", secure=request.is_secure)
    return answer


@bp.get("/welcome/<token>")
def welcome(token: str) -> ResponseReturnValue:
    """Where an invited person sets a password."""
    person = staff.read_link(db.session(), token, world().clock.now())
    if person is None:
        return draw_outside("pages/link_over.html", {}, 410)
    return _with_form_token("pages/welcome.html", {"name": person.name, "email": person.email, "wrong": ""})


@bp.post("/welcome/<token>")
def set_first_password(token: str) -> ResponseReturnValue:
    auth.check_early_form()
    now = world().clock.now()
    person = staff.read_link(db.session(), token, now)
    if person is None:
        return draw_outside("pages/link_over.html", {}, 410)
    values = {"name": person.name, "email": person.email}
    password = request.form.get("password", "")
    wrong = passwords.complaint(password, person.email, person.name)
    db.session.rollback()  # no connection is held while we reckon
    if wrong:
        return _with_form_token("pages/welcome.html", {**values, "wrong": stranger().say(wrong)}, 422)
    try:
        kept = passwords.hash_password(password)
    except passwords.Busy:
        return _later(_with_form_token("pages/welcome.html", {**values, "wrong": stranger().say(BUSY)}, 503))
    number = staff.use_link(token, kept, now)
    if not number:
        return draw_outside("pages/link_over.html", {}, 410)
    answer = redirect_to(url_for("dashboard.home"))
    auth.start(number, answer, now)
    return answer


def _with_form_token(template: str, values: Values, code: int = 200) -> Response:
    kept, token = auth.early_token()
    answer = draw_outside(template, {**values, "csrf": token}, code)
    auth.set_cookie(answer, "nabat-form", kept, 86400)
    return answer


def _next(wanted: str) -> str:
    """Only a page of ours, never another site."""
    return wanted if is_local(wanted) and not wanted.startswith("/login") else url_for("dashboard.home")


def redirect_to(place: str) -> Response:
    return make_response(redirect(place))


@bp.post("/logout")
@require(*READERS)
def logout(visit: Visit) -> ResponseReturnValue:
    answer = redirect_to(url_for("dashboard.login"))
    auth.end(visit, answer)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@bp.get("/setup")
def setup() -> ResponseReturnValue:
    token = request.args.get("token", "")
    if not auth.setup_open(token):
        return draw_outside("pages/setup_over.html", {}, 410)
    return _with_form_token("pages/setup.html", {"key": token, "email": "", "name": "", "wrong": ""})


@bp.post("/setup")
def make_first_admin() -> ResponseReturnValue:
    auth.check_early_form()
    token = request.form.get("token", "")
    if not auth.setup_open(token):
        return draw_outside("pages/setup_over.html", {}, 410)
    email = one_line(clean_text(request.form.get("email", ""))).lower()[:254]
    name = one_line(clean_text(request.form.get("name", "")))[:100]
    values, who = {"key": token, "email": email, "name": name}, stranger()
    wrong = _complaint(email, name)
    if wrong:
        return _with_form_token("pages/setup.html", {**values, "wrong": who.say(wrong)}, 422)
    try:
        kept = passwords.hash_password(request.form["password"])
    except passwords.Busy:
        return _later(_with_form_token("pages/setup.html", {**values, "wrong": who.say(BUSY)}, 503))
    now = world().clock.now()
    person = PersonRow(email=email, name=name, role=Role.ADMIN.value, language=who.language, active=True)
    person.timezone, person.theme, person.created_at = world().settings.timezone, "", now
    person.password_hash = kept
    made = auth.set_up(token, person)
    if made is None:
        return draw_outside("pages/setup_over.html", {}, 410)
    answer = redirect_to(url_for("dashboard.first_steps"))
    auth.start(made, answer, now)
    return answer


def _complaint(email: str, name: str) -> str:
    local, at, host = email.partition("@")
    if not (local and at and host) or " " in email or "@" in host:
        return "This is not an e-mail address."
    if not name:
        return "A name is needed: others see it on the timeline."
    if request.form.get("password", "") != request.form.get("again", request.form.get("password", "")):
        return "The two passwords differ."
    return passwords.complaint(request.form.get("password", ""), email, name, local)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("This is not an e-mail address."), _("A name is needed: others see it on the timeline."),
        _("The two passwords differ."), _("The password needs at least 8 characters."),
        _("The password may have at most 128 characters."),
        _("This password is among the first that anybody would try."), _("The present password is not right."),
        _("Too many tries. Wait a minute."),
        _("Too many people are signing in at this moment. Try again in some seconds."),
    )  # fmt: skip
