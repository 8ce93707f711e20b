"""Calendars: open or closed, why, and when next, in zones that change their clocks and on days that are different."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.times.calendars import Calendar, Span, Why, contains, next_opening, standing

WEEKDAYS = frozenset(range(5))
WORK = Calendar("work", "Europe/Moscow", WEEKDAYS, (Span(540, 1080),), ("RU",), frozenset({date(2026, 12, 30)}),
                {date(2026, 11, 3): (Span(540, 1020),), date(2026, 12, 5): (Span(600, 720),)})  # fmt: skip
LUNCH = Calendar("lunch", "UTC", hours=(Span(540, 780), Span(840, 1080)))
NIGHT = Calendar("night", "Europe/Berlin", WEEKDAYS, (Span(1320, 360),))
ALWAYS = Calendar("always", "UTC")
NEVER = Calendar("never", "UTC", frozenset(), short_days={date(2020, 1, 1): (Span(0, 1440),)})
CHANGES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham")


def at(text, zone="Europe/Moscow"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "is_open", "why"),
    [
        ("2026-12-04 08:59", False, Why.HOURS),
        ("2026-12-04 09:00", True, Why.HOURS),
        ("2026-12-04 17:59", True, Why.HOURS),
        ("2026-12-04 18:00", False, Why.HOURS),
        ("2026-11-28 12:00", False, Why.WEEKDAY),
        ("2026-12-06 03:12", False, Why.WEEKDAY),
        ("2026-12-05 03:12", False, Why.SHORT_DAY),  # a Saturday on which people come in at ten, said by name
        ("2026-12-05 10:30", True, Why.SHORT_DAY),
        ("2027-01-01 12:00", False, Why.HOLIDAY),  # E10
        ("2027-01-08 12:00", False, Why.HOLIDAY),
        ("2027-01-11 12:00", True, Why.HOURS),
        ("2026-11-04 12:00", False, Why.HOLIDAY),
        ("2026-11-03 16:59", True, Why.SHORT_DAY),
        ("2026-11-03 17:00", False, Why.SHORT_DAY),
        ("2026-03-09 12:00", False, Why.HOLIDAY),  # a Monday off because the 8th is a Sunday
        ("2026-12-30 12:00", False, Why.DAY_OFF),
    ],
)
def test_working_hours_in_moscow(moment, is_open, why):
    found = standing(WORK, at(moment))

    assert (found.open, found.why) == (is_open, why)
    assert contains(WORK, at(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-28 03:12", "work is closed (Sat 2026-11-28 03:12 Europe/Moscow, not one of its days)"),
        (
            "2027-01-01 12:00",
            "work is closed (Fri 2027-01-01 12:00 Europe/Moscow, a public holiday: New Year Holidays)",
        ),
        ("2026-12-30 12:00", "work is closed (Wed 2026-12-30 12:00 Europe/Moscow, a day off)"),
        ("2026-11-03 17:30", "work is closed (Tue 2026-11-03 17:30 Europe/Moscow, a short day)"),
        ("2026-12-04 12:00", "work is open (Fri 2026-12-04 12:00 Europe/Moscow, within its hours)"),
        ("2026-12-04 20:00", "work is closed (Fri 2026-12-04 20:00 Europe/Moscow, outside its hours)"),
    ],
)
def test_the_reason_in_words(moment, words):
    assert standing(WORK, at(moment)).as_text() == words


@pytest.mark.parametrize(
    ("calendar", "moment", "opens"),
    [
        (WORK, "2026-12-04 12:00", "2026-12-04 12:00"),  # open: at once
        (WORK, "2026-12-04 18:00", "2026-12-05 10:00"),
        (WORK, "2026-12-05 12:00", "2026-12-07 09:00"),
        (WORK, "2026-12-29 18:00", "2027-01-11 09:00"),  # a day off, New Year's Eve moved here, ten days of holidays
        (LUNCH, "2026-12-05 16:30", "2026-12-05 17:00"),
        (NIGHT, "2026-12-05 12:00", "2026-12-08 00:00"),
    ],
)
def test_the_next_opening(calendar, moment, opens):
    assert next_opening(calendar, at(moment)) == at(opens)


def test_always_and_never():
    assert contains(ALWAYS, at("2026-12-05 23:59"))
    assert not contains(NEVER, at("2026-12-05 12:00"))
    assert next_opening(NEVER, at("2026-12-05 12:00")) is None


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-12-07 21:59", False),
        ("2026-12-07 22:00", True),
        ("2026-12-08 05:59", True),
        ("2026-12-08 06:00", False),
        ("2026-12-12 03:00", True),  # Saturday by the clock, and still Friday's night
        ("2026-12-12 22:30", False),
        ("2026-12-14 03:00", False),  # Sunday's night is none of its own
        ("2026-12-14 22:30", True),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(moment, is_open):
    assert contains(NIGHT, at(moment, "Europe/Berlin")) is is_open


def test_a_day_off_does_not_cut_the_night_before_it_short():
    night = Calendar("n", "UTC", hours=(Span(1320, 360),), days_off=frozenset({date(2026, 12, 31)}))

    assert contains(night, at("2026-12-31 03:00", "UTC"))
    assert not contains(night, at("2026-12-31 23:00", "UTC"))


# The two changes of each zone: the hour that is left out, and the one that comes twice.
@pytest.mark.parametrize(
    ("zone", "span", "moment", "is_open"),
    [
        ("Europe/Berlin", (120, 180), "2026-03-29T01:00Z", False),  # 02:00-03:00 does not exist that day
        ("Europe/Berlin", (150, 240), "2026-03-29T00:59Z", False),
        ("Europe/Berlin", (150, 240), "2026-03-29T01:00Z", True),  # 02:30 is 03:00
        ("Europe/Berlin", (120, 150), "2026-10-25T00:00Z", True),
        ("Europe/Berlin", (120, 150), "2026-10-25T00:30Z", False),  # and not again an hour later
        ("Europe/Berlin", (120, 150), "2026-10-25T01:10Z", False),
        ("Europe/Berlin", (150, 240), "2026-10-25T01:10Z", True),  # without a break from the first 02:30 on
        ("America/New_York", (120, 180), "2026-03-08T07:00Z", False),
        ("America/New_York", (60, 90), "2026-11-01T05:15Z", True),
        ("America/New_York", (60, 90), "2026-11-01T06:15Z", False),
        ("Australia/Lord_Howe", (120, 150), "2026-10-03T15:30Z", False),  # half an hour is left out
        ("Australia/Lord_Howe", (120, 151), "2026-10-03T15:30Z", True),
        ("Australia/Lord_Howe", (90, 120), "2026-04-04T14:45Z", True),
        ("Australia/Lord_Howe", (90, 120), "2026-04-04T15:05Z", True),  # 02:00 comes once, after both half hours
        ("Australia/Lord_Howe", (90, 120), "2026-04-04T15:30Z", False),
        ("Australia/Lord_Howe", (90, 119), "2026-04-04T15:05Z", False),
        ("Pacific/Chatham", (165, 225), "2026-09-26T14:00Z", False),  # 02:45-03:45 is left out
        ("Pacific/Chatham", (165, 226), "2026-09-26T14:00Z", True),
        ("Pacific/Chatham", (165, 225), "2026-04-04T13:30Z", True),
        ("Pacific/Chatham", (165, 225), "2026-04-04T14:10Z", True),
        ("Pacific/Chatham", (165, 224), "2026-04-04T14:31Z", False),
    ],
)
def test_a_change_of_the_clock(zone, span, moment, is_open):
    calendar = Calendar("c", zone, hours=(Span(*span),))

    assert contains(calendar, datetime.fromisoformat(moment)) is is_open


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.sampled_from(CHANGES), st.integers(1, 1439), st.integers(0, 366 * 1440))
def test_two_halves_of_a_day_leave_nothing_out_and_never_overlap(zone, middle, minute):
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    first, second = (Calendar("c", zone, hours=(span,)) for span in (Span(0, middle), Span(middle, 1440)))
    night = Calendar("c", zone, hours=(Span(middle, middle - 1),))  # all but a minute, over midnight

    assert contains(first, moment) is not contains(second, moment)
    opens = next_opening(night, moment)
    assert opens is not None
    assert contains(night, opens)
    assert moment <= opens <= moment + timedelta(minutes=62)


def test_parts_of_a_country_have_holidays_of_their_own():
    epiphany = datetime(2026, 1, 6, 12, tzinfo=UTC)

    assert not contains(Calendar("c", "UTC", holidays=("DE-BY",)), epiphany)
    assert contains(Calendar("c", "UTC", holidays=("DE-BE",)), epiphany)
    assert not contains(Calendar("c", "UTC", holidays=("DE-BE", "DE-BY")), epiphany)


def test_it_is_quick():
    moment = at("2026-12-07 12:00")
    contains(WORK, moment)

    assert min(_seconds(lambda: contains(WORK, moment)) for _ in range(50)) < 0.0005


def _seconds(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
