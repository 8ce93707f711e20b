"""Services: which ones a rule book names, which a list wants and in which order, how each is told. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.book import RuleBook
from rules.matchers import Group, Matcher
from rules.reading.route_keys import Rule
from rules.texts.text import safe_url
from rules.words import Silence, Urgency

LABEL = "service"
RUNBOOKS = ("runbook_url", "runbook")  # annotations or labels that lead to one
MOST = 2_000
SORTS = ("-urgency", "name", "-incidents")
Place = tuple[int, int, str]  # of a service in the order of a list
_PLACE = re.compile(r"(\d{1,6})\.(\d{1,12})\.(.{1,1000})", re.DOTALL | re.ASCII)
_LARGE = 10**9


def named(book: RuleBook) -> Mapping[str, Rule | None]:
    """Each with the first rule that names it; none where only a table does."""
    found: dict[str, Rule | None] = {}
    for rule in book.routes:
        for part in rule.match:
            for name in _values(part):
                found.setdefault(name, rule)
    for table in book.lookups:
        for name in table.rows if table.by == LABEL else ():
            found.setdefault(name, None)
    return dict(list(found.items())[:MOST])


def _values(part: Matcher | Group) -> Iterator[str]:
    """What the label may be where this holds, as far as it is written out."""
    if isinstance(part, Matcher):
        yield from (value for value in part.values if value and part.label == LABEL)
    elif part.kind != "not":
        for inner in part.parts:
            yield from _values(inner)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of services is asked for."""

    q: str = ""
    team: str = ""
    urgencies: tuple[str, ...] = ()
    open: bool = False
    sort: str = SORTS[0]
    after: Place | None = None

    def fits(self, name: str, counts: Sequence[int]) -> bool:
        """`counts`: what is open of each class. Whose a service is takes longer to say, and is asked elsewhere."""
        if self.q and self.q.casefold() not in name.casefold():
            return False
        if self.open and not any(counts):
            return False
        return not self.urgencies or any(counts[one.rank] for one in Urgency if one.value in self.urgencies)

    def place(self, name: str, counts: Sequence[int], incidents: int) -> Place:
        """What comes first: the worst, and of these those with most open; or the busiest; or by name."""
        if self.sort == "name":
            return 0, 0, name
        if self.sort == "-incidents":
            return 0, _LARGE - incidents, name
        worst = next((rank for rank, count in enumerate(counts) if count), len(Urgency))
        return worst, _LARGE - (sum(counts) or incidents), name


def cursor(place: Place | None) -> str:
    """As an address has it."""
    return "" if place is None else f"{place[0]}.{place[1]}.{place[2]}"


def place_of(text: str) -> Place | None:
    found = _PLACE.fullmatch(text)
    return (int(found[1]), int(found[2]), found[3]) if found else None


@dataclass(frozen=True, slots=True)
class Way:
    """How an incident of one class is told: by which rule."""

    urgency: Urgency
    rule: Rule


def ways(met: Iterable[str], by_name: Rule | None, known: Mapping[str, Rule]) -> tuple[Way, ...]:
    """The most urgent first: by the rules that its newest incidents met, or by the one that names it."""
    by_rank: dict[int, Rule] = {}
    for rule in (*(known[name] for name in met if name in known), *([by_name] if by_name else ())):
        by_rank.setdefault(rule.route.urgency.rank, rule)
    return tuple(Way(tuple(Urgency)[rank], by_rank[rank]) for rank in sorted(by_rank))


def runbook(said: Mapping[str, object]) -> str:
    """Of what an alert says: the first address that is fit to be followed."""
    return next((url for name in RUNBOOKS if (url := safe_url(str(said.get(name, ""))))), "")


def touches(silence: Silence, name: str, samples: Iterable[Mapping[str, str]]) -> bool:
    """It names the service, or alerts of it as they came lately would be hidden."""
    mine = {LABEL: name}
    about = [matcher for matcher in silence.match if getattr(matcher, "label", "") == LABEL]
    if any(matcher.matches(mine) and not matcher.matches({}) for matcher in about):
        return all(matcher.matches(mine) for matcher in about)
    return any(all(matcher.matches({**labels, **mine}) for matcher in silence.match) for labels in samples)
