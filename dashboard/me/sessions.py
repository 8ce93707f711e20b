"""A person's sign-ins: where they are signed in, and out with it."""

import re
from dataclasses import dataclass

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.reader import Moment
from dashboard.takeback import actor_of
from gateway.access import auth, mine
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import db
from gateway.store.directory import signins

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
           ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    name: str
    address: str
    here: bool
    lasting: bool
    since: Moment
    seen: Moment


@bp.get("/me/sessions")
@require(*READERS)
def my_sessions(visit: Visit) -> ResponseReturnValue:
    reader = reader_of(visit)
    shown = [
        Line(
            row.id, _name(row.agent), row.address, row.id == visit.person.id, row.lasting,
            reader.moment(row.created_at), reader.moment(row.last_seen_at),
        )
        for row in signins.of_person(db.session(), visit.person.person_id, visit.now, auth.IDLE)
    ]  # fmt: skip
    return frame.page(visit, "sessions", {"lines": shown})


@bp.post("/me/sessions/<int(max=2147483647):number>/end")
@require(*READERS)
def end_session(visit: Visit, number: int) -> ResponseReturnValue:
    """Of this browser: the sign-out is the button for that."""
    if number == visit.person.id or not mine.end_session(visit.person.person_id, number, actor_of(visit), visit.now):
        abort(404)
    return redirect(url_for("dashboard.my_sessions", said="ended"))


@bp.post("/me/sessions/end-others")
@require(*READERS)
def end_other_sessions(visit: Visit) -> ResponseReturnValue:
    mine.end_other_sessions(visit.person.person_id, visit.person.id, actor_of(visit), visit.now)
    return redirect(url_for("dashboard.my_sessions", said="ended"))


def _name(agent: str) -> str:
    """Firefox on Windows."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    found = " · ".join(part for part in (browser, system) if part)
    return found or re.sub(r"[^\w ./;()-]", "", agent)[:40]
