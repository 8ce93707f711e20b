"""Many rows in one statement, the way each database takes them fastest. Values are given as they are stored.

SQLite runs executemany on a prepared statement. PostgreSQL is sent rows column by column (store/sql/columns.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, Table
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres, link_of
from gateway.store.sql import columns as by_column
from gateway.store.sql import written
from gateway.store.sql.pieces import Asked, drivers_errors, fetch, run, run_written, send_held
from gateway.store.tables import Base
from gateway.store.types import to_json

Row = Sequence[Any]


def insert(
    session: Session, model: type[Base], columns: tuple[str, ...], rows: Sequence[Row], tail: str = "",
    alike: frozenset[str] = frozenset(),
) -> None:  # fmt: skip
    """INSERT of `rows`; `tail` may be ON CONFLICT DO NOTHING; `alike` are columns of which most rows have the same."""
    if not rows:
        return
    table = _table(model)
    if not is_postgres(session):
        run(session, _sqlite_insert(table, columns, tail), rows, many=True)
        return
    held, part = session.info.get("held"), written.Rows(table, columns, alike, rows, tail)
    if held is not None:
        if held and isinstance(held[-1], str):
            send_held(session)
        session.info["held"].append(part)
    else:
        run_written(session, [part])


def update(session: Session, model: type[Base], columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """UPDATE by id: the first column is the id, the others are set."""
    if not rows:
        return
    table = _table(model)
    if not is_postgres(session):
        run(session, _update_of_one(table, columns, "?"), [(*row[1:], row[0]) for row in rows], many=True)
    elif len(rows) == 1:
        run(session, _update_of_one(table, columns, "%s"), (*rows[0][1:], rows[0][0]))
    else:
        sql, kinds = _update_of_many(table, columns)
        run(session, sql, by_column.given(kinds, list(zip(*rows, strict=True))))


def select(session: Session, sql: str, values: Iterable[Any], *more: Any) -> Sequence[Any]:
    """Runs `sql`, in which {list} stands for "in these values" and each {} after it for one of `more`."""
    if is_postgres(session):
        text = sql.replace("{list}", "= ANY(%s)").replace("{}", "%s")
        parameters: tuple[Any, ...] = (list(values), *more)
    else:
        text = sql.replace("{list}", "IN (SELECT value FROM json_each(?))").replace("{}", "?")
        parameters = (to_json(list(values)), *more)
    return fetch(session, text, parameters)


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
    return fetch(session, text, (wanted, *more))


def execute(session: Session, sql: str, values: Iterable[Any], *more: Any) -> None:
    """As select(), for a statement that returns nothing; {list} must come after every {}."""
    if is_postgres(session):
        text, parameters = sql.replace("{list}", "= ANY(%s)").replace("{}", "%s"), (*more, list(values))
    else:
        one_list = "IN (SELECT value FROM json_each(?))"
        text, parameters = sql.replace("{list}", one_list).replace("{}", "?"), (*more, to_json(list(values)))
    run(session, text, parameters)


def tell(session: Session, channel: str) -> None:
    """Whoever listens on PostgreSQL hears of it at commit; on SQLite nobody can."""
    sql = f"SELECT pg_notify('{channel}', '')"
    held = session.info.get("held")
    if not is_postgres(session):
        return
    if held:
        held.append(sql)
    else:
        ask(session, sql)


def select_plain(session: Session, sql: str, *values: Any) -> Sequence[Any]:
    """Runs `sql`, in which each {} stands for one of `values`."""
    return ask(session, sql, *values).rows()


def ask(session: Session, sql: str, *values: Any) -> Asked:
    """As select_plain(), its answer to be read later; on SQLite, which answers at once, the moment is the same."""
    return Asked(session, sql.replace("{}", "%s" if is_postgres(session) else "?"), values)


def select_made(session: Session, query: Select[Any]) -> Sequence[Any]:
    """Runs a query that was put together once and is kept by its maker: SQLAlchemy looks it through at each execution,
    which takes longer than many a walk along an index. Values go in and come out as they are stored.
    """
    sql, parameters = _compiled(query, link_of(session).dialect)
    return fetch(session, sql, parameters)


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
        return [fetch(session, *one) for one in asked]
    with drivers_errors(session, "several questions") as driver:
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
        return [row[0] for row in fetch(session, sql, (count,))]
    sql = (
        f"SELECT max(coalesce((SELECT max(id) FROM {table.name}), 0), "  # noqa: S608
        "coalesce((SELECT CAST(value AS INTEGER) FROM fact WHERE key = ?), 0))"
    )
    last = fetch(session, sql, (_aside(table),))[0][0]
    return list(range(last + 1, last + 1 + count))


def set_aside(session: Session, model: type[Base], count: int, at: int) -> list[int]:
    """SQLite's: the same for rows of a transaction to come. Once this one commits nobody else is given them."""
    numbers = new_ids(session, model, count)
    if numbers:
        sql = (
            "INSERT INTO fact (key, value, at) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at"
        )
        run(session, sql, (_aside(_table(model)), str(numbers[-1]), at))
    return numbers


def _aside(table: Table) -> str:
    return f"last {table.name} set aside"


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


@lru_cache(maxsize=64)
def _sqlite_insert(table: Table, columns: tuple[str, ...], tail: str) -> str:
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) {tail}"  # noqa: S608


@lru_cache(maxsize=64)
def _update_of_one(table: Table, columns: tuple[str, ...], mark: str) -> str:
    sets = ", ".join(f"{name} = {mark}" for name in columns[1:])
    return f"UPDATE {table.name} SET {sets} WHERE id = {mark}"  # noqa: S608


@lru_cache(maxsize=64)
def _update_of_many(table: Table, columns: tuple[str, ...]) -> tuple[str, Sequence[str]]:
    kinds = [written.kind_of(table, name) for name in columns]
    sets = ", ".join(f"{name} = new.{name}" for name in columns[1:])
    rows = f"{by_column.source(kinds)} AS new({', '.join(columns)})"
    return f"UPDATE {table.name} SET {sets} FROM {rows} WHERE {table.name}.id = new.id", kinds  # noqa: S608
