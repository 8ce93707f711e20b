"""One database handle, one kind of transaction, and the two dialects' differences."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, Select, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from gateway.store.checkpoints import LONGEST, Checkpoints
from gateway.store.tables import Base
from gateway.store.turns import Turns

TRUSTED = 1.0  # seconds that a connection may have been idle without being tried out
BUSY_TIMEOUT = 4000  # milliseconds a writer, whose turn it is, waits for SQLite's lock before the sender hears 503
BEGIN_WRITING = "BEGIN IMMEDIATE"
HELD = "55P03"  # PostgreSQL's word for it: somebody else holds the lock
GOES = ("57P01", "57P02", "57P03")  # PostgreSQL's word for it: it shuts down, has crashed, is starting up
db = SQLAlchemy(metadata=Base.metadata)
_turns: WeakKeyDictionary[Engine, Turns] = WeakKeyDictionary()


@contextmanager
def transaction() -> Iterator[Session]:
    """Everything inside is kept, or nothing. Nobody else commits; nothing inside talks to the network."""
    outer = _not_within_another(db.session())
    if outer.in_transaction():
        outer.rollback()  # what the page has read so far is old news from here on
    outer.info["writes"] = True
    try:
        with taking_turns(), outer.begin():
            outer.info["link"] = outer.connection(execution_options={"writes": True})
            with ExitStack() as under_way:
                outer.info["under way"] = under_way
                yield outer
                _end(outer, under_way)
    finally:
        _forget(outer)


def checkpoints() -> Checkpoints:
    """For a process that stores alerts."""
    return Checkpoints(db.engine, _turns.get(db.engine))


def taking_turns(meanwhile: Callable[[], bool] | None = None) -> AbstractContextManager[None]:
    """Writers of one SQLite file, threads and processes, one after the other; those of PostgreSQL all at once.

    `meanwhile`: what may be done while another process has its turn, as in Turns.take().
    """
    turns = _turns.get(db.engine)
    return nullcontext() if turns is None else turns.take(meanwhile)


@contextmanager
def transaction_again() -> Iterator[Session]:
    """transaction() for a thread that writes all the time: its connection stays, and only BEGIN and COMMIT pass.

    To SQLAlchemy it is one transaction without an end: making and ending one takes it longer than a small one lasts.
    Its caller takes its turn (taking_turns), and until then gathers what there is to write.
    """
    session = _not_within_another(db.session())
    link, rested = session.info.pop("kept", (None, 0.0))
    try:
        if link is None or not _goes_on(session, link, rested):
            session.rollback()
            session.begin()
            link = session.connection(execution_options={"writes": True})
        session.info |= {"writes": True, "link": link}
        with ExitStack() as under_way:
            session.info["under way"] = under_way
            yield session
            session.flush()
            if not _end(session, under_way):
                under_way.close()
                session.flush()
                with driver_of(link, "COMMIT") as driver:
                    driver.commit()
    except BaseException:  # whatever breaks it off, an end of the process too: nothing of it is kept, and it is heard
        session.rollback()
        raise
    else:
        if session.identity_map:
            session.expire_all()
        session.info["kept"] = link, time.monotonic()
    finally:
        _forget(session)


def _not_within_another(session: Session) -> Session:
    if session.in_transaction() and session.info.get("writes"):
        raise RuntimeError("transactions do not nest: pass the session down instead")
    return session


def _goes_on(session: Session, link: Connection, rested: float) -> bool:
    """Begins on the connection that was kept, if it is still good and nobody has ended it meanwhile."""
    if link.closed or link.invalidated or not session.in_transaction():
        return False
    with driver_of(link, BEGIN_WRITING) as driver:
        if link.dialect.name == "sqlite":
            driver.execute(BEGIN_WRITING)
            return True
        if driver.autocommit:  # store/sql/pieces.py began the last one; the driver's own BEGIN comes with what is said
            driver.autocommit = False
        if time.monotonic() - rested < TRUSTED:
            return True
        try:
            link.dialect.do_ping(driver)
        except driver_module(link.dialect).Error as problem:
            link.invalidate(problem)
    return not link.invalidated


def _forget(session: Session) -> None:
    session.info["writes"] = False
    for name in ("last", "link", "under way", "seal"):
        session.info.pop(name, None)


def _end(session: Session, under_way: ExitStack) -> bool:
    """Whether COMMIT was said with it."""
    lasts, seal = session.info.pop("last", ()), session.info.pop("seal", None)
    if lasts:
        under_way.close()
        for last in lasts:
            last(session)
    elif seal is not None:
        seal()
        return True
    return False


def at_end(session: Session, last: Callable[[Session], None]) -> None:
    """Done right before the commit, when every other lock is held: what takes one lock for all can stop nobody then."""
    if not session.info.get("writes"):
        raise RuntimeError("only within transaction()")
    session.info.setdefault("last", []).append(last)


def ending(session: Session) -> Sequence[Callable[[Session], None]]:
    """What is to be done at the end of this transaction, so far."""
    found: Sequence[Callable[[Session], None]] = session.info.get("last", ())
    return found


def link_of(session: Session) -> Connection:
    """The session's connection; within transaction() without the long way that SQLAlchemy goes to find it."""
    held: Connection | None = session.info.get("link")
    return session.connection() if held is None else held


