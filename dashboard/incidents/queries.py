"""What the list of incidents asks beside which incidents it means, one query a question."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from gateway.lists.filters import Filter
from gateway.lists.matching import walk
from gateway.lists.meaning import Meant
from gateway.store.db import db
from gateway.store.tables import Entry, Incident

FACETED = 1_000  # of the list, for the menus' counts


def changed_since(top: int, most: int) -> dict[int, bool]:
    """Incidents with newer lines on their timeline, and whether they are new."""
    query = select(Entry.incident_id, Entry.kind).where(Entry.id > top).order_by(Entry.id).limit(most)
    found: dict[int, bool] = {}
    for number, kind in db.session.execute(query):
        found[number] = found.get(number, False) or kind in ("opened", "held")
    return found


def facet(wanted: Filter, meant: Meant, name: str) -> tuple[list[tuple[Any, int]], int]:
    """The values of a column among the first FACETED of the list, the most frequent first; and of how many."""
    lights = walk(wanted, meant, FACETED).rows
    column = {"service": Incident.service, "urgency": Incident.urgency, "source": Incident.source_id,
              "assignee": Incident.assignee_id, "team": Incident.policy}[name]  # fmt: skip
    counted: dict[Any, int] = {}
    for some in _portions([one.id for one in lights]):
        query = select(column, func.count()).where(Incident.id.in_(some)).group_by(column)
        for value, count in db.session.execute(query):
            counted[value] = counted.get(value, 0) + count
    return sorted(counted.items(), key=lambda item: (-item[1], str(item[0]))), len(lights)


def _portions(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
