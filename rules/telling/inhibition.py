"""Inhibition, as in Alertmanager: while a source alert fires, target alerts with equal labels are part of it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.matchers import Matcher

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """One rule. An alert that is on both sides is never a target: it would inhibit itself."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def is_source(self, labels: Labels) -> bool:
        return all(matcher.matches(labels) for matcher in self.source)

    def is_target(self, labels: Labels) -> bool:
        return all(matcher.matches(labels) for matcher in self.target) and not self.is_source(labels)

    def key(self, labels: Labels) -> str:
        """Equal for a source and a target that belong together: the rule, and the labels that must agree.

        A label that is missing counts as empty, as in Alertmanager.
        """
        sides = (sorted(one.text for one in side) for side in (self.source, self.target))
        parts = [*("\x1e".join(side) for side in sides), *(f"{name}={labels.get(name, '')}" for name in self.equal)]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def sources(rules: Iterable[Inhibition], labels: Labels) -> list[str]:
    """The keys under which an alert with these labels inhibits others."""
    return [rule.key(labels) for rule in rules if rule.is_source(labels)]


def targets(rules: Iterable[Inhibition], labels: Labels) -> list[str]:
    """The keys under which it is inhibited, if a source of one of them fires."""
    return [rule.key(labels) for rule in rules if rule.is_target(labels)]
