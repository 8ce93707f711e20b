"""Calendars as we write them, and as others do."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from rules.duty.ical import Event, escape, write
from rules.duty.ical_reading import BadCalendar, read

NAMES = {"anna@example.org": "Anna Kovaleva", "oleg@example.org": "Олег Орлов"}


def utc(*when):
    return datetime(*when, tzinfo=UTC)


def reading(*events, zone="Europe/Moscow"):
    body = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n"
    return read(whole, zone, NAMES, utc(2026, 10, 1), utc(2027, 4, 1))


def held(*events, **more):
    return [(one.starts, one.ends, one.who.partition("@")[0]) for one in reading(*events, **more).duties]


def test_what_is_written_is_folded_escaped_and_in_utc():
    hostile = "Дежурство; ночь, \\ смена\r\nBEGIN:VEVENT\x00\u2028" * 3
    event = Event("1-2@nabat", utc(2026, 10, 25, 0, 30), utc(2026, 11, 1, 1, 30), hostile, hostile)
    text = write("команда", [event], utc(2026, 10, 1))

    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    whole = text.decode().replace("\r\n ", "")
    assert whole.count("BEGIN:VEVENT\r\n") == 1
    assert "DTSTART:20261025T003000Z\r\nDTEND:20261101T013000Z\r\n" in whole
    assert all(re.fullmatch(r"[A-Z0-9-]+(;[A-Z]+=[A-Z]+)?:.*", line) for line in whole.split("\r\n")[:-1])
    assert "SUMMARY:Дежурство\\; ночь\\, \\\\ смена\\nBEGIN:VEVENT" in whole
    assert escape("a\u2028b") == "ab"


def test_ours_is_read_back():
    event = Event("1", utc(2026, 12, 1), utc(2026, 12, 2), "Дежурство: Олег Орлов")
    text = write("x", [event], utc(2026, 10, 1)).decode()

    found = read(text, "UTC", NAMES, utc(2026, 10, 1), utc(2027, 1, 1)).duties
    assert [(one.starts, one.ends, one.who) for one in found] == [(event.starts, event.ends, "oleg@example.org")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DTSTART:20261201T090000Z\r\nDTEND:20261201T180000Z\r\nSUMMARY:On call\\, Anna\r\n  Kovaleva",
         [(utc(2026, 12, 1, 9), utc(2026, 12, 1, 18), "anna")]),
        ("DTSTART;VALUE=DATE:20261201\r\nSUMMARY:oleg@example.org",
         [(utc(2026, 11, 30, 21), utc(2026, 12, 1, 21), "oleg")]),
        ('DTSTART:20261201T090000\r\nDURATION:P1DT2H\r\nATTENDEE;CN="O: O;x";ROLE=CHAIR:'
         "MAILTO:Oleg@Example.org\r\nSUMMARY:x",
         [(utc(2026, 12, 1, 6), utc(2026, 12, 2, 8), "oleg")]),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20261018T023000\r\n"
         "DTEND;TZID=Europe/Berlin:20261025T023000\r\nRRULE:FREQ=WEEKLY;INTERVAL=1;UNTIL=20261101T013000Z\r\n"
         "SUMMARY:Anna Kovaleva",
         [(utc(2026, 10, 18, 0, 30), utc(2026, 10, 25, 0, 30), "anna"),
          (utc(2026, 10, 25, 0, 30), utc(2026, 11, 1, 1, 30), "anna"),
          (utc(2026, 11, 1, 1, 30), utc(2026, 11, 8, 1, 30), "anna")]),
        ("DTSTART:20261201T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261202T000000Z\r\n"
         "RDATE:20261210T000000Z\r\nSUMMARY:Anna Kovaleva",
         [(utc(2026, 12, day), utc(2026, 12, day, 1), "anna") for day in (1, 3, 10)]),
        ("DTSTART:20261201T000000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\nSUMMARY:Anna Kovaleva", []),
        ("DTSTART:20251201T000000Z\r\nDURATION:PT1H\r\nSUMMARY:Anna Kovaleva", []),
    ],
)  # fmt: skip
def test_an_event_of_others(lines, expected):
    assert held(lines) == expected


def test_one_time_of_many_can_be_another_persons():
    weekly = "UID:1\r\nDTSTART:20261201T000000Z\r\nDURATION:P1W\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\nSUMMARY:Anna Kovaleva"
    instead = (
        "UID:1\r\nRECURRENCE-ID:20261208T000000Z\r\nDTSTART:20261209T000000Z\r\nDURATION:P1D\r\nSUMMARY:Олег Орлов"
    )

    assert held(weekly, instead) == [
        (utc(2026, 12, 1), utc(2026, 12, 8), "anna"), (utc(2026, 12, 9), utc(2026, 12, 10), "oleg"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        ("DTSTART:20261201T000000Z\r\nDURATION:PT1H\r\nSUMMARY:Somebody", "'Somebody' names nobody who is known here"),
        ("DTSTART:20261201T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=SECONDLY\r\nSUMMARY:Anna Kovaleva", "must say FREQ"),
        ("DTSTART;TZID=Nowhere:20261201T000000\r\nDURATION:PT1H\r\nSUMMARY:Anna Kovaleva", "'Nowhere' is not known"),
        ("DTSTART:20261301T000000\r\nDURATION:PT1H\r\nSUMMARY:Anna Kovaleva", "cannot be read"),
        ("DTSTART:20261201T000000Z\r\nSUMMARY:Anna Kovaleva", "takes no time"),
        (
            "DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Anna Kovaleva",
            "more than ten years",
        ),
        ("SUMMARY:Anna Kovaleva", "has no start"),
    ],
)
def test_what_cannot_be_read_is_said(lines, doubt):
    found = reading(lines)
    assert found.duties == ()
    assert doubt in found.doubts[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
        "BEGIN:VCALENDAR\n" * 60_000,
        "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nRRULE:FREQ=DAILY\nEND:VEVENT\n" * 301 + "END:VCALENDAR",
    ],
)
def test_what_is_no_calendar(text):
    with pytest.raises(BadCalendar):
        read(text, "UTC", NAMES, utc(2026, 1, 1), utc(2027, 1, 1))


def test_a_calendar_made_to_take_long_does_not():
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    line = "X" + ";A=b" * 20_000 + ",c" * 20_000  # no end of parameters
    never = (
        "DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5\r\nSUMMARY:x"
    )
    whole = f"BEGIN:VCALENDAR\r\n{line}\r\nBEGIN:VEVENT\r\n{never}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

    assert read(whole, "UTC", NAMES, begins, begins + timedelta(days=400)).duties == ()
