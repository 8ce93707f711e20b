"""The calendars of the rule book as the settings show them: when each is open, and the next days that are different."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dashboard.reader import Reader
from rules.times import public_holidays
from rules.times.calendars import WHOLE_DAY, Calendar, Span, contains
from rules.times.walltime import zone_of

NEXT = 3  # days that are named
AHEAD = 366


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    open: bool
    days: str
    hours: str
    zone: str
    holidays: str  # the codes of countries
    coming: list[tuple[str, str]]  # the next days that are different, and why


def row(one: Calendar, now: datetime, reader: Reader) -> Row:
    return Row(
        one.name, contains(one, now), _days(one.days, reader), _hours(one.hours, reader), one.timezone,
        ", ".join(one.holidays), _coming(one, now, reader),
    )  # fmt: skip


def _days(days: Iterable[int], reader: Reader) -> str:
    """Mon–Fri where they follow each other, else one by one."""
    names, found = reader.say("Mon Tue Wed Thu Fri Sat Sun").split(), sorted(days)
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{names[found[0]]}–{names[found[-1]]}"
    return ", ".join(names[day] for day in found)


def _hours(hours: tuple[Span, ...], reader: Reader) -> str:
    if hours == WHOLE_DAY:
        return reader.say("the whole day")
    return ", ".join(f"{_clock(one.begin)}–{_clock(one.end)}" for one in hours)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _coming(one: Calendar, now: datetime, reader: Reader) -> list[tuple[str, str]]:
    zone = zone_of(one.timezone)
    today = now.astimezone(zone).date()
    found: dict[date, str] = {}
    for year in (today.year, today.year + 1):
        for code in one.holidays:
            found |= dict.fromkeys(public_holidays.of_year(code, year), code)
    found |= {day: reader.say("a day off") for day in one.days_off}
    found |= {day: _hours(hours, reader) for day, hours in one.short_days.items()}
    near = sorted(day for day in found if today <= day < today + timedelta(days=AHEAD))
    return [(reader.day(datetime.combine(day, time(), zone)), found[day]) for day in near[:NEXT]]
