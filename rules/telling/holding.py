"""Whether what begins is held back first, and until when. Pure: what the route says, the calendars and a moment in."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rules.texts.durations import write_duration
from rules.times.calendars import Calendar, next_opening
from rules.timing import AtLeast, Hold, Phase, Timing


def hold(timing: Timing, calendars: Mapping[str, Calendar], now: datetime) -> Hold | None:
    """Whether what begins now is held back first."""
    return gathering(timing.at_least) or hold_on(timing, calendars, now)


def gathering(at_least: AtLeast | None) -> Hold | None:
    if at_least is None:
        return None
    return Hold("at_least", None, Phase.GATHERING, f"{at_least.alerts} within {write_duration(at_least.within)}")


def hold_on(timing: Timing, calendars: Mapping[str, Calendar], now: datetime) -> Hold | None:
    """The same, once enough alerts are there."""
    if found := deferred(timing, calendars, now):
        return found
    return Hold("hold_for", now + timing.hold_for) if timing.hold_for else None


def deferred(timing: Timing, calendars: Mapping[str, Calendar], now: datetime) -> Hold | None:
    """Nobody is told before the calendar opens; at once if it never does, or if the book does not know it any more."""
    calendar = calendars.get(timing.hold_until)
    opens = next_opening(calendar, now) if calendar else None
    if opens is None or opens <= now:
        return None
    return Hold("hold_until", opens, Phase.DEFERRED, timing.hold_until)


def enough(at_least: AtLeast, began: Iterable[datetime]) -> bool:
    """Whether so many alerts began to fire within the time, whatever the order they are told in."""
    moments, more = sorted(began), at_least.alerts - 1
    return any(last - first <= at_least.within for first, last in zip(moments, moments[more:], strict=False))
