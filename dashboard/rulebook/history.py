"""How a rule or a policy came to be as it is: each change with who made it, its version, and what is different."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from dashboard.reader import Moment, Reader
from dashboard.rulebook import queries
from gateway.store.tables import Audit
from rules.texts.text import cut, one_line

LONGEST = 300  # characters of a line
MOST = 120  # lines of one change


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a change: `mark` is +, - or nothing."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    at: Moment
    until: Moment | None  # none: it is in force
    who: str
    word: str
    version: str  # of the whole rule book
    commit: str
    subject: str
    lines: tuple[Piece, ...]


def history(name: str, reader: Reader) -> list[Version]:
    """`name`: "rule disk", "policy infrastructure". The newest first."""
    found = queries.changes_of(name)
    versions = queries.versions_at(row.at for row in found)
    made, until = [], None
    for row in found:
        made.append(_version(row, versions.get(row.at, ""), until, reader))
        until = reader.moment(row.at)
    return made


def _version(row: Audit, version: str, until: Moment | None, reader: Reader) -> Version:
    detail, word = row.detail, row.action.rpartition(" ")[2]
    return Version(
        at=reader.moment(row.at),
        until=until,
        who=row.actor.partition(" <")[0],
        word=reader.say(word),
        version=version,
        commit=_said(detail, "commit"),
        subject=_said(detail, "subject"),
        lines=tuple(difference(_side(detail, "before"), _side(detail, "after"))),
    )


def _said(detail: Mapping[str, Any], name: str) -> str:
    return one_line(str(detail.get(name, "")))


def _side(detail: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = detail.get(name)
    return found if isinstance(found, dict) else {}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Piece]:
    """Line by line; what is alike on both sides is kept, since steps are read in their order."""
    compared = difflib.ndiff(_lines(before), _lines(after))
    return [Piece(text[0].strip(), text[2:]) for text in compared if text[0] != "?"][:MOST]


def _lines(side: Mapping[str, Any]) -> list[str]:
    """As YAML, which is how the files have it."""
    if not side:
        return []
    said = yaml.safe_dump(dict(side), allow_unicode=True, sort_keys=False, default_flow_style=None, width=100)
    return [cut(line, LONGEST) for line in said.splitlines()]


@dataclass(frozen=True, slots=True)
class Kept:
    """Open incidents that go by one version of the book."""

    version: str
    present: bool
    numbers: tuple[int, ...]


def kept(found: Iterable[tuple[int, str]], present: str) -> list[Kept]:
    by_version: dict[str, list[int]] = {}
    for number, version in found:
        by_version.setdefault(version, []).append(number)
    ordered: Sequence[str] = sorted(by_version, key=lambda one: (one != present, -max(by_version[one])))
    return [Kept(one, one == present, tuple(by_version[one])) for one in ordered]


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("added"), _("removed"), _("changed")
