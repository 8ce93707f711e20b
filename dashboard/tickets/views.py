"""The pages about tickets: whose turn it is, and one of them with its conversation and what can be done."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard import filters, queries
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.glance import pulse
from dashboard.hands import is_unassigned, is_waiting, whose
from dashboard.incident import queries as incident_queries
from dashboard.incident.values import SNOOZES
from dashboard.incidents import chips
from dashboard.incidents.chips import Chip
from dashboard.incidents.meaning import meaning
from dashboard.page import draw, reader_of
from dashboard.reader import Reader, grouped
from dashboard.rows import Tab
from dashboard.tickets import filtering
from dashboard.tickets import queries as ticket_queries
from dashboard.tickets.filtering import TABS, Filter
from dashboard.tickets.one import whole
from dashboard.tickets.presence import seen_now, with_looks
from dashboard.tickets.queries import MOST, PAGE, Found
from dashboard.tickets.rows import rows
from gateway.access.auth import READERS, Visit, require
from gateway.access.links import ticket_page
from gateway.lists.meaning import Meant
from gateway.store.db import db
from rules.words import Directory

WORDED = ("open", "ack", "snoozed", "suppressed", "all")  # statuses that are no tab here


@bp.get("/tickets")
@require(*READERS)
def tickets(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/tickets.html", listing(visit, request.args))


@dataclass(frozen=True, slots=True)
class Sorted:
    """The open tickets, each tab's in the order of what has to be done first."""

    by_tab: dict[str, list[Found]]
    whole: bool  # whether all open ones were looked at


def listing(visit: Visit, args: MultiDict[str, str]) -> dict[str, object]:
    """Everything the list shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    seen = seen_now(visit)
    mark = with_looks(marked(pulse(visit.now).mark, visit.now), seen)
    reader, directory, after = reader_of(visit), queries.directory(), filters.before(args)
    wanted = filtering.read(args, visit.now, reader.zone)
    meant = meaning(wanted, visit)
    known = _sorted(visit, directory, wanted, meant)
    if wanted.tab == "closed":
        shown, behind = filtering.closed(after, wanted, meant)
    else:
        shown, behind = _from(known.by_tab[wanted.tab], after)
    here = {one.id for one in shown}
    return {
        "page": "tickets",
        "mark": mark,
        "tab": wanted.tab,
        "tabs": _tabs(wanted, known, reader),
        "wanted": wanted,
        "chips": _chips(wanted, meant, reader),
        "kept": chips.kept(wanted),
        "clear": url_for("dashboard.tickets", tab=wanted.tab if wanted.tab != TABS[0] else None),
        "rows": rows(shown, visit, reader, directory, seen),
        "elsewhere": elsewhere([number for number in meant.tickets if number not in here]),
        "more": wanted.url(after=behind) if behind else "",
        "looked_at": "" if known.whole else grouped(MOST),
        "here": wanted.url(),
    }


def _chips(wanted: Filter, meant: Meant, reader: Reader) -> list[Chip]:
    """Other lists have their tabs for the status, this one the word."""
    status = [Chip(f"status:{wanted.status}", wanted.url(status="unresolved"))] if wanted.status in WORDED else []
    return status + chips.chips(wanted, meant.problems, reader)


def elsewhere(ids: list[int]) -> list[tuple[str, str]]:
    """Tickets whose number was asked for and that stand in another tab: their addresses and titles."""
    found = ticket_queries.of_numbers(ids)
    names = ticket_queries.sources() if found else {}
    keys = [(one, str(one.word("key") or "")) for one in found]
    return [(ticket_page(key, one.id, names.get(one.source_id, "")), f"{key} {one.title}") for one, key in keys]


def _sorted(visit: Visit, directory: Directory, wanted: Filter, meant: Meant) -> Sorted:
    found = ticket_queries.unresolved()
    by_tab: dict[str, list[Found]] = {tab: [] for tab in TABS}
    narrowed = replace(wanted, status="unresolved") if wanted.tab == "closed" else wanted
    for one in sorted(filtering.kept(found, narrowed, meant), key=_first):
        by_tab["open"].append(one)
        if whose(one, directory)[1] == visit.person.email:
            by_tab["mine"].append(one)
        if is_waiting(one):
            by_tab["waiting"].append(one)
        if is_unassigned(one, directory):
            by_tab["unassigned"].append(one)
    return Sorted(by_tab, len(found) < MOST)


def _first(one: Found) -> tuple[int, str, int]:
    """The more urgent before, then what is due sooner, then the older."""
    return one.urgency, str(one.word("due_at") or "9"), one.id


def _from(found: list[Found], after: int | None) -> tuple[list[Found], int | None]:
    """What stands behind this ticket; from the beginning, if it is no longer there. And the last, if there is more."""
    place = next((at + 1 for at, one in enumerate(found) if one.id == after), 0)
    shown = found[place : place + PAGE]
    return shown, shown[-1].id if len(found) > place + PAGE else None


def _tabs(wanted: Filter, known: Sorted, reader: Reader) -> list[Tab]:
    _ = reader.say
    names = (
        ("unassigned", _("Unassigned")), ("mine", _("Mine")), ("waiting", reader.say_as("ticket", "Waiting")),
        ("open", _("All open")), ("closed", _("Closed")),
    )  # fmt: skip
    status = "unresolved" if wanted.tab == "closed" else wanted.status
    return [
        Tab(
            word,
            wanted.url(tab=name, status="unresolved" if name == "closed" else status),
            name == wanted.tab,
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
