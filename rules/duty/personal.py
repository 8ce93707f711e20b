"""How one person wants to be told: which way when, quiet hours, and the floor below which nobody may go. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from rules.texts.durations import parse_duration, write_duration
from rules.times.walltime import is_zone, moment_of, zone_of
from rules.ways import Quiet, Way, Wish
from rules.words import Person

LONGEST = timedelta(hours=1)  # between the first way and the last
FLOOR_WITHIN = timedelta(minutes=3)  # a way that the class insists on comes by then
INTERRUPTING = (Way.VOICE, Way.PUSH, Way.SMS)  # an e-mail wakes nobody
_WISH = re.compile(r"(voice|push|sms|email)(?:\s+after\s+(\S+))?")
_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


class Why(StrEnum):
    """Why a way is told when it is."""

    OWN = "as their own rules say"
    MISSING = "the class insists on it and their own rules leave it out"
    LATE = "the class insists on it sooner than their own rules"


@dataclass(frozen=True, slots=True)
class Timed:
    """One way, and how long after the step begins."""

    way: Way
    after: timedelta
    why: Why


def plan(wishes: Sequence[Wish], floor: Iterable[Way]) -> tuple[Timed, ...]:
    """The ways in order of time: the person's, and those of the floor at the latest `FLOOR_WITHIN` after the first.

    The first is told at once whatever was wished: a step begins with somebody being told. One that the wishes leave
    out comes at once too, as it does for whoever has no rules.
    """
    insisted = tuple(floor)
    found: dict[Way, Timed] = {}
    for number, wish in enumerate(sorted(wishes, key=lambda one: one.after)):
        after = wish.after if number else timedelta()
        late = wish.way in insisted and after > FLOOR_WITHIN
        found.setdefault(wish.way, Timed(wish.way, FLOOR_WITHIN if late else after, Why.LATE if late else Why.OWN))
    for way in insisted:
        found.setdefault(way, Timed(way, timedelta(), Why.MISSING))
    return tuple(sorted(found.values(), key=lambda one: one.after))


def quiet_until(person: Person, at: datetime) -> datetime | None:
    """The end of the person's quiet hours, by the wall clock where they are; None outside of them."""
    quiet = person.quiet
    if quiet is None or quiet.start == quiet.end:
        return None
    if not is_zone(person.timezone):  # rather told at night than never
        return None
    zone = zone_of(person.timezone)
    local = at.astimezone(zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        begins = datetime.combine(day, quiet.start)
        last = day if quiet.start < quiet.end else day + timedelta(days=1)
        ends = moment_of(datetime.combine(last, quiet.end), zone)
        if moment_of(begins, zone) <= at < ends:
            return ends
    return None


def read_wishes(texts: Sequence[str]) -> tuple[Wish, ...]:
    """["push", "voice after 1m"] as wishes; raises ValueError with what is wrong."""
    wishes = tuple(_wish(text) for text in texts)
    ways = [one.way for one in wishes]
    if len(set(ways)) != len(ways):
        raise ValueError("names a way twice")
    if wishes and wishes[0].after:
        raise ValueError("the first way is told at once: write it without 'after'")
    if any(one.after > other.after for one, other in pairwise(wishes)):
        raise ValueError("the ways stand in the order in which they are told")
    return wishes


def _wish(text: str) -> Wish:
    found = _WISH.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:40]!r} is no way to be told; write it like push, or voice after 1m")
    after = parse_duration(found[2]) if found[2] else timedelta()
    if after > LONGEST:
        raise ValueError(f"{text[:40]!r} is later than {write_duration(LONGEST)}")
    return Wish(Way(found[1]), after)


def write_wishes(wishes: Iterable[Wish]) -> list[str]:
    return [f"{one.way} after {write_duration(one.after)}" if one.after else str(one.way.value) for one in wishes]


def read_quiet(text: str) -> Quiet | None:
    """ "22:00-07:00" as quiet hours, nothing as none; raises ValueError."""
    if not text.strip():
        return None
    found = _QUIET.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:40]!r} are no quiet hours; write them like 22:00-07:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    if (begin_hour, begin_minute) == (end_hour, end_minute):
        raise ValueError("quiet hours begin and end at different times")
    return Quiet(time(begin_hour, begin_minute), time(end_hour, end_minute))


def write_quiet(quiet: Quiet | None) -> str:
    return f"{quiet.start:%H:%M}-{quiet.end:%H:%M}" if quiet else ""
