"""The rule book: YAML texts in, a checked and frozen RuleBook out, every complaint with its place."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from rules.book_keys import (
    DEFAULT_CLASSES,
    GROUP_BY,
    NOT_YET,
    Policy,
    RouteReader,
    Rule,
    read_policy,
    read_urgencies,
)
from rules.matchers import Condition
from rules.places import Place
from rules.words import Route, Step, Urgency, UrgencyClass
from rules.yaml_places import Complaints, Node, load

__all__ = ["BadRuleBook", "Policy", "Rule", "RuleBook", "RuleVerdict", "fallback_route", "parse"]

KEYS = ("version", "timezone", "urgencies", "routes", "policies")
_JOINED = ("version", "routes", "policies")  # what several files may each have a part of
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


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What to do with alerts. Frozen: a change of the files makes another book, with another version."""

    version: str
    timezone: str
    classes: Mapping[Urgency, UrgencyClass]
    routes: tuple[Rule, ...]
    policies: Mapping[str, Policy]

    def route(self, labels: Mapping[str, str]) -> Route:
        """The first rule that matches decides; parse() made sure that the last one always does."""
        for rule in self.routes:
            for matcher in rule.match:
                if not matcher.matches(labels):
                    break
            else:
                return rule.route
        return fallback_route(self)

    def explain(self, labels: Mapping[str, str]) -> tuple[RuleVerdict, ...]:
        """What each rule said, up to the one that decided: it is the last, the only one that matched."""
        verdicts: list[RuleVerdict] = []
        for rule in self.routes:
            conditions = tuple(matcher.explain(labels) for matcher in rule.match)
            verdicts.append(RuleVerdict(rule.name, all(one.ok for one in conditions), conditions))
            if verdicts[-1].matched:
                break
        return tuple(verdicts)


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
    )


def parse(texts: Mapping[str, str | bytes]) -> RuleBook:
    """The book that the files make together, in the order of their names; raises BadRuleBook with all that is wrong."""
    if not texts:
        raise BadRuleBook(("rule book: there is no YAML file in it",))
    complaints = Complaints()
    nodes = load(texts, complaints)
    if len(nodes) < len(texts):  # half a book would be complained of for what stands in the other half
        raise BadRuleBook(complaints.lines())
    parts = _merge([Place(file, "", node, 1, complaints) for file, node in nodes.items()])
    book = _read(parts, _version(nodes))
    if all(isinstance(node.value, Mapping) for node in nodes.values()):
        _check_whole(parts, next(iter(nodes)), complaints)
    if complaints:
        raise BadRuleBook(complaints.lines())
    return book


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


def _read(parts: Mapping[str, list[Place]], version: str) -> RuleBook:
    for place in parts.get("version", []):
        place.whole(1, 1)
    timezones = [place.timezone() for place in parts.get("timezone", [])]
    classes = dict(DEFAULT_CLASSES)
    for place in parts.get("urgencies", []):
        classes |= read_urgencies(place)
    policies = _policies(parts.get("policies", []))
    routes = [item for place in parts.get("routes", []) for item in place.items()]
    return RuleBook(
        version,
        timezones[0] if timezones else "UTC",
        MappingProxyType(classes),
        RouteReader(classes, policies, version).rules(routes) if routes else (),
        MappingProxyType(policies),
    )


def _policies(places: list[Place]) -> dict[str, Policy]:
    policies: dict[str, Policy] = {}
    first: dict[str, Place] = {}
    for place in places:
        for name, entry in place.entries().items():
            policy = read_policy(name, entry)
            if name in first:
                entry.complain(f"already defined in {first[name].file}:{first[name].line}")
                continue
            policies[name], first[name] = policy, entry
    return policies


def _check_whole(parts: Mapping[str, list[Place]], file: str, complaints: Complaints) -> None:
    """What no single place can be blamed for."""
    if "version" not in parts:
        complaints.add(file, 1, "version: missing; write 'version: 1'")
    if all(place.node.value == () for place in parts.get("routes", [])):
        complaints.add(file, 1, "routes: missing; at least one route must match everything")


def _version(nodes: Mapping[str, Node]) -> str:
    """Changes with what the files say and what they are called, not with their comments."""
    content = json.dumps([[file, node.content()] for file, node in nodes.items()], ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
