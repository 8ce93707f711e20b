"""One reader for each key of the rule book: the place of its value in, a checked value of ours out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from rules.matchers import Matcher
from rules.places import Place, given
from rules.words import Route, Step, Urgency, UrgencyClass, Way
from rules.yaml_places import Node

SECOND, MONTH = timedelta(seconds=1), timedelta(days=30)
# Keys of the book to come. Refused by name wherever they stand: a key that did nothing would be believed.
NOT_YET = frozenset(
    {"calendars", "voice", "when", "hold_for", "hold_until", "at_least", "continue", "inhibitions", "flapping"}
    | {"reopen_within", "overrides", "maintenance", "silences", "heartbeats", "services", "audience", "watchers"}
)
ROUTE_KEYS = ("name", "match", "urgency", "policy", "group_by")
GROUP_BY = ("alertname",)
_MAX_ROUTES = 2000
_MAX_STEPS = 50  # of one policy: far more than anybody climbs
_MAX_PATTERNS = 1000  # compiling more of the worst kind would take longer than the two seconds a check may take

DEFAULT_CLASSES: Mapping[Urgency, UrgencyClass] = MappingProxyType(
    {
        one.urgency: one
        for one in (
            UrgencyClass(Urgency.EMERGENCY, (Way.VOICE, Way.PUSH), (Way.SMS, Way.EMAIL), timedelta(minutes=5)),
            UrgencyClass(Urgency.URGENT, (Way.SMS, Way.PUSH), (Way.EMAIL,), timedelta(minutes=10)),
            UrgencyClass(Urgency.FAST, (Way.PUSH,), (Way.EMAIL,), timedelta(minutes=30)),
            UrgencyClass(Urgency.ORDINARY, (Way.EMAIL,), (), timedelta(hours=8)),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to tell, in which order, and how often to begin again."""

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A route of the book: when it applies, and what it then says (one object, shared by all its alerts)."""

    name: str
    match: tuple[Matcher, ...]
    route: Route


def read_urgencies(place: Place) -> dict[Urgency, UrgencyClass]:
    """The classes that the book describes; of one that it does not, the default holds."""
    fields = place.fields(tuple(Urgency), later=NOT_YET)
    return {Urgency(word): _urgency_class(DEFAULT_CLASSES[Urgency(word)], one) for word, one in fields.items()}


def _urgency_class(default: UrgencyClass, place: Place) -> UrgencyClass:
    fields = place.fields(("channels", "fallback", "acknowledge_within"), later=NOT_YET)
    channels = given(fields, "channels", _ways, default.channels)
    if "channels" in fields and not channels:
        fields["channels"].complain("names no channel: nobody would be told")
    fallback = given(fields, "fallback", _ways, default.fallback)
    within = given(fields, "acknowledge_within", _span, default.acknowledge_within)
    return UrgencyClass(default.urgency, channels, fallback, within)


def _ways(place: Place) -> tuple[Way, ...]:
    ways = [item.choice(Way) for item in place.items()]
    if len(set(ways)) != len(ways):
        place.complain("names a channel twice")
    return tuple(ways)


def _span(place: Place) -> timedelta:
    return place.duration(SECOND, MONTH)


def read_policy(name: str, place: Place) -> Policy:
    fields = place.fields(("steps", "repeat"), required=("steps",), later=NOT_YET)
    steps = _steps(fields["steps"]) if "steps" in fields else ()
    return Policy(name, steps, given(fields, "repeat", lambda repeat: repeat.whole(0, 100), 0))


def _steps(place: Place) -> tuple[Step, ...]:
    items = place.items()
    if not items and place.node.value == ():
        place.complain("has no steps: nobody would be told")
    if len(items) > _MAX_STEPS:
        place.complain(f"has more than {_MAX_STEPS} steps")
    return tuple(_step(item) for item in items)


def _step(place: Place) -> Step:
    fields = place.fields(("notify", "wait"), required=("notify", "wait"), later=NOT_YET)
    return Step(given(fields, "notify", _targets, ()), given(fields, "wait", _span, SECOND))


def _targets(place: Place) -> tuple[str, ...]:
    if place.node.value == ():
        place.complain("names nobody")
    targets = tuple(_target(item) for item in place.items())
    if len(set(targets)) != len(targets):
        place.complain("names somebody twice")
    return targets


def _target(place: Place) -> str:
    """schedule:NAME, person:EMAIL, team:NAME or role:admin; whether they exist, only the database knows."""
    text = place.text()
    kind, _, name = text.partition(":")
    name = name.strip()
    good = {
        "schedule": bool(name),
        "team": bool(name),
        "person": "@" in name.strip("@") and not any(map(str.isspace, name)),
        "role": name == "admin",
    }
    if text and not good.get(kind, False):
        place.complain(f"{text[:60]!r} is nobody; write schedule:NAME, person:EMAIL, team:NAME or role:admin")
    return f"{kind}:{name}"


@dataclass(frozen=True, slots=True)
class RouteReader:
    """Reads routes; it knows what a route refers to."""

    classes: Mapping[Urgency, UrgencyClass]
    policies: Mapping[str, Policy]
    version: str

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
        match = _matchers(fields["match"]) if "match" in fields else ()
        urgency = self.classes[given(fields, "urgency", lambda word: word.choice(Urgency), Urgency.ORDINARY)]
        policy = given(fields, "policy", self._policy, Policy("", ()))
        route = Route(
            rule=given(fields, "name", Place.text, ""),
            urgency=urgency.urgency,
            policy=policy.name,
            group_by=given(fields, "group_by", Place.texts, GROUP_BY),
            steps=policy.steps,
            repeat=policy.repeat,
            channels=urgency.channels,
            fallback=urgency.fallback,
            acknowledge_within=urgency.acknowledge_within,
            match=tuple(one.text for one in match),
            book_version=self.version,
        )
        return Rule(route.rule, match, route), len(place.complaints) == before

    def _policy(self, place: Place) -> Policy:
        name = place.text()
        if name and name not in self.policies:
            place.complain(f"there is no policy {name[:60]!r}")
        return self.policies.get(name, Policy(name, ()))


def _check_names(read: list[tuple[Place, Rule, bool]]) -> None:
    seen: dict[str, Place] = {}
    for place, rule, _ in read:
        if rule.name and rule.name in seen:
            other = seen[rule.name]
            place.complain(f"the name {rule.name[:60]!r} is already that of {other.file}:{other.line}")
        seen.setdefault(rule.name, place)


def _check_reach(read: list[tuple[Place, Rule, bool]]) -> None:
    """Every alert must meet a route, and every route can be met: an earlier one with fewer conditions takes all."""
    earlier: list[tuple[Rule, frozenset[Matcher]]] = []
    for place, rule, good in read:
        conditions = frozenset(rule.match)
        above = next((other for other, fewer in earlier if fewer <= conditions), None) if good else None
        if above is not None:
            place.complain(f"never reached: {above.name[:60]!r} above it takes everything that this one would")
        if good:
            earlier.append((rule, conditions))
    if read[-1][1].match:
        read[-1][0].complain("the last route must match everything (leave out 'match')")


def _patterns(route: Node) -> int:
    match = route.value.get("match") if isinstance(route.value, Mapping) else None
    items = match.value if match is not None and isinstance(match.value, tuple) else ()
    return sum(isinstance(item.value, str) and ("=~" in item.value or "!~" in item.value) for item in items)


def _matchers(place: Place) -> tuple[Matcher, ...]:
    return tuple(matcher for item in place.items() if (matcher := _matcher(item)) is not None)


def _matcher(place: Place) -> Matcher | None:
    text = place.text()
    try:
        return Matcher.parse(text) if text else None
    except ValueError as problem:
        place.complain(str(problem))
        return None
