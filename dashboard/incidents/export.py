"""The list as CSV: what is shown, all of it. A long one is made by a worker, and waits for whoever asked for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from flask import Response, abort, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard.blueprint import bp
from dashboard.incidents import filters
from dashboard.incidents.filters import Filter
from dashboard.incidents.meaning import asker_of, meaning
from dashboard.incidents.progress import LATE
from dashboard.incidents.views import asked
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.reader import Moment, Reader, grouped
from gateway.access.auth import READERS, Visit, require
from gateway.acts import listfiles as work
from gateway.lists import sheet
from gateway.lists.filters import QUERY
from gateway.lists.meaning import Meant
from gateway.store.db import db
from gateway.store.reading import listfiles
from gateway.store.tables import ListFile

PORTION = 500  # rows read at once


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as its template draws it."""

    token: str
    place: int
    all: int  # 0: it is not known yet
    words: str  # how far it is, or how long it came to be
    late: bool
    over: bool
    failed: bool
    until: Moment  # kept until then


@bp.get("/incidents.csv")
@require(*READERS)
def incidents_csv(visit: Visit) -> ResponseReturnValue:
    """At once, while the browser waits."""
    wanted = replace(asked(visit), after=None, folded=False)
    rows = _rows(wanted, meaning(wanted, visit), reader_of(visit))
    return Response(stream_with_context(rows), headers=_headers(visit.now), mimetype="text/csv")


def _rows(wanted: Filter, meant: Meant, reader: Reader) -> Iterator[str]:
    yield sheet.head()
    written = 0
    for ids in work.walked(wanted, meant, PORTION):
        yield sheet.lines(ids, reader.zone)
        written += len(ids)
        if written >= work.DIRECT:
            yield sheet.over(work.DIRECT)
            return


def _headers(at: datetime) -> dict[str, str]:
    name = f"incidents-{at:%Y-%m-%d-%H%M}.csv"
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


@bp.post("/incidents/file")
@require(*READERS)
def list_file(visit: Visit) -> ResponseReturnValue:
    """What is short is sent at once; of what is long one sees how far it is."""
    args = MultiDict(parse_qsl(request.form.get("query", "")[:QUERY]))
    reader = reader_of(visit)
    wanted = replace(filters.read(args, visit.now, reader.zone), after=None)
    if not work.is_long(wanted, meaning(wanted, visit)):
        return _led(wanted.url("incidents_csv"))
    file = work.promise(wanted, asker_of(visit), visit.now)
    if not htmx:
        return _led(url_for("dashboard.made_file", token=file.token))
    answer = draw_part(visit, "partials/list_file.html", {"file": shown(file, reader)})
    answer.status_code = 202
    return answer


def _led(place: str) -> ResponseReturnValue:
    if not htmx:
        return redirect(place)
    return Response(status=204, headers={"HX-Redirect": place})


def shown(file: ListFile, reader: Reader) -> Shown:
    over = file.finished_at is not None
    late = not over and file.rows is None and reader.now - file.at > LATE
    failed = file.ended == listfiles.FAILED
    return Shown(
        file.token, file.made, file.rows or 0, _words(file, reader), late, over, failed,
        reader.moment(file.at + work.AGE),
    )  # fmt: skip


def _words(file: ListFile, reader: Reader) -> str:
    if file.rows is None:
        return reader.say("the list is looked through")
    if file.finished_at:
        return reader.say("Rows: %(n)s", n=grouped(file.rows))
    return reader.say("Rows: %(n)s of %(all)s", n=grouped(file.made), all=grouped(file.rows))


@bp.get("/incidents/files/<token>")
@require(*READERS)
def made_file(visit: Visit, token: str) -> ResponseReturnValue:
    file = _mine(visit, token)
    values = {"page": "incidents", "file": shown(file, reader_of(visit))}
    if htmx:
        return draw_part(visit, "partials/list_file.html", values)
    answer = draw(visit, "pages/list_file.html", values)
    if file.finished_at is None:
        answer.headers["Refresh"] = "2"
    return answer


@bp.get("/incidents/files/<token>/incidents.csv")
@require(*READERS)
def made_file_csv(visit: Visit, token: str) -> ResponseReturnValue:
    """Only once it is whole."""
    file = _mine(visit, token)
    if file.finished_at is None or file.ended:
        abort(404)
    headers = {**_headers(file.at), "Content-Length": str(work.length(file))}
    return Response(stream_with_context(work.content(file)), headers=headers, mimetype="text/csv")


def _mine(visit: Visit, token: str) -> ListFile:
    """Of another person's it knows nothing."""
    file = listfiles.mine(db.session(), token, visit.person.email)
    if file is None:
        abort(404)
    return file
