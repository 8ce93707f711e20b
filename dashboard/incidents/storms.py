"""Storms: many incidents of one source within minutes take one line of the list, not three pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.incidents.filters import Filter
from gateway.lists.matching import Light
from gateway.store.types import moment
from rules.words import Status, Urgency

MANY = 20  # incidents …
WITHIN = timedelta(minutes=5)  # … of one source, one status and one urgency, that opened within so long
LOOKED_AT = 500  # rows of the list that are looked at for one page of it


@dataclass(frozen=True, slots=True)
class Fold:
    """The incidents behind one line."""

    source_id: int
    status: Status
    urgency: Urgency
    first: datetime
    last: datetime
    ids: tuple[int, ...]

    def expanded(self, wanted: Filter, source: str) -> Filter:
        """The list of just these."""
        since = self.first.isoformat(timespec="seconds")
        until = (self.last + timedelta(seconds=1)).isoformat(timespec="seconds")
        return replace(
            wanted, source=source, urgencies=(self.urgency.value,), since=since, until=until, folded=False, after=None
        )  # fmt: skip


def fold(lights: Sequence[Light], wanted: Filter) -> list[Light | Fold]:
    """The same in the same order; what belongs to a storm stands where its first one stood."""
    if not wanted.folded or wanted.order == "-alerts":
        return list(lights)
    groups: dict[tuple[int, int], list[Light]] = {}
    for one in lights:
        groups.setdefault((one.source_id, one.place), []).append(one)
    storm_of: dict[int, Fold] = {}
    for (source_id, place), members in groups.items():
        status, urgency = wanted.buckets[place]
        for storm in _storms(members):
            first, last = moment(storm[0].opened), moment(storm[-1].opened)
            found = Fold(source_id, status, urgency, first, last, tuple(one.id for one in storm))
            storm_of.update(dict.fromkeys(found.ids, found))
    shown: list[Light | Fold] = []
    seen: set[int] = set()
    for one in lights:
        storm_here = storm_of.get(one.id)
        if storm_here is None:
            shown.append(one)
        elif id(storm_here) not in seen:
            seen.add(id(storm_here))
            shown.append(storm_here)
    return shown


def _storms(members: Sequence[Light]) -> list[list[Light]]:
    """Runs in which each has more than MANY around it within the time, each in the order of their opening."""
    if len(members) <= MANY:
        return []
    ordered = sorted(members, key=lambda one: one.opened)
    within = WITHIN // timedelta(microseconds=1)
    inside = [False] * len(ordered)
    for end in range(MANY, len(ordered)):
        start = end - MANY
        if ordered[end].opened - ordered[start].opened <= within:
            inside[start : end + 1] = [True] * (MANY + 1)
    runs: list[list[Light]] = []
    for place, one in enumerate(ordered):
        if inside[place]:
            near = place and inside[place - 1] and one.opened - ordered[place - 1].opened <= within
            runs.append([]) if not near else None
            runs[-1].append(one)
    return runs
