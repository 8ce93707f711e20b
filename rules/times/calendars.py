"""Named times: whether a calendar is open at a moment, why, and when it opens next. Pure; right in every time zone.

Hours are times of the wall clock (walltime.py); those that end at or before they begin go on over midnight and
belong to the day on which they begin. What says when work is says by the same words when it is not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from rules.texts import reasons
from rules.times import public_holidays
from rules.times.walltime import moment_of, zone_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
AHEAD = 800  # days in which a next opening is looked for: a calendar that stays closed for longer never opens


class Why(StrEnum):
    """What decides about a day or a moment."""

    HOURS = "hours"  # an ordinary day: its hours decide
    WEEKDAY = "weekday"  # no day of the week that the calendar has
    HOLIDAY = "holiday"
    DAY_OFF = "day off"
    SHORT_DAY = "short day"  # hours of its own


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of one day, in minutes since midnight by the wall clock."""

    begin: int
    end: int

    @property
    def overnight(self) -> bool:
        return self.end <= self.begin

    def moments(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Begin and end in UTC, where they begin on this day."""
        midnight = datetime.combine(day, time())
        end = self.end + 24 * 60 if self.overnight else self.end
        return (
            moment_of(midnight + timedelta(minutes=self.begin), zone),
            moment_of(midnight + timedelta(minutes=end), zone),
        )


WHOLE_DAY = (Span(0, 24 * 60),)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named time of the rule book, as it is written there."""

    name: str
    timezone: str
    days: frozenset[int] = frozenset(range(7))  # 0 is Monday
    hours: tuple[Span, ...] = WHOLE_DAY
    holidays: tuple[str, ...] = ()
    days_off: frozenset[date] = frozenset()
    short_days: Mapping[date, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))
    place: str = field(default="", compare=False)  # file:line: path

    def holds(self, moment: datetime) -> bool:
        return contains(self, moment)

    def edges(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """All moments of that time at which it may open or close, and others around it."""
        zone = zone_of(self.timezone)
        day = begin.astimezone(zone).date() - DAY
        while day <= end.astimezone(zone).date():
            for span in _day(self, day)[1]:
                yield from span.moments(day, zone)
            day += DAY


@dataclass(frozen=True, slots=True)
class Outside:
    """All the times at which a calendar is closed."""

    calendar: Calendar

    def holds(self, moment: datetime) -> bool:
        return not contains(self.calendar, moment)

    def edges(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        return self.calendar.edges(begin, end)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a calendar stood at a moment, and why: part of the answer to "why was I called?"."""

    calendar: str
    open: bool
    why: Why
    wall: datetime  # by the calendar's clock
    timezone: str
    holiday: str = ""  # its name

    @property
    def local(self) -> str:
        return f"{DAYS[self.wall.weekday()].capitalize()} {self.wall:%Y-%m-%d %H:%M}"

    def as_text(self) -> str:
        return reasons.time_line(self.as_data())

    def as_data(self) -> dict[str, Any]:
        return {
            "calendar": self.calendar,
            "open": self.open,
            "why": self.why.value,
            "local": f"{self.wall:%Y-%m-%d %H:%M}",
            "timezone": self.timezone,
            "holiday": self.holiday,
        }


def named(text: str, calendars: Mapping[str, Calendar]) -> Calendar | Outside | None:
    """The calendar of that name, or the times outside it where "not " stands before it; None if there is none."""
    calendar = calendars.get(text.removeprefix("not ").strip())
    return Outside(calendar) if calendar is not None and text.startswith("not ") else calendar


def contains(calendar: Calendar, moment: datetime) -> bool:
    """Whether the calendar is open at that moment."""
    return standing(calendar, moment).open


def standing(calendar: Calendar, moment: datetime) -> Standing:
    """The same, with the reason: that of the day before where its hours go on past midnight."""
    zone = zone_of(calendar.timezone)
    wall = moment.astimezone(zone)
    today = wall.date()
    why, spans = _day(calendar, today)
    is_open = _holds(spans, today, moment, zone)
    if not is_open:
        before, earlier = _day(calendar, today - DAY)
        is_open = _holds([span for span in earlier if span.overnight], today - DAY, moment, zone)
        why = before if is_open else why
    holiday = _holiday(calendar, today) if why is Why.HOLIDAY else ""
    return Standing(calendar.name, is_open, why, wall, calendar.timezone, holiday)


def next_opening(calendar: Calendar, moment: datetime) -> datetime | None:
    """The first moment from this one on, in UTC, at which it is open: this one itself if it is; None if never."""
    if contains(calendar, moment):
        return moment.astimezone(UTC)
    zone = zone_of(calendar.timezone)
    first = moment.astimezone(zone).date()
    for ahead in range(AHEAD):
        day = first + ahead * DAY
        hours = (span.moments(day, zone) for span in _day(calendar, day)[1])
        begins = [begin for begin, end in hours if moment < begin < end]
        if begins:
            return min(begins)
    return None


def _holds(spans: Iterable[Span], day: date, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether hours that begin on this day hold the moment."""
    return any(begin <= moment < end for begin, end in (span.moments(day, zone) for span in spans))


def _day(calendar: Calendar, day: date) -> tuple[Why, tuple[Span, ...]]:
    """The hours that begin on this day, and what said so. A day that is named has the last word."""
    short = calendar.short_days.get(day)
    if short is not None:
        return Why.SHORT_DAY, short
    if day in calendar.days_off:
        return Why.DAY_OFF, ()
    if _holiday(calendar, day):
        return Why.HOLIDAY, ()
    if day.weekday() not in calendar.days:
        return Why.WEEKDAY, ()
    return Why.HOURS, calendar.hours


def _holiday(calendar: Calendar, day: date) -> str:
    names = (public_holidays.name_of(code, day) for code in calendar.holidays)
    return next((name for name in names if name), "")
