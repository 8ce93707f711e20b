"""The one loader at the door, of JSON and of forms: quick for clean bodies, forgiving to dirty ones, deaf to hostile.

Nearly every body is clean and is read by msgspec in microseconds. What it refuses goes the slow way: an alert is never
lost to a byte order mark, one broken byte, half a surrogate pair or a raw line end inside a text. What is no JSON at
all (NaN, text after the end), or would cost too much (depth, millions of values, numbers of thousands of digits), is
refused there.
"""

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import msgspec

DEEPEST = 32  # containers inside each other
MOST_VALUES = 2_000_000  # of one body: read, each takes some hundred bytes, and the densest have one in three
MOST_FIELDS, LARGEST_FORM = 1000, 1024 * 1024  # of a form, and its bytes: decoded, each three take 100 of memory
_MANY = f"more than {MOST_VALUES:,} values"
_DEEP = f"more than {DEEPEST} lists and objects inside each other"
_BOM = b"\xef\xbb\xbf"
# Possessive, and an unclosed one goes to the end: no body makes this walk back.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TEXT = re.compile(_STRING.pattern.encode(), re.DOTALL)
_BRACKETS = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_decode = msgspec.json.decode


class BadJson(ValueError):
    """The body is not JSON that we take: why, and where as far as it is known ("line 1, column 17")."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason} ({place})" if place else reason)
        self.reason = reason
        self.place = place


class _Unwanted(ValueError):
    """A word that Python reads as a number and JSON does not know: NaN, Infinity, -Infinity."""


def load(body: bytes) -> Any:
    """What the body says; of names given twice the last one wins. Raises BadJson."""
    if _too_deep(body) and _too_deep(_without_texts(body)):
        raise BadJson(_DEEP)
    if len(body) > MOST_VALUES and _values(body) > MOST_VALUES and _values(body) - _in_texts(body) > MOST_VALUES:
        raise BadJson(_MANY)
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _forgiving(body)


def load_form(body: bytes) -> dict[str, str]:
    """The fields of a form (x-www-form-urlencoded), all of them texts; of a name given twice the last one counts."""
    if len(body) > LARGEST_FORM:
        raise BadJson(f"a form is larger than {LARGEST_FORM:,} bytes")
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), True, errors="replace", max_num_fields=MOST_FIELDS)  # noqa: FBT003
    except ValueError as problem:
        raise BadJson(f"a form has more than {MOST_FIELDS} fields") from problem
    return dict(fields)


def _too_deep(body: bytes) -> bool:
    """Whether brackets nest too deep: each round removes the innermost pairs, all in C, nothing recursive.

    Brackets inside texts count here, which may show depth where none is (then the texts are taken out and it is asked
    again) or, written on purpose, hide some: past this stand the parsers' own limits, which raise RecursionError.
    """
    brackets = body.translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(DEEPEST):
        if b"{}" not in brackets:
            break
        brackets = brackets.replace(b"{}", b"")
    return b"{}" in brackets or brackets.count(b"{") > DEEPEST


def _values(part: bytes) -> int:
    """About how many: each but the first of its container comes after a comma, and each container has a bracket."""
    return part.count(b",") + part.count(b"{") + part.count(b"[")


def _in_texts(body: bytes) -> int:
    """What of that stands in texts and is none. One text after the other: all of them together would take memory."""
    return sum(_values(found[0]) for found in _TEXT.finditer(body))


def _without_texts(body: bytes) -> bytes:
    # By way of str: joining millions of pieces of bytes takes 80 bytes of memory for each.
    return _STRING.sub("", body.decode("latin-1")).encode("latin-1")


def _forgiving(body: bytes) -> Any:
    if not body.strip():
        raise BadJson("the body is empty")
    text = body.removeprefix(_BOM).decode("utf-8", "replace")
    try:
        return json.loads(text, strict=False, parse_constant=_refuse, parse_float=_number)
    except json.JSONDecodeError as problem:
        raise BadJson(problem.msg, f"line {problem.lineno}, column {problem.colno}") from problem
    except _Unwanted as problem:
        word = str(problem)
        bare = _STRING.sub(lambda found: "\0" * len(found[0]), text)
        raise BadJson(f"{word} is not JSON", _place(text, bare.find(word))) from problem
    except ValueError as problem:  # Python's own limit on the digits of a number
        raise BadJson("a number has too many digits") from problem
    except RecursionError as problem:
        raise BadJson(_DEEP) from problem


def _refuse(word: str) -> NoReturn:
    raise _Unwanted(word)


def _number(digits: str) -> float | str:
    """A number too big for a float stays text: "Infinity" would be refused by everybody who reads it later."""
    value = float(digits)
    return value if math.isfinite(value) else digits


def _place(text: str, at: int) -> str:
    before = text[: max(at, 0)]
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
