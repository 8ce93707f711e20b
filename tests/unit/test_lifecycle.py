"""What a signal does to an incident: snooze, waking, passing on, assigning, beside the plain ladder."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.lifecycle import Given, Reason, Signal, State, decide, has_next
from rules.telling.snoozing import end_of
from rules.words import Route, Status, Step, Urgency, Way

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
STEPS = (Step(("person:a",), 5 * MINUTES), Step(("person:b",), 10 * MINUTES))


def route(urgency=Urgency.URGENT, repeat=0):
    return Route("r", urgency, "p", (), STEPS, repeat, (Way.SMS,), (), 5 * MINUTES)


def told(level=1, **more):
    return State(Status.TRIGGERED, level, NOW + 5 * MINUTES, **more)


def snoozed(state, minutes=30, firing=1):
    return decide(state, Signal.SNOOZE, route(), NOW, Given(until=NOW + minutes * MINUTES, firing=firing)).after


def test_a_snooze_stops_the_ladder_until_its_end_and_then_it_goes_on_where_it_stood():
    state = snoozed(told())
    assert (state.status, state.level, state.next_at) == (Status.TRIGGERED, 1, NOW + 30 * MINUTES)
    for signal in (Signal.TIMER, Signal.UNREACHED):
        assert decide(state, signal, route(), NOW + 29 * MINUTES).reason is Reason.NOT_DUE
    end = NOW + 30 * MINUTES
    over = decide(state, Signal.TIMER, route(), end)
    assert (over.reason, over.step, over.after) == (
        Reason.SNOOZE_OVER, STEPS[1], State(Status.TRIGGERED, 2, end + 10 * MINUTES)
    )  # fmt: skip


def test_at_the_end_of_its_ladder_the_end_of_a_snooze_is_told_all_the_same():
    over = decide(snoozed(told(2)), Signal.TIMER, route(), NOW + 30 * MINUTES)
    assert (over.reason, over.step, over.after.level) == (Reason.SNOOZE_OVER, STEPS[1], 3)
    assert decide(over.after, Signal.TIMER, route(), NOW + 60 * MINUTES).reason is Reason.POLICY_EXHAUSTED


def test_an_acknowledgement_that_was_snoozed_holds_no_longer_than_that():
    taken = decide(told(), Signal.ACKNOWLEDGE, route(), NOW).after
    assert (taken.next_at, taken.snoozed_until) == (None, None)
    later = snoozed(taken)
    assert later.status is Status.ACKNOWLEDGED
    assert decide(later, Signal.TIMER, route(), NOW + 29 * MINUTES).reason is Reason.NOT_DUE
    assert decide(later, Signal.TIMER, route(), NOW + 30 * MINUTES).after.status is Status.TRIGGERED


@pytest.mark.parametrize(
    ("firing", "urgency", "reason"),
    [
        (3, Urgency.URGENT, Reason.NOT_DUE),
        (2, Urgency.URGENT, Reason.NOT_DUE),
        (3, Urgency.ORDINARY, Reason.NOT_DUE),
        (4, Urgency.ORDINARY, Reason.WOKEN),
        (3, Urgency.EMERGENCY, Reason.WOKEN),
    ],
)
def test_it_wakes_when_more_fires_than_then_or_something_more_urgent(firing, urgency, reason):
    state = snoozed(told(), firing=3)
    decision = decide(state, Signal.STIRRED, route(), NOW + MINUTES, Given(firing=firing, urgency=urgency))
    assert decision.reason is reason
    assert (decision.after.snoozed_until is None) is (reason is Reason.WOKEN)


def test_what_is_not_snoozed_is_not_woken():
    given = Given(firing=9, urgency=Urgency.EMERGENCY)
    assert decide(told(), Signal.STIRRED, route(), NOW, given).reason is Reason.NOT_DUE


@pytest.mark.parametrize("signal", [Signal.ACKNOWLEDGE, Signal.RESOLVE, Signal.ALL_RESOLVED])
def test_an_answer_ends_the_snooze(signal):
    after = decide(snoozed(told()), signal, route(), NOW).after
    assert (after.snoozed_until, after.next_at) == (None, None)


@pytest.mark.parametrize("minutes", [0, -5])
def test_a_snooze_ends_in_the_future(minutes):
    decision = decide(told(), Signal.SNOOZE, route(), NOW, Given(until=NOW + minutes * MINUTES))
    assert (decision.reason, decision.changes) == (Reason.NOT_IN_FUTURE, False)
    assert decide(told(), Signal.SNOOZE, route(), NOW).reason is Reason.NOT_IN_FUTURE


@pytest.mark.parametrize("signal", [Signal.SNOOZE, Signal.ASSIGN, Signal.DECLINE, Signal.STIRRED])
def test_what_is_over_stays_over(signal):
    given = Given(until=NOW + MINUTES, person=1, firing=9)
    assert decide(State(Status.RESOLVED, 1), signal, route(), NOW, given).reason is Reason.ALREADY_RESOLVED


def test_whoever_cannot_passes_it_on_once():
    decision = decide(told(), Signal.DECLINE, route(), NOW, Given(level=1))
    assert (decision.reason, decision.step, decision.after.level) == (Reason.PASSED_ON, STEPS[1], 2)
    assert decide(decision.after, Signal.DECLINE, route(), NOW, Given(level=1)).reason is Reason.ALREADY_PASSED_ON
    assert decide(decision.after, Signal.DECLINE, route(), NOW, Given(level=2)).reason is Reason.NOBODY_NEXT
    assert decide(decision.after, Signal.DECLINE, route(repeat=1), NOW).step == STEPS[0]
    taken = decide(told(), Signal.ACKNOWLEDGE, route(), NOW).after
    assert decide(taken, Signal.DECLINE, route(), NOW).reason is Reason.ALREADY_ACKNOWLEDGED
    assert decide(snoozed(told()), Signal.DECLINE, route(), NOW).after.snoozed_until is None


def test_the_last_step_has_no_next_one_even_for_an_emergency():
    assert [has_next(route(Urgency.EMERGENCY), level) for level in (0, 1, 2)] == [True, True, False]


def test_to_be_assigned_is_no_answer():
    for before, reason in ((None, Reason.ASSIGNED), (6, Reason.REASSIGNED), (7, Reason.ALREADY_ASSIGNED)):
        decision = decide(told(), Signal.ASSIGN, route(), NOW, Given(person=7, before=before))
        assert (decision.reason, decision.after) == (reason, told())


MOSCOW = ZoneInfo("Europe/Moscow")  # where it is 03:12 now


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30m", "2026-12-05T03:42"),
        (" 1H30M ", "2026-12-05T04:42"),
        ("until 09:00 tomorrow", "2026-12-06T09:00"),
        ("until 09:00 Monday", "2026-12-07T09:00"),
        ("Until tomorrow 9:00", "2026-12-06T09:00"),
        ("09:00", "2026-12-05T09:00"),
        ("until 03:12", "2026-12-06T03:12"),
        ("03:00", "2026-12-06T03:00"),
        ("2026-12-05T10:00:00+05:00", "2026-12-05T08:00"),
        ("2026-12-05T05:00:00Z", "2026-12-05T08:00"),
        ("2026-12-05T08:00", "2026-12-05T08:00"),
    ],
)
def test_the_end_of_a_snooze_is_said_in_many_ways(text, end):
    assert f"{end_of(text, NOW, MOSCOW).astimezone(MOSCOW):%Y-%m-%dT%H:%M}" == end


@pytest.mark.parametrize(
    "text", ["", "soon", "30", "0m", "59s", "31d", "999999w", "25:00", "2026-12-05T03:00", "2026-02-30T00:00", "-30m",
             "9999-12-31T23:59:59-23:00", "0001-01-01T00:00", "until"],
)  # fmt: skip
def test_what_cannot_be_the_end_of_a_snooze_is_refused(text):
    with pytest.raises(ValueError, match=r"snooze|time"):
        end_of(text, NOW, MOSCOW)


def test_tomorrow_is_by_the_clock_on_the_wall():
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)  # in the night Berlin loses an hour
    assert end_of("until 09:00 tomorrow", before, ZoneInfo("Europe/Berlin")) - before == timedelta(hours=19)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "text", "end"),
    [  # in March two o'clock is three, in October three o'clock is two once more
        ("2026-03-29T00:45", "until 02:30", "2026-03-29T01:00"),
        ("2026-03-29T00:45", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("2026-03-28T12:00", "until 02:30 tomorrow", "2026-03-29T01:00"),
        ("2026-10-25T00:10", "until 02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:40", "until 02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:10", "until 02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:10", "2026-10-25T02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:40", "until 02:30", "2026-10-26T01:30"),
    ],
)
def test_a_snooze_ends_by_the_clock_on_the_wall_also_when_that_is_changed(now, text, end):
    found = end_of(text, datetime.fromisoformat(now).replace(tzinfo=UTC), BERLIN)
    assert f"{found:%Y-%m-%dT%H:%M}" == end
