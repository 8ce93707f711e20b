"""What keeps quiet, as decisions: verdicts with reason and end, and what they do to an incident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.lifecycle import NEW, Given, Reason, Signal, State, decide
from rules.matchers import Matcher
from rules.telling.suppress import EVERYTHING, Wrong, check, holds_until, takes_everything, together, verdict
from rules.words import Route, Silence, Status, Step, Suppression, Suppressor, Urgency, Way

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEPS = (Step(("person:a",), HOUR), Step(("person:b",), HOUR))
ROUTE = Route("r", Urgency.EMERGENCY, "p", (), STEPS, 0, (Way.SMS,), (), HOUR)


def silence(number, *matchers, spans=((0, 2),), kind=Suppressor.SILENCE):
    held = tuple((NOW + start * HOUR, NOW + end * HOUR) for start, end in spans)
    return Silence(number, kind, tuple(Matcher.parse(one) for one in matchers), held, "why", "Anna")


def until(hours, number=1):
    return Suppression(Suppressor.SILENCE, number, NOW + hours * HOUR)


def test_of_several_that_hide_it_the_longest_counts_and_says_why():
    all_of_them = [silence(1, "a=b"), silence(2, "a=b", spans=((0, 3),)), silence(3, "a=c", spans=((0, 9),))]
    found = verdict({"a": "b"}, all_of_them, Urgency.FAST, NOW)
    assert (found.key, found.until, found.reason, found.author) == ("silence:2", NOW + 3 * HOUR, "why", "Anna")
    assert verdict({"a": "b"}, all_of_them, Urgency.FAST, NOW + 3 * HOUR) is None  # the end is no longer part of it
    assert verdict({}, all_of_them, Urgency.FAST, NOW) is None
    sparing = [replace(one, spares=one.id == 2) for one in all_of_them]
    assert verdict({"a": "b"}, sparing, Urgency.EMERGENCY, NOW).key == "silence:1"
    assert verdict({"a": "b"}, sparing, Urgency.URGENT, NOW).key == "silence:2"


def test_it_holds_from_its_beginning_and_spans_that_touch_are_one():
    one = silence(1, "a=b", spans=((1, 2), (2, 3), (5, 6)))
    assert holds_until(one, NOW) is None
    assert holds_until(one, NOW + HOUR) == NOW + 3 * HOUR
    assert holds_until(one, NOW + 4 * HOUR) is None
    assert holds_until(one, NOW + 5 * HOUR) == NOW + 6 * HOUR


def test_an_incident_is_hidden_until_the_first_of_its_alerts_is_not():
    assert together([until(3), until(2)]) == until(2)
    assert together([until(3), None]) is None
    assert together([]) is None


@pytest.mark.parametrize(
    ("matchers", "wide"),
    [
        ([], True), (['a=~".*"'], True), (['a=~".+"'], True), (["a!=b"], True), (['kind=~"alert|ticket"'], True),
        (["kind=alert", 'a!~"x"'], True), (["a=b"], False), (['a=~"b.*"', "c!=d"], False), (['a=~"[a-z]+"'], False),
    ],
)  # fmt: skip
def test_what_leaves_nothing_out_has_to_be_confirmed(matchers, wide):
    parsed = [Matcher.parse(one) for one in matchers]
    assert takes_everything(parsed) is wide
    if wide:
        with pytest.raises(Wrong, match=EVERYTHING):
            check(parsed, NOW, NOW + HOUR, NOW, reason="x", confirmed="silence  everything")
    check(parsed, NOW, NOW + HOUR, NOW, reason="x", confirmed=EVERYTHING if wide else "")


def suppress(state, by, now=NOW):
    return decide(state, Signal.SUPPRESS, ROUTE, now, Given(suppression=by))


def test_it_opens_telling_nobody_and_its_end_tells_the_first_step():
    opened = suppress(NEW, until(2))
    assert (opened.reason, opened.step, opened.after.level) == (Reason.SUPPRESSED, None, 0)
    assert decide(opened.after, Signal.TIMER, ROUTE, NOW + HOUR).reason is Reason.NOT_DUE
    over = decide(opened.after, Signal.TIMER, ROUTE, NOW + 2 * HOUR)
    assert (over.reason, over.step, over.after) == (
        Reason.SUPPRESSION_OVER, STEPS[0], State(Status.TRIGGERED, 1, NOW + 3 * HOUR)
    )  # fmt: skip


def test_what_a_person_said_stands():
    taken = State(Status.ACKNOWLEDGED, 1)
    asleep = State(Status.TRIGGERED, 1, NOW + HOUR, NOW + HOUR, 1)
    over = State(Status.RESOLVED, 1)
    assert [suppress(one, until(2)).changes for one in (taken, asleep, over)] == [False, False, False]
    assert suppress(asleep, until(2), NOW + HOUR).reason is Reason.SUPPRESSED  # when the snooze ends it is asked
    hushed = suppress(NEW, until(2)).after
    assert decide(hushed, Signal.ACKNOWLEDGE, ROUTE, NOW).after == State(Status.ACKNOWLEDGED)
    assert decide(hushed, Signal.ALL_RESOLVED, ROUTE, NOW).after == State(Status.RESOLVED)
    snoozed = decide(hushed, Signal.SNOOZE, ROUTE, NOW, Given(until=NOW + HOUR)).after
    assert snoozed.suppressed_by == ""


def test_the_same_again_is_no_news_and_another_is():
    hushed = suppress(NEW, until(2)).after
    assert not suppress(hushed, until(2)).changes
    assert suppress(hushed, until(3, number=2)).after.suppressed_by == "silence:2"


SIGNALS = st.sampled_from([Signal.TIMER, Signal.UNREACHED, Signal.MISSED, Signal.RAISED, Signal.SUPPRESS])


@given(st.lists(st.tuples(SIGNALS, st.integers(0, 119)), max_size=12))
def test_whatever_happens_nobody_is_told_before_the_end(history):
    state = suppress(NEW, until(2)).after
    for signal, minutes in sorted(history, key=lambda one: one[1]):
        now = NOW + timedelta(minutes=minutes)
        decision = decide(state, signal, ROUTE, now, Given(suppression=until(2), level=state.level))
        assert decision.step is None
        state = decision.after
    assert decide(state, Signal.TIMER, ROUTE, NOW + 2 * HOUR).step is STEPS[0]