def is_postgres(session: Session) -> bool:
    return link_of(session).dialect.name == "postgresql"


def upsert(session: Session, table: type[Base] | Table, rows: Sequence[dict[str, Any]]) -> Any:
    """An INSERT of this dialect that knows on_conflict_do_update. For a few rows; many go through store/sql/bulk.py."""
    make = postgresql.insert if is_postgres(session) else sqlite.insert
    return make(table).values(list(rows))


def locked(query: Select[Any], *, skip: bool = False, key: bool = False) -> Select[Any]:
    """Rows stay ours until commit (SQLite ignores it: there a writer has the whole file).

    `key`: their keys do not change, so others may add rows that refer to them.
    """
    return query.with_for_update(skip_locked=skip, key_share=key)


def locked_to_change(session: Session, query: Select[Any], *, key: bool = False) -> Select[Any]:
    """The same within transaction(); who only looks holds nobody up."""
    return locked(query, key=key) if session.info.get("writes") else query


def database_clock(session: Session) -> int:
    """Now, in microseconds since 1970, by the one clock that all machines share."""
    if is_postgres(session):
        sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    else:
        sql = "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
    return int(session.connection().exec_driver_sql(sql).scalar_one())


def is_locked_out(problem: DBAPIError) -> bool:
    """Somebody else held what we wanted for longer than we wait."""
    return is_held(problem) or "database is locked" in str(problem.orig)


def is_held(problem: DBAPIError) -> bool:
    """Somebody held a row or a table of PostgreSQL for longer than we wait."""
    return getattr(problem.orig, "sqlstate", None) == HELD


def is_away(problem: DBAPIError) -> bool:
    """PostgreSQL cannot be reached, has gone in the middle of it, or is not up yet."""
    if not isinstance(problem, OperationalError | InterfaceError):
        return False
    state: str | None = getattr(problem.orig, "sqlstate", "of SQLite")
    return state is None or state.startswith("08") or state in GOES


def is_forgetful(problem: BaseException | None) -> bool:
    """After a failed fsync the system may forget what it could not write, and say yes the next time."""
    return "disk I/O error" in str(problem)


def driver_module(dialect: Dialect) -> Any:
    """The one that is used here, sqlite3 or psycopg. By name the latter would be loaded, 5 MB, for SQLite as well."""
    return dialect.loaded_dbapi


class driver_of:  # noqa: N801 - a function to its callers; as a generator it took twice as long, twenty times an alert
    """The driver's own connection; its errors are put into SQLAlchemy's words, as callers expect them."""

    __slots__ = ("_connection", "_driver", "_sql")

    def __init__(self, connection: Connection, sql: str) -> None:
        self._connection, self._sql = connection, sql
        self._driver: Any = connection.connection.driver_connection

    def __enter__(self) -> Any:
        return self._driver

    def __exit__(self, _kind: object, found: BaseException | None, _trace: object) -> None:
        if found is None:
            return
        dialect = self._connection.dialect
        module = driver_module(dialect)
        if not isinstance(found, module.Error):
            return
        problem = found if dialect.name == "sqlite" else _cause(found, module)
        lost = is_forgetful(problem) or dialect.is_disconnect(problem, self._driver, None)
        if lost:
            self._connection.invalidate(problem)
        raise DBAPIError.instance(
            self._sql, None, problem, module.Error, connection_invalidated=lost, dialect=dialect
        ) from problem


def _cause(problem: Any, psycopg: Any) -> Any:
    """What went wrong first: that what came after it in the same piece was not done says nothing."""
    while isinstance(problem, psycopg.errors.PipelineAborted) and isinstance(problem.__context__, psycopg.Error):
        problem = problem.__context__
    return problem


def prepare_sqlite(engine: Engine) -> None:
    """Readers never wait; writers take the write lock at once, so that they queue instead of failing half-way."""
    _turns[engine] = Turns(str(engine.url))

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a 2xx means on disk, through a power cut too
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={LONGEST}")
        connection.execute("PRAGMA cache_size=-16000")

    @event.listens_for(engine, "handle_error")
    def _give_up_handle(failure: ExceptionContext) -> None:
        if is_forgetful(failure.original_exception):
            failure.is_disconnect = True

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        sql = BEGIN_WRITING if connection.get_execution_options().get("writes") else "BEGIN"
        with driver_of(connection, sql) as driver:  # SQLAlchemy's way takes four times as long
            driver.execute(sql)


@contextmanager
def reading() -> Iterator[Session]:
    """A look at one moment of the database; nothing is kept. For code outside requests, where no page cleans up."""
    session = db.session()
    session.rollback()
    try:
        yield session
    finally:
        session.rollback()
