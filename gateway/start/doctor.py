"""`./nabat doctor`: asks each part whether all is well with it. Changes nothing, and needs nobody else to run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.checkup import Check, State, balance, checks, database, disk, rule_book, said
from gateway.clock import SystemClock
from gateway.disk import disk_of
from gateway.settings import SETTINGS, BadSettings, Settings, load
from gateway.start.complaints import first_line
from gateway.store.connecting import engine_options
from gateway.store.db import BUSY_TIMEOUT, is_postgres, prepare_sqlite
from gateway.store.schema import revisions
from gateway.store.upkeep import ledger, vitals
from gateway.store.upkeep.ledger import Ledger

NEWER = "the database is newer ({}) than this program ({}), which works with it: bring the program up to date"
LOCKED = "{} for writing for {:.0f} s: who else has it open? Alerts are refused and nothing is sent until they are done"


@dataclass(frozen=True, slots=True)
class Health:
    checks: tuple[Check, ...]
    ledger: Ledger | None = None  # none: it could not be read

    @property
    def well(self) -> bool:
        return all(one.state is not State.PROBLEM for one in self.checks)


def as_text(health: Health) -> str:
    lines = [f"{one.state.value:8} {one.name:14} {one.words}" for one in health.checks]
    return "\n".join([*lines, "all is well" if health.well else "not all is well"])


def as_json(health: Health) -> str:
    account = None if health.ledger is None else asdict(health.ledger) | {"balanced": health.ledger.balanced}
    lines = [{"name": one.name, "state": one.state, "words": one.words} for one in health.checks]
    told = {"well": health.well, "checks": lines, "ledger": account}
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def examine() -> Health:
    """Everything, part by part; what cannot be asked because of another part is left out."""
    now = SystemClock().now()
    try:
        settings = load(os.environ)
    except BadSettings as problem:
        return Health(tuple(Check("configuration", State.PROBLEM, words) for words in problem.complaints))
    given = sum(1 for one in SETTINGS if os.environ.get(one.name) or os.environ.get(f"{one.name}_FILE"))
    checks = [Check("configuration", State.OK, f"{given} settings given, the others have their defaults")]
    checks += said("rule book", rule_book(settings))
    checks += said("disk", disk(disk_of(settings)))
    account: list[Ledger] = []
    try:
        with _session(settings) as session:
            for found in _of_database(session, settings, now, account):
                checks += found
    except SQLAlchemyError as problem:
        checks.append(Check("database", State.PROBLEM, f"cannot be used: {first_line(problem)}"))
    return Health(tuple(checks), account[0] if account else None)


def _locked(session: Session) -> list[Check]:
    """Whether SQLite lets us write, asked by a transaction that writes nothing; writers are done in far less."""
    if is_postgres(session):
        return []
    session.rollback()
    try:
        session.connection(execution_options={"writes": True})
    except OperationalError as problem:
        return [Check("database", State.PROBLEM, LOCKED.format(first_line(problem), BUSY_TIMEOUT / 1000))]
    finally:
        session.rollback()
    return []


@contextmanager
def _session(settings: Settings) -> Iterator[Session | None]:
    """None where there is no database yet: looking must not make one."""
    url = settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        yield None
        return
    engine = create_engine(url, **engine_options(url))
    if url.startswith("sqlite"):
        prepare_sqlite(engine)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _of_database(
    session: Session | None, settings: Settings, now: datetime, account: list[Ledger]
) -> Iterator[list[Check]]:
    if session is None:
        yield [Check("database", State.PROBLEM, "there is none yet: ./nabat up or ./nabat migrate makes it")]
        return
    if vitals.behind(session, revisions.known(), {revisions.newest()}):
        yield [Check("database", State.PROBLEM, "it is older than the program: run ./nabat migrate")]
        return
    yield said("database", database(session))
    if ahead := vitals.ahead(session, revisions.known()):
        yield [Check("database", State.NOTE, NEWER.format(ahead, revisions.newest()))]
    yield from checks(session, settings, now)
    yield _locked(session)
    session.rollback()
    account.append(ledger.read(session))
    yield said("ledger", balance(account[0]))
