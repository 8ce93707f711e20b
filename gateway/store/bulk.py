"""Many rows in one statement, the way each database takes them fastest. Values are given as they are stored.

SQLite runs executemany on a prepared statement. PostgreSQL is sent a few rows as one JSON text, many through COPY
(bodies, which JSON cannot hold, row by row in one piece):
measured with rows of `alert`, one row 0.17 ms and 160 rows 2.7 ms; as binary arrays 0.29 and 3.3 ms, by executemany
0.26 and 5.7 ms.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import PipelineStatus
from sqlalchemy import BigInteger, Boolean, Dialect, Integer, LargeBinary, Select, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gateway.store.db import is_forgetful, is_postgres, link_of
from gateway.store.tables import Base
from gateway.store.types import to_json

Row = Sequence[Any]
COPY_FROM = 32  # rows: fewer go as JSON


def insert(session: Session, model: type[Base], columns: tuple[str, ...], rows: Sequence[Row], tail: str = "") -> None:
    """INSERT of `rows`; `tail` may be ON CONFLICT DO NOTHING."""
    if not rows:
        return
    table = _table(model)
    if not is_postgres(session):
        _run(session, _sqlite_insert(table, columns, tail), rows, many=True)
    elif _has_bytes(table, columns):
        _run(session, _postgres_insert(table, columns, tail), rows, many=True)
    elif not tail and len(rows) >= COPY_FROM and not _is_pipelined(session):
        _copy(session, f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", rows)
    else:
        _run(session, _json_insert(table, columns, tail), (_as_json(columns, rows),))


def update(session: Session, model: type[Base], columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """UPDATE by id: the first column is the id, the others are set."""
    if not rows:
        return
    table = _table(model)
    if is_postgres(session):
        sets = ", ".join(f"{name} = new.{name}" for name in columns[1:])
        record = _record(table, columns)
        sql = f"UPDATE {table.name} SET {sets} FROM {record} AS new WHERE {table.name}.id = new.id"  # noqa: S608
        _run(session, sql, (_as_json(columns, rows),))
    else:
        sets = ", ".join(f"{name} = ?" for name in columns[1:])
        sql = f"UPDATE {table.name} SET {sets} WHERE id = ?"  # noqa: S608
        _run(session, sql, [(*row[1:], row[0]) for row in rows], many=True)


def select(session: Session, sql: str, values: Iterable[Any], *more: Any) -> Sequence[Any]:
    """Runs `sql`, in which {list} stands for "in these values" and each {} after it for one of `more`."""
    if is_postgres(session):
        text = sql.replace("{list}", "= ANY(%s)").replace("{}", "%s")
        parameters: tuple[Any, ...] = (list(values), *more)
    else:
        text = sql.replace("{list}", "IN (SELECT value FROM json_each(?))").replace("{}", "?")
        parameters = (to_json(list(values)), *more)
    return _fetch(session, text, parameters)


def select_each(session: Session, sql: str, values: Iterable[Any], *more: Any) -> Sequence[Any]:
    """As select(), where {list} is a column with few rows a value: one walk down its index each, whatever the planner
    thinks. All values are texts, or all are numbers.

    It knows nothing yet of a table that has just filled, and keeps plans it made when the table was empty: with a list
    it then reads every row. Inside a subquery that it may not flatten there is one value, and nothing to think about.
    """
    if not is_postgres(session):
        return select(session, sql, values, *more)
    one, wanted = sql.replace("{list}", "= one.value").replace("{}", "%s"), list(values)
    kind = "bigint" if wanted and isinstance(wanted[0], int) else "text"
    each = f"unnest(%s::{kind}[]) AS one(value)"
    text = f"SELECT found.* FROM {each} CROSS JOIN LATERAL ({one} OFFSET 0) AS found"  # noqa: S608 - our own words
    return _fetch(session, text, (wanted, *more))


def execute(session: Session, sql: str, values: Iterable[Any], *more: Any) -> None:
    """As select(), for a statement that returns nothing; {list} must come after every {}."""
    if is_postgres(session):
        text, parameters = sql.replace("{list}", "= ANY(%s)").replace("{}", "%s"), (*more, list(values))
    else:
        one_list = "IN (SELECT value FROM json_each(?))"
        text, parameters = sql.replace("{list}", one_list).replace("{}", "?"), (*more, to_json(list(values)))
    _run(session, text, parameters)


def select_plain(session: Session, sql: str, *values: Any) -> Sequence[Any]:
    """Runs `sql`, in which each {} stands for one of `values`."""
    mark = "%s" if is_postgres(session) else "?"
    return _fetch(session, sql.replace("{}", mark), values)


def select_made(session: Session, query: Select[Any]) -> Sequence[Any]:
    """Runs a query that was put together once and is kept by its maker: SQLAlchemy looks it through at each execution,
    which takes longer than many a walk along an index. Values go in and come out as they are stored.
    """
    sql, parameters = _compiled(query, link_of(session).dialect)
    return _fetch(session, sql, parameters)


@lru_cache(maxsize=64)
def _compiled(query: Select[Any], dialect: Dialect) -> tuple[str, Any]:
    made = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    named, order = made.params, made.positiontup
    return str(made), named if order is None else tuple(named[name] for name in order)


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT to be asked together with others: {list} and {} as in select()."""

    sql: str
    more: tuple[Any, ...] = ()
    values: tuple[Any, ...] | None = None  # for {list}


