"""Lookup tables: CSV files beside the rule book that say more about an alert before it is routed."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rules.reading.book_keys import NOT_YET
from rules.reading.places import Place
from rules.reading.yaml_places import Complaints

LOOKUP_KEYS = ("file", "by")
OURS = ("kind", "source", "severity", "priority", "event")  # labels that say what the gateway understood
MAX_ROWS = 10_000
MAX_BYTES = 1_048_576
MAX_COLUMNS = 50
MAX_TABLES = 20
MAX_VALUE = 1000  # characters
MAX_NAME = 100
_MOST_COMPLAINTS = 20  # about one file


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table: for each value of the label `by`, the labels that its row adds."""

    file: str
    by: str
    rows: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Added:
    """What a table said about an alert."""

    file: str
    by: str
    value: str
    labels: Mapping[str, str]

    def as_text(self) -> str:
        pairs = ", ".join(f"{name}={value}" for name, value in self.labels.items())
        return f"{self.file}, {self.by}={self.value}: {pairs}"


def add(lookups: tuple[Lookup, ...], labels: dict[str, str]) -> list[Added]:
    """Fill into `labels` what the sender did not say. A later table may go by what an earlier one added."""
    found: list[Added] = []
    for lookup in lookups:
        row = lookup.rows.get(labels.get(lookup.by, ""))
        fresh = {name: value for name, value in row.items() if not labels.get(name)} if row else {}
        if fresh:
            labels.update(fresh)
            found.append(Added(lookup.file, lookup.by, labels[lookup.by], fresh))
    return found


def read_lookups(places: list[Place], tables: Mapping[str, str | bytes]) -> tuple[Lookup, ...]:
    """The tables that the book names, in its order."""
    items = [item for place in places for item in place.items()]
    if len(items) > MAX_TABLES:
        items[0].complain(f"more than {MAX_TABLES} tables")
        return ()
    found = [_lookup(item, tables) for item in items]
    return tuple(one for one in found if one is not None)


def _lookup(place: Place, tables: Mapping[str, str | bytes]) -> Lookup | None:
    fields = place.fields(LOOKUP_KEYS, required=LOOKUP_KEYS, later=NOT_YET)
    if len(fields) < len(LOOKUP_KEYS):
        return None
    file, by = fields["file"].text(), fields["by"].text()
    if file and file not in tables:
        near = "" if file.endswith(".csv") else "; its name ends in .csv"
        fields["file"].complain(f"there is no file {file[:60]!r} in the rule book's directory{near}")
    if not by or file not in tables:
        return None
    return Lookup(file, by, _Table(file, by, place.complaints).read(tables[file]))


class _Table:
    """Reads one file; complains with its name and the line."""

    def __init__(self, file: str, by: str, complaints: Complaints) -> None:
        self._file, self._by, self._complaints = file, by, complaints
        self._told = 0

    def _complain(self, line: int, what: str) -> None:
        self._told += 1
        if self._told <= _MOST_COMPLAINTS:
            self._complaints.add(self._file, line, what)

    def read(self, content: str | bytes) -> Mapping[str, Mapping[str, str]]:
        raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
        if len(raw) > MAX_BYTES:
            self._complain(1, f"larger than {MAX_BYTES // 1_048_576} MB")
            return {}
        text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
        if "\ufffd" in text:
            self._complain(text.count("\n", 0, text.index("\ufffd")) + 1, "not UTF-8")
            return {}
        first = text.partition("\n")[0]
        # Spreadsheets write semicolons where a comma divides whole numbers from fractions.
        reader = csv.reader(
            io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
        )
        try:
            return self._rows(reader)
        except csv.Error as problem:
            self._complain(reader.line_num, f"not valid CSV: {problem}")
            return {}

    def _rows(self, reader: Any) -> Mapping[str, Mapping[str, str]]:
        names = [name.strip() for name in next(reader, [])]
        if not self._are_names(names):
            return {}
        key = names.index(self._by)
        rows: dict[str, Mapping[str, str]] = {}
        lines: dict[str, int] = {}
        for row in reader:
            if not any(value.strip() for value in row):
                continue
            if len(rows) >= MAX_ROWS:
                self._complain(reader.line_num, f"more than {MAX_ROWS} rows")
                break
            values = [value.strip() for value in row]
            if not self._is_row(values, names, reader.line_num, key):
                continue
            if values[key] in rows:
                self._complain(reader.line_num, f"{values[key][:60]!r} is already in line {lines[values[key]]}")
                continue
            said = {name: value for name, value in zip(names, values, strict=True) if value and name != self._by}
            rows[values[key]], lines[values[key]] = MappingProxyType(said), reader.line_num
        return MappingProxyType(rows)

    def _are_names(self, names: list[str]) -> bool:
        before = self._told
        if not any(names):
            self._complain(1, "the first line must name the columns")
            return False
        if len(names) > MAX_COLUMNS:
            self._complain(1, f"more than {MAX_COLUMNS} columns")
        if len(set(names)) < len(names) or "" in names:
            self._complain(1, "a column has no name, or two have the same")
        if not all(name.isprintable() and len(name) <= MAX_NAME for name in names):
            self._complain(1, f"the name of a column is longer than {MAX_NAME} characters or cannot be printed")
        for name in names:
            if name in OURS and name != self._by:
                self._complain(1, f"a table may not say what {name!r} is: that is the gateway's word about an alert")
        if self._by not in names:
            self._complain(1, f"there is no column {self._by[:60]!r}")
        return self._told == before

    def _is_row(self, values: list[str], names: list[str], line: int, key: int) -> bool:
        before = self._told
        if len(values) != len(names):
            self._complain(line, f"has {len(values)} columns where the first line has {len(names)}")
        elif not values[key]:
            self._complain(line, f"{self._by[:60]}: is empty")
        for value in values:
            if len(value) > MAX_VALUE:
                self._complain(line, f"a value is longer than {MAX_VALUE} characters")
            elif not value.isprintable():
                self._complain(line, "a value has a control character or a line break in it")
        return self._told == before
