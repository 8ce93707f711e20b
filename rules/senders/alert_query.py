"""A query as Opsgenie's clients write it, read into a question that is put to each alert. Pure.

    status: open AND (priority: P1 OR priority: P2) AND NOT tag: "env:test" AND createdAt > 1764892800000

What stands side by side is joined as by AND, and a bracket may hold several values of a field: `priority: (P1 OR P2)`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST = 1000  # characters
MOST = 50  # conditions
DEEPEST = 10  # brackets within brackets, and NOTs
STATUS = {"open": True, "closed": False, "resolved": False}
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
MILLISECONDS = re.compile(r"[0-9]{12,14}")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_.]*)\s*(<=|>=|[:=<>])\s*")
_VALUE = re.compile(r'"([^"]*)"|([^\s()"]+)')
_SPACE = re.compile(r"\s*")


class BadQuery(ValueError):
    """What cannot be asked, in words."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One alert, as far as it can be asked about."""

    alias: str
    message: str
    firing: bool
    priority: str
    tags: frozenset[str]  # as they were sent, `name:value` for one with a value; in small letters
    created: datetime


Question = Callable[[Seen], bool]
Name = Callable[[str], str]  # of an alert that was given this alias


def read(text: str, name: Name = str) -> Question:
    """The question; an empty query asks for all. `name`: by which an alert of this alias is known. Raises BadQuery."""
    if len(text) > LONGEST:
        raise BadQuery(f"the query is longer than {LONGEST} characters")
    reader = _Reader(text, name)
    if reader.done():
        return lambda _: True
    found = reader.either(0)
    if not reader.done():
        raise BadQuery(f"a bracket is closed that was not opened: {reader.rest()}")
    return found


class _Reader:
    """Goes along the text once."""

    def __init__(self, text: str, name: Name) -> None:
        self._text, self._at, self._name, self._read = text, 0, name, 0

    def done(self) -> bool:
        self._at += len(_SPACE.match(self._text, self._at)[0])  # type: ignore[index]  # it matches nothing as well
        return self._at == len(self._text)

    def rest(self) -> str:
        return self._text[self._at : self._at + 40]

    def either(self, depth: int) -> Question:
        found = [self._both(depth)]
        while self._takes("OR"):
            found.append(self._both(depth))
        return found[0] if len(found) == 1 else lambda seen: any(one(seen) for one in found)

    def _both(self, depth: int) -> Question:
        found = [self._one(depth)]
        while self._takes("AND") or not (self.done() or self._next(")") or self._next("OR")):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else lambda seen: all(one(seen) for one in found)

    def _one(self, depth: int) -> Question:
        if depth > DEEPEST:
            raise BadQuery(f"more than {DEEPEST} brackets and NOTs within each other")
        if self._takes("NOT"):
            denied = self._one(depth + 1)
            return lambda seen: not denied(seen)
        if self._takes("("):
            inner = self.either(depth + 1)
            self._close()
            return inner
        return self._condition()

    def _condition(self) -> Question:
        self.done()
        match = _FIELD.match(self._text, self._at)
        if match is None:
            raise BadQuery(f"a condition such as status: open is wanted before: {self.rest()}")
        field, sign = match[1], match[2]
        self._at = match.end()
        if not self._takes("("):
            return self._compared(field, sign)
        found = [self._compared(field, sign)]
        while self._takes("OR"):
            found.append(self._compared(field, sign))
        self._close()
        return lambda seen: any(one(seen) for one in found)

    def _compared(self, field: str, sign: str) -> Question:
        self.done()
        match = _VALUE.match(self._text, self._at)
        if match is None:
            raise BadQuery(f"{field} has no value")
        self._at, self._read = match.end(), self._read + 1
        if self._read > MOST:
            raise BadQuery(f"more than {MOST} conditions")
        return _condition(field, sign, match[2] if match[1] is None else match[1], self._name)

    def _next(self, what: str) -> bool:
        self.done()
        found = self._text[self._at : self._at + len(what)].upper() == what
        after = self._text[self._at + len(what) : self._at + len(what) + 1]
        return found and (not what.isalpha() or after in ("", "(", ")") or after.isspace())

    def _takes(self, what: str) -> bool:
        if found := self._next(what):
            self._at += len(what)
        return found

    def _close(self) -> None:
        if not self._takes(")"):
            raise BadQuery("a bracket is not closed")


def _condition(field: str, sign: str, value: str, name: Name) -> Question:
    known = field.lower()
    if known == "createdat":
        return _created(sign, value)
    if known not in _FIELDS:
        raise BadQuery(f"{field} cannot be asked for: status, alias, tag, message, priority and createdAt can")
    if sign not in (":", "="):
        raise BadQuery(f"{field} cannot be compared by {sign}")
    return _FIELDS[known](value, name)


def _status(value: str, _name: Name) -> Question:
    wanted = STATUS.get(value.lower())
    if wanted is None:
        raise BadQuery(f"status is open or closed, not {value}")
    return lambda seen: seen.firing is wanted


def _priority(value: str, _name: Name) -> Question:
    wanted = value.upper()
    if wanted not in PRIORITIES:
        raise BadQuery(f"priority is one of P1 to P5, not {value}")
    return lambda seen: seen.priority == wanted


def _alias(value: str, name: Name) -> Question:
    if "*" in value:
        return lambda seen: _fits(value, seen.alias)
    known = name(value)
    return lambda seen: seen.alias == known


def _tag(value: str, _name: Name) -> Question:
    wanted = value.lower()
    return lambda seen: any(_fits(wanted, one) for one in seen.tags)


def _message(value: str, _name: Name) -> Question:
    """Anywhere within it, whatever its capitals."""
    wanted = f"*{value.casefold()}*"
    return lambda seen: _fits(wanted, seen.message.casefold())


def _fits(pattern: str, text: str) -> bool:
    """`*` stands for anything."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    *middle, last = others
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        found = text.find(piece, at, max(end, 0))
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


def _created(sign: str, value: str) -> Question:
    at = _moment(value)
    compared = _ORDER.get(sign)
    if compared is None:
        raise BadQuery("createdAt is compared by <, <=, > or >=")
    return lambda seen: compared(seen.created, at)


def _moment(value: str) -> datetime:
    try:
        if MILLISECONDS.fullmatch(value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        at = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        raise BadQuery(f"createdAt takes milliseconds since 1970 or a date such as 2026-12-05, not {value}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_FIELDS: Mapping[str, Callable[[str, Name], Question]] = {
    "status": _status, "alias": _alias, "tag": _tag, "tags": _tag, "message": _message, "priority": _priority,
}  # fmt: skip
_ORDER: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "<": datetime.__lt__, "<=": datetime.__le__, ">": datetime.__gt__, ">=": datetime.__ge__,
}  # fmt: skip
