"""Readers of the people file's schedules, and schedules as plain data: for the file, and as the database keeps them."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from rules.duty.oncall import period
from rules.reading.calendar_keys import read_days, read_hours
from rules.reading.places import Place, given
from rules.schedules import EVERY_DAY, Layer, Schedule
from rules.times.calendars import DAYS, Span

SCHEDULE_KEYS = ("name", "team", "timezone", "covers", "layers")
LAYER_KEYS = ("start", "every", "members", "until", "days", "hours", "when", "ical")
_ROTATION = ("start", "every", "members")
_WHOLE_DAY: tuple[Span, ...] = ()
_LATEST = 2200  # a year: later moments have no name in some time zones
_LONGEST_CALENDAR = 1_000_000  # characters
NO_START = datetime.min  # noqa: DTZ901 - a local time of the schedule, like every start
Member = Callable[[Place], str]


def read_schedule(place: Place, member: Member, teams: Collection[str], timezone: str) -> Schedule:
    """`member` reads an e-mail address of somebody who may be paged."""
    fields = place.fields(SCHEDULE_KEYS, required=("name", "layers"))
    team = given(fields, "team", Place.text, "")
    if team and team not in teams:
        fields["team"].complain(f"there is no team {team[:60]!r}")
    layers = fields["layers"].items() if "layers" in fields else []
    if "layers" in fields and fields["layers"].node.value == ():
        fields["layers"].complain("has no layers: nobody would be on call")
    return Schedule(
        name=given(fields, "name", Place.name, ""),
        timezone=given(fields, "timezone", Place.timezone, timezone),
        layers=tuple(_layer(layer, member) for layer in layers),
        team=team,
        covers=given(fields, "covers", Place.text, ""),
    )


def _layer(place: Place, member: Member) -> Layer:
    if isinstance(place.node.value, Mapping) and "ical" in place.node.value:
        fields = place.fields(("ical",), required=("ical",))
        return Layer(NO_START, "", (), ical=given(fields, "ical", _calendar, ""))
    fields = place.fields(LAYER_KEYS, required=_ROTATION)
    items = fields["members"].items() if "members" in fields else []
    if "members" in fields and fields["members"].node.value == ():
        fields["members"].complain("names nobody")
    start, until = given(fields, "start", _moment, NO_START), given(fields, "until", _moment, None)
    if until is not None and until <= start:
        fields["until"].complain("is not after the start")
    spans: tuple[Span, ...] = given(fields, "hours", read_hours, _WHOLE_DAY)
    return Layer(
        start,
        given(fields, "every", _every, "1d"),
        tuple(member(item) for item in items),
        until,
        given(fields, "days", read_days, EVERY_DAY),
        tuple((span.begin, span.end) for span in spans),
        given(fields, "when", Place.text, ""),
    )


def _calendar(place: Place) -> str:
    """Its address, or the whole of it."""
    text = place.node.value if isinstance(place.node.value, str) else place.text()
    is_address = text.startswith(("https://", "http://")) and text.isprintable() and " " not in text
    if not is_address and not text.lstrip().startswith("BEGIN:VCALENDAR"):
        place.complain("is neither the address of a calendar (https://…) nor a calendar (BEGIN:VCALENDAR …)")
    if len(text) > _LONGEST_CALENDAR:
        place.complain(f"is longer than {_LONGEST_CALENDAR} characters")
    return text.strip()


def _moment(place: Place) -> datetime:
    text = place.text()
    try:
        start = datetime.fromisoformat(text or "0001-01-01")
    except ValueError:
        place.complain(f"{text[:40]!r} is not a date and time; write it like 2026-11-02T09:00")
        return NO_START
    if start.tzinfo is not None:
        place.complain("write local time without an offset: the schedule has a time zone")
    if start.year >= _LATEST:
        place.complain(f"must lie before the year {_LATEST}")
        return NO_START
    return start.replace(tzinfo=None)


def _every(place: Place) -> str:
    text = place.text()
    try:
        period(text or "1d")
    except ValueError as problem:
        place.complain(str(problem))
    return text


def schedule_as_data(schedule: Schedule) -> dict[str, Any]:
    team = {"team": schedule.team} if schedule.team else {}
    covers = {"covers": schedule.covers} if schedule.covers else {}
    layers = [layer_as_data(layer) for layer in schedule.layers]
    return {"name": schedule.name, **team, "timezone": schedule.timezone, **covers, "layers": layers}


def layer_as_data(layer: Layer) -> dict[str, Any]:
    """Only what is set, so that a layer reads as it was written."""
    if layer.ical:
        return {"ical": layer.ical}
    more: dict[str, Any] = {"until": layer.until.isoformat()} if layer.until else {}
    if layer.days != EVERY_DAY:
        more["days"] = [DAYS[day] for day in sorted(layer.days)]
    if layer.hours:
        more["hours"] = [_written(Span(*one)) for one in layer.hours]
    if layer.when:
        more["when"] = layer.when
    return {"start": layer.start.isoformat(), "every": layer.every, "members": list(layer.members), **more}


def layer_from_data(data: Mapping[str, Any]) -> Layer:
    if "ical" in data:
        return Layer(NO_START, "", (), ical=data["ical"])
    return Layer(
        datetime.fromisoformat(data["start"]),
        data["every"],
        tuple(data["members"]),
        datetime.fromisoformat(data["until"]) if "until" in data else None,
        frozenset(DAYS.index(day) for day in data["days"]) if "days" in data else EVERY_DAY,
        tuple(_read(text) for text in data.get("hours", ())),
        data.get("when", ""),
    )


def _written(span: Span) -> str:
    return f"{span.begin // 60:02}:{span.begin % 60:02}-{span.end // 60:02}:{span.end % 60:02}"


def _read(text: str) -> tuple[int, int]:
    begin, end = ((int(part[:2]) * 60 + int(part[3:])) for part in text.split("-"))
    return begin, end
