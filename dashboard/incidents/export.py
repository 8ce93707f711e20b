"""The list as CSV: what is shown, all of it, as far as somebody can want to read it in a table."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue

from dashboard import queries
from dashboard.blueprint import bp
from dashboard.incidents import queries as list_queries
from dashboard.incidents.filters import Filter
from dashboard.incidents.meaning import meaning
from dashboard.incidents.views import asked
from dashboard.page import reader_of
from dashboard.reader import Reader
from gateway.access.auth import READERS, Visit, require
from gateway.lists.matching import walk
from gateway.lists.meaning import Meant
from gateway.store.tables import Incident
from rules.words import Urgency

PORTION, MOST = 500, 50_000  # rows read at once, and in all
COLUMNS = (
    "number", "title", "urgency", "status", "service", "source", "assignee", "alerts", "opened", "acknowledged",
    "acknowledged_by", "resolved", "resolved_by", "rule", "policy",
)  # fmt: skip
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for a formula


@bp.get("/incidents.csv")
@require(*READERS)
def incidents_csv(visit: Visit) -> ResponseReturnValue:
    """Names of columns are English, so that a program reads it alike whoever saved it."""
    wanted = replace(asked(visit), after=None, folded=False)
    rows = _rows(wanted, meaning(wanted, visit), reader_of(visit))
    name = f"incidents-{visit.now:%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(stream_with_context(rows), headers=headers, mimetype="text/csv")


def _rows(wanted: Filter, meant: Meant, reader: Reader) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)  # spreadsheets take it for UTF-8 by this mark
    sources = {one.id: one.name for one in queries.all_sources()}
    people = {one.id: one.email for one in queries.directory().people.values()}
    written = 0
    while written < MOST:
        found = walk(wanted, meant, PORTION)
        known = list_queries.rows_of([one.id for one in found.rows])
        yield "".join(
            _line(_cells(known[one.id], sources, people, reader)) for one in found.rows if one.id in known
        )  # fmt: skip
        written += len(found.rows)
        after = found.rows[-1].cursor(wanted.order) if len(found.rows) == PORTION else found.stopped
        if after is None:
            return
        wanted = replace(wanted, after=after)
    yield _line([f"only the first {MOST:,} are here"])


def _cells(row: Incident, sources: dict[int, str], people: dict[int, str], reader: Reader) -> list[str]:
    urgency = next(one.value for one in Urgency if one.rank == row.urgency)
    assignee = people.get(row.assignee_id, "") if row.assignee_id else ""
    return [
        str(row.id), row.title, urgency, "snoozed" if row.snoozed_until else row.status, row.service,
        sources.get(row.source_id, ""), assignee, str(row.alert_count), _iso(row.opened_at, reader),
        _iso(row.ack_at, reader), row.ack_by or "", _iso(row.resolved_at, reader), row.resolved_by or "", row.rule,
        row.policy,
    ]  # fmt: skip


def _iso(at: datetime | None, reader: Reader) -> str:
    return at.astimezone(reader.zone).isoformat(timespec="seconds") if at else ""


def _line(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe(cell) for cell in cells])
    return text.getvalue()


def safe(cell: str) -> str:
    """A text that a spreadsheet would run gets a mark in front that makes it text."""
    return f"'{cell}" if cell.startswith(_STARTS) else cell
