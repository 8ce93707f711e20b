"""What reports count: sums of a day, samples of durations, and what a page was to a person. Pure.

A sample is kept whole, or as counts in buckets four per cent wide: then its percentiles are right to within two.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate
from math import floor, log

from rules.reports import lanes

WIDTH = log(1.04)
FEWEST = 5  # of fewer a median or a share says nothing
MONDAY_TO_FRIDAY, WORK, SLEEP = 5, (9, 18), (22, 7)  # hours of the day, by the person's own clock
NORM_OF_NIGHTS = 3  # in thirty days
GOAL_IN_TIME, GOAL_DELIVERED = 90.0, 98.0  # per cent


def norm_of_nights(days: int) -> float:
    """The same for so many days; one is never too many."""
    return max(1.0, NORM_OF_NIGHTS * days / 30)


def bucket(value: float) -> int:
    return floor(log(max(0.0, value) + 1) / WIDTH)


def of_bucket(number: int) -> float:
    return float(1.04 ** (number + 0.5) - 1)


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample in three figures; none where there is none."""

    n: int = 0
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    most: float | None = None


@dataclass(slots=True)
class Sample:
    """How long something took, each time: all values, or how many there are in each bucket, as lanes.py keeps
    them. `total` is exact either way.
    """

    values: list[float] = field(default_factory=list)
    buckets: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.values.append(value)
        self.total += value

    def join(self, other: "Sample") -> None:
        self.values += other.values
        self.total += other.total
        self.buckets += other.buckets

    def counted(self) -> int:
        """Its values as buckets."""
        return lanes.packed(Counter(map(bucket, self.values)))

    def spread(self) -> Spread:
        ordered, buckets = sorted(self.values), lanes.unpacked(self.buckets)
        count = len(ordered) or sum(buckets)
        if not count:
            return Spread()

        def at(percent: int) -> float:
            rank = (count * percent + 99) // 100  # nearest rank
            return ordered[rank - 1] if ordered else _ranked(buckets, rank)

        return Spread(count, self.total / count, at(50), at(90), at(95), at(100))

    def without(self, part: "Sample") -> "Sample":
        """What is left when those of `part`, which are all in here, are taken out."""
        left = Counter(self.values)
        left.subtract(part.values)
        return Sample(sorted(left.elements()), self.buckets - part.buckets, self.total - part.total)


def _ranked(buckets: Sequence[int], rank: int) -> float:
    return of_bucket(bisect_left(list(accumulate(buckets)), rank))


@dataclass(slots=True)
class Sums:
    """What is simply counted, of one day or of many."""

    incidents: int = 0
    alerts: int = 0
    acked: int = 0
    resolved: int = 0
    by_person: int = 0  # resolved by somebody, not by itself
    eligible: int = 0  # acknowledged, over, or late: those whose target can be judged
    in_time: int = 0
    escalated: int = 0  # a second step was told
    hidden: int = 0  # alerts that a silence or a window kept from telling anybody
    notifications: int = 0
    failed: int = 0
    pages: int = 0
    off_pages: int = 0  # outside work hours, sleep hours too
    sleep_pages: int = 0
    reopened: int = 0  # incidents that came back after they were over
    unreached: int = 0  # persons, incident by incident, who were to be told and for whom no provider took anything
    judged: int = 0  # incidents of which somebody said what they were worth
    judged_false: int = 0  # false alarms, by what was said

    def join(self, other: "Sums") -> None:
        for one in NAMES:
            setattr(self, one, getattr(self, one) + getattr(other, one))


NAMES = tuple(one.name for one in fields(Sums))
# Samples: acknowledged, resolved, of those by a person, opened to the first message, started to opened; in seconds.
ACK, RESOLVE, RESOLVE_PERSON, ACK_OFF, FIRST, SOURCE = "ack", "resolve", "resolve_person", "ack_off", "first", "source"
RESOLVE_OFF = "resolve_off"  # of those that opened outside work hours
ACK_WORK, RESOLVE_WORK = "ack_work", "resolve_work"  # not kept: what is left without those of off hours
LATENCY = "latency:"  # and a channel's name; in milliseconds


@dataclass(slots=True)
class Load:
    """What one person got: pages by hour of the week, as lanes.py keeps them, and the nights they broke."""

    pages: int = 0
    nights: set[int] = field(default_factory=set)  # the day whose evening each began

    def join(self, other: "Load") -> None:
        self.pages += other.pages
        self.nights |= other.nights


@dataclass(slots=True)
class Tally:
    """Everything a response report is made of, by the keys under which it is kept."""

    sums: dict[tuple[int, str, int], Sums] = field(default_factory=dict)  # day, team, urgency
    samples: dict[tuple[int, str, int, str], Sample] = field(default_factory=dict)  # … and what is measured
    loads: dict[tuple[int, str, int], Load] = field(default_factory=dict)  # day, team, person
    channels: dict[tuple[int, str, int, str, str], int] = field(default_factory=dict)  # …, channel, status

    def of(self, day: int, team: str, urgency: int) -> Sums:
        found = self.sums.get((day, team, urgency))
        if found is None:
            found = self.sums[day, team, urgency] = Sums()
        return found

    def sample(self, day: int, team: str, urgency: int, metric: str) -> Sample:
        found = self.samples.get((day, team, urgency, metric))
        if found is None:
            found = self.samples[day, team, urgency, metric] = Sample()
        return found


def is_work(hour: int) -> bool:
    """Of the week, from Monday's midnight."""
    return hour // 24 < MONDAY_TO_FRIDAY and WORK[0] <= hour % 24 < WORK[1]


def is_sleep(hour: int) -> bool:
    return hour % 24 >= SLEEP[0] or hour % 24 < SLEEP[1]


def share(part: int, whole: int) -> float | None:
    """In per cent; none of too few."""
    return None if whole < FEWEST else 100.0 * part / whole


def joined(samples: Iterable[Sample]) -> Sample:
    whole = Sample()
    for one in samples:
        whole.join(one)
    return whole
