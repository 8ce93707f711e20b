"""How Alembic reaches the database: with our engine, one migration run at a time."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger, Text

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
            with context.begin_transaction():
                context.run_migrations()
                crashpoint.passing("migrated")
        finally:
            if postgres:
                connection.rollback()  # of a change that failed; there is nothing else to lose
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})")
                connection.commit()


run()
