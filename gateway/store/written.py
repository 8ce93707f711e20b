"""Rows of several tables as one statement for PostgreSQL, which then is planned once and sent once.

What rows have in common is sent once for all of them: of a storm's incidents that is nearly everything.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table

from gateway.store.types import to_json

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """`alike`: those of `columns` of which rows that are written together mostly have the same."""

    table: Table
    columns: tuple[str, ...]
    alike: frozenset[str]
    rows: Sequence[Row]
    tail: str = ""


@dataclass(frozen=True, slots=True)
class _Split:
    alike: tuple[str, ...]
    other: tuple[str, ...]
    alike_of: Any  # of a row, as a tuple
    other_of: Any


def statement(parts: Sequence[Rows | str]) -> tuple[str, list[Any]]:
    """One statement, which counts its parameters ($1), and these. A SELECT may be the last of its parts."""
    texts, parameters = [], list[Any]()
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        form, values = _values(part)
        texts.append(_insert(part.table, part.columns, part.alike, form, part.tail))
        parameters += values
    return _together(tuple(texts)), parameters


@lru_cache(maxsize=256)
def _together(texts: tuple[str, ...]) -> str:
    first = ", ".join(f"written{number} AS ({text})" for number, text in enumerate(texts[:-1]))
    pieces = (f"WITH {first} {texts[-1]}" if first else texts[-1]).split("%s")
    return pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))


def _values(part: Rows) -> tuple[str, list[Any]]:
    """How it is written, and with what: a row as it is; rows of one kind; rows and the kinds that they are of."""
    if len(part.rows) == 1:
        return "one", list(part.rows[0])
    split = _split(part.columns, part.alike)
    kinds: dict[Row, int] = {}
    numbers = [kinds.setdefault(split.alike_of(row), len(kinds)) for row in part.rows]
    rows = [dict(zip(split.other, split.other_of(row), strict=True)) for row in part.rows]
    if any(isinstance(value, bytes) for value in rows[0].values()):
        rows = [{name: _text(value) for name, value in row.items()} for row in rows]
    if len(kinds) == 1:
        return "kind", [*next(iter(kinds)), to_json(rows)]
    for row, number in zip(rows, numbers, strict=True):
        row["kind_"] = number
    listed = [dict(zip(split.alike, kind, strict=True), kind_=number) for kind, number in kinds.items()]
    return "kinds", [to_json(rows), to_json(listed)]


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@lru_cache(maxsize=64)
def _split(columns: tuple[str, ...], alike: frozenset[str]) -> _Split:
    same = tuple(name for name in columns if name in alike)
    other = tuple(name for name in columns if name not in alike)
    return _Split(same, other, _picker(columns, same), _picker(columns, other))


def _picker(columns: tuple[str, ...], names: tuple[str, ...]) -> Any:
    places = [columns.index(name) for name in names]
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], alike: frozenset[str], form: str, tail: str) -> str:
    if form == "one":
        marks = ", ".join("%s" for _ in columns)
        return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) {tail}"  # noqa: S608
    split = _split(columns, alike)
    names = (*split.alike, *split.other)
    taken = ", ".join(_taken(table, split, form))
    own = ", ".join(_typed(table, split.other, form))
    source = f"json_to_recordset(%s::json) AS r({own})"
    if form == "kinds":
        # Rows get their numbers in the order in which they were given, however they are joined with their kinds.
        listed = ", ".join([*split.other, "kind_", "place_"])
        source = f"ROWS FROM (json_to_recordset(%s::json) AS ({own})) WITH ORDINALITY AS r({listed})"
        tail = f"ORDER BY r.place_ {tail}"
        source += f" JOIN json_to_recordset(%s::json) AS k({', '.join(_typed(table, split.alike, form))}) USING (kind_)"
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {taken} FROM {source} {tail}"  # noqa: S608


def _taken(table: Table, split: _Split, form: str) -> Iterator[str]:
    for name in split.alike:
        yield f"k.{name}" if form == "kinds" else f"%s::{kind_of(table, name)}"
    for name in split.other:
        yield f"decode(r.{name}, 'base64')" if kind_of(table, name) == "bytea" else f"r.{name}"


def _typed(table: Table, names: Sequence[str], form: str) -> Iterator[str]:
    for name in names:
        kind = kind_of(table, name)
        yield f"{name} {'text' if kind == 'bytea' else kind}"
    if form == "kinds":
        yield "kind_ int"


@lru_cache(maxsize=512)
def kind_of(table: Table, name: str) -> str:
    """What PostgreSQL calls the type of a column."""
    kind = table.columns[name].type
    inner = getattr(kind, "impl", kind)
    known = ((BigInteger, "bigint"), (Integer, "int"), (Boolean, "boolean"), (LargeBinary, "bytea"))
    return next((theirs for ours, theirs in known if isinstance(inner, ours)), "text")
