"""A person's long acts and files: how far each is and what came of it, for whoever left the list meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.incidents import export, progress, said
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.reader import Moment, Reader, grouped
from gateway.access.auth import READERS, Visit, require
from gateway.acts import jobs as work
from gateway.acts import listfiles as files
from gateway.store.db import db
from gateway.store.incidents import jobs
from gateway.store.reading import listfiles
from gateway.store.tables import BulkJob


@dataclass(frozen=True, slots=True)
class Line:
    token: str
    when: datetime
    at: Moment
    going: progress.Shown | None = None
    said: str = ""
    file: export.Shown | None = None


@bp.get("/me/jobs")
@require(*READERS)
def my_jobs(visit: Visit) -> ResponseReturnValue:
    reader, account = reader_of(visit), visit.person.email
    lines = [_line(one, reader) for one in jobs.latest(db.session(), account)]
    for one in listfiles.latest(db.session(), account):
        lines.append(Line(one.token, one.at, reader.moment(one.at), file=export.shown(one, reader)))
    lines.sort(key=lambda line: line.when, reverse=True)
    return frame.page(visit, "jobs", {"lines": lines, "above": work.ABOVE, "rows": grouped(files.DIRECT)})


def _line(job: BulkJob, reader: Reader) -> Line:
    came = work.came(job, reader.now)
    going = progress.shown(job, reader) if came is None else None
    words = said.job_words(job.act, came, reader) if came else ""
    return Line(job.token, job.at, reader.moment(job.at), going, words)
