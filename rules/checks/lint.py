"""What is doubtful about a rule book though it can be read: routes that nothing meets, calendars that never open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rules.book import Policy, Rule, RuleBook
from rules.matchers import Group, Match, Matcher
from rules.times.calendars import WHOLE_DAY, Calendar, next_opening

ANYTHING = (".*", "(?s).*")  # patterns that hold whatever the label says


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a place of the book; a mistake, or only worth a look."""

    place: str  # file:line: path
    what: str
    mistake: bool = False
    other: str = ""  # the name of the rule that is to blame

    def as_text(self) -> str:
        return f"{self.place}: {'' if self.mistake else 'warning: '}{self.what}"


def lint(book: RuleBook, at: datetime) -> Iterator[Finding]:
    """All that can be said of the book without the people."""
    yield from (Finding(place, what) for place, what in book.doubts)
    yield from _routes(book.routes)
    for rule in book.routes:
        yield from (Finding(rule.place, what) for match in rule.match for what in _pattern(match))
    for calendar in book.calendars.values():
        yield from _calendar(calendar, at)
    for policy in unused(book):
        yield Finding(policy.place, "no route names this policy")


def unused(book: RuleBook) -> list[Policy]:
    named = {rule.route.policy for rule in book.routes}
    return [policy for name, policy in book.policies.items() if name not in named]


def _routes(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    """parse() refuses the plain cases; here is what takes a thought: other words for the same, conditions at odds."""
    above = _Above()
    for rule in rules:
        known = _Known(rule.match)
        if odd := known.at_odds(rule.match):
            yield Finding(rule.place, f"never met: {odd}")
        elif other := above.that_takes(rule, known):
            what = f"never reached: {other.name[:60]!r} above it takes everything that this one would"
            yield Finding(rule.place, what, other=other.name)
        elif not rule.goes_on:
            above.add(rule)


class _Above:
    """The routes above, by one of their conditions: each against each takes too long where there are thousands."""

    def __init__(self) -> None:
        self._by_value: dict[tuple[str, str], list[Rule]] = {}
        self._rest: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Under the rarest of the values that it asks for: only who has this value can be taken by it."""
        asked = [(one.label, one.value) for one in rule.match if isinstance(one, Matcher) and one.operator == "="]
        lists = [self._by_value.setdefault(each, []) for each in asked]
        min(lists, key=len, default=self._rest).append(rule)

    def that_takes(self, rule: Rule, known: "_Known") -> Rule | None:
        times = set(rule.when)
        candidates = [*self._rest, *(one for each in known.single() for one in self._by_value.get(each, ()))]
        for one in candidates:
            if times.issuperset(one.when) and all(known.implies(match) for match in one.match):
                return one
        return None


class _Known:
    """What is known of an alert for which these conditions hold."""

    def __init__(self, match: tuple[Match, ...]) -> None:
        self._texts = {one.text for one in match}
        self._values = {one.label: one.values for one in match if isinstance(one, Matcher) and one.values}

    def single(self) -> list[tuple[str, str]]:
        """The labels that can have one value only."""
        return [(label, values[0]) for label, values in self._values.items() if len(values) == 1]

    def implies(self, one: Match) -> bool:
        if isinstance(one, Matcher):
            values = self._values.get(one.label)
            if values is not None:
                return all(one.matches({one.label: value}) for value in values)
        elif one.kind != "not":
            return one.text in self._texts or (any if one.kind == "any" else all)(
                self.implies(part) for part in one.parts
            )
        return one.text in self._texts

    def at_odds(self, match: tuple[Match, ...]) -> str:
        """Two conditions that cannot both hold; empty if there are none."""
        for one in match:
            values = self._values.get(one.label) if isinstance(one, Matcher) else None
            if values and not any(one.matches({one.label: value}) for value in values if isinstance(one, Matcher)):
                return f"{one.text} cannot hold beside the other condition on its label"
        return ""


def _pattern(match: Match) -> Iterator[str]:
    if isinstance(match, Group):
        for part in match.parts:
            yield from _pattern(part)
    elif "~" in match.operator and match.value in ANYTHING:
        yield f"{match.text} holds for {'everything' if match.operator == '=~' else 'nothing'}, whatever the label says"


def _calendar(calendar: Calendar, at: datetime) -> Iterator[Finding]:
    if next_opening(calendar, at) is None:
        yield Finding(calendar.place, "never opens in the next two years")
    elif len(calendar.days) == 7 and calendar.hours == WHOLE_DAY and not _has_different_days(calendar):
        yield Finding(calendar.place, "never closes: leave it out")


def _has_different_days(calendar: Calendar) -> bool:
    return bool(calendar.holidays or calendar.days_off or calendar.short_days)
