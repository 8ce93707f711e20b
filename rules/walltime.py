"""Times of the wall clock as moments, through every change of the clock.

A local time that does not exist (the clock was put forward over it) stands for the first moment after the gap; one that
exists twice, for the first of the two. So what ends at a local time and what begins at it never overlap and leave
nothing out.
"""

from datetime import UTC, datetime, timedelta, tzinfo


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
