"""Times of the wall clock as moments, through every change of the clock.

A local time that does not exist (the clock was put forward over it) stands for the first moment after the gap; one that
exists twice, for the first of the two. So what ends at a local time and what begins at it never overlap and leave
nothing out.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_UTC = "UTC"


@lru_cache(maxsize=1000)  # kept for good: what was known when the program began is so though the system's list changes
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether this system knows a time zone of that name."""
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):  # unknown; a path, a directory, a name too long for the file system
        return False
    return True


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one of another system's list: a wrong hour keeps nobody from being told."""
    return _zone(name if is_zone(name) else _UTC)


def moment_of(wall: datetime, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which clocks in the zone first show this local time or, in a gap, a later one."""
    early = wall.replace(tzinfo=zone, fold=0)
    moment = early.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In a gap, fold=0 reckons with the offset before it and fold=1 with the one after: the change lies between the two.
    before, low, high = early.utcoffset(), early.replace(fold=1).astimezone(UTC), moment
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)
