"""Label matchers in Alertmanager's notation: severity="critical", env=~"prod|stage", team!="", "my label"=x."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from rules.texts import reasons
from rules.words import Alert, Kind

MAX_PATTERN = 1000
_MAX_TEXT = 4096
_RESERVED = r"\s{}!=~,\\\"'`"  # what Alertmanager does not allow outside quotes
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_FORM = re.compile(rf"({_QUOTED}|[^{_RESERVED}]+)\s*(=~|!~|!=|=)\s*(.*)", re.DOTALL)
_VALUE = re.compile(rf"{_QUOTED}|[^{_RESERVED}]+", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORDS = re.compile(r"[A-Za-z0-9_ /:@-]*(?:\|[A-Za-z0-9_ /:@-]*)+")  # "prod|stage|": a set says it faster

_HELD = 200  # characters of a value that is remembered: longer ones are no names
_PLAIN = re.compile(r"[A-Za-z0-9_ /:@-]+")

Test = Callable[[Mapping[str, str]], bool]


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False  # a bad pattern is a complaint, not a line on stderr
    options.never_capture = True  # only yes or no is asked for
    options.max_mem = 1 << 18  # per pattern; enough for a thousand characters, too little for a bomb
    return options


_OPTIONS = _options()


@dataclass(frozen=True, slots=True)
class Condition:
    """What one matcher, a group of them, or a calendar said about one alert."""

    ok: bool
    matcher: str  # as written
    label: str = ""  # of a matcher …
    actual: str = ""  # … what it is; empty where it is missing
    seen: tuple[tuple[str, str], ...] = ()  # of a group: its labels, and what each is
    time: Mapping[str, Any] | None = None  # of a calendar: how it stood

    def as_text(self) -> str:
        return reasons.condition(self.as_data())

    def as_data(self) -> dict[str, Any]:
        data = {"matcher": self.matcher, "label": self.label, "actual": self.actual, "ok": self.ok}
        if self.seen:
            data["seen"] = [list(pair) for pair in self.seen]
        return data if self.time is None else data | {"time": dict(self.time)}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label. `matches` is a closure made once: it is called for every rule and every alert."""

    label: str
    operator: str
    value: str
    text: str = field(compare=False)
    matches: Test = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """Raises ValueError with a sentence for the reader."""
        found = _FORM.fullmatch(text.strip()) if len(text) <= _MAX_TEXT else None
        if found is None:
            raise ValueError(f'cannot read the matcher {text[:60]!r}; write label="value", with =, !=, =~ or !~')
        name, operator, value = found.groups()
        if _VALUE.fullmatch(value) is None:
            raise ValueError(f'cannot read the value in {text[:60]!r}; write it in double quotes ("" for empty)')
        label = _unquote(name)
        if not label:
            raise ValueError(f"the label has no name in {text[:60]!r}")
        wanted = _unquote(value)
        test = _pattern(label, wanted, operator == "=~") if "~" in operator else _equality(label, wanted, operator)
        return cls(label, operator, wanted, text.strip(), test)

    @property
    def values(self) -> tuple[str, ...]:
        """All that the label can be where this holds, as far as that can be listed; else nothing."""
        if self.operator == "=":
            return (self.value,)
        return tuple(self.value.split("|")) if self.operator == "=~" and _WORDS.fullmatch(self.value) else ()

    def explain(self, labels: Mapping[str, str]) -> Condition:
        return Condition(self.matches(labels), self.text, self.label, labels.get(self.label, ""))


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions taken together: one of them (any), each of them (all), or none of them (not)."""

    kind: str
    parts: "tuple[Matcher | Group, ...]"
    text: str = field(compare=False)
    matches: Test = field(compare=False, repr=False)

    @classmethod
    def of(cls, kind: str, parts: "tuple[Matcher | Group, ...]") -> "Group":
        tests = tuple(part.matches for part in parts)
        made: Test = {
            "any": lambda labels: any(test(labels) for test in tests),
            "all": lambda labels: all(test(labels) for test in tests),
            "not": lambda labels: not any(test(labels) for test in tests),
        }[kind]
        return cls(kind, parts, f"{kind}: [{', '.join(part.text for part in parts)}]", made)

    def explain(self, labels: Mapping[str, str]) -> Condition:
        seen = tuple((label, labels.get(label, "")) for label in dict.fromkeys(self.labels()))
        return Condition(self.matches(labels), self.text, seen=seen)

    def labels(self) -> Iterator[str]:
        for part in self.parts:
            yield from (part.label,) if isinstance(part, Matcher) else part.labels()


Match = Matcher | Group  # what may stand in a route's `match`


def seen_labels(alert: Alert) -> dict[str, str]:
    """The labels as matchers see them: as sent, and ours where the sender has none (or an empty one) of that name.

    A ticket has a priority, not a severity: a route for critical alerts must not make a call of a ticket.
    """
    ours = {"kind": alert.kind.value, "source": alert.source}
    if alert.kind is Kind.TICKET and alert.ticket is not None:
        ours |= {"priority": alert.ticket.priority, "event": alert.ticket.event}
    else:
        ours["severity"] = alert.severity.value
    labels = dict(alert.labels)  # a ticket's service and site are among them: its source puts them there
    for name, value in ours.items():
        if not labels.get(name):
            labels[name] = value
    return labels


def _equality(label: str, wanted: str, operator: str) -> Test:
    if operator == "=":
        return lambda labels: labels.get(label, "") == wanted
    return lambda labels: labels.get(label, "") != wanted


@lru_cache(maxsize=1000)  # routes often ask the same: they share the test, and what it found
def _pattern(label: str, pattern: str, positive: bool) -> Test:
    if _WORDS.fullmatch(pattern):
        return _one_of(label, frozenset(pattern.split("|")), positive)
    fits, start = _compile(pattern), _beginning(pattern)

    held = ("", fits(b"") is not None)  # the last value, and whether it fitted; one tuple, so that threads see both

    def test(labels: Mapping[str, str]) -> bool:
        nonlocal held
        value = labels.get(label, "")
        if not value.startswith(start):
            return not positive
        last, fitted = held
        if value != last:
            # Bytes, since RE2 thinks in bytes. "replace": half a surrogate pair from somebody's JSON is no character,
            # but no reason to fail either.
            fitted = fits(value.encode("utf-8", "replace")) is not None
            if len(value) <= _HELD:
                held = (value, fitted)
        return fitted is positive

    return test


def _beginning(pattern: str) -> str:
    """What every text that fits begins with, as far as that is plain: asking for it is ten times as fast as RE2."""
    plain = _PLAIN.match(pattern)
    if plain is None or "|" in pattern:
        return ""
    optional = pattern[plain.end() :].startswith(("?", "*", "{"))
    return plain[0][:-1] if optional else plain[0]


def _one_of(label: str, words: frozenset[str], positive: bool) -> Test:
    if positive:
        return lambda labels: labels.get(label, "") in words
    return lambda labels: labels.get(label, "") not in words


def _compile(pattern: str) -> Callable[[bytes], object]:
    """RE2 takes time linear in the text whatever the pattern, and knows what Alertmanager's Go knows."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    try:
        compiled: Callable[[bytes], object] = re2.compile(pattern.encode(), options=_OPTIONS).fullmatch
    except UnicodeEncodeError:
        raise ValueError(f"the pattern {pattern[:60]!r} has half a surrogate pair in it") from None
    except re2.error as problem:
        said = problem.args[0].decode("utf-8", "replace") if problem.args else "unknown"
        raise ValueError(f"the pattern {pattern[:60]!r} is not a regular expression: {said[:200]}") from None
    return compiled


def _unquote(text: str) -> str:
    r"""Alertmanager's escapes: \" \\ \n; any other backslash stays, so that "10\.0\..*" needs no doubling."""
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(lambda found: {"n": "\n", '"': '"', "\\": "\\"}.get(found[1], found[0]), text[1:-1])
