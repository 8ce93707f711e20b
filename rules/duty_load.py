"""How much each person is on call: hours, nights, weekends. Pure; by today's schedule and the overrides kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.oncall import shifts
from rules.schedules import Schedule
from rules.walltime import moment_of

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
                zone = ZoneInfo(zones.get(one.who, schedule.timezone))
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
