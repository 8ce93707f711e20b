"""Reader of the rule book's key `voice`: the place of its value in, a checked gate out."""

from collections.abc import Mapping
from datetime import timedelta

from rules.reading.places import Place, given
from rules.telling.voice import Budget, Gate
from rules.times.calendars import Calendar

VOICE_KEYS = ("only_when", "or_unacknowledged_for", "budget")
BUDGET_KEYS = ("calls", "per")
SECOND, HOUR, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(days=7)
_NOT = "not "


def read_voice(places: list[Place], calendars: Mapping[str, Calendar]) -> Gate | None:
    """None where the book has no such key: then every call leaves at once."""
    return _gate(places[0], calendars) if places else None


def _gate(place: Place, calendars: Mapping[str, Calendar]) -> Gate:
    fields = place.fields(VOICE_KEYS)
    if "only_when" in fields and "or_unacknowledged_for" not in fields:
        place.complain("only_when needs or_unacknowledged_for: else nobody would be called however long nobody answers")
    calendar, is_open = None, True
    if "only_when" in fields:
        text = fields["only_when"].text()
        name, is_open = text.removeprefix(_NOT).strip(), not text.startswith(_NOT)
        calendar = calendars.get(name)
        if text and calendar is None:
            fields["only_when"].complain(f"there is no calendar {name[:60]!r}")
    wait = given(fields, "or_unacknowledged_for", lambda one: one.duration(SECOND, HOUR), None)
    return Gate(calendar, is_open, wait, given(fields, "budget", _budget, None))


def _budget(place: Place) -> Budget:
    fields = place.fields(BUDGET_KEYS, required=BUDGET_KEYS)
    calls = given(fields, "calls", lambda one: one.whole(1, 100), 1)
    return Budget(calls, given(fields, "per", lambda one: one.duration(SECOND, WEEK), HOUR))
