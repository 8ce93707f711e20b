"""The life of an incident: what a signal does to it, and why. Pure: state, route, time in; decision out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rules.timing import Hold, Phase
from rules.words import Route, Status, Step, Suppression, Urgency


class Signal(StrEnum):
    """What can happen to an incident."""

    OPENED = "opened"  # its first alert
    ALL_RESOLVED = "all resolved"  # its last firing alert resolved
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    TIMER = "timer"  # the moment of the next step has come
    UNREACHED = "unreached"  # nobody of the present step could be reached: do not wait for its time
    SNOOZE = "snooze"  # not now: the ladder rests until a time
    WAKE = "wake"  # a person ends a snooze before its time
    STIRRED = "stirred"  # while it is snoozed: another alert fires, or one that is more urgent
    DECLINE = "decline"  # "I cannot": the next step now
    ASSIGN = "assign"  # it is this person's from now on
    RAISED = "raised"  # its sender made it more urgent: it was just given the route that belongs to that
    HURRY = "escalate"  # a person has the next step told now, whatever the clock says
    LOWERED = "lowered"  # a person made it less urgent: it was just given the ways of that class
    SUPPRESS = "suppress"  # a silence, a maintenance window or something bigger keeps it from telling anybody
    BACK = "back"  # it was over, and fires again soon after
    FLAPS = "flaps"  # it began or ceased to fire once more, often enough to be flapping
    MISSED = "missed"  # the auditor found that what its last step promised is not there


class Reason(StrEnum):
    """Why we do, or do not, tell anybody. Each is written on the timeline, silence included."""

    OPENED = "opened"
    ESCALATED = "escalated"
    TOLD_AGAIN = "told again"
    NOBODY_REACHED = "nobody reached"
    NOTIFICATION_MISSING = "notification missing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "snooze over"
    WOKEN = "woken"
    WOKEN_BY_HAND = "woken by hand"
    SUPPRESSED = "suppressed"
    SUPPRESSION_OVER = "suppression over"
    HELD = "held"
    ENOUGH = "enough alerts"
    REOPENED = "reopened"
    FLAPPING = "flapping"
    STILL_FLAPPING = "still flapping"
    FLAPPING_OVER = "flapping over"
    ACKNOWLEDGEMENT_ENDS = "acknowledgement ends"
    ACKNOWLEDGEMENT_OVER = "acknowledgement over"
    PASSED_ON = "passed on"
    HURRIED = "hurried"
    LOWERED = "lowered"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    NOT_DUE = "not due"
    MERGED = "merged"
    NOT_SNOOZED = "not snoozed"
    NOT_IN_FUTURE = "not in the future"
    IN_USE = "in use"
    NOBODY_NEXT = "nobody is next"
    ALREADY_PASSED_ON = "already passed on"
    ALREADY_ASSIGNED = "already assigned"
    POLICY_EXHAUSTED = "policy exhausted"
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    ALREADY_RESOLVED = "already resolved"


@dataclass(frozen=True, slots=True)
class State:
    """The part of an incident that decisions look at.

    `level` counts the steps told so far and only grows, over repeats too; `next_at` is the moment of the next one, or
    the end of a snooze, as `snoozed_firing` alerts fired. What is suppressed is so by nobody but `suppressed_by`.
    """

    status: Status
    level: int = 0
    next_at: datetime | None = None
    snoozed_until: datetime | None = None
    snoozed_firing: int = 0
    suppressed_by: str = ""  # the key of a Suppression
    phase: Phase = Phase.NONE


@dataclass(frozen=True, slots=True)
class Given:
    """What comes along with a signal."""

    until: datetime | None = None  # SNOOZE; ACKNOWLEDGE: if it is for a time; BACK, TIMER: when that time ends
    hold: Hold | None = None  # it is held back first
    route: Route | None = None  # BACK: what the book says of it now
    calm: bool = False  # BACK: it may be flapping, so nobody is called again
    firing: int = 0  # SNOOZE, STIRRED, TIMER: how many of its alerts fire now
    urgency: Urgency | None = None  # STIRRED: of the alert that came
    news: bool = False  # STIRRED: it is none of those that fired when it was snoozed
    level: int | None = None  # DECLINE: the step that was shown to whoever passes it on; MISSED: the one that was found
    person: int = 0  # ASSIGN
    before: int | None = None  # ASSIGN: whose it is now
    suppression: Suppression | None = None  # SUPPRESS: by what
    enough: bool = False  # STIRRED: so many alerts fire that it is told


@dataclass(frozen=True, slots=True)
class Decision:
    """What an incident becomes, and why; `step` is whom to tell now, if anybody."""

    after: State
    reason: Reason
    step: Step | None = None
    suppression: Suppression | None = None
    quiet: bool = False  # nobody is called for it
    hold: Hold | None = None
    route: Route | None = None  # the incident goes on with this one
    until: datetime | None = None  # it is acknowledged for a time

    @property
    def changes(self) -> bool:
        """False for an answer like "already acknowledged": nothing is written for it."""
        return self.reason not in NOTHING_DONE


NEW = State(Status.TRIGGERED)
NOTHING = Given()
NOTHING_DONE = (
    Reason.NOT_DUE, Reason.NOT_IN_FUTURE, Reason.NOBODY_NEXT, Reason.ALREADY_ACKNOWLEDGED, Reason.ALREADY_RESOLVED,
    Reason.ALREADY_PASSED_ON, Reason.ALREADY_ASSIGNED, Reason.IN_USE, Reason.NOT_SNOOZED,
)  # fmt: skip
UNREACHED_PAUSE = timedelta(seconds=60)


def decide(state: State, signal: Signal, route: Route, now: datetime, given: Given = NOTHING) -> Decision:
    """What `signal` does to an incident in `state`, by the route it was given when it opened."""
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED)
    if signal in _ANSWERS:
        return _ANSWERS[signal](state, route, now, given)
    if state.snoozed_until is not None:
        return _asleep(state, signal, route, now, given)
    too_early = signal is Signal.TIMER and (state.next_at is None or now < state.next_at)
    if state.status is Status.ACKNOWLEDGED or too_early or signal is Signal.STIRRED:
        return Decision(state, Reason.NOT_DUE)
    if signal is Signal.UNREACHED and route.is_round_over(state.level):
        return _sooner(state, now)
    return next_step(state, route, now)


def _resolve(state: State, _route: Route, _now: datetime, _given: Given) -> Decision:
    return Decision(State(Status.RESOLVED, state.level), Reason.RESOLVED)


def _assign(state: State, _route: Route, _now: datetime, given: Given) -> Decision:
    """It changes nothing about who is called when: only an acknowledgement stops the ladder."""
    if given.person == given.before:
        return Decision(state, Reason.ALREADY_ASSIGNED)
    return Decision(state, Reason.ASSIGNED if given.before is None else Reason.REASSIGNED)


def _snooze(state: State, _route: Route, now: datetime, given: Given) -> Decision:
    """The ladder rests; of one that is acknowledged already, the acknowledgement holds only until then."""
    if given.until is None or given.until <= now:
        return Decision(state, Reason.NOT_IN_FUTURE)
    after = State(state.status, state.level, given.until, given.until, given.firing)
    return Decision(after, Reason.SNOOZED)


def _suppress(state: State, _route: Route, now: datetime, given: Given) -> Decision:
    """Nobody is told until then. What a person answered, or snoozed for longer, is theirs."""
    found = given.suppression
    asleep = state.snoozed_until is not None and not state.suppressed_by and now < state.snoozed_until
    # An acknowledgement may have a length; of what flaps that moment is when it has been quiet for long enough.
    lasts = state.next_at is None or now < state.next_at or state.phase is Phase.FLAPPING
    answered = state.status is Status.ACKNOWLEDGED and state.snoozed_until is None and lasts
    if found is None or found.until <= now or asleep or answered:
        return Decision(state, Reason.NOT_DUE)
    after = State(Status.TRIGGERED, state.level, found.until, found.until, suppressed_by=found.key)
    return Decision(after, Reason.NOT_DUE if after == state else Reason.SUPPRESSED, suppression=found)


def _asleep(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """It wakes at its time, or when it grows worse than whoever snoozed it knew."""
    over = Reason.SUPPRESSION_OVER if state.suppressed_by else Reason.SNOOZE_OVER
    if signal is Signal.TIMER and state.next_at is not None and now >= state.next_at:
        return wake(state, route, now, over)
    if signal is Signal.STIRRED and state.suppressed_by:  # what came is not hidden, or it would not be asked for
        return wake(state, route, now, Reason.WOKEN if state.level else over)
    more_urgent = given.urgency is not None and given.urgency.rank < route.urgency.rank
    if signal is Signal.STIRRED and (more_urgent or given.news or given.firing > state.snoozed_firing):
        return wake(state, route, now, Reason.WOKEN)
    return Decision(state, Reason.NOT_DUE)


def wake(state: State, route: Route, now: datetime, reason: Reason) -> Decision:
    """The ladder goes on where it stood: with the next step, at its end with the last one, so that somebody is told."""
    step = step_at(route, state.level + 1)
    return Decision(State(Status.TRIGGERED, state.level + 1, now + step.wait), reason, step)


def _raise(state: State, route: Route, now: datetime, _given: Given) -> Decision:
    """The new ladder begins. Whoever has acknowledged is at work on it; for what wakes people they are told anew."""
    if state.suppressed_by:
        return Decision(state, Reason.NOT_DUE)
    at_work = state.status is Status.ACKNOWLEDGED and state.snoozed_until is None
    if at_work and route.urgency not in (Urgency.EMERGENCY, Urgency.URGENT):
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED)
    return wake(state, route, now, Reason.ESCALATED)


def continued(old: Route, level: int, new: Route) -> Route:
    """`new` for an incident that was told `level` steps of `old`: they stand before its own, so that levels go on."""
    told = tuple(step_at(old, number) for number in range(1, level + 1))
    once = next((n for n in range(1, len(new.steps)) if set(new.steps[:n]) == set(new.steps)), len(new.steps))
    return replace(new, steps=(*told, *new.steps * (1 + new.repeat)), repeat=0, round_ends=level + once)


def _decline(state: State, route: Route, now: datetime, given: Given) -> Decision:
    """Pressed twice, or by two at once, it is passed on once."""
    if state.status is Status.ACKNOWLEDGED:
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED)
    if given.level is not None and given.level != state.level:
        return Decision(state, Reason.ALREADY_PASSED_ON)
    if not has_next(route, state.level):
        return Decision(state, Reason.NOBODY_NEXT)
    return replace(next_step(state, route, now), reason=Reason.PASSED_ON)


def _hurry(state: State, route: Route, now: datetime, given: Given) -> Decision:
    """What somebody has acknowledged, or snoozed, calls again. Pressed twice it is done once."""
    if given.level is not None and given.level != state.level:
        return Decision(state, Reason.ALREADY_PASSED_ON)
    if not has_next(route, state.level):
        return Decision(state, Reason.NOBODY_NEXT)
    return wake(state, route, now, Reason.HURRIED)


def _missed(state: State, route: Route, now: datetime, given: Given) -> Decision:
    """Somebody was to be called and nothing will call them: the next step now, once whoever finds it."""
    if state.status is not Status.TRIGGERED or state.snoozed_until is not None or given.level != state.level:
        return Decision(state, Reason.NOT_DUE)
    return wake(state, route, now, Reason.NOTIFICATION_MISSING)


def has_next(route: Route, level: int) -> bool:
    """Whether a step of the ladder is left after `level`."""
    return level < len(route.steps) * (1 + route.repeat)


def _sooner(state: State, now: datetime) -> Decision:
    """Nobody new is left to go on to: the next round starts after a minute, not at once, or it would never end."""
    soon = now + UNREACHED_PAUSE
    if state.next_at is None or state.next_at <= soon:
        return Decision(state, Reason.NOT_DUE)
    return Decision(replace(state, next_at=soon), Reason.NOBODY_REACHED)


def _acknowledge(state: State, _route: Route, _now: datetime, _given: Given) -> Decision:
    if state.status is Status.ACKNOWLEDGED:
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED)
    return Decision(State(Status.ACKNOWLEDGED, state.level), Reason.ACKNOWLEDGED)


def next_step(state: State, route: Route, now: datetime) -> Decision:
    """One step up; at the top an emergency goes on telling the last step, the other classes stop."""
    walk = len(route.steps) * (1 + route.repeat)
    if state.level >= walk and route.urgency is not Urgency.EMERGENCY:
        return Decision(replace(state, next_at=None), Reason.POLICY_EXHAUSTED)
    over = state.level >= walk
    step = route.steps[-1] if over else route.steps[state.level % len(route.steps)]
    reason = Reason.TOLD_AGAIN if over else (Reason.OPENED if state.level == 0 else Reason.ESCALATED)
    return Decision(State(state.status, state.level + 1, now + step.wait), reason, step)


def step_at(route: Route, level: int) -> Step:
    """The step that was told as `level` (1 for the first)."""
    walk = len(route.steps) * (1 + route.repeat)
    return route.steps[-1] if level > walk else route.steps[(level - 1) % len(route.steps)]


# What ends or changes the ladder whatever it was doing.
_ANSWERS: Mapping[Signal, Callable[[State, Route, datetime, Given], Decision]] = {
    Signal.ALL_RESOLVED: _resolve,
    Signal.RESOLVE: _resolve,
    Signal.ACKNOWLEDGE: _acknowledge,
    Signal.ASSIGN: _assign,
    Signal.SNOOZE: _snooze,
    Signal.DECLINE: _decline,
    Signal.RAISED: _raise,
    Signal.HURRY: _hurry,
    Signal.LOWERED: lambda state, *_: Decision(state, Reason.LOWERED),  # its steps to come are told by gentler ways
    Signal.MISSED: _missed,
    Signal.SUPPRESS: _suppress,
}
