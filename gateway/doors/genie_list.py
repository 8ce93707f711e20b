"""The list of a source's alerts as Opsgenie's clients ask for it: what of it, in which order, which page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gateway import sources
from gateway.store.incidents.listed import Listed
from rules.senders.alert_query import BadQuery, Question, Seen, read
from rules.words import Severity

LIMIT, MOST, DEEPEST = 20, 100, 20_000  # of a page: as usual, at most; and where the last one ends
PRIORITIES = {Severity.CRITICAL: "P1", Severity.ERROR: "P2", Severity.WARNING: "P3", Severity.INFO: "P5"}
ORDERS: Mapping[str, Callable[[Listed], Any]] = {
    "createdAt": lambda one: one.first_seen_at,
    "updatedAt": lambda one: one.last_seen_at,
    "lastOccurredAt": lambda one: one.last_seen_at,
    "tinyId": lambda one: one.id,
    "alias": lambda one: one.fingerprint,
    "message": lambda one: one.title,
    "status": lambda one: not one.firing,
    "count": lambda one: one.seen,
}
KNOWN = ("query", "limit", "offset", "sort", "order")


@dataclass(frozen=True, slots=True)
class Wanted:
    question: Question
    query: str
    limit: int
    offset: int
    sort: str
    order: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One page: the numbers of its alerts, and how many there are on all pages."""

    ids: Sequence[int]
    total: int


def asked(given: Mapping[str, str]) -> Wanted:
    """Raises BadQuery."""
    if odd := sorted(set(given) - set(KNOWN)):
        raise BadQuery(f"{odd[0]} is not known here: {', '.join(KNOWN)} are")
    limit, offset = _number(given, "limit", LIMIT, 1, MOST), _number(given, "offset", 0, 0, DEEPEST - 1)
    if offset + limit > DEEPEST:
        raise BadQuery(f"offset and limit are {DEEPEST} together at most")
    query = given.get("query", "")
    sort, order = _one_of(given, "sort", "createdAt", ORDERS), _one_of(given, "order", "desc", ("asc", "desc"))
    return Wanted(read(query, sources.identity), query, limit, offset, sort, order)


def _number(given: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = given.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise BadQuery(f"{name} is a number from {least} to {most}")
    return int(text)


def _one_of(given: Mapping[str, str], name: str, usual: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    found = given.get(name) or usual
    if found not in known:
        raise BadQuery(f"{name} is one of {', '.join(known)}")
    return found


def choose(alerts: Sequence[Listed], wanted: Wanted) -> Chosen:
    fitting = [one for one in alerts if wanted.question(_as_seen(one))]
    fitting.sort(key=lambda one: (ORDERS[wanted.sort](one), one.id), reverse=wanted.order == "desc")
    return Chosen([one.id for one in fitting[wanted.offset : wanted.offset + wanted.limit]], len(fitting))


def paging(wanted: Wanted, total: int, address: str) -> dict[str, str]:
    """Addresses of other pages; none is beyond what can be asked for."""
    limit = wanted.limit
    last = max(min(total, DEEPEST) - 1, 0) // limit * limit
    places = {"first": 0, "prev": wanted.offset - limit, "next": wanted.offset + limit, "last": last}
    there = {name: at for name, at in places.items() if 0 <= at <= last and at + limit <= DEEPEST}
    return {name: f"{address}?{urlencode(_parameters(wanted, at))}" for name, at in there.items()}


def _parameters(wanted: Wanted, offset: int) -> dict[str, object]:
    said = {"limit": wanted.limit, "offset": offset, "sort": wanted.sort, "order": wanted.order}
    return {**said, "query": wanted.query} if wanted.query else said


def _as_seen(one: Listed) -> Seen:
    """A tag with a value has become a label, as what else a sender says: so all labels can be asked for as tags."""
    tags = [*tags_of(one.labels), *(f"{name}:{value}" for name, value in one.labels.items())]
    priority = priority_of(one.severity, one.labels)
    small = frozenset(tag.lower() for tag in tags)
    return Seen(one.fingerprint, one.title, one.firing, priority, small, one.first_seen_at)


def tags_of(labels: Mapping[str, Any]) -> list[str]:
    """Those without a value, as they came."""
    return [one for one in str(labels.get("tags", "")).split(", ") if one]


def priority_of(severity: str, labels: Mapping[str, Any]) -> str:
    """P4 and P5 are both of no severity to speak of."""
    known = PRIORITIES[Severity(severity)]
    return "P4" if known == "P5" and str(labels.get("priority", "")).strip().upper() == "P4" else known
