"""Windows at the changes of the clock, and rules that never come."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.times.recurrence import read_rule, read_start, spans

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def days(rule, start, length, zone, after, count):
    return spans(read_rule(rule), start, length, ZoneInfo(zone), after)[:count]


def test_m13_a_daily_window_at_a_time_that_does_not_exist_opens_once_for_its_full_length():
    found = days(
        "FREQ=DAILY", read_start("2027-03-01T02:30"), HOUR, "Europe/Berlin", datetime(2027, 3, 27, 12, tzinfo=UTC), 3
    )
    assert found[0] == (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC))
    assert found[1][0] == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    assert {ends - starts for starts, ends in found} == {HOUR}


def test_a_time_that_exists_twice_opens_once():
    after = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = days("FREQ=DAILY", read_start("2026-10-01T02:30"), HOUR, "Europe/Berlin", after, 2)
    assert found[0] == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert found[1][0] == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Pacific/Chatham", "America/New_York", "Europe/Moscow"])
def test_a_year_of_days_has_as_many_windows_whatever_the_zone(zone):
    at, seen = datetime(2027, 1, 1, tzinfo=UTC), set()
    while at < datetime(2028, 1, 1, tzinfo=UTC):
        found = days("FREQ=DAILY", read_start("2026-12-01T02:15"), HOUR, zone, at, 50)
        seen |= {span for span in found if span[0] < datetime(2028, 1, 1, tzinfo=UTC)}
        at = found[-1][1]
    assert len(seen) in (365, 366)
    assert {ends - starts for starts, ends in seen} == {HOUR}


def test_the_present_one_counts_until_its_end_and_one_that_came_once_does_not_come_again():
    start, length = read_start("2026-12-08T02:00"), timedelta(hours=2)
    inside = datetime(2026, 12, 8, 2, 59, tzinfo=UTC)
    assert spans("", start, length, BERLIN, inside)[0][0] == datetime(2026, 12, 8, 1, tzinfo=UTC)
    assert spans("", start, length, BERLIN, datetime(2026, 12, 8, 3, tzinfo=UTC)) == ()
    assert spans("FREQ=WEEKLY", start, length, BERLIN, inside)[0][0] == datetime(2026, 12, 8, 1, tzinfo=UTC)


def test_until_ends_it_and_the_last_day_counts():
    found = spans(
        read_rule("FREQ=DAILY;UNTIL=20261210"),
        read_start("2026-12-08T02:00"),
        HOUR,
        BERLIN,
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert len(found) == 3


def test_a_day_that_never_comes_is_known_soon():
    rule = read_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert spans(rule, read_start("2026-12-08T02:00"), HOUR, BERLIN, datetime(2026, 12, 1, tzinfo=UTC)) == ()
    leap = read_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    (found,) = spans(leap, read_start("2026-12-08T02:00"), HOUR, BERLIN, datetime(2026, 12, 1, tzinfo=UTC))
    assert found[0].date().isoformat() == "2028-02-29"


NO_RULES = (
    "FREQ=SECONDLY", "BYDAY=TU", "FREQ=DAILY;FREQ=DAILY", "X", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;UNTIL=99991231",
    "FREQ=DAILY;UNTIL=soon", "FREQ=DAILY;" + "X" * 400,
)  # fmt: skip


@pytest.mark.parametrize("text", NO_RULES)
def test_what_is_no_rule_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"rule|FREQ|UNTIL"):
        read_rule(text)
