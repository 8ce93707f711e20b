"""Fills an empty database with the demo data, once, in one transaction: all of it or nothing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import sources
from gateway.demo import cast, desk, history, notices, present, quiet
from gateway.demo.mark import FACT
from gateway.demo.providers import Providers
from gateway.demo.staff import Staff
from gateway.demo.stage import Stage
from gateway.demo.story import MOSCOW, SOURCES
from gateway.rulebook import shelf
from gateway.store.db import transaction, upsert
from gateway.store.directory import people as people_store
from gateway.store.senders import sources as source_store
from gateway.store.tables import Fact, Incident, OverrideRow, PersonRow, ScheduleRow, Source, TeamRow
from gateway.world import World
from rules import book

SEED = 2026
DAYS = history.DAYS
BOOK = Path(__file__).parents[2] / "rules/demo"
REAL = {"people": PersonRow, "teams": TeamRow, "schedules": ScheduleRow, "sources": Source, "incidents": Incident}
OWN_SOURCE = 1  # our own source is in every database


class Filled(StrEnum):
    NOW = "now"
    BEFORE = "before"


class RealData(Exception):
    """The database holds what is nobody's invention; the text says what."""


def fill(world: World, now: datetime, seed: int = SEED, days: int = DAYS) -> Filled:
    """`now` is the present of the demo: its days end there. Raises RealData."""
    rules = book.parse(shelf.read(BOOK))
    with transaction() as session:
        if session.get(Fact, FACT) is not None:
            return Filled.BEFORE
        if found := _real(session):
            counted = ", ".join(f"{what}: {number}" for what, number in found.items())
            raise RealData(f"the database is not empty ({counted})")
        mark = upsert(session, Fact, [{"key": FACT, "value": str(seed), "at": now}]).on_conflict_do_nothing()
        if session.execute(mark.returning(Fact.key)).first() is None:  # another process was quicker
            return Filled.BEFORE
        begins = now - timedelta(days=days)
        notices.publish(session, now)
        people_store.import_people(session, cast.people(now), world.vault, begins)
        _stand_in(session, now)
        known = _make_sources(session, begins)
        staff = Staff(now - history.ENDED)
        stage = Stage(session, world, rules, Providers(seed, now), known, begins, staff.react, staff.opened)
        told = (*history.stories(seed, now), *desk.stories(seed, now), *present.stories(now))
        stage.at(now - quiet.SINCE, partial(quiet.begin, session, now - quiet.SINCE))
        stage.play([story for story in told if story.beats[0].at >= begins], now)
        source_store.touch(session, (), known.values(), now - timedelta(minutes=3))
        quiet.plan(session, now)
        return Filled.NOW


def _stand_in(session: Session, now: datetime) -> None:
    """Somebody for a night of the week that has begun, and for a day of the next."""
    numbers = {row.name: row.id for row in session.execute(select(ScheduleRow.name, ScheduleRow.id))}
    for schedule, who, starts, ends, reason in cast.stand_ins(now):
        row = OverrideRow(schedule_id=numbers[schedule], email=who, reason=reason, author=who)
        row.starts_at, row.ends_at, row.created_at = starts, ends, now - timedelta(hours=5)
        session.add(row)


def _real(session: Session) -> Mapping[str, int]:
    counted = {what: session.scalar(select(func.count()).select_from(table)) or 0 for what, table in REAL.items()}
    counted["sources"] -= OWN_SOURCE
    return {what: number for what, number in counted.items() if number > 0}


def _make_sources(session: Session, now: datetime) -> Mapping[str, int]:
    """With keys that nobody has seen; a pair of Alertmanagers is one source with two."""
    for name, kind in SOURCES.items():
        for _ in range(2 if name == MOSCOW else 1):
            source_store.create_token(session, kind, name, now, sources.names())
    rows = session.execute(select(Source.name, Source.id).where(Source.name.in_(SOURCES)))
    return {row.name: row.id for row in rows}
