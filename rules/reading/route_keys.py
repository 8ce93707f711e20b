"""Readers of the rule book's routes: one for each key, and what is wrong between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.matchers import Condition, Group, Match, Matcher
from rules.reading.book_keys import NOT_YET, Policy
from rules.reading.places import Place, given
from rules.reading.timing_keys import TIMING_KEYS, route_timing
from rules.reading.yaml_places import Node
from rules.times.calendars import Calendar, Standing
from rules.timing import Timing
from rules.words import Route, Urgency, UrgencyClass

ROUTE_KEYS = ("name", "match", "when", "urgency", "policy", "group_by", "continue", *TIMING_KEYS)
GROUP_BY = ("alertname",)
GROUPS = ("any", "all", "not")
_MAX_ROUTES = 2000
_MAX_PATTERNS = 1000  # compiling more of the worst kind would take longer than the two seconds a check may take
_NOT = "not "


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the time: a calendar is open, or it is not."""

    calendar: str
    open: bool

    @property
    def text(self) -> str:
        return f"when: {'' if self.open else _NOT}{self.calendar}"

    def explain(self, standing: Standing) -> Condition:
        return Condition(standing.open is self.open, self.text, time=standing.as_data())


@dataclass(frozen=True, slots=True)
class Rule:
    """A route of the book: when it applies, and what it then says (one object, shared by all its alerts)."""

    name: str
    match: tuple[Match, ...]
    route: Route
    when: tuple[When, ...] = ()
    goes_on: bool = False  # the routes after it are asked as well
    place: str = field(default="", compare=False)  # file:line: path

    @property
    def conditions(self) -> frozenset[Match | When]:
        return frozenset((*self.match, *self.when))


@dataclass(frozen=True, slots=True)
class RouteReader:
    """Reads routes; it knows what a route refers to."""

    classes: Mapping[Urgency, UrgencyClass]
    policies: Mapping[str, Policy]
    calendars: Mapping[str, Calendar]
    version: str
    timing: Timing

    def rules(self, places: list[Place]) -> tuple[Rule, ...]:
        """All routes in order, with what is wrong between them."""
        patterns = sum(_patterns(place.node) for place in places)
        if len(places) > _MAX_ROUTES or patterns > _MAX_PATTERNS:
            what = f"too much: at most {_MAX_ROUTES} routes and {_MAX_PATTERNS} regular expressions"
            places[0].complain(f"{what} (here {len(places)} and {patterns})")
            return ()
        read = [(place, *self._rule(place)) for place in places]
        _check_names(read)
        _check_reach(read)
        return tuple(rule for _, rule, _ in read)

    def _rule(self, place: Place) -> tuple[Rule, bool]:
        """A route, and whether it is what was written: one with a mistake in it is not compared with others."""
        before = len(place.complaints)
        fields = place.fields(ROUTE_KEYS, required=("name", "urgency", "policy"), later=NOT_YET)
        match = _matches(fields["match"]) if "match" in fields else ()
        when = self._when(fields["when"]) if "when" in fields else ()
        route = self._route(fields, (*(one.text for one in match), *(one.text for one in when)))
        goes_on = "continue" in fields and fields["continue"].yes_or_no()
        return Rule(route.rule, match, route, when, goes_on, place.where()), len(place.complaints) == before

    def _route(self, fields: Mapping[str, Place], conditions: tuple[str, ...]) -> Route:
        urgency = self.classes[given(fields, "urgency", lambda word: word.choice(Urgency), Urgency.ORDINARY)]
        policy = given(fields, "policy", self._policy, Policy("", ()))
        return Route(
            rule=given(fields, "name", Place.name, ""),
            urgency=urgency.urgency,
            policy=policy.name,
            group_by=given(fields, "group_by", Place.texts, GROUP_BY),
            steps=policy.steps,
            repeat=policy.repeat,
            channels=urgency.channels,
            fallback=urgency.fallback,
            acknowledge_within=urgency.acknowledge_within,
            match=conditions,
            book_version=self.version,
            timing=route_timing(fields, self.timing, self.calendars),
            floor=urgency.floor,
        )

    def _policy(self, place: Place) -> Policy:
        name = place.text()
        if name and name not in self.policies:
            place.complain(f"there is no policy {name[:60]!r}")
        return self.policies.get(name, Policy(name, ()))

    def _when(self, place: Place) -> tuple[When, ...]:
        """A calendar, "not" a calendar, or a list of these: all of them must hold."""
        items = [place] if isinstance(place.node.value, str) else place.items()
        if place.node.value == ():
            place.complain("names no calendar")
        found = tuple(self._time(item) for item in items)
        if len({one.calendar for one in found}) < len(found):
            place.complain("names a calendar twice")
        return found

    def _time(self, place: Place) -> When:
        text = place.text()
        name = text.removeprefix(_NOT).strip()
        if text and name not in self.calendars:
            place.complain(f"there is no calendar {name[:60]!r}")
        return When(name, open=not text.startswith(_NOT))


def _check_names(read: list[tuple[Place, Rule, bool]]) -> None:
    seen: dict[str, Place] = {}
    for place, rule, _ in read:
        if rule.name and rule.name in seen:
            other = seen[rule.name]
            place.complain(f"the name {rule.name[:60]!r} is already that of {other.file}:{other.line}")
        seen.setdefault(rule.name, place)


def _check_reach(read: list[tuple[Place, Rule, bool]]) -> None:
    """Every alert must meet a route, and every route can be met: an earlier one with fewer conditions takes all."""
    earlier: list[tuple[Rule, frozenset[Match | When]]] = []
    for place, rule, good in read:
        conditions = rule.conditions
        above = next((other for other, fewer in earlier if fewer <= conditions), None) if good else None
        if above is not None:
            place.complain(f"never reached: {above.name[:60]!r} above it takes everything that this one would")
        if good and not rule.goes_on:
            earlier.append((rule, conditions))
    place, last, _ = read[-1]
    for key in [key for key, conditions in (("match", last.match), ("when", last.when)) if conditions]:
        place.complain(f"the last route must match everything (leave out {key!r})")
    if last.goes_on:
        place.complain("the last route cannot go on: leave out 'continue'")


def _patterns(node: Node) -> int:
    """How many regular expressions stand in a route's `match`, groups and all."""
    match = node.value.get("match") if isinstance(node.value, Mapping) else None
    waiting, found = [match] if match is not None else [], 0
    while waiting:
        value = waiting.pop().value
        if isinstance(value, str):
            found += "=~" in value or "!~" in value
        else:
            waiting += value if isinstance(value, tuple) else value.values()
    return found


def _matches(place: Place) -> tuple[Match, ...]:
    return tuple(match for item in place.items() if (match := _match(item)) is not None)


def _match(place: Place) -> Match | None:
    if isinstance(place.node.value, Mapping):
        return _group(place)
    text = place.text()
    try:
        return Matcher.parse(text) if text else None
    except ValueError as problem:
        place.complain(str(problem))
        return None


def _group(place: Place) -> Group | None:
    """any: [...], all: [...] or not: [...]; one of them."""
    before = len(place.complaints)
    fields = place.fields(GROUPS, later=NOT_YET)
    if len(fields) != 1 and len(place.complaints) == before:
        place.complain("must have one of any, all and not, each with a list of conditions")
    for kind, inner in fields.items():
        parts = _matches(inner)
        if parts:
            return Group.of(kind, parts)
        if inner.node.value == ():
            inner.complain("names no condition")
    return None
