"""Rows of several tables as one statement for PostgreSQL, which then is planned once and sent once.

What rows have in common is sent once for all of them: of a storm's incidents that is nearly everything.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table

from gateway.store.sql import columns as by_column
from gateway.store.sql.columns import TEXT, Row

BYTES = "bytea"


@dataclass(frozen=True, slots=True)
class Rows:
    """`alike`: those of `columns` of which rows that are written together mostly have the same."""

    table: Table
    columns: tuple[str, ...]
    alike: frozenset[str]
    rows: Sequence[Row]
    tail: str = ""


def statement(parts: Sequence[Rows | str]) -> tuple[str, list[Any]]:
    """One statement, which counts its parameters ($1), and these. A SELECT may be the last of its parts."""
    texts, parameters = [], list[Any]()
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        text, values = _insert(part)
        texts.append(text)
        parameters += values
    return _together(tuple(texts)), parameters


@lru_cache(maxsize=256)
def _together(texts: tuple[str, ...]) -> str:
    first = ", ".join(f"written{number} AS ({text})" for number, text in enumerate(texts[:-1]))
    pieces = (f"WITH {first} {texts[-1]}" if first else texts[-1]).split("%s")
    return pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))


def _insert(part: Rows) -> tuple[str, list[Any]]:
    """How it is written, and with what: a row as it is; rows that have all of `alike` in common, or not."""
    if len(part.rows) == 1:
        return _of_one(part.table, part.columns, part.tail), list(part.rows[0])
    columns = list(zip(*part.rows, strict=True))
    shared = _places(part.columns, part.alike)
    if any(columns[place].count(columns[place][0]) != len(part.rows) for place in shared):
        shared = ()
    text, others, kinds = _of_many(part.table, part.columns, shared, part.tail)
    told = [_words(columns[place]) if kind == BYTES else columns[place] for place, kind in others]
    return text, [*(columns[place][0] for place in shared), *by_column.given(kinds, told)]


def _words(column: Row) -> Row:
    return [base64.b64encode(one).decode() for one in column]


@lru_cache(maxsize=64)
def _places(columns: tuple[str, ...], wanted: frozenset[str]) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(columns) if name in wanted)


@lru_cache(maxsize=64)
def _of_one(table: Table, columns: tuple[str, ...], tail: str) -> str:
    marks = ", ".join("%s" for _ in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) {tail}"  # noqa: S608


@lru_cache(maxsize=256)
def _of_many(
    table: Table, columns: tuple[str, ...], shared: tuple[int, ...], tail: str
) -> tuple[str, Sequence[tuple[int, str]], Sequence[str]]:
    """The statement; the place and kind of each column of which rows have their own; as what these are sent."""
    others = [(place, kind_of(table, name)) for place, name in enumerate(columns) if place not in shared]
    kinds = [TEXT if kind == BYTES else kind for _, kind in others]
    names = [columns[place] for place in (*shared, *(place for place, _ in others))]
    taken = [f"%s::{kind_of(table, columns[place])}" for place in shared]
    taken += [
        f"decode({columns[place]}, 'base64')" if kind == BYTES else f"r.{columns[place]}" for place, kind in others
    ]
    listed = ", ".join(columns[place] for place, _ in others)
    rows = f"SELECT {', '.join(taken)} FROM {by_column.source(kinds)} AS r({listed})"  # noqa: S608
    return f"INSERT INTO {table.name} ({', '.join(names)}) {rows} {tail}", others, kinds


@lru_cache(maxsize=512)
def kind_of(table: Table, name: str) -> str:
    """What PostgreSQL calls the type of a column."""
    kind = table.columns[name].type
    inner = getattr(kind, "impl", kind)
    known = ((BigInteger, "bigint"), (Integer, "int"), (Boolean, "boolean"), (LargeBinary, BYTES))
    return next((theirs for ours, theirs in known if isinstance(inner, ours)), TEXT)
