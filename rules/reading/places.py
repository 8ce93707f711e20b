"""Reading checked values out of a YAML tree: a reader always gives a usable value, and complains if it is invented."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from rules.reading.yaml_places import Complaints, Node
from rules.texts.durations import parse_duration, write_duration
from rules.times.walltime import is_zone

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_NAME = 100  # characters: every column and index takes it, and so does a line on a screen
_MANY = 50  # complaints after which no more spelling suggestions are searched for: they cost time


@dataclass(frozen=True, slots=True)
class Place:
    """A value, where it stands, and where to complain about it."""

    file: str
    path: str
    node: Node
    line: int  # of the key in a mapping, of the value elsewhere
    complaints: Complaints

    def complain(self, what: str) -> None:
        self.complaints.add(self.file, self.line, f"{self.path}: {what}" if self.path else what)

    def doubt(self, what: str) -> None:
        """Worth a look, and no mistake: `rules check` says it."""
        self.complaints.doubts.append((self.where(), what))

    def where(self) -> str:
        """For what is said about it later, when the book is read."""
        return f"{self.file}:{self.line}: {self.path}"

    def entries(self) -> dict[str, "Place"]:
        """A mapping whose keys are free."""
        if not isinstance(self.node.value, Mapping):
            self.complain("must be a mapping (key: value)")
            return {}
        before = f"{self.path}." if self.path else ""
        lines = self.node.key_lines
        return {
            key: Place(self.file, before + _fit(key), node, lines[key], self.complaints)
            for key, node in self.node.value.items()
        }

    def fields(
        self, known: Collection[str], *, required: Collection[str] = (), later: Collection[str] = ()
    ) -> dict[str, "Place"]:
        """A mapping whose keys are known; a key of `later` is refused by name, since ignoring it would mislead."""
        found = self.entries()
        for key in [key for key in found if key not in known]:
            found.pop(key).complain("not supported yet" if key in later else f"unknown key{self._hint(key, known)}")
        if isinstance(self.node.value, Mapping):
            for key in required:
                if key not in self.node.value:
                    path = f"{self.path}.{key}" if self.path else key
                    self.complaints.add(self.file, self.line, f"{path}: missing")
        return found

    def _hint(self, key: str, known: Collection[str]) -> str:
        near = get_close_matches(key, known, 1, 0.75) if len(key) < 40 and len(self.complaints) < _MANY else []
        return f"; did you mean {near[0]!r}?" if near else ""

    def items(self) -> list["Place"]:
        if not isinstance(self.node.value, tuple):
            self.complain("must be a list ([…] or lines that begin with '-')")
            return []
        return [
            Place(self.file, f"{self.path}[{index}]", node, node.line, self.complaints)
            for index, node in enumerate(self.node.value)
        ]

    def text(self) -> str:
        if not isinstance(self.node.value, str):
            self.complain("must be text")
            return ""
        if self.node.empty or not self.node.value.strip():
            self.complain("is empty")
            return ""
        if _CONTROL.search(self.node.value.strip()):  # it will stand in mail headers, on screens and in logs
            self.complain("has a line break or another control character in it")
            return ""
        return self.node.value.strip()

    def name(self) -> str:
        """A text that is short enough to be a name wherever it is kept and shown."""
        text = self.text()
        if len(text) > LONGEST_NAME:
            self.complain(f"a name has at most {LONGEST_NAME} characters")
        return text[:LONGEST_NAME]

    def texts(self) -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        found: dict[str, None] = {}
        for item in self.items():
            text = item.text()
            if text in found:
                item.complain(f"{_fit(text)!r} is in the list twice")
            elif text:
                found[text] = None
        return tuple(found)

    def whole(self, low: int, high: int) -> int:
        """A whole number within bounds; the lower one where it is not."""
        text = self.node.value if isinstance(self.node.value, str) and self.node.plain else ""
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) < 10 and low <= int(text) <= high:
            return int(text)
        self.complain(f"must be a whole number from {low} to {high}" if low < high else f"must be {low}")
        return low

    def yes_or_no(self) -> bool:
        text = self.node.value if self.node.plain else ""
        if text not in ("true", "false"):
            self.complain("must be true or false")
        return text == "true"

    def duration(self, low: timedelta, high: timedelta) -> timedelta:
        text = self.text()
        if not text:
            return low
        try:
            span = parse_duration(text)
        except ValueError as problem:
            self.complain(str(problem))
            return low
        if not low <= span <= high:
            self.complain(f"{text} is not between {write_duration(low)} and {write_duration(high)}")
        return span

    def choice(self, words: type[E]) -> E:
        """One of the words of an enum; its first where it is none."""
        text = self.text()
        if text and text not in set(words):
            self.complain(f"{_fit(text)!r} is none of {', '.join(words)}")
        return words(text) if text in set(words) else next(iter(words))

    def timezone(self, otherwise: str = "UTC") -> str:
        text = self.text()
        if not text or is_zone(text):
            return text or otherwise
        say = self.doubt if self.complaints.any_zone else self.complain
        say(f"{_fit(text)!r} is not a time zone; write a name like Europe/Berlin")
        return otherwise


def given(fields: Mapping[str, Place], key: str, read: Callable[[Place], T], default: T) -> T:
    """The field's value, or the default where the file does not have it."""
    return read(fields[key]) if key in fields else default


def _fit(text: str) -> str:
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    return shown if shown.isprintable() else repr(shown)
