"""Where we and somebody else differ about the same thing, and who is right. Pure: both sides and the time in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.words import Status

RECONCILED = "found by reconciliation"  # the reason on the timeline
EVERY = timedelta(minutes=5)  # between two checks
TOLERANCE = timedelta(seconds=10)  # machines take turns, and their clocks differ a little
GRACE = timedelta(minutes=2)  # what changed less long ago may still be on its way
UP_LONG_ENOUGH = timedelta(minutes=10)  # by then an Alertmanager that began with an empty memory knows all that fires


class Drift(StrEnum):
    """What differs."""

    ACKNOWLEDGED_THERE = "acknowledged there"  # and not here
    RESOLVED_THERE = "resolved there"
    ACKNOWLEDGED_HERE = "acknowledged here"  # and not there
    RESOLVED_HERE = "resolved here"


@dataclass(frozen=True, slots=True)
class Theirs:
    """One incident of PagerDuty that is ours too. The same incident of ours may be one on each of several services."""

    id: str
    service: str
    key: str  # its incident_key; empty or another's where PagerDuty merged it
    status: str
    created_at: datetime
    changed_at: datetime  # of the status; while it is triggered, of anything
    by: str = ""  # who acknowledged or resolved it, if a person did
    levels: int = 0  # of its escalation policy; 0 if it did not say
    page: str = ""  # where it is shown to people, as it says

    @property
    def open(self) -> bool:
        return self.status != Status.RESOLVED.value


@dataclass(frozen=True, slots=True)
class Ours:
    """What we know of the same incident."""

    status: Status
    since: datetime | None = None  # when it was answered or woken last; none if nobody ever answered
    resolved_at: datetime | None = None
    told: bool = False  # we meant to tell PagerDuty of the acknowledgement
    told_at: datetime | None = None  # when it took that in; none if it did not
    back_at: datetime | None = None  # when it came back after its end, for the last time


def differ(ours: Ours, theirs: Sequence[Theirs], now: datetime) -> tuple[Drift, Theirs] | None:
    """The difference, and at which of theirs it shows; None where all is well or may still come right by itself."""
    last = _last_on_each_service(theirs)
    if ours.status is Status.RESOLVED:
        over = ours.resolved_at is None or now - ours.resolved_at >= GRACE
        return next(((Drift.RESOLVED_HERE, one) for one in last if one.open and over), None)
    settled = [one for one in last if now - one.changed_at >= GRACE]
    for one in sorted(settled, key=lambda one: one.changed_at):
        if not one.open and _ends(ours, one):
            return Drift.RESOLVED_THERE, one
    for one in settled:
        if one.status == Status.ACKNOWLEDGED.value and _counts(ours, one):
            return Drift.ACKNOWLEDGED_THERE, one
        if one.status == Status.TRIGGERED.value and _missed(ours, one):
            return Drift.ACKNOWLEDGED_HERE, one
    return None


def _last_on_each_service(theirs: Iterable[Theirs]) -> list[Theirs]:
    """A trigger after the end begins a new one there: only the last one speaks."""
    last: dict[str, Theirs] = {}
    for one in sorted(theirs, key=lambda one: one.created_at):
        last[one.service] = one
    return list(last.values())


def _ends(ours: Ours, one: Theirs) -> bool:
    """What came back here ended there by our own word: only a person's word since then ends it again."""
    return ours.back_at is None or (bool(one.by) and one.changed_at > ours.back_at)


def _counts(ours: Ours, one: Theirs) -> bool:
    """Only a person's acknowledgement, and none that was spent here before: a snooze ends, a ticket is raised."""
    return ours.status is Status.TRIGGERED and bool(one.by) and (ours.since is None or one.changed_at > ours.since)


def _missed(ours: Ours, one: Theirs) -> bool:
    """It never heard of our acknowledgement. One that heard and calls again does so by its service's own time-out."""
    if ours.status is not Status.ACKNOWLEDGED or not ours.told:
        return False
    return ours.told_at is None or one.changed_at <= ours.told_at


def confirmed(suspects: Iterable[str], before: Mapping[str, datetime], now: datetime) -> list[str]:
    """Those that an earlier check, far enough from this one, found suspect too. `before`: suspect since."""
    far = EVERY - TOLERANCE
    return [one for one in suspects if one in before and now - before[one] >= far]
