"""How much each person is on call, and how schedules are held. Pure; by today's schedule and the overrides kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from rules.duty.oncall import gaps, shifts
from rules.schedules import Schedule
from rules.times.walltime import moment_of, zone_of

NIGHT = time(3)  # whoever is on call at three has that night
WEEKEND = time(12)  # and whoever is at noon of a Saturday or a Sunday has that weekend
DAY = timedelta(days=1)


@dataclass(slots=True)
class Load:
    length: timedelta = timedelta()
    nights: set[int] = field(default_factory=set)  # days
    weekends: set[tuple[int, int]] = field(default_factory=set)  # ISO year and week

    @property
    def hours(self) -> int:
        return round(self.length.total_seconds() / 3600)


def loads(schedules: Iterable[Schedule], begin: datetime, end: datetime, zones: Mapping[str, str]) -> dict[str, Load]:
    """By e-mail address; nights and weekends are those of the person's own zone."""
    found: dict[str, Load] = {}
    for schedule in schedules:
        for one in shifts(schedule, begin, end):
            if one.who is not None:
                zone = zone_of(zones.get(one.who, schedule.timezone))
                _count(found.setdefault(one.who, Load()), (one.starts, one.ends), zone)
    return found


def _count(load: Load, span: tuple[datetime, datetime], zone: ZoneInfo) -> None:
    starts, ends = span
    load.length += ends - starts
    day = starts.astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        if starts <= moment_of(datetime.combine(day, NIGHT), zone) < ends:
            load.nights.add(day.toordinal())
        if day.weekday() >= 5 and starts <= moment_of(datetime.combine(day, WEEKEND), zone) < ends:
            load.weekends.add(day.isocalendar()[:2])
        day += DAY


@dataclass(frozen=True, slots=True)
class Cover:
    """How one schedule was held: how often it went from one person to another, and when nobody had it."""

    schedule: str
    team: str
    handovers: int
    holes: tuple[tuple[datetime, datetime], ...]

    @property
    def uncovered(self) -> timedelta:
        return sum((ends.astimezone(UTC) - starts.astimezone(UTC) for starts, ends in self.holes), timedelta())


def covers(schedules: Iterable[Schedule], begin: datetime, end: datetime) -> list[Cover]:
    """Most hours without anybody first; of the times in which somebody has to be."""
    found = []
    for one in schedules if begin < end else ():
        holders = [shift.who for shift in shifts(one, begin, end) if shift.who is not None]
        changes = sum(before != after for before, after in pairwise(holders))
        found.append(Cover(one.name, one.team, changes, tuple(gaps(one, begin, end))))
    return sorted(found, key=lambda one: (-one.uncovered, one.schedule))
