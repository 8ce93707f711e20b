"""Pages for when something is wrong: what happened, what still works, and the way back."""

from flask import Flask, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError

from dashboard.page import draw_outside, htmx, reader_of, stranger
from dashboard.reader import Reader
from gateway import log
from gateway.access.auth import OldForm, Visit, signed_in
from gateway.access.whence import came_from
from gateway.doors.bodies import REFUSED
from gateway.store.db import db
from gateway.world import world

MACHINES = ("/ingest", "/callback", "/api", "/v2/", "/generic/", "/metrics", "/healthz", "/readyz")  # they want no page
TEXTS = {
    400: ("This request is not understood", "Nothing was changed."),
    403: (
        "Not allowed",
        "Your role does not allow this. Nothing was changed. Administrators change roles on the page People.",
    ),
    404: ("There is nothing here", "The address is wrong, or what was here is gone."),
    405: ("This address does something else", "Nothing was changed."),
    413: ("Too long", "What was sent is longer than we take. Nothing was changed."),
    429: ("Too many requests", "Wait a moment, then try again."),
    500: ("Something went wrong", "The error is in the log. Alerts are still accepted, and people are still told."),
    503: ("Busy at this moment", "Nothing was changed. Try again in some seconds."),
}


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, answer)
    app.before_request(refuse)


def refuse() -> None:
    if refused := request.environ.get(REFUSED):
        abort(refused)


def answer(problem: HTTPException) -> Response | HTTPException:
    """A page; for htmx a sentence beside the page; for machines whatever they were going to get."""
    if request.path.startswith(MACHINES) or problem.response is not None or problem.code is None or problem.code < 400:
        return problem
    title, text = TEXTS.get(problem.code, TEXTS[400 if problem.code < 500 else 500])
    own = problem.description if problem.code == 403 and problem.description != Forbidden.description else None
    who, old = _reader(), isinstance(problem, OldForm)
    title = "This page is out of date" if old else title
    said = who.say(own or text)
    if htmx:
        told = {"title": who.say(title), "text": said, "anew": came_from(request) if old else ""}
        made = draw_outside("partials/problem.html", told, problem.code, who)
        made.headers["HX-Retarget"], made.headers["HX-Reswap"] = "#flash-err", "innerHTML"
        return made
    values = {
        "title": who.say(title),
        "text": said,
        "broken": isinstance(problem, InternalServerError),
        "code": problem.code,
        "asked": log.asked.get(),
        "back": _back(),
    }
    return draw_outside("pages/problem.html", values, problem.code, who)


def _reader() -> Reader:
    """Whoever is signed in; where the database cannot say who that is, the browser knows a language."""
    now = world().clock.now()
    try:
        db.session.rollback()  # whatever broke may have left it half-way
        person = signed_in(request, now)
    except SQLAlchemyError:  # it is the very thing that is broken
        return stranger()
    return reader_of(Visit(person, now)) if person is not None else stranger()


def _back() -> str:
    """The page of ours somebody came from, with its filter; empty if from elsewhere or from this very address."""
    came = came_from(request)
    return "" if came.partition("?")[0] in (request.path, "/login") else came


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("This request is not understood"), _("Nothing was changed."), _("Not allowed"), _("This page is out of date"),
        _("Your role does not allow this. Nothing was changed. Administrators change roles on the page People."),
        _("This request came from another site. Nothing was changed."),
        _("There is nothing here"), _("The address is wrong, or what was here is gone."),
        _("This address does something else"), _("Too long"),
        _("What was sent is longer than we take. Nothing was changed."), _("Too many requests"),
        _("Wait a moment, then try again."), _("Something went wrong"),
        _("The error is in the log. Alerts are still accepted, and people are still told."),
        _("Busy at this moment"), _("Nothing was changed. Try again in some seconds."),
        _("This form is too old, or not ours. Nothing was changed. Reload the page and try again."),
        _("This form is too old, or cookies are off. Nothing was changed. Reload the page and try again."),
    )  # fmt: skip
