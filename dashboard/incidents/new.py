"""A new incident by hand: what happened, how urgent it is, and that it takes every alert's way."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from gateway.access.auth import ACTORS, WAY, Visit, require
from gateway.flows import by_hand
from gateway.flows.by_hand import Told
from rules.texts.text import clean_text, one_line
from rules.words import Urgency

MOST_TITLE, MOST_SERVICE, MOST_TEXT = 200, 100, 4000  # characters
MOST_KEY = 100


@bp.get("/incidents/new")
@require(*ACTORS)
def new_incident(visit: Visit) -> ResponseReturnValue:
    return _form(visit, {"urgency": Urgency.URGENT.value}, 200)


@bp.post("/incidents/new")
@require(*ACTORS)
def open_incident(visit: Visit) -> ResponseReturnValue:
    limits = (("title", MOST_TITLE), ("service", MOST_SERVICE), ("urgency", 20), ("once", MOST_KEY))
    said = {name: one_line(clean_text(request.form.get(name, ""))).strip()[:most] for name, most in limits}
    said["text"] = clean_text(request.form.get("text", "")).strip()[:MOST_TEXT]
    if not said["title"] or said["urgency"] not in tuple(Urgency):
        return _form(visit, said, 422)
    person = visit.person
    told = Told(said["title"], Urgency(said["urgency"]), said["service"], said["text"], said["once"])
    number = by_hand.open_incident(told, person.email, person.name or person.email, WAY, visit.now)
    return redirect(url_for("dashboard.incident", number=number))


def _form(visit: Visit, said: dict[str, str], code: int) -> ResponseReturnValue:
    values = {
        "page": "incidents", "said": said, "urgencies": words.urgencies(reader_of(visit)), "refused": code != 200,
        "most": {"title": MOST_TITLE, "service": MOST_SERVICE, "text": MOST_TEXT},
    }  # fmt: skip
    return draw(visit, "pages/incident_new.html", values, code)
