"""A rule book's own test cases, run: every file of its folder `tests`, each case with what is not as it expects."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway import sources
from gateway.loader import BadJson
from gateway.sources import BadPayload, Heard
from rules import book
from rules.checks import book_cases, explain
from rules.checks.book_cases import BookCase
from rules.duty import audience
from rules.reading import people
from rules.words import Directory

TESTS = "tests"  # the folder of a rule book's test cases


def files(place: Path) -> list[Path]:
    return sorted(path for path in (place / TESTS).glob("*") if path.suffix in (".yaml", ".yml"))


def tried(
    path: Path, checked: book.RuleBook, known: Callable[[], Directory | None]
) -> Iterator[tuple[BookCase, list[str]]]:
    """Each case of a file, and what is not as it expects. Raises BadCases, BadPeopleFile, OSError."""
    found = book_cases.parse(path.read_bytes(), path.name, checked.timezone)
    directory = _people_of(path, found.people) if found.people else known() or Directory()
    for case in found.cases:
        yield case, _try(case, path, checked, directory)


def _people_of(path: Path, name: str) -> Directory:
    file = path.parent / name
    return book_cases.directory_of(people.parse(file.read_bytes(), name, os.environ))


def _try(case: BookCase, path: Path, checked: book.RuleBook, directory: Directory) -> list[str]:
    if case.kind not in sources.names():
        return [f"kind: there is no {case.kind!r}; known are {', '.join(sources.names())}"]
    try:
        body = (path.parent / case.file).read_bytes() if case.file else json.dumps(case.payload).encode()
        heard = Heard(case.source, case.at, mappings=checked.mappings)
        parsed = sources.read(case.kind, body, heard)
    except OSError as problem:
        return [f"file: {problem.filename}: cannot be read: {problem.strerror}"]
    except (BadJson, BadPayload) as problem:
        return [f"payload: {problem}"]
    aside = [f"payload: {item.place} would be set aside: {item.reason}" for item in parsed.quarantined]
    found = [explain.explain(alert, checked, directory, case.at, audience.notices) for alert in parsed.alerts]
    return aside + book_cases.differences(case.expected, found)
