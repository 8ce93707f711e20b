"""Whether a call may leave now: it has to be earned. Pure: the book's gate and what is known at that moment in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.times.calendars import Calendar, contains

LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """So many calls to one person within this time."""

    calls: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Gate:
    """What the book asks of a call: to leave while the calendar is `open`, or ("not") while it is closed."""

    calendar: Calendar | None = None
    open: bool = True
    unacknowledged_for: timedelta | None = None
    budget: Budget | None = None


class Answer(StrEnum):
    CALL = "call"
    WAIT = "wait"  # the push has its time to be answered first
    NEXT = "next"  # the next person is called instead
    OVER = "over"  # nothing fires any more


class Why(StrEnum):
    """Each stands on the timeline."""

    NO_GATE = ""
    IN_TIME = "in time"  # the calendar lets it through
    UNANSWERED = "unanswered"
    NO_PUSH = "no push"  # nothing else reaches this person
    PUSH_FIRST = "push first"
    OVER_BUDGET = "over budget"
    NOBODY_ELSE = "nobody else"  # over budget, and there is nobody to call instead
    NOT_FIRING = "not firing"


@dataclass(frozen=True, slots=True)
class Dial:
    """One call as it stands at the moment of dialling."""

    told_at: datetime  # when the step was told
    firing: bool
    pushed: bool  # the person has a push of this step
    calls: Sequence[datetime] = ()  # earlier calls to this person
    somebody_else: bool = True  # the ladder has somebody to call instead
    flapping: bool = False  # it is held open though nothing fires: it may begin again at any moment


@dataclass(frozen=True, slots=True)
class Verdict:
    answer: Answer
    why: Why
    until: datetime | None = None  # WAIT


def judge(gate: Gate, dial: Dial, now: datetime) -> Verdict:
    """Whether this call leaves now. Never silence: what is held has a time, and over budget somebody is called."""
    if not dial.firing and dial.flapping:
        return Verdict(Answer.WAIT, Why.NOT_FIRING, now + LOOK_AGAIN)
    if not dial.firing:
        return Verdict(Answer.OVER, Why.NOT_FIRING)
    why = _in_time(gate, dial, now)
    if why is Why.PUSH_FIRST:
        assert gate.unacknowledged_for is not None
        return Verdict(Answer.WAIT, why, dial.told_at + gate.unacknowledged_for)
    budget = gate.budget
    if budget is None or sum(now - at < budget.per for at in dial.calls) < budget.calls:
        return Verdict(Answer.CALL, why)
    if dial.somebody_else:
        return Verdict(Answer.NEXT, Why.OVER_BUDGET)
    return Verdict(Answer.CALL, Why.NOBODY_ELSE)


def _in_time(gate: Gate, dial: Dial, now: datetime) -> Why:
    if gate.calendar is None and gate.unacknowledged_for is None:
        return Why.NO_GATE
    if gate.calendar is not None and contains(gate.calendar, now) is gate.open:
        return Why.IN_TIME
    if gate.unacknowledged_for is None or not dial.pushed:
        return Why.NO_PUSH
    return Why.UNANSWERED if now - dial.told_at >= gate.unacknowledged_for else Why.PUSH_FIRST


def words(gate: Gate, why: Why) -> str:
    """In the words of a call's first line: off hours."""
    if why is Why.IN_TIME and gate.calendar is not None:
        return "off hours" if not gate.open else gate.calendar.name
    return {Why.UNANSWERED: "nobody answered the push", Why.NOBODY_ELSE: "nobody else to call"}.get(why, "")