def several(session: Session, questions: Sequence[Question]) -> list[Sequence[Any]]:
    """The rows of each. PostgreSQL is asked all of them in one round trip, one after the other."""
    postgres = is_postgres(session)
    asked = [_prepared(one, postgres=postgres) for one in questions]
    if not postgres:
        return [_fetch(session, *one) for one in asked]
    with _drivers_errors(session, "several questions") as driver:
        cursors = [driver.cursor() for _ in asked]
        with driver.pipeline():
            for cursor, (sql, parameters) in zip(cursors, asked, strict=True):
                cursor.execute(sql, parameters)
        return [cursor.fetchall() for cursor in cursors]


def _prepared(one: Question, *, postgres: bool) -> tuple[str, tuple[Any, ...]]:
    sql, parameters = _marked(one.sql, postgres=postgres), one.more
    if one.values is not None:
        parameters = (list(one.values) if postgres else to_json(one.values), *one.more)
    return sql, parameters


@lru_cache(maxsize=256)
def _marked(sql: str, *, postgres: bool) -> str:
    if postgres:
        return sql.replace("{list}", "= ANY(%s)").replace("{}", "%s")
    return sql.replace("{list}", "IN (SELECT value FROM json_each(?))").replace("{}", "?")


def new_ids(session: Session, model: type[Base], count: int) -> list[int]:
    """Numbers for `count` rows to come. On SQLite the caller's transaction holds the file: nobody takes them."""
    table = _table(model)
    if is_postgres(session):
        sql = f"SELECT nextval('{table.name}_id_seq') FROM generate_series(1, %s)"  # noqa: S608
        return [row[0] for row in _fetch(session, sql, (count,))]
    sql = f"SELECT coalesce(max(id), 0) FROM {table.name}"  # noqa: S608
    last = _fetch(session, sql, ())[0][0]
    return list(range(last + 1, last + 1 + count))


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


@lru_cache(maxsize=64)
def _sqlite_insert(table: Table, columns: tuple[str, ...], tail: str) -> str:
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) {tail}"  # noqa: S608


@lru_cache(maxsize=64)
def _json_insert(table: Table, columns: tuple[str, ...], tail: str) -> str:
    names = ", ".join(columns)
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {_record(table, columns)} AS x {tail}"  # noqa: S608


@lru_cache(maxsize=64)
def _postgres_insert(table: Table, columns: tuple[str, ...], tail: str) -> str:
    marks = ", ".join("%b" if isinstance(table.columns[name].type, LargeBinary) else "%s" for name in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) {tail}"  # noqa: S608


@lru_cache(maxsize=64)
def _record(table: Table, columns: tuple[str, ...]) -> str:
    """The rows of one JSON parameter, typed. In a subquery, so that the caller can give it a name of its own."""
    typed = ", ".join(f"{name} {_type(table, name)}" for name in columns)
    return f"(SELECT * FROM json_to_recordset(%s::json) AS r({typed}))"  # noqa: S608


def _as_json(columns: tuple[str, ...], rows: Sequence[Row]) -> str:
    return to_json([dict(zip(columns, row, strict=True)) for row in rows])


@contextmanager
def pipelined(session: Session) -> Iterator[None]:
    """What is written inside goes to PostgreSQL in one piece and is answered in one: a single round trip.

    Only for statements of this module. What goes wrong is heard at the end, or at the next select.
    """
    if not is_postgres(session):
        yield
        return
    with _drivers_errors(session, "several statements") as driver, driver.pipeline():
        yield


def _run(session: Session, sql: str, parameters: Sequence[Any], *, many: bool = False) -> None:
    """A statement on the driver itself; SQLAlchemy's way around it costs several times what the statement does."""
    with _drivers_errors(session, sql) as driver:
        cursor = driver.cursor()
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)


def _fetch(session: Session, sql: str, parameters: Any) -> Sequence[Any]:
    with _drivers_errors(session, sql) as driver:
        rows: Sequence[Any] = driver.cursor().execute(sql, parameters).fetchall()
        return rows


def _copy(session: Session, sql: str, rows: Sequence[Row]) -> None:
    with _drivers_errors(session, sql) as driver, driver.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _is_pipelined(session: Session) -> bool:
    driver = link_of(session).connection.driver_connection
    return isinstance(driver, psycopg.Connection) and driver.pgconn.pipeline_status != PipelineStatus.OFF


@contextmanager
def _drivers_errors(session: Session, sql: str) -> Iterator[Any]:
    """The driver's connection; its errors are put into SQLAlchemy's words, as callers expect them."""
    connection = link_of(session)
    driver: Any = connection.connection.driver_connection
    try:
        yield driver
    except (psycopg.Error, sqlite3.Error) as problem:
        base = psycopg.Error if isinstance(problem, psycopg.Error) else sqlite3.Error
        lost = is_forgetful(problem) or connection.dialect.is_disconnect(problem, driver, None)  # type: ignore[arg-type]  # each driver has its own Error
        if lost:
            connection.invalidate(problem)
        raise DBAPIError.instance(
            sql, None, problem, base, connection_invalidated=lost, dialect=connection.dialect
        ) from problem


@lru_cache(maxsize=64)
def _has_bytes(table: Table, columns: tuple[str, ...]) -> bool:
    return any(isinstance(table.columns[name].type, LargeBinary) for name in columns)


@lru_cache(maxsize=512)
def _type(table: Table, name: str) -> str:
    kind = table.columns[name].type
    inner = getattr(kind, "impl", kind)
    for ours, theirs in ((BigInteger, "bigint"), (Integer, "int"), (Boolean, "boolean")):
        if isinstance(inner, ours):
            return theirs
    return "text"
