"""Locks for what has no row to lock: who waits for whom until commit. SQLite has one writer in any case."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gateway.store import db
from gateway.store.db import is_postgres
from gateway.store.sql import bulk

_EACH = "SELECT pg_advisory_xact_lock{how}({kind}, id) FROM unnest({{}}::int[]) AS id ORDER BY id"
_SOURCES, _PEOPLE = _EACH.format(how="", kind=71), _EACH.format(how="", kind=73)
_FREE = "SELECT id FROM unnest({}::int[]) AS id WHERE pg_try_advisory_xact_lock(73, id)"
BESIDE = _EACH.format(how="_shared", kind=71)


def one_writer_per_source(session: Session, source_ids: Sequence[int]) -> None:
    """Until commit nobody else takes in alerts of these sources: what is read about them stays true while deciding."""
    if is_postgres(session):
        bulk.ask(session, _SOURCES, list(source_ids))


def beside_others(session: Session, source_ids: Sequence[int]) -> bool:
    """Until commit nobody holds the above for these sources, but any number hold this one: what they add is all new.

    False where there is no such thing, since only one writes.
    """
    if is_postgres(session):
        bulk.ask(session, BESIDE, list(source_ids))
    return is_postgres(session)


def one_at_a_time(session: Session, person_ids: Sequence[int]) -> None:
    """Until commit nobody else decides how many messages these people get: two workers would each count too few."""
    if is_postgres(session):
        bulk.ask(session, _PEOPLE, sorted(person_ids))


def whose_turn_is_free(session: Session, person_ids: Sequence[int]) -> set[int]:
    """The same, of those for whom it need not be waited."""
    if is_postgres(session):
        return {row[0] for row in bulk.select_plain(session, _FREE, sorted(person_ids))}
    return set(person_ids)


def one_note_at_a_time(session: Session, account: str) -> None:
    """Until commit nobody else counts whom the notes of this author told."""
    if is_postgres(session):
        bulk.ask(session, "SELECT pg_advisory_xact_lock(75, hashtext({}))", account)


def one_line_at_a_time(session: Session) -> None:
    """Until commit nobody else adds to the audit log: each of its rows is chained to the one before."""
    if is_postgres(session):
        bulk.ask(session, "SELECT pg_advisory_xact_lock(74)")


def wait_briefly(session: Session) -> None:
    """Until commit a row that somebody else holds is waited for no longer than any of ours is held in good times."""
    if is_postgres(session):
        session.execute(text("SET LOCAL lock_timeout = 50"))


def is_held(problem: Exception) -> bool:
    """Somebody held a row or a table of PostgreSQL for longer than we wait; others can be written meanwhile."""
    return isinstance(problem, DBAPIError) and db.is_held(problem)
