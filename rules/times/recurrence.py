"""When something comes again: RRULE (RFC 5545) by the wall clock of a zone, each time for its full length."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import islice

from dateutil.rrule import rrule, rrulestr

from rules.times.walltime import moment_of

Span = tuple[datetime, datetime]
AHEAD = timedelta(days=3 * 366)  # a rule that has no time within three years has none
KEPT = 50  # spans reckoned ahead
LONG_AGO = timedelta(days=3653)
_CYCLES = 19 * 400  # years: the calendar repeats itself every 400
_INTERVAL = range(1, 1000)
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
_PARTS = {"FREQ", "INTERVAL", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
_FREQ = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=14)
_TEXT = 300


def read_rule(text: str) -> str:
    """The rule as it is kept; raises ValueError with a sentence. Empty: once."""
    rule = text.strip().upper().removeprefix("RRULE:")
    parts = rule.split(";") if rule else []
    found = [_PART.fullmatch(part) for part in parts]
    named = {one[1]: one[2] for one in found if one}
    if not all(found) or len(named) != len(parts) or len(rule) > _TEXT:
        raise ValueError(f"cannot read the rule {text[:60]!r}; write it like FREQ=WEEKLY;BYDAY=TU")
    if unknown := sorted(named.keys() - _PARTS):
        raise ValueError(f"{unknown[0]} is not supported in a rule: it knows {', '.join(sorted(_PARTS))}")
    if named and named.get("FREQ") not in _FREQ:
        raise ValueError(f"the rule must say FREQ, one of {', '.join(sorted(_FREQ))}")
    if not named.get("INTERVAL", "1").isdecimal() or int(named.get("INTERVAL", "1")) not in _INTERVAL:
        raise ValueError(f"INTERVAL is a number from {_INTERVAL.start} to {_INTERVAL.stop - 1}")
    if rule:
        _rule(rule, datetime(2026, 1, 1))  # noqa: DTZ001 - a time of a wall clock
    return rule


def read_start(text: str) -> datetime:
    """A time of the wall clock, to the minute."""
    try:
        start = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a time; write it like 2027-03-02T02:00") from None
    if start.tzinfo is not None or not 1970 <= start.year <= 2200:
        raise ValueError("the start is a time of the wall clock, without an offset; the zone is given by itself")
    return start.replace(second=0, microsecond=0)


def check_length(length: timedelta) -> None:
    if not _SHORTEST <= length <= _LONGEST:
        raise ValueError(f"a window lasts a minute at least and {_LONGEST.days} days at most")


def spans(rule: str, start: datetime, length: timedelta, zone: tzinfo, now: datetime) -> tuple[Span, ...]:
    """The times that have not ended, the present one first. `start` is the first time, by the wall clock.

    They are reckoned on the wall and then become moments: at a change of the clock each comes once, and lasts as long
    as ever.
    """
    if not rule:
        begins = moment_of(start, zone)
        return ((begins, begins + length),) if begins + length > now else ()
    wall = now.astimezone(zone).replace(tzinfo=None)
    walls = _rule(rule, start, wall + AHEAD).xafter(_later(wall - length - timedelta(days=1)), inc=True)
    moments = ((begins, begins + length) for begins in (moment_of(_earlier(one), zone) for one in walls))
    return tuple(islice((span for span in moments if span[1] > now), KEPT))


def times(rule: str, start: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
    """The local times of a rule from first to before last; unlike a window's, it may say COUNT. Raises ValueError."""
    parts = rule.strip().upper().removeprefix("RRULE:").split(";")
    counts = [part for part in parts if part.startswith("COUNT=")]
    kept = read_rule(";".join(part for part in parts if part not in counts))
    number = counts[0].removeprefix("COUNT=") if counts else ""
    if counts and not (number.isdecimal() and len(number) < 6):
        raise ValueError("COUNT is a number")
    if first - start > LONG_AGO:  # each time since then would have to be counted
        raise ValueError("it begins more than ten years before the time that is looked at")
    found = _rule(kept, start, last)
    walls = islice(found, int(number)) if number else found.xafter(_later(first), inc=True)
    yield from (wall for wall in map(_earlier, walls) if first <= wall < last)


def _rule(rule: str, start: datetime, until: datetime | None = None) -> rrule:
    """The library searches until the year 9999 for the 30th of February: it is given a calendar that ends sooner."""
    named = dict(part.split("=") for part in rule.split(";"))
    if ends := named.pop("UNTIL", ""):
        own = _until(ends)
        until = own if until is None else min(own, until)
    text = ";".join(f"{name}={value}" for name, value in named.items())
    try:
        found = rrulestr(text, dtstart=_later(start))
    except (ValueError, TypeError, KeyError, IndexError) as problem:
        raise ValueError(f"the rule {rule[:60]!r} cannot be understood: {problem}") from problem
    assert isinstance(found, rrule)
    return found.replace(until=_later(until or start))


def _later(wall: datetime) -> datetime:
    return wall.replace(year=wall.year + _CYCLES)


def _earlier(wall: datetime) -> datetime:
    return wall.replace(year=wall.year - _CYCLES)


def _until(text: str) -> datetime:
    """Of the wall clock too: nobody writes when a weekly window ends in UTC, and a day more or less is no harm."""
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - see above
        except ValueError:
            continue
        if found.year > 2300:
            break
        return found if "T" in text else found + timedelta(days=1, seconds=-1)
    raise ValueError(f"{text[:40]!r} is not an UNTIL; write it like 20271231")
