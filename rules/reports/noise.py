"""Which alerts are noise, and what to do about each. Pure; nothing of it happens by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MINUTES = 5  # an alert that clears by itself within so many has cleared alone
CLEARED, ACTED, FALSE = 60.0, 5.0, 50.0  # per cent
FEWEST_PAGES, FEWEST = 10, 10


class Proposal(StrEnum):
    KEEP = "keep"
    WAIT = "wait"
    ORDINARY = "ordinary"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Noise:
    """One name of alerts of one service. `cleared` and `spared`: within 1, 2 … minutes, incidents and their pages."""

    name: str
    service: str
    incidents: int
    alerts: int
    pages: int
    acted: int
    cleared: Sequence[int]
    spared: Sequence[int]
    judged: int = 0  # verdicts of people
    wrong: int = 0  # of these: it should have called nobody

    @property
    def cleared_alone(self) -> float:
        return 100.0 * self.cleared[-1] / self.incidents if self.incidents else 0.0

    @property
    def acted_on(self) -> float:
        return 100.0 * self.acted / self.incidents if self.incidents else 0.0


@dataclass(frozen=True, slots=True)
class Advice:
    what: Proposal
    minutes: int = 0  # to wait
    saved: int = 0  # pages


def advice(one: Noise) -> Advice:
    """What people said counts first; then what would have spared most pages."""
    if one.judged and 100.0 * one.wrong / one.judged > FALSE:
        return Advice(Proposal.FIX, saved=one.pages)
    if one.cleared_alone > CLEARED and one.pages >= FEWEST_PAGES:
        minutes = _minutes(one.cleared)
        return Advice(Proposal.WAIT, minutes, one.spared[minutes - 1])
    if one.incidents >= FEWEST and one.acted_on < ACTED and one.pages:
        return Advice(Proposal.ORDINARY, saved=one.pages)
    return Advice(Proposal.KEEP)


def _minutes(cleared: Sequence[int]) -> int:
    """After how many eight of ten of those that clear alone have cleared."""
    wanted = (cleared[-1] * 80 + 99) // 100
    return next(minute for minute, count in enumerate(cleared, 1) if count >= wanted)
