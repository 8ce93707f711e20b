"""The voice gate as a table: when a call leaves, waits, goes to somebody else, or is not made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.telling.voice import Answer, Budget, Dial, Gate, Verdict, Why, judge, words
from rules.times.calendars import Calendar, Span

MINUTE = timedelta(minutes=1)
WORK = Calendar("work", "UTC", frozenset(range(5)), (Span(9 * 60, 18 * 60),))
GATE = Gate(WORK, open=False, unacknowledged_for=3 * MINUTE, budget=Budget(3, 8 * 60 * MINUTE))
NIGHT, DAY = datetime(2026, 12, 5, 3, tzinfo=UTC), datetime(2026, 12, 7, 11, tzinfo=UTC)
DIAL = Dial(DAY, firing=True, pushed=True)
TIRED = (DAY - MINUTE, DAY - 2 * MINUTE, DAY - 479 * MINUTE)


@pytest.mark.parametrize(
    ("gate", "dial", "now", "verdict"),
    [
        (GATE, replace(DIAL, told_at=NIGHT), NIGHT, Verdict(Answer.CALL, Why.IN_TIME)),
        (GATE, DIAL, DAY, Verdict(Answer.WAIT, Why.PUSH_FIRST, DAY + 3 * MINUTE)),
        (GATE, DIAL, DAY + 3 * MINUTE, Verdict(Answer.CALL, Why.UNANSWERED)),
        (GATE, replace(DIAL, pushed=False), DAY, Verdict(Answer.CALL, Why.NO_PUSH)),
        (GATE, replace(DIAL, firing=False), DAY, Verdict(Answer.OVER, Why.NOT_FIRING)),
        (GATE, replace(DIAL, calls=TIRED, pushed=False), DAY, Verdict(Answer.NEXT, Why.OVER_BUDGET)),
        (GATE, replace(DIAL, calls=TIRED[:2], pushed=False), DAY, Verdict(Answer.CALL, Why.NO_PUSH)),
        (GATE, replace(DIAL, calls=TIRED, pushed=False), DAY + MINUTE, Verdict(Answer.CALL, Why.NO_PUSH)),
        (
            GATE, replace(DIAL, calls=TIRED, pushed=False, somebody_else=False), DAY,
            Verdict(Answer.CALL, Why.NOBODY_ELSE),
        ),
        (Gate(unacknowledged_for=MINUTE), DIAL, NIGHT, Verdict(Answer.WAIT, Why.PUSH_FIRST, DAY + MINUTE)),
        (Gate(budget=Budget(1, MINUTE)), DIAL, DAY, Verdict(Answer.CALL, Why.NO_GATE)),
        (Gate(), DIAL, DAY, Verdict(Answer.CALL, Why.NO_GATE)),
    ],
)  # fmt: skip
def test_a_call_has_to_be_earned(gate, dial, now, verdict):
    assert judge(gate, dial, now) == verdict


def test_the_reason_is_said_in_the_first_line_of_the_call():
    assert words(GATE, Why.IN_TIME) == "off hours"
    assert words(replace(GATE, open=True), Why.IN_TIME) == "work"
    assert words(GATE, Why.UNANSWERED) == "nobody answered the push"
    assert words(GATE, Why.NO_GATE) == ""
