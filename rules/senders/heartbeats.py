"""What must come again and again, and when its silence is told. Pure: what is expected and the last beat in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.matchers import Matcher
from rules.times.cron import next_time, read_cron
from rules.times.walltime import zone_of
from rules.words import Severity

LEAST_EVERY, LEAST_GRACE = timedelta(seconds=30), timedelta(seconds=10)
MOST_EVERY, MOST_GRACE = timedelta(days=366), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """An alert that always fires, as the rule book names it: that it comes is the good news."""

    name: str
    match: tuple[Matcher, ...]
    every: timedelta
    grace: timedelta
    severity: Severity = Severity.CRITICAL
    place: str = field(default="", compare=False)


def due_at(last: datetime, every: timedelta, cron: str, zone: str, grace: timedelta) -> datetime:
    """From when on it counts as silent: a period, or the next time of the cron expression, and the grace."""
    expected = next_time(read_cron(cron), last, zone_of(zone)) if cron else last + every
    return expected + grace
