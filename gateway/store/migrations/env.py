"""How Alembic reaches the database: with our engine, one migration run at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger, Connection, Text

from gateway import crashpoint
from gateway.store.db import db
from gateway.store.tables import Base
from gateway.store.types import Json, Moment

LONGEST_LOCK = 800  # milliseconds that a change waits for a table: whoever comes meanwhile waits behind it
ONE_AT_A_TIME = 72  # the advisory lock of PostgreSQL; on SQLite the write lock does the same


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


@contextmanager
def references_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making a new one and dropping the old one, to whose rows others refer.

    It can be switched off outside of transactions only, hence on the driver's connection, which begins none by itself.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def dangling(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"rows that refer to nothing: {[tuple(row) for row in broken[:5]]}")


def run() -> None:
    with db.engine.connect().execution_options(writes=True) as connection:
        postgres = connection.dialect.name == "postgresql"
        if postgres:
            connection.exec_driver_sql("SELECT set_config('lock_timeout', '0', false)")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")
            connection.exec_driver_sql(f"SELECT set_config('lock_timeout', '{LONGEST_LOCK}', false)")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=plain_types,
            compare_type=same_type,
            transactional_ddl=True,
        )
        try:
            with nullcontext() if postgres else references_unchecked(connection), context.begin_transaction():
                context.run_migrations()
                if not postgres:
                    dangling(connection)
                crashpoint.passing("migrated")
        finally:
            if postgres:
                connection.rollback()  # of a change that failed; there is nothing else to lose
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})")
                connection.commit()


run()
