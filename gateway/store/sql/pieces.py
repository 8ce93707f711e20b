"""How statements go to the driver, alone or several in one piece: past SQLAlchemy, which takes longer than they do."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from gateway.store.db import driver_module, driver_of, is_postgres, link_of
from gateway.store.sql import written

# A plan for each set of values would cost as much as the statement: all there is to know stands in the texts.
GENERIC = "SET LOCAL plan_cache_mode = force_generic_plan"


@contextmanager
def pipelined(session: Session, *, to_commit: bool = False) -> Iterator[None]:
    """What is said inside goes to PostgreSQL in one piece and is answered in one: a single round trip, BEGIN with it.

    Only for statements of this module and of `bulk`. What goes wrong is heard at the end, or when an answer is read.
    `to_commit`: nothing is said after it in this transaction(), whose COMMIT then goes out in the same piece.
    """
    if not is_postgres(session):
        yield
        return
    session.flush()  # what the ORM still holds back comes before it
    if to_commit:
        session.info["under way"].enter_context(_pipeline(session))
        session.info["seal"] = lambda: _seal(session)
        yield
    else:
        with _pipeline(session):
            yield


@contextmanager
def _pipeline(session: Session) -> Iterator[None]:
    with drivers_errors(session, "several statements") as driver:
        begins = driver.info.transaction_status.name == "IDLE"
        if begins:  # the driver's own BEGIN would wait for its answer; this ends where the connection is given back
            driver.autocommit = True
        with driver.pipeline():
            if begins:
                driver.cursor().execute("BEGIN")
                driver.cursor().execute(GENERIC)
            session.info["held"] = []
            try:
                yield
                send_held(session)
            finally:
                session.info.pop("held", None)


def send_held(session: Session) -> None:
    """What was held back so that it is one statement; whatever else is said comes after it."""
    held = session.info.get("held")
    if held:
        session.info["held"] = []
        run_written(session, held)


def run_written(session: Session, parts: Sequence[written.Rows | str]) -> None:
    """Past the driver's search for parameters, which takes longer than a long statement itself."""
    sql, parameters = written.statement(parts)
    with drivers_errors(session, sql) as driver:
        driver_module(link_of(session).dialect).RawCursor(driver).execute(sql, parameters)


def _seal(session: Session) -> None:
    send_held(session)
    with drivers_errors(session, "COMMIT") as driver:
        committed = driver.cursor().execute("COMMIT")
    session.info["under way"].close()
    if committed.statusmessage != "COMMIT":  # a transaction that has failed is answered with ROLLBACK: that is no error
        raise RuntimeError(f"not committed: {committed.statusmessage}")


Said = list[tuple[str, Sequence[Any]]]  # each statement with the rows it is said for


class Unanswered(Exception):
    """A question, or what cannot wait, within put_off()."""


@contextmanager
def put_off(session: Session) -> Iterator[Said]:
    """SQLite's: many rows' statements are gathered, for say() in a transaction to come; all else raises Unanswered.

    What the session itself is to execute too: outside a transaction it would be written at once, and for good.
    """
    said: Said = []
    session.info["put off"] = said
    event.listen(session, "do_orm_execute", _not_now)
    try:
        yield said
    finally:
        event.remove(session, "do_orm_execute", _not_now)
        del session.info["put off"]


def _not_now(asked: ORMExecuteState) -> None:
    raise Unanswered(str(asked.statement))


def say(session: Session, said: Iterable[Said]) -> None:
    """What several put off, as if it had been one: a statement of all of them is run once."""
    together: dict[str, list[Any]] = {}
    for sql, rows in chain.from_iterable(said):
        together.setdefault(sql, []).extend(rows)
    for sql, rows in together.items():
        run(session, sql, rows, many=True)


class Asked:
    """A question that was sent; its answer can be read once the piece is sent that it is in."""

    def __init__(self, session: Session, sql: str, parameters: Any) -> None:
        self._session, self._sql = session, sql
        self._rows: Sequence[Any] | None = None
        if "put off" in session.info:
            raise Unanswered(sql)
        send_held(session)
        with drivers_errors(session, sql) as driver:
            self._cursor = driver.cursor().execute(sql, parameters)
            if not is_postgres(session):  # a question that is left open would hold up what follows, a rollback too
                self._rows = self._cursor.fetchall()

    def rows(self) -> Sequence[Any]:
        if self._rows is None:
            with drivers_errors(self._session, self._sql):
                self._rows = self._cursor.fetchall()
        return self._rows


def run(session: Session, sql: str, parameters: Sequence[Any], *, many: bool = False) -> None:
    """A statement on the driver itself; SQLAlchemy's way around it costs several times what the statement does."""
    if (said := session.info.get("put off")) is not None:
        if not many:
            raise Unanswered(sql)
        said.append((sql, parameters))
        return
    send_held(session)
    with drivers_errors(session, sql) as driver:
        cursor = driver.cursor()
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)


def fetch(session: Session, sql: str, parameters: Any) -> Sequence[Any]:
    return Asked(session, sql, parameters).rows()


def drivers_errors(session: Session, sql: str) -> AbstractContextManager[Any]:
    """The driver's connection; its errors are put into SQLAlchemy's words, as callers expect them."""
    return driver_of(link_of(session), sql)
