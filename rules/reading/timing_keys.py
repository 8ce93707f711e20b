"""Readers of the rule book's keys about when somebody is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from rules.reading.places import Place, given
from rules.times.calendars import Calendar
from rules.timing import AT_ONCE, NOT_HELD, AtLeast, Flapping, Timing

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
MOST_ALERTS = 1000
BOOK_KEYS = ("flapping", "reopen_within")
TIMING_KEYS = ("hold_for", "hold_until", "at_least")  # of a route


def book_timing(parts: Mapping[str, list[Place]]) -> Timing:
    """What holds for every route; of several files only one may say it."""
    timing = AT_ONCE
    for place in parts.get("reopen_within", []):
        timing = replace(timing, reopen_within=place.duration(SECOND, DAY))
    for place in parts.get("flapping", []):
        timing = replace(timing, flapping=_flapping(place))
    return timing


def _flapping(place: Place) -> Flapping:
    names = ("changes", "within", "quiet")
    fields = place.fields(names, required=names)
    return Flapping(
        given(fields, "changes", lambda one: one.whole(3, 50), 3),
        given(fields, "within", lambda one: one.duration(SECOND, DAY), HOUR),
        given(fields, "quiet", lambda one: one.duration(SECOND, DAY), HOUR),
    )


def route_timing(fields: Mapping[str, Place], book: Timing, calendars: Mapping[str, Calendar]) -> Timing:
    """What holds for one route."""
    if not fields.keys() & set(TIMING_KEYS):
        return book
    return replace(
        book,
        hold_for=given(fields, "hold_for", lambda one: one.duration(SECOND, HOUR), NOT_HELD),
        hold_until=given(fields, "hold_until", lambda one: _calendar(one, calendars), ""),
        at_least=given(fields, "at_least", _at_least, None),
    )


def _calendar(place: Place, calendars: Mapping[str, Calendar]) -> str:
    name = place.text()
    if name and name not in calendars:
        place.complain(f"there is no calendar {name[:60]!r}")
    return name


def _at_least(place: Place) -> AtLeast:
    names = ("alerts", "within")
    fields = place.fields(names, required=names)
    alerts = given(fields, "alerts", lambda one: one.whole(2, MOST_ALERTS), 2)
    return AtLeast(alerts, given(fields, "within", lambda one: one.duration(SECOND, DAY), HOUR))
