"""What the pages of on call show beside the directory of people, one query a question."""

from collections.abc import Sequence
from datetime import datetime

from gateway.store import calendars, shifts
from gateway.store.db import db
from gateway.store.tables import CalendarFeed, ImportedCalendar, OverrideRow, SwapRow
from gateway.world import world
from rules.words import Directory


def directory() -> Directory:
    return world().roll.current(db.session())


def overrides(now: datetime) -> Sequence[OverrideRow]:
    """That are in force or to come."""
    return shifts.listed(db.session(), now)


def swaps(email: str, now: datetime) -> Sequence[SwapRow]:
    """That this person asked for or was asked for."""
    return shifts.swaps(db.session(), email, now)


def feed_of_person(person_id: int) -> CalendarFeed | None:
    return calendars.feed_of(db.session(), person_id=person_id)


def feed_of_schedule(schedule_id: int) -> CalendarFeed | None:
    return calendars.feed_of(db.session(), schedule_id=schedule_id)


def imported(schedule_id: int) -> Sequence[ImportedCalendar]:
    return calendars.imported_of(db.session(), schedule_id)
