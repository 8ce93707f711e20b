"""Cron expressions by the wall clock, and rhythms of sources."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.senders.heartbeats import due_at
from rules.senders.rhythm import learned, silent_from
from rules.times.cron import next_time, read_cron

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "after", "then"),
    [
        ("0 3 * * *", "2026-12-05T02:00:00", "2026-12-06T02:00:00"),
        ("0 3 * * *", "2026-12-05T01:59:59", "2026-12-05T02:00:00"),
        ("*/15 * * * *", "2026-12-05T00:01:00", "2026-12-05T00:15:00"),
        ("5-10/5,50 8-9 * * *", "2026-12-05T07:11:00", "2026-12-05T07:50:00"),
        ("0 9 * * mon-fri", "2026-12-04T12:00:00", "2026-12-07T08:00:00"),
        ("0 9 * * 7", "2026-12-04T12:00:00", "2026-12-06T08:00:00"),
        ("0 0 1 jan *", "2026-12-05T00:00:00", "2026-12-31T23:00:00"),
        ("0 0 13 * fri", "2026-12-05T00:00:00", "2026-12-10T23:00:00"),  # a Friday, or a 13th
        ("0 0 29 feb *", "2026-12-05T00:00:00", "2028-02-28T23:00:00"),
        ("30 2 * * *", "2027-03-27T12:00:00", "2027-03-28T01:00:00"),  # 02:30 does not exist
        ("30 2 * * *", "2026-10-24T12:00:00", "2026-10-25T00:30:00"),  # exists twice
        ("30 2 * * *", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
    ],
)
def test_the_next_time_in_berlin(text, after, then):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_time(read_cron(text), moment, BERLIN) == datetime.fromisoformat(then).replace(tzinfo=UTC)


NO_CRONS = (
    "", "* * * *", "60 * * * *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "*-3 * * * *", "0 0 30 2 *", "a b c d e",
    "0 0 * * * *", "0" * 300, "1,,2 * * * *",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_CRONS)
def test_what_is_no_cron_expression_is_refused(text):
    with pytest.raises(ValueError, match=r"cron|minute|hour|day|month|weekday|never"):
        read_cron(text)


def test_a_period_or_a_cron_expression_and_the_grace():
    last = datetime(2026, 12, 5, 10, tzinfo=UTC)
    minute = timedelta(minutes=1)
    assert due_at(last, minute, "", "UTC", 2 * minute) == last + 3 * minute
    assert due_at(last, timedelta(), "0 12 * * *", "UTC", minute) == last + timedelta(hours=2, minutes=1)


def test_a_rhythm_is_known_after_a_week_and_forgets_after_two():
    at, pauses = datetime(2026, 12, 1, 12, tzinfo=UTC), {}
    for _ in range(6):
        pauses = learned(pauses, at, at + timedelta(hours=24))
        at += timedelta(hours=24)
    assert silent_from(pauses, at) is None
    pauses = learned(pauses, at, at + timedelta(days=2))
    at += timedelta(days=2)
    assert silent_from(pauses, at) == at + timedelta(days=6)
    for _ in range(15):
        pauses = learned(pauses, at, at + timedelta(hours=24))
        at += timedelta(hours=24)
    assert len(pauses) == 14
    assert silent_from(pauses, at) == at + timedelta(days=3)
    assert silent_from(dict.fromkeys(map(str, range(7)), 10), at) == at + timedelta(minutes=15)
