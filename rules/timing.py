"""When somebody is told, if not at once: held back, flapping, back again. Pure: what the book says and moments in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.texts.sentence import Sentence

NOT_HELD = timedelta()
MOST_CHANGES = 100  # of state that are remembered


class Phase(StrEnum):
    """What the clock does with an incident beside walking its ladder; of what is resolved: how it stood before."""

    NONE = ""
    HELD = "held"  # nobody is told yet: it may clear by itself
    DEFERRED = "deferred"  # nobody is told before a calendar opens
    GATHERING = "gathering"  # nobody is told before enough alerts are there
    FLAPPING = "flapping"  # held open until it has been quiet
    TIMED = "timed"  # acknowledged for a time
    REMINDED = "reminded"  # that time is over, whoever acknowledged was asked
    ANSWERED = "answered"  # resolved while it was acknowledged


@dataclass(frozen=True, slots=True)
class Flapping:
    """So many changes of state within this time are one trouble, until it has been quiet for that long."""

    changes: int
    within: timedelta
    quiet: timedelta


UNTOLD = (Phase.HELD, Phase.DEFERRED, Phase.GATHERING)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Nobody is told before so many different alerts began to fire within this time."""

    alerts: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Timing:
    """When a route tells. What is not set tells at once."""

    hold_for: timedelta = NOT_HELD
    flapping: Flapping | None = None
    reopen_within: timedelta = NOT_HELD
    hold_until: str = ""  # a calendar
    at_least: AtLeast | None = None

    @property
    def back_within(self) -> timedelta:
        """How long after its end the same alert goes on with the old incident; what flaps is one incident, too."""
        return max(self.reopen_within, self.flapping.within) if self.flapping else self.reopen_within


AT_ONCE = Timing()


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody is told before `until`, or before enough alerts are there, and why."""

    why: str  # the key of the book: hold_for, hold_until, at_least
    until: datetime | None
    phase: Phase = Phase.HELD
    what: str = ""  # of the key: the calendar, 5 within 10m


def changed(changes: Sequence[datetime], flapping: Flapping, now: datetime) -> tuple[datetime, ...]:
    """The changes of state that still count, the one of this moment with them."""
    return (*(at for at in changes if now - at < flapping.within), now)[-MOST_CHANGES:]


def is_flapping(changes: Sequence[datetime], flapping: Flapping) -> bool:
    return len(changes) >= flapping.changes


def may_flap(changes: Sequence[datetime], flapping: Flapping | None, now: datetime) -> bool:
    """It was called for, ended and is back, all within the time of flapping: nobody need be called again for that."""
    return flapping is not None and sum(now - at < flapping.within for at in changes) > 1


def timing_remarks(timing: Timing) -> Iterator[Sentence]:
    """The same in words, for `rules explain` and the tester."""
    if timing.hold_for:
        yield Sentence(
            "held back: nobody is told if it clears within %(time)s (hold_for)",
            {"time": timing.hold_for},
        )
    if timing.hold_until:
        yield Sentence(
            "held back: nobody is told before %(name)s opens, then in one digest (hold_until)",
            {"name": timing.hold_until},
        )
    if timing.at_least:
        yield Sentence(
            "held back: nobody is told before %(n)s alerts began within %(time)s (at_least)",
            {"n": timing.at_least.alerts, "time": timing.at_least.within},
        )
    if timing.flapping:
        one = timing.flapping
        yield Sentence(
            "flapping: from %(n)s changes within %(time)s on it is held open until quiet for %(quiet)s",
            {"n": one.changes, "time": one.within, "quiet": one.quiet},
        )
    if timing.reopen_within:
        yield Sentence(
            "back within %(time)s, it goes on with the same incident (reopen_within)",
            {"time": timing.reopen_within},
        )
