"""How far an act on very many incidents is: above the list while it goes, and as a page for whoever has no script."""

import json
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.incidents.said import job_words
from dashboard.page import draw, draw_part, htmx, is_local, reader_of
from dashboard.reader import Reader
from gateway.access.auth import ACTORS, Visit, require
from gateway.acts import jobs as work
from gateway.store.db import db
from gateway.store.incidents import jobs
from gateway.store.tables import BulkJob

LATE = timedelta(seconds=5)  # nobody has begun with it by then: no worker runs, or all are busy


@dataclass(frozen=True, slots=True)
class Shown:
    """One act as its template draws it."""

    token: str
    word: str
    place: int
    all: int
    late: bool


def shown(job: BulkJob, reader: Reader) -> Shown:
    _ = reader.say
    named = {"acknowledge": _("Acknowledging"), "resolve": _("Resolving"), "snooze": _("Snoozing"),
             "assign": _("Assigning"), "wake": _("Waking"), "merge": _("Merging")}  # fmt: skip
    late = job.place == 0 and reader.now - job.at > LATE
    return Shown(job.token, named[job.act], job.place, len(job.numbers), late)


def running(visit: Visit) -> Shown | None:
    """What this person has begun and is not finished: to be shown wherever they come back to the list."""
    job = jobs.unfinished(db.session(), visit.person.email) if visit.may_act else None
    return shown(job, reader_of(visit)) if job and work.came(job, visit.now) is None else None


def begun(visit: Visit, job: BulkJob, back: str) -> Response:
    """The answer to whoever has asked for it."""
    if not htmx:
        made: Response = redirect(url_for("dashboard.job", token=job.token, back=back), 303)  # type: ignore[assignment]
        return made
    answer = draw_part(visit, "partials/job.html", {"job": shown(job, reader_of(visit))})
    answer.status_code = 202
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#job", "outerHTML"
    return answer


@bp.get("/incidents/jobs/<token>")
@require(*ACTORS)
def job(visit: Visit, token: str) -> ResponseReturnValue:
    found, reader = jobs.mine(db.session(), token, visit.person.email), reader_of(visit)
    if found is None:
        abort(404)
    came, back = work.came(found, visit.now), request.args.get("back", "")
    over, undo = came is not None, token if came and came.results.done and came.ended != jobs.STOPPED else ""
    if htmx:
        answer = draw_part(visit, "partials/job.html", {"job": None if over else shown(found, reader)})
        if over:
            said = {"text": job_words(found.act, came, reader) if came else "", "undo": undo, "refresh": True}
            answer.headers["HX-Trigger"] = json.dumps({"nabat:said": said})
        return answer
    values = {
        "page": "incidents",
        "job": None if over else shown(found, reader),
        "said": job_words(found.act, came, reader) if came else "",
        "token_of_act": undo,
        "back": back if is_local(back) else url_for("dashboard.incidents"),
    }
    answer = draw(visit, "pages/job.html", values)
    if not over:
        answer.headers["Refresh"] = "2"
    return answer
