"""The life of an incident whose clock does more than walk the ladder: held back, flapping, acknowledged for a time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from rules import lifecycle
from rules.lifecycle import NOTHING, Decision, Given, Reason, Signal, State, continued, step_at
from rules.timing import UNTOLD, Phase
from rules.words import Route, Status

RECONSIDER = timedelta(minutes=10)  # between the reminder and the ladder
_FOR_A_TIME = (Phase.TIMED, Phase.REMINDED)
_ANEW = (Signal.SUPPRESS, Signal.RAISED)
_WAITING = (Signal.STIRRED, Signal.UNREACHED, Signal.MISSED, Signal.TIMER)


def decide(state: State, signal: Signal, route: Route, now: datetime, given: Given = NOTHING) -> Decision:
    """What `signal` does to an incident in `state`, by the route it was given when it opened."""
    if state.status is Status.RESOLVED:
        back = signal is Signal.BACK
        return _back(state, route, now, given) if back else lifecycle.decide(state, signal, route, now, given)
    if signal in _ALWAYS:
        return _ALWAYS[signal](state, signal, route, now, given)
    if state.suppressed_by and state.phase in _FOR_A_TIME and (signal in _ANEW or _wakes(state, signal, now)):
        return _ran_out(state, signal, route, now, given)
    if given.hold is not None and state.suppressed_by and not state.level and _wakes(state, signal, now):
        return _hold(state, given)
    if state.phase is Phase.NONE or (state.snoozed_until is not None and state.phase is not Phase.FLAPPING):
        return lifecycle.decide(state, signal, route, now, given)
    return _IN_PHASE[state.phase](state, signal, route, now, given)


def _wake_up(state: State, _signal: Signal, route: Route, now: datetime, _given: Given) -> Decision:
    """As at its end. What a silence keeps quiet is woken by ending that."""
    if not is_snoozed(state.snoozed_until, state.suppressed_by):
        return Decision(state, Reason.NOT_SNOOZED)
    return lifecycle.wake(state, route, now, Reason.WOKEN_BY_HAND)


def is_snoozed(until: datetime | None, suppressed_by: str | None) -> bool:
    """By a person, so that a person can wake it."""
    return until is not None and not suppressed_by


def _open(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    return lifecycle.decide(state, signal, route, now, given) if given.hold is None else _hold(state, given)


def _hold(state: State, given: Given) -> Decision:
    assert given.hold is not None
    held = State(Status.TRIGGERED, state.level, given.hold.until, phase=given.hold.phase)
    return Decision(held, Reason.HELD, hold=given.hold)


def _wakes(state: State, signal: Signal, now: datetime) -> bool:
    """What kept it quiet is over, and nobody was told of it yet."""
    return signal is Signal.STIRRED or (signal is Signal.TIMER and _due(state, now))


def _end(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """What somebody works on goes on being theirs if it comes back."""
    if signal is Signal.ALL_RESOLVED and state.phase is Phase.FLAPPING:
        return Decision(state, Reason.NOT_DUE)  # held open until it has been quiet
    decision = lifecycle.decide(state, signal, route, now, given)
    answered = state.status is Status.ACKNOWLEDGED and state.snoozed_until is None
    return replace(decision, after=replace(decision.after, phase=Phase.ANSWERED)) if answered else decision


def _acknowledge(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """For a time, or for good. Done again, the new word counts: it is what a reminder asks for."""
    if given.until is None and state.phase is Phase.NONE:
        return lifecycle.decide(state, signal, route, now, given)
    if given.until is not None and given.until <= now:
        return Decision(state, Reason.NOT_IN_FUTURE)
    if state.phase is Phase.FLAPPING:  # its end is found by the clock, whoever works on it
        again = state.status is Status.ACKNOWLEDGED and given.until is None
        after = replace(state, status=Status.ACKNOWLEDGED)
        return Decision(after, Reason.ALREADY_ACKNOWLEDGED if again else Reason.ACKNOWLEDGED, until=given.until)
    return Decision(_acknowledged(state, given.until), Reason.ACKNOWLEDGED, until=given.until)


def _acknowledged(state: State, until: datetime | None) -> State:
    """For good where no end is set."""
    if until is None:
        return State(Status.ACKNOWLEDGED, state.level)
    return State(Status.ACKNOWLEDGED, state.level, until, phase=Phase.TIMED)


def _held(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """Nobody was told yet. What becomes more urgent is told at once, and so is what a person has touched."""
    if signal is Signal.TIMER and _due(state, now):
        return lifecycle.next_step(state, route, now)
    if signal in _WAITING:
        return _stirred(state, route, now, given) if signal is Signal.STIRRED else Decision(state, Reason.NOT_DUE)
    decision = lifecycle.decide(state, signal, route, now, given)
    if signal is Signal.ASSIGN and decision.changes:
        return replace(decision, after=replace(state, next_at=now))
    if signal is Signal.SNOOZE and decision.changes:
        return replace(decision, after=replace(decision.after, phase=Phase.NONE))
    return decision


def _stirred(state: State, route: Route, now: datetime, given: Given) -> Decision:
    if given.urgency is not None and given.urgency.rank < route.urgency.rank:
        return lifecycle.wake(state, route, now, Reason.WOKEN)
    if state.phase is not Phase.GATHERING or not given.enough:
        return Decision(state, Reason.NOT_DUE)
    return _hold(state, given) if given.hold else lifecycle.wake(state, route, now, Reason.ENOUGH)


def _flaps(state: State, _signal: Signal, _route: Route, now: datetime, given: Given) -> Decision:
    """The first time it is told; from then on every change only moves the end. A snooze that lasts longer stays, and
    so does what waits until a calendar opens, or for more alerts: nobody hears of it before."""
    if state.phase in (Phase.DEFERRED, Phase.GATHERING):
        return Decision(state, Reason.NOT_DUE)
    until = given.until or now
    if state.snoozed_until is not None:
        return Decision(replace(state, phase=Phase.FLAPPING), _first(state))
    return Decision(replace(state, phase=Phase.FLAPPING, next_at=until), _first(state))


def _first(state: State) -> Reason:
    silent = state.phase is Phase.FLAPPING or state.suppressed_by
    return Reason.STILL_FLAPPING if silent else Reason.FLAPPING


def _flapping(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """Quiet for long enough, it is over if nothing fires; else it is an incident like any other.

    Nobody is called again for it; where nobody of a step was reached, the next one is told the first time.
    """
    if signal is Signal.TIMER and _due(state, now):
        return _quiet(state, route, now, given)
    if signal is Signal.STIRRED and state.suppressed_by:  # by what is not hidden
        return lifecycle.decide(state, signal, route, now, given)
    if signal in _WAITING and not (signal is Signal.UNREACHED and not route.is_round_over(state.level)):
        return Decision(state, Reason.NOT_DUE)
    decision = lifecycle.decide(state, signal, route, now, given)
    if signal is Signal.SNOOZE:
        return replace(decision, after=replace(decision.after, phase=Phase.FLAPPING))
    if signal in _AS_EVER:
        return replace(decision, after=replace(decision.after, phase=Phase.FLAPPING, next_at=state.next_at))
    return decision


def _quiet(state: State, route: Route, now: datetime, given: Given) -> Decision:
    if given.firing == 0:
        return _end(replace(state, phase=Phase.NONE), Signal.ALL_RESOLVED, route, now, given)
    if state.status is not Status.ACKNOWLEDGED or state.snoozed_until is not None:
        return lifecycle.wake(state, route, now, Reason.FLAPPING_OVER)
    if given.until is not None and given.until <= now:
        return _ends(state, now)
    return Decision(_acknowledged(state, given.until), Reason.FLAPPING_OVER)


def _ends(state: State, now: datetime) -> Decision:
    """Whoever acknowledged it for a time is asked."""
    asked = State(Status.ACKNOWLEDGED, state.level, now + RECONSIDER, phase=Phase.REMINDED)
    return Decision(asked, Reason.ACKNOWLEDGEMENT_ENDS)


def _timed(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """Its time over, whoever acknowledged is asked; without a word from them the ladder begins anew."""
    if signal is Signal.SUPPRESS and _due(state, now):
        return _asked_later(state, now, given)
    if signal is Signal.TIMER and _due(state, now):
        if state.phase is Phase.TIMED:
            return _ends(state, now)
        anew = resumed(route, state.level, 1)
        return replace(lifecycle.wake(state, anew, now, Reason.ACKNOWLEDGEMENT_OVER), route=anew)
    if signal in _WAITING:
        return Decision(state, Reason.NOT_DUE)
    decision = lifecycle.decide(state, signal, route, now, given)
    if signal is Signal.SNOOZE and decision.changes:
        return replace(decision, after=replace(decision.after, phase=Phase.NONE))
    return decision


def _asked_later(state: State, now: datetime, given: Given) -> Decision:
    """Its time is over while something keeps it quiet: whoever acknowledged is asked when that is over."""
    found = given.suppression
    if found is None or found.until <= now:
        return Decision(state, Reason.NOT_DUE)
    until = found.until
    after = State(Status.TRIGGERED, state.level, until, until, suppressed_by=found.key, phase=state.phase)
    return Decision(after, Reason.NOT_DUE if after == state else Reason.SUPPRESSED, suppression=found)


def _ran_out(state: State, signal: Signal, route: Route, now: datetime, given: Given) -> Decision:
    """What is more urgent by then is called for without a question."""
    if signal is Signal.SUPPRESS:
        return _asked_later(state, now, given)
    if signal is Signal.RAISED:
        return Decision(replace(state, phase=Phase.NONE), Reason.NOT_DUE)
    return _timed(replace(state, next_at=now, snoozed_until=None, suppressed_by=""), Signal.TIMER, route, now, given)


def _back(state: State, route: Route, now: datetime, given: Given) -> Decision:
    """It was over and fires again: the old incident goes on. What was acknowledged stays so, for a time as long as that
    lasts, unless it is more urgent.

    `given.route` is what the book says of it now.
    """
    raised = given.route is not None and given.route.urgency.rank < route.urgency.rank
    if raised:
        assert given.route is not None
        anew = continued(route, state.level, given.route)
        return replace(lifecycle.wake(state, anew, now, Reason.REOPENED), route=anew)
    if state.phase is Phase.ANSWERED and (given.until is None or given.until > now):
        return Decision(_acknowledged(state, given.until), Reason.REOPENED)
    if state.level == 0:
        if given.hold is not None:
            return replace(_hold(state, given), reason=Reason.REOPENED)
        return lifecycle.wake(state, route, now, Reason.REOPENED)
    anew = resumed(route, state.level, state.level)
    if given.hold is not None and given.hold.phase is Phase.DEFERRED:
        return replace(_hold(state, given), reason=Reason.REOPENED, route=anew)
    return replace(lifecycle.wake(state, anew, now, Reason.REOPENED), route=anew, quiet=given.calm)


def resumed(route: Route, level: int, first: int) -> Route:
    """`route` for an incident that was told `level` steps of it and is told anew from the step `first` on."""
    walk = len(route.steps) * (1 + route.repeat)
    rest = tuple(step_at(route, number) for number in range(first, max(walk, first) + 1))
    return continued(route, level, replace(route, steps=rest, repeat=0))


def _due(state: State, now: datetime) -> bool:
    return state.next_at is not None and now >= state.next_at


_ALWAYS: Mapping[Signal, Callable[[State, Signal, Route, datetime, Given], Decision]] = {
    Signal.OPENED: _open,
    Signal.FLAPS: _flaps,
    Signal.RESOLVE: _end,
    Signal.ALL_RESOLVED: _end,
    Signal.ACKNOWLEDGE: _acknowledge,
    Signal.WAKE: _wake_up,
}
_AS_EVER = (Signal.DECLINE, Signal.ASSIGN, Signal.RAISED, Signal.HURRY, Signal.LOWERED, Signal.UNREACHED)
_IN_PHASE: Mapping[Phase, Callable[[State, Signal, Route, datetime, Given], Decision]] = {
    **dict.fromkeys(UNTOLD, _held),
    Phase.FLAPPING: _flapping,
    Phase.TIMED: _timed,
    Phase.REMINDED: _timed,
}
