"""What the pages of on call show beside the directory of people, one query a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from gateway.acts import reminding
from gateway.store.db import db
from gateway.store.directory import calendars, shifts
from gateway.store.tables import CalendarFeed, ContactRow, Delivery, ImportedCalendar, OverrideRow, SwapRow
from gateway.world import world
from rules.checks.reach import Found
from rules.words import CHANNELS_OF_WAY, Directory, Way

LOOKED_AT, PROVEN = 200, timedelta(days=30)  # of a person's messages the newest


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


@dataclass(frozen=True, slots=True)
class Proof:
    """A way of somebody's by which something got through."""

    way: Way
    how: str  # delivered, sent (no receipt), test (seen)
    at: datetime


@dataclass(frozen=True, slots=True)
class Readiness:
    """Of people who are on call: what lacks, what was seen to work, and when they were reminded of it."""

    lacking: Mapping[str, Sequence[Found]]
    proofs: Mapping[int, Sequence[Proof]]
    reminded: Mapping[int, datetime]


def readiness(ids: Sequence[int], people: Directory, now: datetime) -> Readiness:
    session = db.session()
    lacking, reminded = reminding.lacking(session, people, now), reminding.last(session, ids, now)
    return Readiness(lacking, {one: _proofs(one, now) for one in ids}, reminded)


def _proofs(person: int, now: datetime) -> list[Proof]:
    """Of each way the newest, the newest of all first."""
    sent = select(Delivery.channel, Delivery.status, Delivery.finished_at).where(
        Delivery.person_id == person, Delivery.finished_at > now - PROVEN
    )
    found: dict[Way, Proof] = {}
    for channel, status, at in db.session.execute(sent.order_by(Delivery.finished_at.desc()).limit(LOOKED_AT)):
        if status in ("delivered", "sent") and at is not None and (way := _way(channel)):
            found.setdefault(way, Proof(way, status, at))
    seen = select(ContactRow.channel, ContactRow.seen_at).where(
        ContactRow.person_id == person, ContactRow.seen_at.is_not(None)
    )
    for channel, at in db.session.execute(seen):
        way = _way(channel)
        if way and at is not None and (way not in found or found[way].at < at):
            found[way] = Proof(way, "test", at)
    return sorted(found.values(), key=lambda one: one.at, reverse=True)


def _way(channel: str) -> Way | None:
    return next((way for way in Way if channel in CHANNELS_OF_WAY[way]), None)
