"""Held back, flapping, back again, acknowledged for a time: what each signal does in each phase."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from rules.lifecycle import NEW, Given, Reason, Signal, State
from rules.phases import RECONSIDER, decide
from rules.telling.holding import enough, hold
from rules.times.calendars import Calendar, Span
from rules.timing import AtLeast, Flapping, Hold, Phase, Timing, changed, is_flapping, may_flap
from rules.words import Route, Status, Step, Urgency, Way

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEPS = (Step(("person:a",), 5 * MINUTE), Step(("person:b",), 10 * MINUTE))
ROUTE = Route("r", Urgency.URGENT, "p", (), STEPS, 0, (Way.SMS,), (), 5 * MINUTE)
EMERGENCY = replace(ROUTE, urgency=Urgency.EMERGENCY, steps=(Step(("person:c",), MINUTE),))
HOLD = Hold("hold_for", NOW + MINUTE)
HELD = State(Status.TRIGGERED, 0, NOW + MINUTE, phase=Phase.HELD)
GATHERING = State(Status.TRIGGERED, 0, None, phase=Phase.GATHERING)
FLAPPING = State(Status.TRIGGERED, 1, NOW + 15 * MINUTE, phase=Phase.FLAPPING)
TIMED = State(Status.ACKNOWLEDGED, 1, NOW + 30 * MINUTE, phase=Phase.TIMED)


def test_what_is_held_tells_nobody_before_its_time_and_then_the_first_step():
    opened = decide(NEW, Signal.OPENED, ROUTE, NOW, Given(hold=HOLD))
    assert (opened.after, opened.reason, opened.step, opened.hold) == (HELD, Reason.HELD, None, HOLD)
    for signal in (Signal.TIMER, Signal.UNREACHED, Signal.MISSED, Signal.STIRRED):
        assert decide(HELD, signal, ROUTE, NOW).reason is Reason.NOT_DUE
    over = decide(HELD, Signal.TIMER, ROUTE, NOW + MINUTE)
    assert (over.reason, over.step, over.after) == (
        Reason.OPENED, STEPS[0], State(Status.TRIGGERED, 1, NOW + 6 * MINUTE)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("signal", "given", "reason", "after"),
    [
        (Signal.STIRRED, Given(urgency=Urgency.EMERGENCY), Reason.WOKEN, State(Status.TRIGGERED, 1, NOW + 5 * MINUTE)),
        (Signal.STIRRED, Given(urgency=Urgency.FAST), Reason.NOT_DUE, HELD),
        (Signal.RAISED, Given(), Reason.ESCALATED, State(Status.TRIGGERED, 1, NOW + 5 * MINUTE)),
        (Signal.ACKNOWLEDGE, Given(), Reason.ACKNOWLEDGED, State(Status.ACKNOWLEDGED)),
        (Signal.DECLINE, Given(), Reason.PASSED_ON, State(Status.TRIGGERED, 1, NOW + 5 * MINUTE)),
        (Signal.ASSIGN, Given(person=1), Reason.ASSIGNED, replace(HELD, next_at=NOW)),
        (Signal.RESOLVE, Given(), Reason.RESOLVED, State(Status.RESOLVED)),
        (
            Signal.SNOOZE, Given(until=NOW + 9 * MINUTE), Reason.SNOOZED,
            State(Status.TRIGGERED, 0, NOW + 9 * MINUTE, NOW + 9 * MINUTE),
        ),
    ],
)  # fmt: skip
def test_a_person_or_more_urgency_ends_the_hold(signal, given, reason, after):
    decision = decide(HELD, signal, ROUTE, NOW, given)
    assert (decision.reason, decision.after) == (reason, after)


def test_it_is_held_only_where_the_route_says_so():
    night = Calendar("night", "UTC", hours=(Span(0, 60),))
    calendars = {"night": night, "never": Calendar("never", "UTC", frozenset())}
    assert hold(Timing(), calendars, NOW) is None
    assert hold(Timing(hold_for=MINUTE), calendars, NOW) == HOLD
    midnight = NOW.replace(hour=0, minute=0) + timedelta(days=1)
    until = Hold("hold_until", midnight, Phase.DEFERRED, "night")
    both = Timing(hold_for=MINUTE, hold_until="night")
    assert hold(both, calendars, NOW.replace(hour=1, minute=0)) == replace(until, until=midnight)
    assert hold(both, calendars, midnight) == Hold("hold_for", midnight + MINUTE)
    assert hold(Timing(hold_until="never"), calendars, NOW) is None
    assert hold(Timing(hold_until="of another book"), calendars, NOW) is None
    few = Timing(at_least=AtLeast(3, 10 * MINUTE), hold_until="night")
    assert hold(few, calendars, NOW) == Hold("at_least", None, Phase.GATHERING, "3 within 10m")


@pytest.mark.parametrize(("minutes", "is_it"), [
    ((), False), ((0, 1), False), ((0, 1, 10), True), ((10, 0, 5), True), ((0, 5, 11), False), ((0, 11, 12, 13), True),
    ((0, 11, 22, 33), False), ((3, 3, 3), True),
])  # fmt: skip
def test_so_many_within_the_time_are_enough(minutes, is_it):
    assert enough(AtLeast(3, 10 * MINUTE), (NOW + one * MINUTE for one in minutes)) is is_it


@pytest.mark.parametrize(("given", "after"), [
    (Given(urgency=Urgency.ORDINARY), GATHERING),
    (Given(enough=True), State(Status.TRIGGERED, 1, NOW + 5 * MINUTE)),
    (Given(enough=True, hold=Hold("hold_for", NOW + MINUTE)), HELD),
])  # fmt: skip
def test_enough_alerts_end_the_gathering_or_begin_the_next_hold(given, after):
    assert decide(GATHERING, Signal.STIRRED, ROUTE, NOW, given).after == after
    assert decide(GATHERING, Signal.TIMER, ROUTE, NOW).reason is Reason.NOT_DUE


def test_what_was_hidden_is_held_back_when_that_is_over():
    hidden = State(Status.TRIGGERED, 0, NOW, NOW, suppressed_by="silence:1")
    given = Given(hold=Hold("hold_until", NOW + MINUTE, Phase.DEFERRED))
    after = State(Status.TRIGGERED, 0, NOW + MINUTE, phase=Phase.DEFERRED)
    assert decide(hidden, Signal.TIMER, ROUTE, NOW, given).after == after
    assert decide(replace(hidden, next_at=NOW + MINUTE), Signal.TIMER, ROUTE, NOW, given).reason is Reason.NOT_DUE
    told = replace(hidden, level=1)
    assert decide(told, Signal.TIMER, ROUTE, NOW, given).after.level == 2
    again = replace(after, level=0, status=Status.RESOLVED, phase=Phase.NONE)
    assert decide(again, Signal.BACK, ROUTE, NOW, given).after == after
    assert decide(replace(again, level=1), Signal.BACK, ROUTE, NOW, given).after == replace(after, level=1)


def test_changes_count_within_their_time_only():
    flapping = Flapping(3, 10 * MINUTE, 5 * MINUTE)
    seen = ()
    for minute, is_it in ((0, False), (2, False), (9, True), (10, True), (19, False), (40, False)):
        seen = changed(seen, flapping, NOW + minute * MINUTE)
        assert is_flapping(seen, flapping) is is_it
    assert not may_flap((NOW,), flapping, NOW + MINUTE)
    assert may_flap((NOW, NOW + MINUTE), flapping, NOW + 9 * MINUTE)
    assert not may_flap((NOW, NOW + MINUTE), flapping, NOW + 10 * MINUTE)
    assert not may_flap((NOW, NOW), None, NOW)


def test_flapping_is_said_once_and_every_change_moves_its_end():
    until = Given(until=NOW + 15 * MINUTE)
    begun = decide(State(Status.TRIGGERED, 1, NOW + 5 * MINUTE), Signal.FLAPS, ROUTE, NOW, until)
    assert (begun.reason, begun.after, begun.step) == (Reason.FLAPPING, FLAPPING, None)
    more = decide(FLAPPING, Signal.FLAPS, ROUTE, NOW + MINUTE, Given(until=NOW + 16 * MINUTE))
    assert (more.reason, more.after.next_at) == (Reason.STILL_FLAPPING, NOW + 16 * MINUTE)
    assert decide(FLAPPING, Signal.ALL_RESOLVED, ROUTE, NOW).after is FLAPPING
    assert decide(FLAPPING, Signal.TIMER, ROUTE, NOW + 14 * MINUTE).reason is Reason.NOT_DUE
    assert decide(FLAPPING, Signal.RESOLVE, ROUTE, NOW).after.status is Status.RESOLVED


@pytest.mark.parametrize(
    ("status", "firing", "reason", "after"),
    [
        (Status.TRIGGERED, 0, Reason.RESOLVED, Status.RESOLVED),
        (Status.ACKNOWLEDGED, 0, Reason.RESOLVED, Status.RESOLVED),
        (Status.TRIGGERED, 2, Reason.FLAPPING_OVER, Status.TRIGGERED),
        (Status.ACKNOWLEDGED, 2, Reason.FLAPPING_OVER, Status.ACKNOWLEDGED),
    ],
)
def test_quiet_for_long_enough_it_is_over_or_an_incident_like_any_other(status, firing, reason, after):
    state = replace(FLAPPING, status=status)
    decision = decide(state, Signal.TIMER, ROUTE, NOW + 15 * MINUTE, Given(firing=firing))
    assert (decision.reason, decision.after.status) == (reason, after)
    assert (decision.step is not None) is (status is Status.TRIGGERED and firing > 0)


@pytest.mark.parametrize("signal", [Signal.ACKNOWLEDGE, Signal.SNOOZE, Signal.DECLINE, Signal.ASSIGN])
def test_whatever_a_person_does_to_what_flaps_its_end_is_found(signal):
    given = Given(until=NOW + 60 * MINUTE if signal is Signal.SNOOZE else None, person=1)
    after = decide(FLAPPING, signal, ROUTE, NOW, given).after
    assert (after.phase, after.next_at is not None) == (Phase.FLAPPING, True)
    end = decide(after, Signal.TIMER, ROUTE, NOW + 60 * MINUTE, Given(firing=0))
    assert end.after.status is Status.RESOLVED


def test_an_acknowledgement_that_lasts_until_a_snooze_ends_is_over_with_it_though_it_flaps():
    until = NOW + 30 * MINUTE
    state = replace(FLAPPING, status=Status.ACKNOWLEDGED, next_at=until, snoozed_until=until)
    end = decide(state, Signal.TIMER, ROUTE, until, Given(firing=1))
    assert (end.reason, end.after.status, end.step) == (Reason.FLAPPING_OVER, Status.TRIGGERED, STEPS[1])


def test_an_acknowledgement_for_a_time_is_reminded_of_and_then_the_ladder_begins_anew():
    taken = decide(State(Status.TRIGGERED, 1, NOW), Signal.ACKNOWLEDGE, ROUTE, NOW, Given(until=NOW + 30 * MINUTE))
    assert (taken.reason, taken.after) == (Reason.ACKNOWLEDGED, TIMED)
    assert decide(TIMED, Signal.TIMER, ROUTE, NOW + 29 * MINUTE).reason is Reason.NOT_DUE
    asked = decide(TIMED, Signal.TIMER, ROUTE, NOW + 30 * MINUTE)
    assert (asked.reason, asked.step, asked.after.next_at) == (
        Reason.ACKNOWLEDGEMENT_ENDS, None, NOW + 30 * MINUTE + RECONSIDER
    )  # fmt: skip
    anew = decide(asked.after, Signal.TIMER, ROUTE, NOW + 40 * MINUTE)
    assert (anew.reason, anew.step, anew.after) == (
        Reason.ACKNOWLEDGEMENT_OVER, STEPS[0], State(Status.TRIGGERED, 2, NOW + 45 * MINUTE)
    )  # fmt: skip
    second = decide(anew.after, Signal.TIMER, anew.route, NOW + 45 * MINUTE)
    assert (second.step, second.after.level) == (STEPS[1], 3)
    for state in (TIMED, asked.after):
        again = decide(state, Signal.ACKNOWLEDGE, ROUTE, NOW, Given(until=NOW + 60 * MINUTE))
        assert again.after == replace(TIMED, next_at=NOW + 60 * MINUTE)
        assert decide(state, Signal.ACKNOWLEDGE, ROUTE, NOW).after == State(Status.ACKNOWLEDGED, 1)


def over(state):
    return decide(state, Signal.ALL_RESOLVED, ROUTE, NOW).after


def test_what_comes_back_keeps_its_acknowledgement_unless_it_is_more_urgent():
    before = over(State(Status.ACKNOWLEDGED, 1))
    kept = decide(before, Signal.BACK, ROUTE, NOW, Given(route=ROUTE))
    assert (kept.reason, kept.after, kept.step) == (Reason.REOPENED, State(Status.ACKNOWLEDGED, 1), None)
    worse = decide(before, Signal.BACK, ROUTE, NOW, Given(route=EMERGENCY))
    assert (worse.step, worse.after.status, worse.route.urgency) == (
        EMERGENCY.steps[0], Status.TRIGGERED, Urgency.EMERGENCY
    )  # fmt: skip


def test_what_comes_back_unanswered_goes_on_with_the_step_where_it_stood():
    back = decide(over(State(Status.TRIGGERED, 2, NOW)), Signal.BACK, ROUTE, NOW, Given(route=ROUTE, calm=True))
    assert (back.step, back.after, back.quiet) == (STEPS[1], State(Status.TRIGGERED, 3, NOW + 10 * MINUTE), True)
    first = decide(over(State(Status.TRIGGERED, 1, NOW)), Signal.BACK, ROUTE, NOW, Given(route=ROUTE))
    assert (first.step, first.quiet) == (STEPS[0], False)
    assert decide(first.after, Signal.TIMER, first.route, NOW + 5 * MINUTE).step == STEPS[1]
    assert decide(over(HELD), Signal.BACK, ROUTE, NOW, Given(route=ROUTE, hold=HOLD)).after == HELD
    assert decide(over(HELD), Signal.BACK, ROUTE, NOW, Given(route=ROUTE)).step == STEPS[0]


EVENTS = st.tuples(st.sampled_from(Signal), st.integers(0, 90), st.integers(0, 2), st.sampled_from((0, 20, 120)))


@settings(max_examples=150, deadline=None)
@drawn(st.booleans(), st.lists(EVENTS, max_size=20))
def test_no_order_of_events_tells_a_level_twice_or_stops_short_of_an_answer(held, events):
    route, now = replace(ROUTE, urgency=Urgency.EMERGENCY), NOW
    state = decide(NEW, Signal.OPENED, route, now, Given(hold=HOLD if held else None)).after
    told = {state.level}
    for signal, minutes, firing, ahead in events:
        if signal is Signal.OPENED:
            continue
        now += minutes * MINUTE
        until = now + ahead * MINUTE if ahead or signal is Signal.FLAPS else None
        given = Given(until=until, firing=firing, route=route, urgency=Urgency.EMERGENCY, level=state.level)
        decision = decide(state, signal, route, now, given)
        if decision.step is not None:
            assert decision.after.level not in told
            told.add(decision.after.level)
        assert decision.after.level == state.level + (decision.step is not None)
        state, route = decision.after, decision.route or route
        answered = state.status is Status.RESOLVED or (state.status is Status.ACKNOWLEDGED and not state.snoozed_until)
        assert answered or state.next_at is not None
        assert state.phase not in (Phase.HELD, Phase.FLAPPING, Phase.TIMED, Phase.REMINDED) or state.next_at is not None
