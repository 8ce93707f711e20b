"""How Alembic reaches the database: with our engine, one migration run at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger, Connection, Text

from gateway import crashpoint
from gateway.store.db import db
from gateway.store.tables import Base
from gateway.store.turns import alone
from gateway.store.types import Json, Moment

LONGEST_LOCK = 800  # milliseconds that a change waits for a table: whoever comes meanwhile waits behind it
ONE_AT_A_TIME = 72  # the advisory lock of PostgreSQL; on SQLite a file beside the database is locked
TABLES = "SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"


def plain_types(kind: str, item: Any, autogen: Any) -> str | Literal[False]:  # noqa: ARG001 - Alembic's signature
    """Migrations name plain column types, so that they stay true when ours change."""
    if isinstance(item, Moment):
        return "sa.BigInteger()"
    return "sa.Text()" if isinstance(item, Json) else False


def same_type(_context: Any, _column: Any, _metadata_column: Any, inspected: Any, ours: Any) -> bool | None:
    inner = getattr(ours, "impl", ours)
    if isinstance(inner, Text):
        return not isinstance(inspected, Text)
    if isinstance(ours, Moment):
        return not isinstance(inspected, BigInteger)
    return None  # Alembic's own comparison


class References:
    """SQLite changes a table by making a new one and dropping the old one, to whose rows others refer.

    Nothing may refer to nothing afterwards. All rows are looked at for that, and nobody writes meanwhile: only where a
    table lies somewhere else than before.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before = self._places()
        connection.commit()

    def _places(self) -> dict[str, int]:
        return {row[0]: row[1] for row in self._connection.exec_driver_sql(TABLES)}

    def check(self) -> None:
        before, self._before = self._before, self._places()
        if all(self._before.get(name) == page for name, page in before.items() if name in self._before):
            return
        broken = self._connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows that refer to nothing: {[tuple(row) for row in broken[:5]]}")


@contextmanager
def of_sqlite(connection: Connection) -> Iterator[References | None]:
    """References can be left unchecked outside of transactions only, hence on the driver's connection, which begins
    none by itself.
    """
    driver: Any = connection.connection.driver_connection
    with alone(str(db.engine.url)):
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield References(connection)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def of_postgres(connection: Connection) -> Iterator[References | None]:
    """A lock is asked for in short turns; what is done under it is not cut off, however large the table."""
    connection.exec_driver_sql(
        "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)"
    )
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")
    connection.exec_driver_sql(f"SELECT set_config('lock_timeout', '{LONGEST_LOCK}', false)")
    connection.commit()
    try:
        yield None
    finally:
        connection.rollback()  # of a change that failed; there is nothing else to lose
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})")
        connection.exec_driver_sql("RESET lock_timeout")
        connection.exec_driver_sql("RESET statement_timeout")
        connection.commit()


def run() -> None:
    """Each migration in a transaction of its own: whoever serves meanwhile waits for one change, not for all."""
    with db.engine.connect().execution_options(writes=True) as connection:
        prepared = of_postgres if connection.dialect.name == "postgresql" else of_sqlite
        with prepared(connection) as references:

            def applied(*_: Any, **_named: Any) -> None:
                if references:
                    references.check()
                crashpoint.passing("migrated")

            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                render_item=plain_types,
                compare_type=same_type,
                transactional_ddl=True,
                transaction_per_migration=True,
                on_version_apply=applied,
            )
            with context.begin_transaction():
                context.run_migrations()


run()
