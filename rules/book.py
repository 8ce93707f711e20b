"""The rule book: YAML texts in, a checked and frozen RuleBook out, every complaint with its place."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from rules.matchers import Condition
from rules.reading.book_keys import DEFAULT_CLASSES, NOT_YET, Policy, read_policies, read_urgencies
from rules.reading.calendar_keys import read_calendars
from rules.reading.lookups import Lookup, read_lookups
from rules.reading.mapping_keys import read_mappings
from rules.reading.places import Place
from rules.reading.quiet_keys import QUIET_KEYS, read_heartbeats, read_inhibitions
from rules.reading.route_keys import GROUP_BY, RouteReader, Rule
from rules.reading.timing_keys import BOOK_KEYS, book_timing
from rules.reading.voice_keys import read_voice
from rules.reading.yaml_places import Complaints, Node, load
from rules.senders.heartbeats import Heartbeat
from rules.senders.mappings import BodyMap
from rules.telling.inhibition import Inhibition
from rules.telling.voice import Gate
from rules.times.calendars import Calendar, Standing, standing
from rules.words import Also, Route, Step, Urgency, UrgencyClass

__all__ = ["BadRuleBook", "Policy", "Reading", "Rule", "RuleBook", "RuleVerdict", "fallback_route", "parse"]

KEYS = (
    "version", "timezone", "calendars", "lookups", "urgencies", "routes", "policies", *BOOK_KEYS, *QUIET_KEYS, "voice",
    "mappings",
)  # fmt: skip
# What several files may each have a part of.
_JOINED = ("version", "calendars", "lookups", "routes", "policies", "mappings", *QUIET_KEYS)
T = TypeVar("T")
_KEPT = 60  # readings of a book that are held
_FALLBACK_STEPS = (Step(("role:admin",), timedelta(minutes=15)),)


class BadRuleBook(ValueError):
    """All that is wrong with a rule book."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one rule said about an alert, condition by condition."""

    rule: str
    matched: bool
    conditions: tuple[Condition, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What to do with alerts. Frozen: a change of the files makes another book, with another version."""

    version: str
    timezone: str
    classes: Mapping[Urgency, UrgencyClass]
    routes: tuple[Rule, ...]
    policies: Mapping[str, Policy]

    calendars: Mapping[str, Calendar] = field(default_factory=lambda: MappingProxyType({}))
    lookups: tuple[Lookup, ...] = ()
    asked: tuple[str, ...] = ()  # the calendars that routes ask for
    voice: Gate | None = None  # what a call has to pass
    doubts: tuple[tuple[str, str], ...] = ()  # (file:line: path, what) of what is no mistake and worth a look
    inhibitions: tuple[Inhibition, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    mappings: Mapping[str, BodyMap] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)  # what it was read from
    kept: set[str] = field(default_factory=set, compare=False, repr=False)  # its version, once its files are stored
    _readings: dict[int, "Reading"] = field(default_factory=dict, compare=False, repr=False)

    def at(self, now: datetime) -> "Reading":
        """The book as it reads at that moment; the same for a whole minute, since calendars know nothing shorter."""
        minute = int(now.timestamp()) // 60 if self.asked else 0  # without `when` it reads the same at any time
        found = self._readings.get(minute)
        if found is None:
            standings = {name: standing(self.calendars[name], now) for name in self.asked}
            if len(self._readings) >= _KEPT:
                self._readings.clear()
            found = self._readings[minute] = Reading(self, _in_force(self.routes, standings), standings)
        return found


def _in_force(routes: tuple[Rule, ...], standings: Mapping[str, Standing]) -> tuple[Rule, ...]:
    """The routes whose time it is."""
    return tuple(rule for rule in routes if all(standings[one.calendar].open is one.open for one in rule.when))


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule book at one moment: the routes whose time it is, and how the calendars stand."""

    book: RuleBook
    rules: tuple[Rule, ...]
    standings: Mapping[str, Standing]

    def route(self, labels: Mapping[str, str]) -> Route:
        """The first rule that matches decides; parse() made sure that the last one always does."""
        taken: list[Route] = []
        for rule in self.rules:
            for match in rule.match:
                if not match.matches(labels):
                    break
            else:
                if rule.goes_on:
                    taken.append(rule.route)
                    continue
                return _together(*taken, rule.route) if taken else rule.route
        return _together(*taken, fallback_route(self.book)) if taken else fallback_route(self.book)

    def explain(self, labels: Mapping[str, str]) -> tuple[RuleVerdict, ...]:
        """What each rule said, up to the one that ended the search: it is the last, and matched."""
        verdicts: list[RuleVerdict] = []
        for rule in self.book.routes:
            times = (one.explain(self.standings[one.calendar]) for one in rule.when)
            conditions = (*(match.explain(labels) for match in rule.match), *times)
            verdicts.append(RuleVerdict(rule.name, all(one.ok for one in conditions), conditions, rule.goes_on))
            if verdicts[-1].matched and not rule.goes_on:
                break
        return tuple(verdicts)


@lru_cache(maxsize=2048)
def _together(*routes: Route) -> Route:
    """Of several routes that took an alert the most urgent decides, the first among equals.

    With its first step the first step of each other one's policy is told, by that one's own channels.
    """
    chief = min(routes, key=lambda route: route.urgency.rank)
    others = tuple(
        Also(one.rule, one.steps[0].notify, one.channels, one.fallback)
        for one in routes
        if one is not chief and one.steps
    )
    first, *rest = chief.steps or _FALLBACK_STEPS
    return replace(chief, steps=(replace(first, also=others), *rest))


def fallback_route(book: RuleBook) -> Route:
    """The route of what no rule took: urgent, since not knowing is no reason for silence."""
    urgency = book.classes.get(Urgency.URGENT, DEFAULT_CLASSES[Urgency.URGENT])
    bare = Route("fallback", urgency.urgency, "fallback", GROUP_BY, _FALLBACK_STEPS, 3, (), (), timedelta())
    if book.routes:
        last = book.routes[-1].route
        bare = replace(bare, policy=last.policy, steps=last.steps or _FALLBACK_STEPS, repeat=last.repeat)
    return replace(
        bare,
        channels=urgency.channels,
        fallback=urgency.fallback,
        acknowledge_within=urgency.acknowledge_within,
        book_version=book.version,
        floor=urgency.floor,
    )


def parse(texts: Mapping[str, str | bytes], *, any_zone: bool = False) -> RuleBook:
    """The book that the files make together, in the order of their names; raises BadRuleBook with all that is wrong.

    `any_zone`: for a book that was good before; a calendar whose zone this system does not know has the book's own.
    """
    tables = {file: text for file, text in texts.items() if file.endswith(".csv")}
    if len(tables) == len(texts):
        raise BadRuleBook(("rule book: there is no YAML file in it",))
    complaints = Complaints(any_zone=any_zone)
    written = {file: text for file, text in texts.items() if file not in tables}
    nodes = load(written, complaints)
    if len(nodes) < len(written):  # half a book would be complained of for what stands in the other half
        raise BadRuleBook(complaints.lines())
    parts = _merge([Place(file, "", node, 1, complaints) for file, node in nodes.items()])
    lookups = read_lookups(parts.get("lookups", []), tables)
    book = _read(parts, lookups, _version(nodes, {one.file: tables[one.file] for one in lookups}))
    if all(isinstance(node.value, Mapping) for node in nodes.values()):
        _check_whole(parts, next(iter(nodes)), complaints)
    if complaints:
        raise BadRuleBook(complaints.lines())
    files = {**written, **{one.file: tables[one.file] for one in lookups}}
    return replace(book, doubts=tuple(complaints.doubts), files={file: _plain(text) for file, text in files.items()})


def _plain(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def _merge(files: list[Place]) -> dict[str, list[Place]]:
    """The values of each key, in the order of the files."""
    parts: dict[str, list[Place]] = {}
    for file in files:
        for key, place in file.fields(KEYS, later=NOT_YET).items():
            others = parts.setdefault(key, [])
            if others and key not in _JOINED:
                place.complain(f"already set in {others[0].file}:{others[0].line}")
            others.append(place)
    return parts


def _read(parts: Mapping[str, list[Place]], lookups: tuple[Lookup, ...], version: str) -> RuleBook:
    for place in parts.get("version", []):
        place.whole(1, 1)
    timezone = [*(place.timezone() for place in parts.get("timezone", [])), "UTC"][0]
    classes = dict(DEFAULT_CLASSES)
    for place in parts.get("urgencies", []):
        classes |= read_urgencies(place)
    calendars = _named(parts.get("calendars", []), lambda place: read_calendars(place, timezone))
    policies = _named(parts.get("policies", []), read_policies)
    items = [item for place in parts.get("routes", []) for item in place.items()]
    routes = RouteReader(classes, policies, calendars, version, book_timing(parts)).rules(items) if items else ()
    return RuleBook(
        version,
        timezone,
        MappingProxyType(classes),
        routes,
        MappingProxyType(policies),
        MappingProxyType(calendars),
        lookups,
        tuple(dict.fromkeys(when.calendar for rule in routes for when in rule.when)),
        inhibitions=read_inhibitions(parts.get("inhibitions", [])),
        heartbeats=read_heartbeats(parts.get("heartbeats", [])),
        voice=read_voice(parts.get("voice", []), calendars),
        mappings=MappingProxyType(_named(parts.get("mappings", []), read_mappings)),
    )


def _named(places: list[Place], read: Callable[[Place], dict[str, T]]) -> dict[str, T]:
    """What has a name, from all files; a name is defined once."""
    found: dict[str, T] = {}
    first: dict[str, Place] = {}
    for place in places:
        values, entries = read(place), place.entries()
        for name, value in values.items():
            if name in first:
                entries[name].complain(f"already defined in {first[name].file}:{first[name].line}")
                continue
            found[name], first[name] = value, entries[name]
    return found


def _check_whole(parts: Mapping[str, list[Place]], file: str, complaints: Complaints) -> None:
    """What no single place can be blamed for."""
    if "version" not in parts:
        complaints.add(file, 1, "version: missing; write 'version: 1'")
    if all(place.node.value == () for place in parts.get("routes", [])):
        complaints.add(file, 1, "routes: missing; at least one route must match everything")


def _version(nodes: Mapping[str, Node], tables: Mapping[str, str | bytes]) -> str:
    """Changes with what the files say and what they are called, not with their comments."""
    said = [[file, node.content()] for file, node in nodes.items()]
    said += [[file, text if isinstance(text, str) else text.hex()] for file, text in tables.items()]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()[:12]
