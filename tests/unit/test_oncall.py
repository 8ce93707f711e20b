"""Who is on call, minute by minute, over every change of the clock."""
# ruff: noqa: DTZ001 - a layer begins at a local time of its schedule

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.duty.oncall import next_handover, on_call, period
from rules.schedules import Layer, Schedule
from rules.times.walltime import moment_of

MINUTE = timedelta(minutes=1)
# The change, in UTC, lies within two days after this local date; Moscow has none any more, and had one in 2014.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 28)),
    ("Europe/Berlin", datetime(2026, 10, 24)),
    ("America/New_York", datetime(2026, 3, 7)),
    ("America/New_York", datetime(2026, 10, 31)),
    ("Europe/Moscow", datetime(2026, 3, 28)),
    ("Europe/Moscow", datetime(2014, 10, 25)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3)),
    ("Pacific/Chatham", datetime(2026, 4, 4)),  # 12:45 or 13:45 before UTC
    ("Pacific/Chatham", datetime(2026, 9, 26)),
    ("Pacific/Apia", datetime(2011, 12, 29)),  # a whole day that never was
]


def schedule(zone, *layers):
    return Schedule("web", zone, tuple(Layer(start, every, members) for start, every, members in layers))


def utc(*when):
    return datetime(*when, tzinfo=UTC)


def minutes_of_oracle(zone_name, start, every, members, begin, length):
    """Walk minute by minute with the clock on the wall: each time it shows or has jumped over a hand-over for the
    first time, the next one takes over."""
    zone = ZoneInfo(zone_name)
    furthest, turn, next_wall = None, -1, start
    for minute in range(length):
        at = begin + minute * MINUTE
        wall = at.astimezone(zone).replace(tzinfo=None)
        furthest = wall if furthest is None else max(furthest, wall)
        while next_wall <= furthest:
            turn += 1
            next_wall = start + (turn + 1) * every
        yield at, members[turn % len(members)] if turn >= 0 else None


@pytest.mark.parametrize(("zone", "around"), CHANGES)
@pytest.mark.parametrize(
    ("every", "hour", "minute"),
    [("1d", 2, 30), ("1d", 3, 0), ("12h", 2, 15), ("1h", 0, 0), ("1h", 0, 20), ("1w", 2, 0)],
)
def test_it_agrees_with_the_clock_on_the_wall(zone, around, every, hour, minute):
    start = around.replace(hour=hour, minute=minute) - (timedelta(days=6) if every == "1w" else timedelta())
    members = ("anna", "boris", "clara")
    roster = schedule(zone, (start, every, members))
    begin = start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=1)
    length = 60 * (24 * 8 if every == "1w" else 40)
    expected = list(minutes_of_oracle(zone, start, period(every), members, begin, length))
    step = 10 if every == "1w" else 1

    wrong = [(at, who) for at, who in expected[::step] if on_call(roster, at) != who]

    assert wrong == []


@pytest.mark.parametrize(("zone", "around"), CHANGES)
def test_the_next_handover_is_where_somebody_else_begins(zone, around):
    roster = schedule(zone, (around.replace(hour=2, minute=30), "12h", ("anna", "boris")))
    at = around.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    for _ in range(6):
        handover = next_handover(roster, at)
        assert at < handover
        assert on_call(roster, handover) != on_call(roster, at)
        assert on_call(roster, handover - timedelta(seconds=1)) == on_call(roster, at)
        at = handover


def test_a_handover_in_a_gap_happens_at_the_first_moment_after_it():
    # Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    roster = schedule("Europe/Berlin", (datetime(2026, 3, 28, 2, 30), "1d", ("anna", "boris")))

    assert on_call(roster, utc(2026, 3, 29, 0, 59, 59)) == "anna"
    assert on_call(roster, utc(2026, 3, 29, 1, 0)) == "boris"
    assert moment_of(datetime(2026, 3, 29, 2, 30), ZoneInfo("Europe/Berlin")) == utc(2026, 3, 29, 1)


def test_a_handover_in_a_fold_happens_once():
    # 02:30 comes twice on 25 October 2026: at 00:30 and at 01:30 UTC.
    roster = schedule("Europe/Berlin", (datetime(2026, 10, 24, 2, 30), "1d", ("anna", "boris")))

    assert on_call(roster, utc(2026, 10, 25, 0, 29)) == "anna"
    assert on_call(roster, utc(2026, 10, 25, 0, 30)) == "boris"
    assert on_call(roster, utc(2026, 10, 25, 1, 15)) == "boris"
    assert next_handover(roster, utc(2026, 10, 25, 1, 15)) == utc(2026, 10, 26, 1, 30)


def test_a_week_begins_at_the_same_time_of_day_all_year():
    roster = schedule("Europe/Berlin", (datetime(2026, 1, 5, 9), "1w", ("anna", "boris")))

    assert next_handover(roster, utc(2026, 3, 27)) == utc(2026, 3, 30, 7)  # 09:00 summer time
    assert next_handover(roster, utc(2026, 3, 17)) == utc(2026, 3, 23, 8)  # 09:00 winter time


def test_the_last_layer_that_has_begun_decides():
    roster = schedule(
        "UTC",
        (datetime(2026, 11, 2), "1d", ("anna", "boris")),
        (datetime(2026, 11, 10), "1w", ("clara",)),
    )

    assert on_call(roster, utc(2026, 11, 1, 23, 59)) is None
    assert on_call(roster, utc(2026, 11, 3, 12)) == "boris"
    assert on_call(roster, utc(2026, 11, 10)) == "clara"
    assert next_handover(roster, utc(2026, 11, 1)) == utc(2026, 11, 2)
    assert next_handover(roster, utc(2026, 11, 9, 12)) == utc(2026, 11, 10)
    assert next_handover(roster, utc(2026, 11, 11)) is None


def test_a_schedule_without_anybody_covers_nobody():
    assert on_call(Schedule("empty", "UTC", ()), utc(2026, 1, 1)) is None
    assert on_call(schedule("UTC", (datetime(2025, 1, 1), "1d", ())), utc(2026, 1, 1)) is None
    assert next_handover(Schedule("empty", "UTC", ()), utc(2026, 1, 1)) is None


@pytest.mark.parametrize("every", ["", "d", "0h", "-1d", "1m", "1.5h", "9999w", "1d ", "1h30m"])
def test_a_rotation_that_is_none(every):
    with pytest.raises(ValueError, match="is not a rotation"):
        period(every)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.sampled_from([zone for zone, _ in CHANGES]),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.integers(0, 400 * 24 * 60),
    st.sampled_from(["1h", "7h", "12h", "1d", "3d", "1w"]),
)
def test_somebody_is_on_call_from_the_start_on_and_a_handover_changes_it(zone, start, minutes, every):
    roster = schedule(zone, (start.replace(second=0, microsecond=0), every, ("anna", "boris", "clara")))
    begin = moment_of(start.replace(second=0, microsecond=0), ZoneInfo(zone))
    at = begin + minutes * MINUTE

    assert on_call(roster, begin - timedelta(seconds=1)) is None
    assert on_call(roster, begin) == "anna"
    assert on_call(roster, at) in ("anna", "boris", "clara")
    handover = next_handover(roster, at)
    assert timedelta() < handover - at <= period(every) + timedelta(hours=25)
    assert on_call(roster, handover - timedelta(microseconds=1)) == on_call(roster, at) != on_call(roster, handover)
