"""The incident list: filter, pages, and what it says when there is nothing to show."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask.typing import ResponseReturnValue

from dashboard import filters, queries, rows, words
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.filters import Filter
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.reader import Moment
from gateway.access.auth import READERS, Visit, require
from gateway.store.tables import Incident
from gateway.world import world


@bp.get("/")
@require(*READERS)
def home(visit: Visit) -> ResponseReturnValue:
    """Everybody's first page; other homes come with their pages."""
    return _page(visit)


@bp.get("/incidents")
@require(*READERS)
def incidents(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit) -> ResponseReturnValue:
    wanted = filters.read(request.args)
    if htmx and not htmx.history_restore_request:
        return draw_part(visit, "partials/incident_list.html", listing(visit, wanted))
    if not queries.any_incident():
        return draw(visit, "pages/first_run.html", _first_run(visit))
    return draw(visit, "pages/incidents.html", listing(visit, wanted))


def _first_run(visit: Visit) -> dict[str, object]:
    """Nothing ever came in: how to connect the first source. The mark lets the page notice the first incident."""
    root = world().settings.public_url or request.host_url.rstrip("/")
    return {"page": "first_run", "root": root, "mark": marked(queries.list_mark(), visit.now)}


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing is open: since when, and the proof that we would have heard."""

    since: Moment | None
    heard: Moment | None
    source: str


def listing(visit: Visit, wanted: Filter) -> dict[str, object]:
    """Everything the list shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    mark = marked(queries.list_mark(), visit.now)
    reader = reader_of(visit)
    found = queries.incidents(wanted)
    counts = queries.counts()
    quiet = not found and not wanted.narrows and wanted.status == "unresolved"
    return {
        "page": "incidents",
        "mark": mark,
        "rows": rows.rows(found[: queries.PAGE], reader),
        "wanted": wanted,
        "more": wanted.url(after=_last(wanted, found)) if len(found) > queries.PAGE else "",
        "tabs": rows.tabs(wanted, counts, reader),
        "urgencies": words.urgencies(reader),
        "counts": counts,
        "quiet": _quiet(visit) if quiet else None,
        "searched": f"{queries.SEARCHED:,}" if wanted.q and not wanted.walks else "",
    }


def _last(wanted: Filter, found: Sequence[Incident]) -> tuple[int, int]:
    """The cursor that the next page starts after."""
    last = found[queries.PAGE - 1]
    places = [(status.value, urgency.rank) for status, urgency in wanted.buckets]
    return places.index((last.status, last.urgency)), last.id


def _quiet(visit: Visit) -> Quiet:
    reader = reader_of(visit)
    since = queries.last_resolved_at()
    heard = next((one for one in queries.sources() if one.last_seen_at), None)
    return Quiet(
        since=reader.moment(since) if since else None,
        heard=reader.moment(heard.last_seen_at) if heard and heard.last_seen_at else None,
        source=heard.name if heard else "",
    )
