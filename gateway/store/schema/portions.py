"""Migrations that fill what is there already: portion by portion, in short transactions; a death costs one portion."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from gateway import crashpoint, log
from gateway.store.db import is_locked_out, taking_turns

if TYPE_CHECKING:  # Alembic is large, and loaded where tables are changed
    from alembic.runtime.migration import MigrationContext

TURNS, PAUSE = 40, 1.0  # how often a migration asks for what others hold, and the seconds it lets them have it
SIZE = 500  # rows that are locked at once, for some tens of milliseconds

Portion = Callable[[Connection, Sequence[int]], None]


def fill(
    context: "MigrationContext", key: str, table: str, portion: Portion, size: int = SIZE, *, lock: bool = True
) -> None:
    """Along the numbers of the table, for as long as the fact `key` says that something is left and after which number.

    The migration that adds the columns leaves the fact, with "0"; one of its own, which does nothing else, fills. So a
    database whose rows were filled otherwise is left alone, and whoever was killed goes on where it was. What is no
    table but a query has no rows to `lock`.
    """
    link, left = context.connection, TURNS
    assert link is not None, "a script has no rows"
    end(context, link)
    while left:
        try:
            with taking_turns():
                begin(context, link)
                more = _one(link, key, table, portion, size, lock=lock)
                end(context, link)
        except OperationalError as problem:
            left = _wait(context, link, left, problem)
        else:
            left = TURNS if more else 0
    begin(context, link)  # for the version that Alembic writes down now


def _one(link: Connection, key: str, table: str, portion: Portion, size: int, *, lock: bool) -> bool:
    """Whether there may be more."""
    done = link.execute(text("SELECT value FROM fact WHERE key = :key"), {"key": key}).scalar()
    if done is None:
        return False
    held = " FOR UPDATE" if lock and link.dialect.name == "postgresql" else ""  # in the order in which everybody locks
    query = f"SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT :size{held}"  # noqa: S608 - a migration's word
    ids = link.execute(text(query), {"after": int(done), "size": size}).scalars().all()
    if not ids:
        link.execute(text("DELETE FROM fact WHERE key = :key"), {"key": key})
        return False
    portion(link, ids)
    link.execute(text("UPDATE fact SET value = :value WHERE key = :key"), {"value": str(ids[-1]), "key": key})
    crashpoint.passing("portion filled")
    return True


def _wait(context: "MigrationContext", link: Connection, left: int, problem: OperationalError) -> int:
    """Somebody holds rows of this portion: it is theirs for a moment. Raises when nothing has moved for a minute."""
    link.rollback()
    context._transaction = None
    if left == 1 or not is_locked_out(problem):
        raise problem
    log.warning("migration_waits", turns_left=left - 1)
    time.sleep(PAUSE)
    return left - 1


# Alembic has a transaction for each migration and no public way to end it early and begin another; this is what its own
# autocommit_block() does, whose change of the isolation level would undo ours on SQLite.


def begin(context: "MigrationContext", link: Connection) -> None:
    context._transaction = link.begin()


def end(context: "MigrationContext", link: Connection) -> None:
    link.commit()
    context._transaction = None
