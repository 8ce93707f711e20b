"""The sums that long reports are read from: the last 26 hours anew every five minutes, and what changed late."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from flask import Flask
from sqlalchemy import select

from gateway.flows.beside import Beside
from gateway.store.db import reading, transaction
from gateway.store.figures import reports, rollup_readings, rollups, service_days, stats
from gateway.store.figures.rollups import State
from gateway.store.figures.stats import Scope
from gateway.store.sql import bulk
from gateway.store.tables import Entry, Incident
from gateway.store.types import micros, moment
from gateway.world import World
from rules.reports.report import flat
from rules.times.walltime import zone_of

EVERY = timedelta(minutes=5)
ANEW = timedelta(hours=26)
AT_ONCE = 40  # days of the past that one turn counts; the next go on
BLOCKS_AT_ONCE = 2
GONE = timedelta(minutes=15)  # another version that has counted nothing for so long is not there any more
SHOWN = 30  # days whose figures /metrics has


@dataclass(slots=True)
class Keeper:
    """One worker's turns at it."""

    app: Flask
    world: World
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "reports")

    def start_due(self, now: datetime) -> None:
        self.beside.start("sums", EVERY, now, lambda: turn(now, zone_of(self.world.shelf.book.timezone)))


def turn(now: datetime, zone: ZoneInfo) -> None:
    """Counts what may have changed since the last turn. Made twice it changes nothing.

    While a version replaces another, the older one leaves the sums to the newer. One that does not know this yet counts
    on in its own way: once it is gone, all days are counted anew, and not each time that it has had its turn.
    """
    with reading() as session:
        states = rollups.states(session)
        newest = session.scalar(select(Entry.id).order_by(Entry.id.desc()).limit(1)) or 0
    known, silent = states.pop(rollups.FORM, None), micros(now - GONE)
    if any(form > rollups.FORM and other.built > silent for form, other in states.items()):
        return  # a newer version keeps them
    gone = {form: other for form, other in states.items() if other.built <= silent}
    seen = known.seen if known is not None else 0
    if known is None or _is_spoiled(known, zone, gone.values()):
        known = _nothing(now, zone)
    recent = _days_between(now - ANEW, now, zone)
    past = range(max(known.first, known.since - AT_ONCE), known.since)
    days = {*recent, *past, *(day for day in _touched(known, now, zone) if day >= known.since)}
    if known.built and not known.services:  # once, if the days were counted before services were
        days.update(range(max(known.since, recent[-1] - service_days.KEPT + 1), recent[-1]))
    for day in sorted(days):
        _count_day(day, now, zone)
    for week in sorted({rollups.monday(day) for day in days}):
        _count_week(week, now, zone)
    blocks = _blocks(known, days, now, zone)
    for block in blocks:
        _sum_block(block)
    since = min([known.since, *past, *(day for day in recent if day >= known.first)])
    summed = tuple(sorted({*known.blocks, *blocks}))
    state = State(since, known.first, micros(now), newest, seen, summed, services=True, zone=zone.key,
                  anew=known.anew)  # fmt: skip
    with transaction() as session:
        rollups.set_state(session, state)
        rollups.forget(session, gone)
    _show(now, zone)


def _is_spoiled(known: State, zone: ZoneInfo, gone: Iterable[State]) -> bool:
    """Of another zone every day begins elsewhere, and another version has left days of its own beside ours."""
    return known.zone not in ("", zone.key) or any(other.built > known.anew for other in gone)


def _nothing(now: datetime, zone: ZoneInfo) -> State:
    """Before the first turn. What there is begins with the first incident."""
    tomorrow = stats.day_number(now.astimezone(zone).date()) + 1
    with reading() as session:
        first = session.scalar(select(Incident.opened_at).order_by(Incident.opened_at).limit(1))
    begin = stats.day_number((first or now).astimezone(zone).date())
    return State(tomorrow, min(begin, tomorrow), 0, anew=micros(now))


def _days_between(start: datetime, end: datetime, zone: ZoneInfo) -> range:
    first, last = (stats.day_number(at.astimezone(zone).date()) for at in (start, end))
    return range(first, last + 1)


def _touched(known: State, now: datetime, zone: ZoneInfo) -> Iterable[int]:
    """Days before the last hours of which something was answered, or reported by a provider, since the last turn."""
    late = micros(now - ANEW)
    opened = (
        "SELECT DISTINCT i.id, i.opened_at FROM entry e JOIN incident i ON i.id = e.incident_id "
        "WHERE e.id > {} AND i.opened_at < {}"
    )
    told = "SELECT DISTINCT created_at FROM delivery WHERE incident_id {list} AND created_at < {}"
    with reading() as session:
        found = bulk.select_plain(session, opened, known.seen_before, late) if known.built else []
        sent = bulk.select(session, told, {row[0] for row in found}, late) if found else []
    moments = {row[1] for row in found} | {row[0] for row in sent}
    return {stats.day_number(moment(at).astimezone(zone).date()) for at in moments}


def _count_day(day: int, now: datetime, zone: ZoneInfo) -> None:
    """Read first, then written in a moment: nobody waits for the counting."""
    start = stats.date_of(day)
    scope, today = Scope(start, start + timedelta(days=1), zone), stats.day_number(now.astimezone(zone).date())
    lately = day > today - service_days.KEPT
    with reading() as session:
        found = stats.tally(session, scope, now)
        services = service_days.count(session, scope) if lately else []
    with transaction() as session:
        rollups.write_day(session, day, found)
        if lately:
            service_days.write(session, day, services)
            service_days.forget(session, today)


def _count_week(week: int, now: datetime, zone: ZoneInfo) -> None:
    start = stats.date_of(week)
    with reading() as session:
        rows = rollups.alert_rows(session, Scope(start, start + timedelta(days=rollups.WEEK), zone), micros(now))
    with transaction() as session:
        rollups.write_week(session, week, rows)


def _blocks(known: State, days: Iterable[int], now: datetime, zone: ZoneInfo) -> list[int]:
    """Those that are over: some of whose days were counted anew, and some that nobody has summed yet."""
    today = stats.day_number(now.astimezone(zone).date())
    over = range(rollups.block_of(known.first), today - rollups.BLOCK + 1, rollups.BLOCK)
    touched = {rollups.block_of(day) for day in days}
    left = [block for block in reversed(over) if block not in touched and block not in known.blocks]
    return sorted({*touched.intersection(over), *left[:BLOCKS_AT_ONCE]})


def _sum_block(block: int) -> None:
    with reading() as session:
        found = rollup_readings.days_of(session, block)
    with transaction() as session:
        rollups.write_block(session, block, found)


def _show(now: datetime, zone: ZoneInfo) -> None:
    """What /metrics says, so that nobody who scrapes it has the days counted."""
    today = now.astimezone(zone).date()
    with reading() as session:
        answer = reports.response(session, Scope(today - timedelta(days=SHOWN), today, zone), now)
    with transaction() as session:
        rollups.keep(session, rollups.FIGURES, msgspec.json.encode(flat(answer.figures)).decode(), micros(now))
