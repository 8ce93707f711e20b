"""A person's long acts of the last day: how far each is and what came of it, for whoever left the list meanwhile."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.incidents import progress, said
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.reader import Moment, Reader
from gateway import jobs as work
from gateway.access.auth import ACTORS, Visit, require
from gateway.store import jobs
from gateway.store.db import db
from gateway.store.tables import BulkJob


@dataclass(frozen=True, slots=True)
class Line:
    token: str
    at: Moment
    going: progress.Shown | None
    said: str


@bp.get("/me/jobs")
@require(*ACTORS)
def my_jobs(visit: Visit) -> ResponseReturnValue:
    reader = reader_of(visit)
    found = jobs.latest(db.session(), visit.person.email)
    return frame.page(visit, "jobs", {"lines": [_line(one, reader) for one in found], "above": work.ABOVE})


def _line(job: BulkJob, reader: Reader) -> Line:
    came = work.came(job, reader.now)
    going = progress.shown(job, reader) if came is None else None
    return Line(job.token, reader.moment(job.at), going, said.job_words(job.act, came, reader) if came else "")
