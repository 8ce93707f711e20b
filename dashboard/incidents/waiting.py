"""How much waits while the list is held still: for the banner above it."""

from dataclasses import replace

from werkzeug.datastructures import MultiDict

from dashboard.incidents import filters
from dashboard.incidents import queries as list_queries
from dashboard.incidents.meaning import meaning
from dashboard.page import reader_of
from gateway.access.auth import Visit
from gateway.lists.matching import of_these

MOST = 500  # lines of timelines that are looked at


def waiting(visit: Visit, asked: MultiDict[str, str], since: str) -> str:
    """ "3,2": three new ones that the list will show, and two that have changed; "1" if that cannot be said."""
    top = since.partition("-")[0]
    if not (top.isascii() and top.isdigit() and len(top) < 19):
        return "1"
    changed = list_queries.changed_since(int(top), MOST)
    wanted = filters.read(asked, visit.now, reader_of(visit).zone)
    new = [number for number, fresh in changed.items() if fresh]
    others = [number for number, fresh in changed.items() if not fresh]
    shown = of_these(wanted, meaning(wanted, visit), new)
    every = replace(wanted, status="all")
    moved = of_these(every, meaning(every, visit), others)
    return f"{len(shown)},{len(moved)}"
