"""What is different between two rule books, name by name: before and after, for whoever asks who changed what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from rules.book import RuleBook
from rules.reading.route_keys import Rule
from rules.texts.durations import write_duration

Plain = dict[str, Any]
# What a route says only because its policy, or the book, says so; and where it stands, which moves with every line.
DERIVED = ("rule", "steps", "repeat", "match", "book_version", "place")
ORDER = "order of the rules"


@dataclass(frozen=True, slots=True)
class BookChange:
    """One rule, policy or calendar: only the keys that differ. No `before`: it is new; no `after`: it is gone."""

    name: str  # "rule disk", "policy infrastructure"
    before: Plain
    after: Plain


def plain(book: RuleBook) -> dict[str, Plain]:
    """The book as names and plain values, fit to be kept as JSON."""
    found: dict[str, Plain] = {f"rule {rule.name}": _rule(rule) for rule in book.routes}
    found |= {f"policy {name}": _fields(policy) for name, policy in book.policies.items()}
    found |= {f"urgency {urgency.value}": _fields(one) for urgency, one in book.classes.items()}
    found |= {f"calendar {name}": _fields(calendar) for name, calendar in book.calendars.items()}
    found |= {f"heartbeat {one.name}": _fields(one) for one in book.heartbeats}
    found |= {f"lookup {one.file}": _fields(one) for one in book.lookups}
    found |= {f"mapping {name}": _fields(one) for name, one in book.mappings.items()}
    whole = {"timezone": book.timezone, "voice": _value(book.voice), "inhibit": _value(book.inhibitions)}
    return found | {"whole book": whole, ORDER: {"order": [rule.name for rule in book.routes]}}


def changes(before: Mapping[str, Plain], after: Mapping[str, Plain]) -> list[BookChange]:
    """In the order of the new book, then what is gone. Rules that came or went are no change of order."""
    found = []
    for name in (*after, *(one for one in before if one not in after)):
        old, new = before.get(name, {}), after.get(name, {})
        if name == ORDER:
            old, new = _common(old, new)
        keys = [key for key in (*old, *(one for one in new if one not in old)) if old.get(key) != new.get(key)]
        if keys:
            there = [{key: one[key] for key in keys if key in one} for one in (old, new)]
            found.append(BookChange(name, *there))
    return found


def _common(old: Plain, new: Plain) -> tuple[Plain, Plain]:
    both = set(old.get("order", ())) & set(new.get("order", ()))
    old_order, new_order = ([one for one in side.get("order", ()) if one in both] for side in (old, new))
    return {"order": old_order}, {"order": new_order}


def _rule(rule: Rule) -> Plain:
    conditions = {"match": list(rule.route.match), "when": [one.text for one in rule.when]}
    said = {key: value for key, value in _fields(rule.route).items() if key not in DERIVED}
    return conditions | said | {"goes_on": rule.goes_on}


def _fields(value: Any) -> Plain:
    return {
        one.name: _value(getattr(value, one.name))
        for one in fields(value)
        if one.name != "place" and not one.name.startswith("_")
    }


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(_value(key)): _value(one) for key, one in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [_value(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
