"""A calendar that somebody else keeps (RFC 5545), read as who is on call when. Pure; what it cannot read it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.schedules import Duty
from rules.texts.text import cut, one_line
from rules.times.recurrence import times
from rules.times.walltime import is_zone, moment_of, zone_of

MOST_RULES = 300
MOST_LINES, MOST_EVENTS, MOST_DUTIES, MOST_DOUBTS = 50_000, 2000, 5000, 20
_VALUE = r"(?:\"[^\"]*\"|[^\":;,]*)"  # of a parameter
_LINE = re.compile(rf"([A-Za-z0-9-]+)((?:;[^:;=\"]+={_VALUE}(?:,{_VALUE})*)*):(.*)", re.DOTALL)
_PARAMETER = re.compile(r";([^=]+)=(\"[^\"]*\"|[^;]*)")
_TIME = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_LENGTH = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+")
_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


class BadCalendar(ValueError):
    """It is no calendar, or a larger one than we read."""


@dataclass(frozen=True, slots=True)
class Reading:
    duties: tuple[Duty, ...]  # in order
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    parameters: Mapping[str, str]
    text: str


@dataclass(slots=True)
class _Event:
    values: dict[str, list[_Value]] = field(default_factory=dict)

    def one(self, name: str) -> _Value | None:
        return next(iter(self.values.get(name, ())), None)

    def text(self, name: str) -> str:
        found = self.one(name)
        return found.text if found else ""


@dataclass(frozen=True, slots=True)
class _Time:
    wall: datetime
    zone: ZoneInfo
    whole_day: bool

    @property
    def moment(self) -> datetime:
        return moment_of(self.wall, self.zone)


def read(text: str, timezone: str, people: Mapping[str, str], begin: datetime, end: datetime) -> Reading:
    """What stands in it between begin and end. `timezone` is that of times without one; `people`: names by address."""
    events, doubts = _events(text), dict[str, None]()
    instead = {(event.text("UID"), _moment(event, "RECURRENCE-ID", timezone)) for event in events}
    found: list[Duty] = []
    for event in events:
        if event.text("STATUS").upper() == "CANCELLED":
            continue
        title = cut(one_line(_plain(event.text("SUMMARY"))), 60)
        who = _who(event, people)
        try:
            for starts, ends in _spans(event, timezone, begin, end):
                stands = "RECURRENCE-ID" in event.values or (event.text("UID"), starts) not in instead
                if who and stands and starts < end and ends > begin:
                    found.append(Duty(starts, ends, who))
                elif not who:
                    doubts[f"{title!r} names nobody who is known here"] = None
        except (ValueError, OverflowError) as problem:
            doubts[f"{title!r} cannot be read: {problem}"] = None
        if len(found) > MOST_DUTIES:
            raise BadCalendar(f"more than {MOST_DUTIES} events fall into the time that is looked at")
    found.sort(key=lambda duty: (duty.starts, duty.ends))
    return Reading(tuple(found), tuple(doubts)[:MOST_DOUBTS])


def _events(text: str) -> list[_Event]:
    inside: list[str] = []
    found: list[_Event] = []
    for name, value in _lines(text):
        if name == "BEGIN":
            inside.append(value.text.strip().upper())
            found += [_Event()] if inside[-1] == "VEVENT" else []
        elif name == "END":
            del inside[-1:]
        elif inside and inside[-1] == "VEVENT":  # not of an alarm in it
            found[-1].values.setdefault(name, []).append(value)
    if inside:
        raise BadCalendar("the calendar ends in the middle")
    if len(found) > MOST_EVENTS:
        raise BadCalendar(f"the calendar has more than {MOST_EVENTS} events")
    if sum("RRULE" in event.values for event in found) > MOST_RULES:
        raise BadCalendar(f"the calendar has more than {MOST_RULES} events that repeat")
    return found


def _lines(text: str) -> Iterator[tuple[str, _Value]]:
    """Name and value of each line, those put together that were folded."""
    lines = re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff").lstrip()).split("\n")
    if lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise BadCalendar("this is not a calendar: it does not begin with BEGIN:VCALENDAR")
    if len(lines) > MOST_LINES:
        raise BadCalendar(f"the calendar has more than {MOST_LINES} lines")
    for line in lines:
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is not None:
            named = {one[1].upper(): one[2].strip('"') for one in _PARAMETER.finditer(found[2])}
            yield found[1].upper(), _Value(named, found[3])


def _spans(event: _Event, timezone: str, begin: datetime, end: datetime) -> Iterator[Span]:
    """By the wall clock: a shift from nine to nine is one, whatever the clock does in between."""
    start = _time(event.one("DTSTART"), timezone)
    if start is None:
        raise ValueError("it has no start")
    length = _length(event, start, timezone)
    if length <= timedelta():
        raise ValueError("it takes no time")
    without = {one.moment for one in _times(event.values.get("EXDATE", ()), timezone)}
    for wall in [*_walls(event, start, length, begin, end), *_more(event, start, timezone)]:
        starts = moment_of(wall, start.zone)
        if starts not in without:
            yield starts, moment_of(wall + length, start.zone)


def _walls(event: _Event, start: _Time, length: timedelta, begin: datetime, end: datetime) -> Iterator[datetime]:
    rule = event.text("RRULE")
    if not rule or "RECURRENCE-ID" in event.values:
        yield start.wall
        return
    first, last = (one.astimezone(start.zone).replace(tzinfo=None) for one in (begin, end))
    yield from times(_local_until(rule, start.zone), start.wall, first - length - _DAY, last + _DAY)


def _more(event: _Event, start: _Time, timezone: str) -> list[datetime]:
    return [one.moment.astimezone(start.zone).replace(tzinfo=None) for one in _times(
        event.values.get("RDATE", ()), timezone)]  # fmt: skip


def _local_until(rule: str, zone: ZoneInfo) -> str:
    """Other programs write in UTC when a rule ends; ours are reckoned on the wall."""
    found = re.search(r"UNTIL=(\d{8}T\d{6})Z", rule.upper())
    if found is None:
        return rule
    until = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).astimezone(zone)
    return f"{rule[: found.start()]}UNTIL={until:%Y%m%dT%H%M%S}{rule[found.end() :]}"


def _length(event: _Event, start: _Time, timezone: str) -> timedelta:
    ends = _time(event.one("DTEND"), timezone)
    if ends is not None:
        return ends.moment.astimezone(start.zone).replace(tzinfo=None) - start.wall
    found = _LENGTH.fullmatch(event.text("DURATION").strip().upper())
    if found is not None and any(found.groups()):
        weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return _DAY if start.whole_day else timedelta()


def _times(values: Sequence[_Value], timezone: str) -> Iterator[_Time]:
    for value in values:
        for text in value.text.split(","):
            found = _time(_Value(value.parameters, text), timezone)
            if found is not None:
                yield found


def _moment(event: _Event, name: str, timezone: str) -> datetime | None:
    try:
        found = _time(event.one(name), timezone)
    except ValueError:  # said where the event itself is read
        return None
    return found.moment if found else None


def _time(value: _Value | None, timezone: str) -> _Time | None:
    if value is None:
        return None
    found = _TIME.fullmatch(value.text.strip().upper())
    if found is None:
        raise ValueError(f"{value.text[:40]!r} is not a time")
    day, clock, utc = found.groups()
    wall = datetime.strptime(day + (clock or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone stands beside it
    if not 1970 <= wall.year <= 2200:
        raise ValueError(f"{value.text[:40]!r} is out of every calendar")
    zone = ZoneInfo("UTC") if utc else _zone(value.parameters.get("TZID", ""), timezone)
    return _Time(wall, zone, whole_day=clock is None)


def _zone(name: str, otherwise: str) -> ZoneInfo:
    """Some write a path before the name: /freeassociation.sourceforge.net/Europe/Berlin."""
    parts = name.strip("/").split("/")
    for count in range(len(parts)):
        if is_zone(own := "/".join(parts[count:])):  # if not, the next shorter name may be one
            return zone_of(own)
    if name:
        raise ValueError(f"the time zone {name[:60]!r} is not known")
    return zone_of(otherwise)


def _who(event: _Event, people: Mapping[str, str]) -> str:
    """Whom it means: an attendee, else an address or a name in its title."""
    title = _plain(event.text("SUMMARY"))
    written = [one.text.partition(":")[2] for one in event.values.get("ATTENDEE", ())]
    addresses: list[str] = [*written, *_EMAIL.findall(title), *_EMAIL.findall(_plain(event.text("DESCRIPTION")))]
    for address in addresses:
        if address.strip().lower() in people:
            return address.strip().lower()
    named = [email for email, name in people.items() if name and name.casefold() in title.casefold()]
    return named[0] if len(named) == 1 else ""


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else str(found[1]), text)
