"""Readers of the rule book's calendars: days, hours, holidays and the days that are different."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from types import MappingProxyType

from rules.reading.book_keys import NOT_YET
from rules.reading.places import Place, given
from rules.times import public_holidays
from rules.times.calendars import DAYS, WHOLE_DAY, Calendar, Span

CALENDAR_KEYS = ("days", "hours", "timezone", "holidays", "days_off", "short_days")
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})\s*-\s*([0-9]{2}):([0-9]{2})")
_CODE = re.compile(r"[A-Z]{2,3}(-[A-Z0-9]{1,6})?")
_MOST_CALENDARS = 100
_MOST_SPANS = 12  # of one day
_MOST_CODES = 10
_YEARS = range(1970, 2200)


def read_calendars(place: Place, timezone: str) -> dict[str, Calendar]:
    entries = place.entries()
    if len(entries) > _MOST_CALENDARS:
        place.complain(f"more than {_MOST_CALENDARS} calendars")
        return {}
    return {name: _calendar(name, one, timezone) for name, one in entries.items()}


def _calendar(name: str, place: Place, timezone: str) -> Calendar:
    if not name.strip() or name != name.strip() or name.startswith("not ") or not name.isprintable():
        place.complain("is no name for a calendar: it may not begin with 'not ' nor hold what cannot be seen")
    fields = place.fields(CALENDAR_KEYS, later=NOT_YET)
    days_off = _dates(fields["days_off"]) if "days_off" in fields else frozenset()
    short_days = _short_days(fields["short_days"]) if "short_days" in fields else {}
    for day in sorted(days_off & short_days.keys()):
        fields["short_days"].complain(f"{day} is among the days off as well")
    return Calendar(
        name,
        given(fields, "timezone", lambda one: one.timezone(timezone), timezone),
        given(fields, "days", read_days, frozenset(range(7))),
        given(fields, "hours", read_hours, WHOLE_DAY),
        given(fields, "holidays", _holidays, ()),
        days_off,
        MappingProxyType(short_days),
        place.where(),
    )


def _one_or_more(place: Place) -> list[Place]:
    """A single text stands for a list of one."""
    if place.node.value == ():
        place.complain("the list is empty")
    return [place] if isinstance(place.node.value, str) else place.items()


def read_days(place: Place) -> frozenset[int]:
    """mon-fri, sat, or a list of these; fri-mon goes over the weekend."""
    found: set[int] = set()
    for item in _one_or_more(place):
        first, dash, last = (part.strip().lower() for part in item.text().partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            item.complain("is no day of the week; write mon, sat-sun or [mon-wed, fri]")
            continue
        begin = DAYS.index(first)
        length = (DAYS.index(last) - begin) % 7 if dash else 0
        found |= {(begin + ahead) % 7 for ahead in range(length + 1)}
    return frozenset(found)


def read_hours(place: Place) -> tuple[Span, ...]:
    """One span or a list of them; in order, and none over another."""
    items = _one_or_more(place)
    if len(items) > _MOST_SPANS:
        place.complain(f"more than {_MOST_SPANS} spans")
        return WHOLE_DAY
    spans = [span for item in items if (span := _span(item)) is not None]
    for earlier, later in pairwise(spans):
        if earlier.overnight or later.begin < earlier.end:
            place.complain("the spans overlap or are not in order; only the last may go on over midnight")
    if spans and spans[-1].overnight and spans[-1].end > spans[0].begin:
        place.complain("the last span goes on into the first of the next day")
    return tuple(spans) or WHOLE_DAY


def _span(place: Place) -> Span | None:
    text = place.text()
    found = _SPAN.fullmatch(text)
    if found is None:
        if text:
            place.complain(f"{text[:60]!r} are no hours; write 09:00-18:00, in quotes")
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    span = Span(begin_hour * 60 + begin_minute, end_hour * 60 + end_minute)
    if max(begin_minute, end_minute) > 59 or span.begin >= 24 * 60 or span.end > 24 * 60:
        place.complain(f"{text!r}: hours go from 00:00 to 24:00")
        return None
    if span.begin == span.end:
        place.complain(f"{text!r} begins when it ends; a whole day is 00:00-24:00")
        return None
    return span


def _holidays(place: Place) -> tuple[str, ...]:
    items = _one_or_more(place)
    if len(items) > _MOST_CODES:
        place.complain(f"more than {_MOST_CODES} countries")
        return ()
    found: dict[str, None] = {}
    for item in items:
        code = item.text()
        if code and not (_CODE.fullmatch(code) and public_holidays.known(code)):
            item.complain(f"the holidays of {code[:60]!r} are not known; write a country like RU or a part like DE-BY")
        elif code:
            found[code] = None
    return tuple(found)


def _dates(place: Place) -> frozenset[date]:
    return frozenset(day for item in _one_or_more(place) if (day := _date(item, item.text())) is not None)


def _short_days(place: Place) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    entries: Mapping[str, Place] = place.entries()
    for text, inner in entries.items():
        day = _date(inner, text)
        if day is not None:
            found[day] = read_hours(inner)
    return found


def _date(place: Place, text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        place.complain(f"{text[:60]!r} is no date; write it like 2026-12-31")
        return None
    return day
