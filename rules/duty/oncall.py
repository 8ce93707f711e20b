"""Who is on call: layers of rotations by the wall clock of the schedule's time zone, through every change of it.

Turns begin at start, start + every, start + 2 * every …, all of them local times (times/walltime.py). So turns never
overlap and leave nothing out; a turn that lies within a gap as a whole takes no time. The last layer that has somebody
at a moment decides, as in PagerDuty, and the last override before any layer; one of somebody who has left decides
nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from rules.schedules import EVERY_DAY, Hours, Layer, Override, Schedule
from rules.times.calendars import Calendar, Span, named
from rules.times.walltime import moment_of, zone_of
from rules.words import Directory

_EVERY = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=366)
_LOOKS = (timedelta(days=8), timedelta(days=40), timedelta(days=400))  # for the next hand-over


@dataclass(frozen=True, slots=True)
class Shift:
    """A time in which nothing changes: one turn of one person, or of nobody."""

    starts: datetime
    ends: datetime
    who: str | None  # e-mail address
    override: int = 0  # its id, where one decides
    source: Any = None  # what tells this turn from the next one, even of the same person


def period(every: str) -> timedelta:
    """How long a turn is by the clock on the wall: "12h", "1d", "2w"."""
    found = _EVERY.fullmatch(every)
    span = int(found[1]) * _UNIT[found[2]] if found else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise ValueError(f"{every[:40]!r} is not a rotation; write it like 12h, 1d or 1w, a year at most")
    return span


def on_call(schedule: Schedule, at: datetime) -> str | None:
    """The e-mail address of who is on call at that moment."""
    return _standing(schedule, at)[0]


def overridden(schedule: Schedule, at: datetime) -> int:
    """The id of the override that decides at that moment; 0 where the layers do."""
    return next((one.id for one in reversed(schedule.overrides) if one.starts <= at < one.holds_until), 0)


def passed_over(schedule: Schedule, at: datetime) -> str | None:
    """Who would stand in at that moment, had they not left."""
    now = [one for one in schedule.overrides if one.starts <= at < one.ends]
    return now[-1].who if now and at >= now[-1].holds_until else None


def without_leavers(schedule: Schedule, people: Collection[str], left: Mapping[str, datetime]) -> Schedule:
    """With the overrides marked of whoever is not among these people any more, from when they left, if that is known.

    What was before that stays as it was.
    """
    marked = tuple(
        one if one.who in people else replace(one, left=left.get(one.who, one.starts)) for one in schedule.overrides
    )
    return replace(schedule, overrides=marked)


def _standing_in(schedule: Schedule) -> list[Override]:
    return [one for one in schedule.overrides if one.starts < one.holds_until]


def to_come(schedule: Schedule, at: datetime) -> list[Layer]:
    """Its layers without those that are over."""
    zone = zone_of(schedule.timezone)
    return [one for one in schedule.layers if one.until is None or moment_of(one.until, zone) > at]


def next_handover(schedule: Schedule, at: datetime) -> datetime | None:
    """The next moment, in UTC, from which somebody else is on call; None if that does not come."""
    now, begin = on_call(schedule, at), at
    for look in _LOOKS:
        for moment in _edges(schedule, begin, at + look, turns=False):
            if on_call(schedule, moment) != now:
                return moment
        begin = at + look
    late = (moment for moment in _first_moments(schedule) if moment >= begin)
    return next((moment for moment in sorted(late) if on_call(schedule, moment) != now), None)


def _first_moments(schedule: Schedule) -> Iterator[datetime]:
    """When each layer and each override begins: the next hand-over may be the first of all, years ahead."""
    for layer in schedule.layers:
        yield from [duty.starts for duty in layer.duties]
        if not layer.ical:
            yield moment_of(layer.start, zone_of(schedule.timezone))
    for override in _standing_in(schedule):
        yield override.starts


def shifts(schedule: Schedule, begin: datetime, end: datetime) -> list[Shift]:
    """The whole time from begin to end, without a gap or an overlap; where nobody is on call, a shift of nobody."""
    found: list[Shift] = []
    for moment in _edges(schedule, begin, end):
        who, override, source = _standing(schedule, moment)
        last = found[-1] if found else None
        if last is None or (last.who, last.override, last.source) != (who, override, source):
            found.append(Shift(moment, end, who, override, source))
    ends = [one.starts for one in found[1:]] + [end]
    return [replace(one, ends=until) for one, until in zip(found, ends, strict=True)]


def shifts_of(schedule: Schedule, who: str, begin: datetime, end: datetime) -> list[Shift]:
    """When this person is on call."""
    return [one for one in shifts(schedule, begin, end) if one.who == who]


def is_whole_of(schedule: Schedule, who: str, begin: datetime, end: datetime) -> bool:
    """Whether nobody but this person is on call in that time."""
    return begin < end and all(one.who == who for one in shifts(schedule, begin, end))


def gaps(schedule: Schedule, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When nobody is on call, of the times in which somebody has to be."""
    found: list[tuple[datetime, datetime]] = []
    for one in shifts(schedule, begin, end):
        if one.who is None:
            for starts, ends in _to_cover(schedule, one.starts, one.ends):
                goes_on = bool(found) and found[-1][1] == starts
                found.append((found.pop()[0] if goes_on else starts, ends))
    return found


