"""Who is on call: layers of rotations by the wall clock of the schedule's time zone, through every change of it.

Turns begin at start, start + every, start + 2 * every …, all of them local times (rules/walltime.py). So turns never
overlap and leave nothing out; a turn that lies within a gap as a whole takes no time.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from rules.walltime import moment_of
from rules.words import Layer, Schedule

_EVERY = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=366)


def period(every: str) -> timedelta:
    """How long a turn is by the clock on the wall: "12h", "1d", "2w"."""
    found = _EVERY.fullmatch(every)
    span = int(found[1]) * _UNIT[found[2]] if found else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise ValueError(f"{every[:40]!r} is not a rotation; write it like 12h, 1d or 1w, a year at most")
    return span


def on_call(schedule: Schedule, at: datetime) -> str | None:
    """The e-mail address of who is on call at that moment. The last layer that has begun decides, as in PagerDuty."""
    zone = ZoneInfo(schedule.timezone)
    for layer in reversed(schedule.layers):
        turn = _turn(layer, zone, at)
        if layer.members and turn >= 0:
            return layer.members[turn % len(layer.members)]
    return None


def next_handover(schedule: Schedule, at: datetime) -> datetime | None:
    """The next moment, in UTC, from which somebody else is on call; None if that never comes."""
    now = on_call(schedule, at)
    zone = ZoneInfo(schedule.timezone)
    moments = sorted(moment for layer in schedule.layers for moment in _beginnings_after(layer, zone, at))
    return next((moment for moment in moments if on_call(schedule, moment) != now), None)


def _turn(layer: Layer, zone: tzinfo, at: datetime) -> int:
    """The number of the turn at that moment: the last whose beginning has come; negative before the first."""
    every = period(layer.every)
    turn = (at.astimezone(zone).replace(tzinfo=None) - layer.start) // every
    # Around a change of the clock the wall is a little ahead or behind of what has happened: at most a few turns.
    while moment_of(layer.start + (turn + 1) * every, zone) <= at:
        turn += 1
    while moment_of(layer.start + turn * every, zone) > at:
        turn -= 1
    return turn


def _beginnings_after(layer: Layer, zone: tzinfo, at: datetime) -> Iterator[datetime]:
    """As many of the next beginnings as it takes for everybody to have had a turn."""
    every = period(layer.every)
    first = max(0, _turn(layer, zone, at) + 1)
    for turn in range(first, first + len(layer.members) + 1):
        yield moment_of(layer.start + turn * every, zone)
