"""Cron expressions of five fields: when one next comes by the wall clock of a zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from rules.times.walltime import moment_of

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, 1)},
    "weekday": {name: number for number, name in enumerate(_WEEKDAYS)},
}
_PART = re.compile(r"(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:/([0-9]{1,3}))?")
_DAYS_AHEAD = 8 * 366 + 1  # the 29th of February may be eight years away
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either: bool  # both day and weekday are restricted: one of the two is enough, as cron has it

    def on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        fits = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return any(fits) if self.either else all(fits)


def read_cron(text: str) -> Cron:
    """Raises ValueError with a sentence."""
    parts = text.lower().split()
    if len(parts) != len(_FIELDS) or len(text) > _LONGEST:
        raise ValueError(f'{text[:40]!r} is no cron expression; write five fields, like "0 3 * * *"')
    found = [_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    weekdays = frozenset(day % 7 for day in found[4])
    restricted = not parts[2].startswith("*") and not parts[4].startswith("*")
    cron = Cron(tuple(sorted(found[0])), tuple(sorted(found[1])), found[2], found[3], weekdays, restricted)
    if _next_wall(cron, datetime(2023, 3, 1)) is None:  # noqa: DTZ001 - by the wall clock
        raise ValueError(f"{text[:40]!r} never comes")
    return cron


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"the {name} {text[:20]!r} cannot be read")
        first, last, step = match.groups()
        begin = low if first == "*" else _number(first, name, low, high)
        end = _number(last, name, low, high) if last else (high if first == "*" or step else begin)
        if begin > end or (first == "*" and last) or step in ("0", "00", "000"):
            raise ValueError(f"the {name} {text[:20]!r} cannot be read")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int) -> int:
    number = _NAMES.get(name, {}).get(text, int(text) if text.isdecimal() and len(text) < 4 else -1)
    if not low <= number <= high:
        raise ValueError(f"the {name} {text[:20]!r} is not between {low} and {high}")
    return number


def next_time(cron: Cron, after: datetime, zone: tzinfo) -> datetime:
    """The first moment after `after`, in UTC. A time that the clock skips comes after the gap, one it repeats once."""
    wall = after.astimezone(zone).replace(tzinfo=None)
    while True:
        found = _next_wall(cron, wall)
        assert found is not None, "read_cron has seen one"
        moment = moment_of(found, zone)
        if moment > after:
            return moment
        wall = found


def _next_wall(cron: Cron, after: datetime) -> datetime | None:
    day = after.date()
    for _ in range(_DAYS_AHEAD):
        if cron.on(day):
            times = (datetime.combine(day, time(hour, minute)) for hour in cron.hours for minute in cron.minutes)
            if (found := next((one for one in times if one > after), None)) is not None:
                return found
        day += timedelta(days=1)
    return None
