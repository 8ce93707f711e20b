"""What is wrong with us, judged from what the auditor saw."""

from datetime import timedelta

import pytest

from rules.reports.selfwatch import (
    HELD,
    LATE,
    PASSED,
    SILENCE,
    STARTING,
    TOLD_AFTER,
    Finding,
    Sight,
    What,
    judge,
    worth_telling,
)
from rules.words import Severity
from tests.clock import HandClock

NOW = HandClock().now()
SECOND = timedelta(seconds=1)


def found(**seen):
    return {one.what: one for one in judge(Sight(**{"worker_seen": NOW, **seen}), NOW, {})}


def test_all_is_well():
    assert found() == {}
    assert found(worker_seen=NOW - SILENCE, message_due=NOW - LATE, step_due=NOW - LATE, held=HELD, passed=PASSED) == {}
    assert found(worker_seen=NOW + timedelta(hours=1)) == {}  # its clock is ahead of ours


@pytest.mark.parametrize(
    ("seen", "what", "words"),
    [
        ({"worker_seen": None}, What.WORKER, "no worker was ever seen: nothing is sent"),
        ({"worker_seen": NOW - SILENCE - SECOND}, What.WORKER, "no worker was seen for 31 s: nothing is sent"),
        ({"message_due": NOW - 2 * LATE}, What.MESSAGES, "messages wait: the oldest has been due for 120 s"),
        ({"step_due": NOW - LATE - SECOND}, What.STEPS, "steps are late: the oldest has been due for 61 s"),
        ({"missing": 2}, What.MISSING, "emergencies whose notification was missing: 2"),
        ({"unreached": 3}, What.UNREACHED, "emergencies that have reached nobody: 3"),
        ({"short_of_room": True}, What.DISK, "the disk is nearly full: new alerts are refused"),
        (
            {"held": HELD + SECOND, "passed": PASSED + 1},
            What.TRANSACTION,
            "dead rows cannot be cleared: a transaction has been open for 901 s",
        ),
        (
            {"held": HELD, "passed": PASSED + 1},
            What.TRANSACTION,
            "dead rows cannot be cleared: one transaction has been open while 1000001 others wrote",
        ),
    ],
)
def test_each_thing_that_can_be_wrong_is_told_with_its_number(seen, what, words):
    (one,) = found(**seen).values()
    assert (one.what, one.words, one.since) == (what, words, NOW)
    calls = {What.WORKER: Severity.CRITICAL, What.DISK: Severity.CRITICAL, What.TRANSACTION: Severity.WARNING}
    assert one.severity is calls.get(what, Severity.ERROR)
    assert one.grave is (what is not What.TRANSACTION)


def test_a_finding_keeps_its_beginning_and_is_told_when_it_lasts():
    sight = Sight(NOW - 2 * SILENCE)
    (first,) = judge(sight, NOW, {})
    assert not worth_telling(first, NOW)
    later = NOW + TOLD_AFTER
    (again,) = judge(sight, later, {first.what: first})
    assert (again.since, again.seconds) == (NOW, 75)
    assert worth_telling(again, later)
    assert not worth_telling(Finding(What.WORKER), later)


def test_who_starts_with_the_others_does_not_yet_judge_them():
    sight = Sight(None, NOW - 2 * LATE, NOW - 2 * LATE, missing=1, unreached=1, short_of_room=True)
    assert [one.what for one in judge(sight, NOW, {}, starting=True)] == [What.MISSING, What.UNREACHED, What.DISK]
    assert timedelta() < STARTING < LATE
