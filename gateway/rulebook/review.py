"""The rule book in force as people look at it: its routes and their text, what is doubtful, who changed it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.rulebook.authorship import Author, author_of
from rules.book import RuleBook
from rules.checks.lint import Finding, lint
from rules.checks.lint_people import lint_people
from rules.words import Directory

LOOK_AGAIN = 300  # seconds: people, calendars and files go on changing without a word to us
MOST_LINES = 400  # of one part of the book

_found: tuple[RuleBook, Directory, int, Mapping[str, Sequence[Finding]]] | None = None
_author: tuple[str, int, Author] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one file that say one thing."""

    file: str
    first: int  # the number of the first line
    lines: tuple[str, ...]


def findings(book: RuleBook, directory: Directory, now: datetime) -> Mapping[str, Sequence[Finding]]:
    """What `rules check` says of it, by place; looked for anew when book or people changed, or after a while."""
    global _found  # noqa: PLW0603 - a cache of one process, replaced as a whole
    turn = int(now.timestamp()) // LOOK_AGAIN
    held = _found
    if held is not None and held[0] is book and held[1] is directory and held[2] == turn:
        return held[3]
    by_place: dict[str, list[Finding]] = {}
    for one in (*lint(book, now), *lint_people(book, directory, now)):
        by_place.setdefault(one.place, []).append(one)
    _found = (book, directory, turn, by_place)
    return by_place


def author(book: RuleBook, place: Path, now: datetime) -> Author:
    global _author  # noqa: PLW0603 - as above; git is asked once in a while, not once a page
    turn = int(now.timestamp()) // LOOK_AGAIN
    held = _author
    if held is None or held[:2] != (book.version, turn):
        held = _author = (book.version, turn, author_of(place))
    return held[2]


def part(book: RuleBook, place: str, others: Sequence[str]) -> Part | None:
    """What stands at `place` ("file:line: path"), up to the next of `others` or to where the indentation ends."""
    file, line = at(place)
    text = book.files.get(file)
    if text is None or not line:
        return None
    lines = text.splitlines()
    depth = _depth(lines[line - 1]) if line <= len(lines) else 0
    starts = {number for name, number in map(at, others) if name == file and number > line}
    end = line
    while end < len(lines) and end - line < MOST_LINES and (end + 1) not in starts:
        following = lines[end]
        if following.strip() and _depth(following) <= depth:
            break
        end += 1
    chosen = lines[line - 1 : end]
    while chosen and not chosen[-1].strip():
        chosen.pop()
    return Part(file, line, tuple(chosen))


def at(place: str) -> tuple[str, int]:
    """The file and the line of a place."""
    file, _, rest = place.partition(":")
    number = rest.partition(":")[0]
    return file, int(number) if number.isdigit() else 0


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
