"""Shifts, gaps, layers with hours, overrides, imported calendars: they tile the time and agree with each moment."""
# ruff: noqa: DTZ001 - a layer begins at a local time of its schedule

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.duty.duty_load import loads
from rules.duty.oncall import bound, gaps, is_gap, is_whole_of, next_handover, on_call, shifts, shifts_of
from rules.schedules import EVERY_DAY, Duty, Layer, Override, Schedule
from rules.times.calendars import Calendar, Span

ZONES = [
    ("Europe/Berlin", datetime(2026, 3, 28)), ("Europe/Berlin", datetime(2026, 10, 24)),
    ("America/New_York", datetime(2026, 3, 7)), ("America/New_York", datetime(2026, 10, 31)),
    ("Europe/Moscow", datetime(2026, 3, 28)), ("Europe/Moscow", datetime(2014, 10, 25)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4)), ("Australia/Lord_Howe", datetime(2026, 10, 3)),
    ("Pacific/Chatham", datetime(2026, 4, 4)), ("Pacific/Chatham", datetime(2026, 9, 26)),
]  # fmt: skip
WORK = Calendar("work", "Europe/Moscow", frozenset(range(5)), (Span(9 * 60, 18 * 60),), ("RU",))
HOUR = timedelta(hours=1)


def utc(*when):
    return datetime(*when, tzinfo=UTC)


@st.composite
def schedules(draw):
    zone, around = draw(st.sampled_from(ZONES))
    base = around.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    minutes = st.integers(-60, 60).map(lambda count: count * 30)
    layers = []
    for _ in range(draw(st.integers(0, 3))):
        start = around + timedelta(minutes=draw(minutes))
        hours = draw(st.sampled_from([(), ((9 * 60, 18 * 60),), ((22 * 60, 6 * 60),), ((0, 150), (165, 24 * 60))]))
        layers.append(Layer(
            start, draw(st.sampled_from(["1h", "7h", "12h", "1d", "1w"])),
            draw(st.sampled_from([("a",), ("a", "b"), ("b", "c", "a")])),
            draw(st.sampled_from([None, start + timedelta(hours=40)])),
            draw(st.sampled_from([EVERY_DAY, frozenset({5, 6})])), hours,
            draw(st.sampled_from(["", "work", "not work"])),
        ))  # fmt: skip
    if draw(st.booleans()):
        begin = base + timedelta(minutes=draw(minutes))
        duties = (Duty(begin, begin + 5 * HOUR, "d"), Duty(begin + 4 * HOUR, begin + 9 * HOUR, "e"))
        layers.append(Layer(datetime.min, "", (), ical="key", duties=duties))  # noqa: DTZ901
    overrides = []
    for number in range(draw(st.integers(0, 2))):
        begin = base + timedelta(minutes=draw(minutes))
        overrides.append(Override(begin, begin + draw(st.integers(1, 20)) * HOUR, "x", number + 1))
    made = Schedule(
        "s", zone, tuple(layers), overrides=tuple(overrides), covers=draw(st.sampled_from(["", "not work"]))
    )
    return bound(made, {"work": WORK}), base


@settings(derandomize=True, max_examples=60, deadline=None)
@given(schedules(), st.integers(-40, 40), st.integers(1, 120), st.lists(st.integers(0, 10**6), min_size=8, max_size=8))
def test_shifts_tile_the_time_and_agree_with_every_moment(made, first, length, parts):
    schedule, base = made
    begin = base + first * HOUR
    end = begin + length * HOUR
    found = shifts(schedule, begin, end)

    assert (found[0].starts, found[-1].ends) == (begin, end)
    assert all(one.ends == other.starts for one, other in pairwise(found))
    assert all(one.starts < one.ends for one in found)
    at_random = [begin + (end - begin) * part / 10**6 for part in parts]
    for one in found:
        at_random += [one.starts, one.ends - timedelta(microseconds=1)]
    holes = gaps(schedule, begin, end)
    for at in at_random:
        holds = [one for one in found if one.starts <= at < one.ends]
        assert at >= end or [one.who for one in holds] == [on_call(schedule, at)]
        in_gap = any(starts <= at < ends for starts, ends in holes)
        assert at >= end or in_gap is is_gap(schedule, at)
    handover = next_handover(schedule, begin)
    changes = [one.starts for one in found if one.who != found[0].who]
    assert not changes or handover == changes[0]
    assert changes or handover is None or handover >= end