def is_gap(schedule: Schedule, at: datetime) -> bool:
    """Whether nobody is on call though somebody has to be."""
    return on_call(schedule, at) is None and (schedule.covered is None or schedule.covered.holds(at))


def bound(schedule: Schedule, calendars: Mapping[str, Calendar]) -> Schedule:
    """The schedule with the calendars it names. One that the book does not have restricts nothing: better a call too
    many than nobody."""
    layers = tuple(replace(one, during=named(one.when, calendars)) if one.when else one for one in schedule.layers)
    return replace(schedule, layers=layers, covered=named(schedule.covers, calendars))


def all_bound(directory: Directory, calendars: Mapping[str, Calendar]) -> Directory:
    if not any(one.covers or any(layer.when for layer in one.layers) for one in directory.schedules.values()):
        return directory
    named_ones = {name: bound(schedule, calendars) for name, schedule in directory.schedules.items()}
    return replace(directory, schedules=named_ones)


def _to_cover(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    hours = schedule.covered
    if hours is None:
        yield begin, end
        return
    edges = sorted({begin, *(one for one in hours.edges(begin, end) if begin < one < end)})
    for starts, ends in zip(edges, [*edges[1:], end], strict=True):
        if hours.holds(starts):
            yield starts, ends


def _standing(schedule: Schedule, at: datetime) -> tuple[str | None, int, object]:
    """Who, by which override, and by which turn of which layer."""
    for override in reversed(schedule.overrides):
        if override.starts <= at < override.holds_until:
            return override.who, override.id, override.starts
    zone = zone_of(schedule.timezone)
    for number in range(len(schedule.layers) - 1, -1, -1):
        found = _of_layer(schedule.layers[number], zone, at)
        if found is not None:
            return found[0], 0, (number, found[1])
    return None, 0, None


def _of_layer(layer: Layer, zone: ZoneInfo, at: datetime) -> tuple[str, object] | None:
    if layer.ical:
        held = (one for one in reversed(layer.duties) if one.starts <= at < one.ends)
        return next(((one.who, one.starts) for one in held), None)
    if not layer.members or (layer.until is not None and at >= moment_of(layer.until, zone)):
        return None
    turn = _turn(layer, zone, at)
    if turn < 0 or not all(hours.holds(at) for hours in _hours(layer, zone)):
        return None
    return layer.members[turn % len(layer.members)], turn


def _hours(layer: Layer, zone: ZoneInfo) -> list[Hours]:
    own: list[Hours] = []
    if layer.hours or layer.days != EVERY_DAY:
        own.append(_calendar(zone.key, layer.days, layer.hours))
    return [*own, layer.during] if layer.during is not None else own


@lru_cache(maxsize=500)
def _calendar(zone: str, days: frozenset[int], hours: tuple[tuple[int, int], ...]) -> Calendar:
    return Calendar("", zone, days, tuple(Span(*one) for one in hours) or (Span(0, 24 * 60),))


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


def _edges(schedule: Schedule, begin: datetime, end: datetime, *, turns: bool = True) -> list[datetime]:
    """Begin, and every moment before end at which somebody else may begin; `turns`: and each turn even of the same."""
    zone = zone_of(schedule.timezone)
    found = {begin.astimezone(UTC)}
    for override in _standing_in(schedule):
        found |= {override.starts.astimezone(UTC), override.holds_until.astimezone(UTC)}
    for layer in schedule.layers:
        found.update(_edges_of(layer, zone, begin, end, turns=turns))
    return sorted(moment for moment in found if begin <= moment < end)


def _edges_of(layer: Layer, zone: ZoneInfo, begin: datetime, end: datetime, *, turns: bool) -> Iterator[datetime]:
    if layer.ical:
        for duty in layer.duties:
            yield duty.starts
            yield duty.ends
        return
    if not layer.members:
        return
    if layer.until is not None:
        yield moment_of(layer.until, zone)
    for hours in _hours(layer, zone):
        yield from hours.edges(begin, end)
    if turns or len(set(layer.members)) > 1:
        yield from _beginnings(layer, zone, begin, end)
    else:
        yield moment_of(layer.start, zone)


def _beginnings(layer: Layer, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    every = period(layer.every)
    turn = max(0, _turn(layer, zone, begin) + 1)
    while (moment := moment_of(layer.start + turn * every, zone)) < end:
        yield moment
        turn += 1
