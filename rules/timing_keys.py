"""Readers of the rule book's keys about when somebody is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from rules.places import Place, given
from rules.timing import AT_ONCE, Flapping, Timing

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
BOOK_KEYS = ("flapping", "reopen_within")
TIMING_KEYS = ("hold_for",)  # of a route


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


def route_timing(fields: Mapping[str, Place], book: Timing) -> Timing:
    """What holds for one route."""
    if "hold_for" not in fields:
        return book
    return replace(book, hold_for=fields["hold_for"].duration(SECOND, HOUR))