@pytest.mark.parametrize(
    ("change", "hours"),
    # 02:30 comes twice in autumn: the first counts. In spring it does not come: the end of the gap stands for it.
    [((2026, 10, 25), [168, 169, 168]), ((2027, 3, 28), [167.5, 167.5, 168])],
)
def test_a_week_of_berlin_has_the_hours_that_it_has(change, hours):
    weekly = Schedule("s", "Europe/Berlin", (Layer(datetime(2026, 1, 4, 2, 30), "1w", ("a", "b")),))
    found = shifts(weekly, utc(*change) - timedelta(days=10), utc(*change) + timedelta(days=20))

    assert [(one.ends - one.starts) / HOUR for one in found[1:4]] == hours


def test_layers_with_hours_leave_the_rest_to_those_before_them():
    days = Layer(datetime(2026, 11, 2, 9), "1w", ("a",), days=frozenset(range(5)), hours=((540, 1080),))
    nights = Layer(datetime(2026, 11, 2), "1w", ("n",))
    made = Schedule("s", "Europe/Moscow", (nights, days))

    assert on_call(made, utc(2026, 11, 4, 5, 59)) == "n"
    assert on_call(made, utc(2026, 11, 4, 6)) == "a"  # nine in Moscow
    assert on_call(made, utc(2026, 11, 4, 15)) == "n"
    assert on_call(made, utc(2026, 11, 7, 9)) == "n"  # a Saturday
    assert next_handover(made, utc(2026, 11, 6, 15)) == utc(2026, 11, 9, 6)


def test_a_calendar_that_is_not_there_restricts_nothing():
    layer = Layer(datetime(2026, 11, 2), "1w", ("a",), when="not work")
    at = utc(2026, 11, 5, 9)  # noon of a Thursday in Moscow

    assert on_call(bound(Schedule("s", "UTC", (layer,)), {"work": WORK}), at) is None
    assert on_call(bound(Schedule("s", "UTC", (layer,)), {}), at) == "a"


def test_gaps_are_those_of_the_time_that_has_to_be_covered():
    layer = Layer(datetime(2026, 11, 2), "1d", ("a",), until=datetime(2026, 11, 4, 12))
    begin, end = utc(2026, 11, 2), utc(2026, 11, 9)
    whole = Schedule("s", "Europe/Moscow", (layer,))
    office = bound(Schedule("s", "Europe/Moscow", (layer,), covers="work"), {"work": WORK})

    assert gaps(whole, begin, end) == [(utc(2026, 11, 4, 9), end)]
    # The fourth of November is a holiday in Russia.
    assert gaps(office, begin, end) == [(utc(2026, 11, day, 6), utc(2026, 11, day, 15)) for day in (5, 6)]


def test_an_override_wins_and_the_later_one_over_it():
    made = Schedule("s", "UTC", (Layer(datetime(2026, 11, 2), "1w", ("a", "b")),), overrides=(
        Override(utc(2026, 11, 3), utc(2026, 11, 5), "x", 1), Override(utc(2026, 11, 4), utc(2026, 11, 4, 6), "y", 2),
    ))  # fmt: skip

    found = [(one.who, one.override) for one in shifts(made, utc(2026, 11, 2), utc(2026, 11, 9))]
    assert found == [("a", 0), ("x", 1), ("y", 2), ("x", 1), ("a", 0)]
    assert len(shifts_of(made, "a", utc(2026, 11, 2), utc(2026, 11, 16))) == 2
    assert is_whole_of(made, "a", utc(2026, 11, 2), utc(2026, 11, 3))
    assert not is_whole_of(made, "a", utc(2026, 11, 2), utc(2026, 11, 3, 1))


def test_the_load_is_counted_by_each_ones_own_nights():
    weekly = Schedule("s", "Europe/Moscow", (Layer(datetime(2026, 11, 2, 9), "1w", ("a", "b")),))
    found = loads([weekly], utc(2026, 11, 2, 6), utc(2026, 11, 30, 6), {"a": "Europe/Moscow", "b": "Asia/Tokyo"})

    assert {who: (load.hours, len(load.nights), len(load.weekends)) for who, load in found.items()} == {
        "a": (336, 14, 2), "b": (336, 14, 2),
    }  # fmt: skip
