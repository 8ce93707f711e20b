"""YAML with places: text in, a tree that knows the line of every value out, and complaints that name them.

Made for files that strangers may have written: no tags, no second document, and limits on size, depth and the number
of values (aliases counted as often as they are used), so that any text is answered within two seconds. Scalars stay
text as written: `no` is not False and 09:00 is not 540 here; whoever reads a value says what it should be.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_CHARACTERS = 1_048_576
MAX_VALUES = 60_000
MAX_DEPTH = 24
_MAX_COMPLAINTS = 200
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster, but not in every build
# What YAML calls printable, without U+FFFD: that is what a careless reader makes of bytes that are not UTF-8.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it starts on: text, a sequence, or a mapping (`key_lines` has the lines of its keys)."""

    line: int
    value: "str | tuple[Node, ...] | Mapping[str, Node]"
    plain: bool = False  # a scalar without quotes: only such a one can be a number or null
    key_lines: Mapping[str, int] = field(default_factory=dict)
    size: int = 1

    @property
    def empty(self) -> bool:
        """Nothing was written, or null."""
        return self.plain and self.value in ("", "~", "null", "Null", "NULL")

    def content(self) -> Any:
        """The value without places, as lists, dicts and text: for a hash."""
        if isinstance(self.value, str):
            return None if self.empty else self.value
        if isinstance(self.value, tuple):
            return [item.content() for item in self.value]
        return {key: item.content() for key, item in self.value.items()}


class Complaints:
    """Everything that is wrong, each with its place; told in the order of the files."""

    def __init__(self, *, any_zone: bool = False) -> None:
        """`any_zone`: a time zone that this system does not know is a doubt, and no mistake."""
        self.any_zone = any_zone
        self._found: list[tuple[str, int, str]] = []
        self.doubts: list[tuple[str, str]] = []  # (file:line: path, what): worth a look, and no mistake

    def add(self, file: str, line: int, what: str) -> None:
        self._found.append((file, line, what))

    def __len__(self) -> int:
        return len(self._found)

    def lines(self) -> tuple[str, ...]:
        """`file:line: what`, at most 200 of them: nobody reads more, and a bomb should not fill the screen."""
        told = sorted(dict.fromkeys(self._found), key=lambda one: one[:2])
        lines = [f"{file}:{line}: {what}" for file, line, what in told[:_MAX_COMPLAINTS]]
        return (*lines, *([f"… and {len(told) - _MAX_COMPLAINTS} more"] if len(told) > _MAX_COMPLAINTS else []))


class _Unreadable(Exception):
    """The file cannot be read on from here."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


def load(texts: Mapping[str, str | bytes], complaints: Complaints) -> dict[str, Node]:
    """The trees of all files, in the order of their names; what cannot be read is complained of and left out."""
    nodes: dict[str, Node] = {}
    characters, values = MAX_CHARACTERS, MAX_VALUES
    for file in sorted(texts):
        try:
            text = _decode(texts[file])
            characters -= len(text)
            _check_text(text, characters)
            node = _Composer(file, text, values, complaints).document()
        except _Unreadable as problem:
            complaints.add(file, problem.line, problem.what)
            continue
        values -= node.size
        nodes[file] = node
    return nodes


def _decode(text: str | bytes) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _Unreadable(text.count(b"\n", 0, problem.start) + 1, "not UTF-8") from None


def _check_text(text: str, characters_left: int) -> None:
    if characters_left < 0:
        raise _Unreadable(1, f"too long: all files together may have {MAX_CHARACTERS} characters")
    if odd := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        code = f"U+{ord(odd.group()):04X}"
        what = "not UTF-8" if code == "U+FFFD" else f"a character that may not stand in YAML: {code}"
        raise _Unreadable(line, what)


class _Composer:
    """Builds the tree of one document out of the parser's events, counting as it goes."""

    def __init__(self, file: str, text: str, budget: int, complaints: Complaints) -> None:
        self._file, self._left, self._complaints = file, budget, complaints
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Node] = {}
        self._last_line = text.rstrip("\n").count("\n") + 1

    def document(self) -> Node:
        try:
            next(self._events)  # the start of the stream
            if isinstance(next(self._events), yaml.StreamEndEvent):
                raise _Unreadable(1, "the file is empty")
            root = self._node(next(self._events), 0)
            next(self._events)  # the end of the document
            after = next(self._events)
        except yaml.MarkedYAMLError as problem:
            mark = problem.problem_mark or problem.context_mark
            hint = " (a tab? indent with spaces)" if "token" in str(problem.problem) else ""
            line = min(mark.line + 1, self._last_line) if mark else 1  # what is missing at the end is missed after it
            raise _Unreadable(line, f"not valid YAML: {problem.problem}{hint}") from None
        except yaml.YAMLError as problem:
            raise _Unreadable(1, f"not valid YAML: {_short(str(problem))}") from None
        if not isinstance(after, yaml.StreamEndEvent):
            raise _Unreadable(_line(after), "a second document ('---'); one file holds one")
        if root.empty:
            raise _Unreadable(1, "the file is empty")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _Unreadable(_line(event), f"nested too deeply (more than {MAX_DEPTH} levels)")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            raise _Unreadable(_line(event), f"tags like {_short(event.tag)} are not allowed")
        self._spend(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(_line(event), str(event.value), plain=not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _Unreadable(_line(event), f"*{_short(event.anchor)}: no such anchor before this line")
        self._spend(event, node.size)
        return node

    def _sequence(self, event: Any, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(inner, depth + 1))
        return Node(_line(event), tuple(items), size=1 + sum(item.size for item in items))

    def _mapping(self, event: Any, depth: int) -> Node:
        values: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            if not isinstance(key.value, str):
                raise _Unreadable(_line(inner), "a key must be text")
            value = self._node(next(self._events), depth + 1)
            if key.value in values:
                what = f"{_short(key.value)}: the key is already there in line {lines[key.value]}"
                self._complaints.add(self._file, _line(inner), what)
                continue
            values[key.value], lines[key.value] = value, _line(inner)
        return Node(_line(event), values, key_lines=lines, size=1 + sum(1 + value.size for value in values.values()))

    def _spend(self, event: Any, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _Unreadable(_line(event), f"too much in it (aliases counted): more than {MAX_VALUES} values")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _short(text: str) -> str:
    """Fit for one line of a complaint."""
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    return shown if shown.isprintable() else repr(shown)
