"""What a schedule is made of: layers of rotations or of imported calendars, and overrides. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

EVERY_DAY = frozenset(range(7))


class Hours(Protocol):
    """Named times, open or closed (rules/times/calendars.py has them)."""

    def holds(self, moment: datetime) -> bool: ...

    def edges(self, begin: datetime, end: datetime) -> Iterable[datetime]:
        """All moments of that time at which it may open or close, and maybe others."""
        ...


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody's time in an imported calendar."""

    starts: datetime
    ends: datetime
    who: str  # e-mail address


@dataclass(frozen=True, slots=True)
class Layer:
    """One rotation of a schedule: from start on, each member in turn for one period, by the schedule's wall clock.

    Outside its days and hours it leaves the time to the layers before it. One with `ical` is an imported calendar.
    """

    start: datetime  # naive: local time of the schedule's zone
    every: str  # "12h", "1d", "1w"
    members: tuple[str, ...]  # e-mail addresses, in turn
    until: datetime | None = None  # naive
    days: frozenset[int] = EVERY_DAY  # 0 is Monday
    hours: tuple[tuple[int, int], ...] = ()  # minutes since midnight; none: the whole day
    when: str = ""  # a calendar of the rule book, or "not " and its name
    during: Hours | None = field(default=None, compare=False)  # that calendar, once the book is known
    ical: str = ""  # the address of a calendar, or the calendar itself; in the directory the key it is kept by
    duties: tuple[Duty, ...] = field(default=(), compare=False)  # what stands in it, in order


@dataclass(frozen=True, slots=True)
class Override:
    """This person from then to then, whatever the layers say."""

    starts: datetime
    ends: datetime
    who: str  # e-mail address
    id: int = 0
    left: datetime | None = None  # when whoever should stand in left: from then on the layers decide

    @property
    def holds_until(self) -> datetime:
        return self.ends if self.left is None else min(self.ends, self.left)


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    timezone: str
    layers: tuple[Layer, ...]
    team: str = ""
    id: int = 0
    covers: str = ""  # when somebody has to be on call, a calendar as in Layer.when; empty: always
    covered: Hours | None = field(default=None, compare=False)  # that calendar
    overrides: tuple[Override, ...] = field(default=(), compare=False)  # in the order in which they were made
