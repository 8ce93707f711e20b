"""The rule book's own test cases beside the tester: what each expects, and whether the book in force does it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard import words
from dashboard.reader import Reader
from dashboard.rulebook import queries
from gateway.rulebook import cases as booktests
from gateway.world import world
from rules.checks.book_cases import BadCases, BookCase, Expected
from rules.reading.people import BadPeopleFile
from rules.words import Directory, Urgency

MOST = 500
AT_ONCE = 64 * 1024  # bytes of files whose cases are run without being asked

_held: "tuple[tuple[object, ...], Directory, Cases] | None" = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    name: str
    place: str
    expected: tuple[tuple[str, str], ...]
    wrong: tuple[str, ...]  # as `./nabat rules test` says it: English, with names from the files


@dataclass(frozen=True, slots=True)
class Cases:
    """`troubles`: files that cannot be read."""

    rows: tuple[CaseRow, ...]
    troubles: tuple[str, ...]
    more: bool
    run: bool = True

    @property
    def failed(self) -> int:
        return sum(bool(row.wrong) for row in self.rows)


def cases(reader: Reader, *, asked: bool = False) -> Cases:
    """`asked`: somebody wants them run, however many. Else the last results are shown, or few are run."""
    global _held  # noqa: PLW0603 - a cache of one process, replaced as a whole
    files = booktests.files(world().shelf.place)
    states = [path.stat() for path in files if path.exists()]
    directory, key = queries.directory(), (world().shelf.book.version, reader.language, *map(_mark, states))
    if not asked and _held is not None and _held[0] == key and _held[1] is directory:
        return _held[2]
    if not asked and sum(one.st_size for one in states) > AT_ONCE:
        return Cases((), (), more=False, run=False)
    found = _run(files, directory, reader)
    _held = (key, directory, found)
    return found


def _mark(state: os.stat_result) -> tuple[int, int]:
    return state.st_mtime_ns, state.st_size


def _run(files: Sequence[Path], directory: Directory, reader: Reader) -> Cases:
    rows: list[CaseRow] = []
    troubles: list[str] = []
    for path in files:
        try:
            for case, wrong in booktests.tried(path, world().shelf.book, lambda: directory):
                if len(rows) == MOST:
                    return Cases(tuple(rows), tuple(troubles), more=True)
                rows.append(CaseRow(case.name, case.place, tuple(_expected(case, reader)), tuple(wrong)))
        except (BadCases, BadPeopleFile) as trouble:
            troubles += trouble.complaints
        except OSError as trouble:
            troubles.append(f"{path.name}: {trouble.strerror}")
    return Cases(tuple(rows), tuple(troubles[:20]), more=False)


def _expected(case: BookCase, reader: Reader) -> Iterator[tuple[str, str]]:
    _, wanted = reader.say, case.expected
    urgencies = {one.value: words.urgency(one.rank, reader).word for one in Urgency}
    if wanted.alerts is not None:
        yield _("alerts"), str(wanted.alerts)
    for word, found in _named(wanted, reader):
        if found is not None:
            yield word, ", ".join(urgencies.get(one, one) for one in found) or _("nobody")


def _named(wanted: Expected, reader: Reader) -> list[tuple[str, tuple[str, ...] | None]]:
    _ = reader.say
    return [
        (_("Urgency"), wanted.urgency), (_("rule"), wanted.route), (_("policy"), wanted.policy),
        (_("ways"), _ways(wanted.channels, reader)), (_("told at once"), wanted.people), (_("steps at"), wanted.times),
    ]  # fmt: skip


def _ways(found: tuple[str, ...] | None, reader: Reader) -> tuple[str, ...] | None:
    return found and tuple(reader.say(words.WAYS.get(one, one)) for one in found)
