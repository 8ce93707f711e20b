"""Who is right when PagerDuty and we differ, and when a suspicion is sure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rules.senders.drift import Drift, Ours, Theirs, confirmed, differ
from rules.words import Status

NOW = datetime(2026, 12, 5, 0, 30, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=10)
CALLING = Theirs("P1", "S1", "nabat-1", "triggered", EARLIER, EARLIER)
TAKEN = replace(CALLING, status="acknowledged", changed_at=EARLIER, by="Anna")
OVER = replace(CALLING, status="resolved", by="Anna")
TRIGGERED, ACKNOWLEDGED = Ours(Status.TRIGGERED), Ours(Status.ACKNOWLEDGED, since=EARLIER, told=True, told_at=EARLIER)
RESOLVED = Ours(Status.RESOLVED, resolved_at=EARLIER)


def found(ours, *theirs):
    difference = differ(ours, theirs, NOW)
    return difference and difference[0]


def test_alike_is_no_difference():
    for ours, theirs in ((TRIGGERED, CALLING), (ACKNOWLEDGED, TAKEN), (RESOLVED, OVER)):
        assert found(ours, theirs) is None
    assert found(TRIGGERED) is None
    assert found(RESOLVED) is None


def test_what_is_further_there_counts_here():
    assert found(TRIGGERED, TAKEN) is Drift.ACKNOWLEDGED_THERE
    assert found(TRIGGERED, OVER) is Drift.RESOLVED_THERE
    assert found(ACKNOWLEDGED, OVER) is Drift.RESOLVED_THERE
    assert found(TRIGGERED, replace(CALLING, service="S2"), OVER) is Drift.RESOLVED_THERE


def test_what_is_further_here_is_told_there_again():
    assert found(RESOLVED, CALLING) is Drift.RESOLVED_HERE
    assert found(RESOLVED, OVER, replace(TAKEN, service="S2")) is Drift.RESOLVED_HERE
    assert found(ACKNOWLEDGED, CALLING) is Drift.ACKNOWLEDGED_HERE
    assert found(replace(ACKNOWLEDGED, told_at=None), CALLING) is Drift.ACKNOWLEDGED_HERE


def test_what_happened_just_now_may_still_be_on_its_way():
    just_now = NOW - timedelta(minutes=1)
    assert found(TRIGGERED, replace(TAKEN, changed_at=just_now)) is None
    assert found(TRIGGERED, replace(OVER, changed_at=just_now)) is None
    assert found(replace(RESOLVED, resolved_at=just_now), CALLING) is None


def test_an_acknowledgement_of_a_program_or_an_old_one_does_not_count():
    assert found(TRIGGERED, replace(TAKEN, by="")) is None
    assert found(replace(TRIGGERED, since=NOW - timedelta(minutes=5)), TAKEN) is None
    later = replace(TAKEN, changed_at=NOW - timedelta(minutes=3))
    assert found(replace(TRIGGERED, since=NOW - timedelta(minutes=5)), later) is Drift.ACKNOWLEDGED_THERE


def test_what_changed_there_after_it_heard_us_is_its_own_doing():
    ran_out = replace(CALLING, changed_at=NOW - timedelta(minutes=5))
    assert found(ACKNOWLEDGED, ran_out) is None
    assert found(replace(ACKNOWLEDGED, told=False, told_at=None), ran_out) is None  # the answer came from there


def test_a_trigger_after_the_end_is_a_new_one_there():
    again = replace(CALLING, id="P2", created_at=NOW - timedelta(minutes=5))
    assert found(TRIGGERED, OVER, again) is None
    assert found(RESOLVED, OVER, again) is Drift.RESOLVED_HERE


def test_a_suspicion_is_sure_in_the_second_check_five_minutes_later():
    since = NOW - timedelta(minutes=5)
    assert confirmed(["a", "b", "c"], {"a": since, "b": NOW - timedelta(minutes=4)}, NOW) == ["a"]
