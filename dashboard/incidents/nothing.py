"""Nothing matches: which part of the filter takes away most, by what the list would show without it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dashboard.incidents.chips import parts
from dashboard.incidents.filters import Filter
from dashboard.incidents.meaning import meaning
from gateway.access.auth import Visit
from gateway.lists.matching import walk

COUNTED = 100  # incidents of a list that are counted, so that each costs no more than two pages
MOST = 8  # parts that are tried


@dataclass(frozen=True, slots=True)
class Blamed:
    text: str
    url: str  # the list without it
    count: str  # how many it would show


def blamed(wanted: Filter, visit: Visit) -> Blamed | None:
    """None: there is one part only, or each of them would have to go with another."""
    tried = list(_without(replace(wanted, after=None)))[:MOST]
    if len(tried) < 2:
        return None
    found = [(len(walk(other, meaning(other, visit), COUNTED + 1).rows), text, other) for text, other in tried]
    count, text, other = max(found, key=lambda one: one[0])
    return Blamed(text, other.url(), f"{COUNTED}+" if count > COUNTED else str(count)) if count else None


def _without(wanted: Filter) -> Iterator[tuple[str, Filter]]:
    yield from ((text, other) for _, _, text, other in parts(wanted))
    if wanted.q:
        yield f"“{wanted.q}”", wanted.without("q")
