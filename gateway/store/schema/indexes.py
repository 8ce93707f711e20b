"""Indexes of tables that are filled already: PostgreSQL makes them while others write, outside of any transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway.store.schema.portions import begin, end

PATIENCE = 5_000  # milliseconds in a turn that one waits for others' transactions: nobody waits behind it


@dataclass(frozen=True, slots=True)
class New:
    name: str
    table: str
    columns: Sequence[str]
    where: str = ""
    unique: bool = False


def make(op: Any, wanted: Sequence[New]) -> None:  # Alembic's module of operations
    """The first thing that a migration does: it has changed nothing yet, so whoever is killed here begins anew.

    What a death has left half made is dropped, what is whole is kept.
    """
    context = op.get_context()
    link = context.connection
    if link is None or link.dialect.name != "postgresql":
        for one in wanted:
            _plainly(op, one)
        return
    empty = [one for one in wanted if link.execute(text(f"SELECT 1 FROM {one.table} LIMIT 1")).first() is None]  # noqa: S608
    end(context, link)
    driver: Any = link.connection.driver_connection
    driver.autocommit = True
    try:
        left = [one for one in wanted if not _made(driver, one, empty=one in empty)]
    except psycopg.errors.LockNotAvailable as problem:
        raise OperationalError(None, None, problem) from problem  # asked for again, in turns, like every change
    finally:
        driver.autocommit = False
        begin(context, link)
    for one in left:
        _plainly(op, one)


def _plainly(op: Any, one: New) -> None:
    where = text(one.where) if one.where else None
    op.create_index(
        one.name, one.table, list(one.columns), unique=one.unique, postgresql_where=where, sqlite_where=where
    )


def _made(driver: Any, one: New, *, empty: bool) -> bool:
    """Whether it is there, whole. False: it is to be made within the migration."""
    there = driver.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [one.name]).fetchone()
    if there and there[0]:
        return True
    if there:
        driver.execute(f"DROP INDEX {one.name}")
    if empty:
        return False
    (usual,) = driver.execute("SHOW lock_timeout").fetchone()
    where = f" WHERE {one.where}" if one.where else ""
    driver.execute(f"SET lock_timeout = {PATIENCE}")
    try:
        kind, columns = "UNIQUE INDEX" if one.unique else "INDEX", ", ".join(one.columns)
        driver.execute(f"CREATE {kind} CONCURRENTLY {one.name} ON {one.table} ({columns}){where}")
    finally:
        driver.execute(f"SET lock_timeout = '{usual}'")
    return True
