"""The pages about tickets: whose turn it is, and one of them with its conversation and what can be done."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import filters, queries
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.glance import pulse
from dashboard.incident import queries as incident_queries
from dashboard.incident.values import SNOOZES
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.rows import Tab
from dashboard.tickets import queries as ticket_queries
from dashboard.tickets.one import whole
from dashboard.tickets.presence import seen_now, with_looks
from dashboard.tickets.queries import MOST, PAGE, Found
from dashboard.tickets.rows import is_waiting, rows, whose
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import db
from rules.words import Directory

TABS = ("unassigned", "mine", "waiting", "open", "closed")


@bp.get("/tickets")
@require(*READERS)
def tickets(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/tickets.html", listing(visit, request.args.get("tab", ""), filters.before(request.args)))


@dataclass(frozen=True, slots=True)
class Sorted:
    """The open tickets, each tab's in the order of what has to be done first."""

    by_tab: dict[str, list[Found]]
    whole: bool  # whether all open ones were looked at


def listing(visit: Visit, tab: str, after: int | None) -> dict[str, object]:
    """Everything the list shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    seen = seen_now(visit)
    mark = with_looks(marked(pulse(visit.now).mark, visit.now), seen)
    reader, directory = reader_of(visit), queries.directory()
    tab = tab if tab in TABS else TABS[0]
    known = _sorted(visit, directory)
    found = ticket_queries.resolved(after) if tab == "closed" else _from(known.by_tab[tab], after)
    shown = found[:PAGE]
    more = url_for("dashboard.tickets", tab=tab, after=shown[-1].id) if len(found) > PAGE else ""
    return {
        "page": "tickets",
        "mark": mark,
        "tab": tab,
        "tabs": _tabs(tab, known, reader),
        "rows": rows(shown, visit, reader, directory, seen),
        "more": more,
        "looked_at": "" if known.whole else f"{MOST:,}",
        "here": url_for("dashboard.tickets", tab=tab),
    }


def _sorted(visit: Visit, directory: Directory) -> Sorted:
    found = ticket_queries.unresolved()
    by_tab: dict[str, list[Found]] = {tab: [] for tab in TABS}
    for one in sorted(found, key=_first):
        name, email = whose(one, directory)
        by_tab["open"].append(one)
        if email == visit.person.email:
            by_tab["mine"].append(one)
        if is_waiting(one):
            by_tab["waiting"].append(one)
        elif not name:
            by_tab["unassigned"].append(one)
    return Sorted(by_tab, len(found) < MOST)


def _first(one: Found) -> tuple[int, str, int]:
    """The more urgent before, then what is due sooner, then the older."""
    return one.urgency, str(one.word("due_at") or "9"), one.id


def _from(found: list[Found], after: int | None) -> list[Found]:
    """What stands behind this ticket; from the beginning, if it is no longer there."""
    place = next((at + 1 for at, one in enumerate(found) if one.id == after), 0)
    return found[place : place + PAGE + 1]


def _tabs(current: str, known: Sorted, reader: Reader) -> list[Tab]:
    _ = reader.say
    names = (
        ("unassigned", _("Unassigned")), ("mine", _("Mine")), ("waiting", reader.say_as("ticket", "Waiting")),
        ("open", _("All open")), ("closed", _("Closed")),
    )  # fmt: skip
    return [
        Tab(
            word,
            url_for("dashboard.tickets", tab=None if name == TABS[0] else name),
            name == current,
            "" if name == "closed" else str(len(known.by_tab[name])),
        )
        for name, word in names
    ]


@bp.get("/tickets/<path:key>")
@require(*READERS)
def ticket(visit: Visit, key: str) -> ResponseReturnValue:
    values = ticket_values(visit, key, request.args.get("source", ""))
    return draw(visit, "pages/ticket.html", values) if values else abort(404)


def ticket_values(visit: Visit, key: str, source: str) -> dict[str, object]:
    """Everything one ticket's page shows; nothing, if there is no such ticket. The mark is read before the rest."""
    found = ticket_queries.by_key(key, source)
    if found is None:
        return {}
    incident, alert = found
    mark = ticket_mark(visit, incident.id)
    for row in found:  # as they are now that the mark is known
        db.session.refresh(row)
    reader = reader_of(visit)
    return {
        "page": "tickets",
        "mark": mark,
        "number": incident.id,
        "asked": urlencode({"n": incident.id, "key": key}),
        "snoozes": [(value, reader.say(word)) for value, word in SNOOZES],
        "here": url_for("dashboard.ticket", key=key, source=source or None),
        **whole(visit, incident, alert, reader),
    }


def ticket_mark(visit: Visit, number: int) -> str:
    """Changes whenever anything on this ticket's page does."""
    word = ticket_queries.desk_word(number)
    desk = f"{word.id}-{word.status}-{word.attempts}" if word else ""
    return marked(f"{incident_queries.mark(number)}-{desk}", visit.now)
