"""What connections to PostgreSQL do when taken, given back, at the end of a piece, and when somebody only looks."""

import time
from collections.abc import Generator
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from gateway.store.db import TRUSTED, driver_module


def prepare_postgres(engine: Engine) -> None:
    _try_what_rested(engine)
    _end_looks_with_commit(engine)
    _end_pieces_with_sync(engine)


def _try_what_rested(engine: Engine) -> None:
    """A connection that lay idle is tried before it is used; after less than TRUSTED a round trip is spared."""

    @event.listens_for(engine, "checkin")
    def _rest(connection: Any, record: Any) -> None:
        record.info["rested"] = time.monotonic()
        if connection is not None and connection.autocommit:  # store/sql/pieces.py began its transaction
            connection.autocommit = False

    @event.listens_for(engine, "checkout")
    def _try_out(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rested", time.monotonic()) < TRUSTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except driver_module(engine.dialect).Error as problem:
            raise DisconnectionError from problem  # SQLAlchemy takes another one


def _end_looks_with_commit(engine: Engine) -> None:
    """Who only looks, outside of transaction(), can change nothing. After a ROLLBACK the driver forgets what the server
    has planned for it, and planning takes longer than many a look.
    """
    roll_back = engine.dialect.do_rollback

    def end(given: Any) -> None:
        driver = getattr(given, "dbapi_connection", given)  # the pool's wrapping, or what is in it
        looked = driver.read_only
        if looked and driver.info.transaction_status.name == "INTRANS":
            driver.commit()
        else:
            roll_back(given)
        if looked and not driver.closed:
            driver.read_only = None

    setattr(engine.dialect, "do_rollback", end)  # noqa: B010 - it is a method of theirs

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("writes"):
            driver: Any = connection.connection.driver_connection
            driver.read_only = True


def _end_pieces_with_sync(engine: Engine) -> None:
    """The driver (3.3) says Flush behind the Sync at the end of a pipeline, of executemany() too. At that the server no
    longer counts for how long nothing is said: idle_in_transaction_session_timeout would end nobody who was frozen, or
    whose machine is gone behind a proxy that keeps the link, and who holds locks that all others want.
    """
    setattr(driver_module(engine.dialect).Pipeline, "_exit_gen", _end_with_sync)  # noqa: B010 - it is a method of theirs


def _end_with_sync(pipeline: Any) -> Generator[Any, Any, None]:
    try:
        yield from pipeline._sync_gen()
    finally:  # what follows an error is still to be read
        if not pipeline._conn.closed:
            yield from pipeline._fetch_gen(flush=False)
