"""One week of all schedules as the page draws it: lanes, the days above them, and the same as a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import url_for

from dashboard.oncall.span import AFTER, BEFORE, HERE, KINDS, TITLES, Span
from dashboard.reader import Reader, offset
from dashboard.words import initials
from rules.duty.oncall import Shift, gaps, shifts
from rules.schedules import Schedule
from rules.times.walltime import moment_of, zone_of
from rules.words import Directory

MOST = 100  # lines of the list
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
AROUND = timedelta(days=35)  # how far a shift is followed
LANE, LETTER, EDGES = 600, 6.8, 14  # px: of the narrowest page with lanes, of a name's letters, beside a name


@dataclass(frozen=True, slots=True)
class Day:
    x: str  # in per cent, as SVG takes it
    middle: str
    word: str
    today: bool
    change: str  # what the clock does on it


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    width: str
    name: str
    title: str
    look: str  # a0 … a5, gap, idle
    hatched: bool


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    url: str
    zone: str  # of the schedule, where it is not the reader's
    bars: list[Bar]
    turn: str  # where the schedule's clock changes
    turns: str  # how it does


@dataclass(frozen=True, slots=True)
class Line:
    """A shift in words."""

    schedule: str
    url: str
    who: str
    email: str
    mine: bool
    gap: bool
    stands_in: bool
    over: bool
    now: bool
    when: str  # by the schedule's clock
    here: str  # by the reader's, where that differs
    begins: str  # for forms
    ends: str


@dataclass(frozen=True, slots=True)
class Week:
    """Or a day, or a month."""

    title: str
    kinds: list[tuple[str, str, bool]]  # day, week, month: the word, the address, whether it is this
    words: str
    first: date
    kind: str
    before: tuple[str, str]  # the address and the words
    after: tuple[str, str]
    here: tuple[str, str]
    is_now: bool
    now: str
    days: list[Day]
    lanes: list[Lane]
    lines: list[Line]
    cut: bool
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks, at what."""

    reader: Reader
    directory: Directory
    email: str

    def name(self, email: str | None) -> str:
        known = self.directory.people.get(email or "")
        return known.name if known else (email or self.reader.say("nobody"))

    def look(self, email: str | None) -> str:
        known = self.directory.people.get(email or "")
        return f"a{known.id % 6}" if known else "a0"


def week(schedules: Sequence[Schedule], span: Span, looker: Looker, page: str, **place: object) -> Week:
    reader, first, last = looker.reader, span.first, span.end - DAY
    begin, end = _midnight(first, reader), _midnight(span.end, reader)
    held = {one.name: whole(one, begin, end) for one in schedules}
    holes = {one.name: gaps(one, begin, end) for one in schedules}
    scale = _Scale(begin, end)
    lines = [line for one in schedules for line in _lines(one, held[one.name], holes[one.name], looker)]
    lines.sort(key=lambda line: (line.begins, line.schedule))

    def at(day: date | None, kind: str = span.kind) -> str:
        asked = {"from": day.isoformat() if day else None, "span": None if kind == "week" else kind}
        return url_for(page, **place, _external=False, **asked)  # type: ignore[arg-type]

    today = reader.now.astimezone(reader.zone).date()

    return Week(
        title=reader.say(TITLES[span.kind]),
        kinds=[
            (reader.say(TITLES[kind]), at(today if begin <= reader.now < end else first, kind), kind == span.kind)
            for kind in KINDS
        ],
        words=(f"{reader.day(_noon(first))} – " if first != last else "") + f"{reader.day(_noon(last))} {last.year}",
        first=first,
        kind=span.kind,
        before=(at(span.around(first - DAY).first), reader.say(BEFORE[span.kind])),
        after=(at(span.end), reader.say(AFTER[span.kind])),
        here=(at(None), reader.say(HERE[span.kind])),
        is_now=begin <= reader.now < end,
        now=scale.at(reader.now) if begin <= reader.now < end else "",
        days=[_day(first + count * DAY, scale, reader, short=span.length > 7) for count in range(span.length)],
        lanes=[_lane(one, held[one.name], holes[one.name], scale, looker) for one in schedules],
        lines=lines[:MOST],
        cut=len(lines) > MOST,
        notes=_changes(schedules, begin, end, reader),
    )


def whole(schedule: Schedule, begin: datetime, end: datetime) -> list[Shift]:
    """The shifts of that time from their beginnings to their ends, of five weeks more at most."""
    found = shifts(schedule, begin - AROUND, end + AROUND)
    return [one for one in found if one.starts < end and one.ends > begin]


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    def at(self, moment: datetime) -> str:
        return self.share(max(moment, self.begin) - self.begin)

    def width(self, starts: datetime, ends: datetime) -> str:
        return self.share(min(ends, self.end) - max(starts, self.begin))

    def share(self, length: timedelta) -> str:
        return f"{100 * (length / (self.end - self.begin)):.3f}%"

    def fitting(self, starts: datetime, ends: datetime, *words: str) -> str:
        """The first of them that its bar has room for; the list below says all."""
        room = LANE * ((min(ends, self.end) - max(starts, self.begin)) / (self.end - self.begin)) - EDGES
        return next((word for word in words if len(word) * LETTER <= room), "")


def _midnight(day: date, reader: Reader) -> datetime:
    return moment_of(datetime.combine(day, time()), reader.zone)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12))


def _day(day: date, scale: _Scale, reader: Reader, *, short: bool) -> Day:
    """`short`: there is no room for more than its number."""
    begin, end = _midnight(day, reader), _midnight(day + DAY, reader)
    before, after = offset(begin.astimezone(reader.zone)), offset(end.astimezone(reader.zone))
    return Day(
        x=scale.at(begin),
        middle=scale.at(begin + (end - begin) / 2),
        word=str(day.day) if short else reader.day(_noon(day)),
        today=begin <= reader.now < end,
        change="" if before == after else "±" if short else f"{before} → {after}",
    )


def _lane(
    schedule: Schedule, held: Iterable[Shift], holes: Iterable[tuple[datetime, datetime]], scale: _Scale, looker: Looker
) -> Lane:
    reader = looker.reader
    bars = [_bar(one, schedule, scale, looker) for one in held if one.who is not None]
    nobody = reader.say("nobody")
    for begin, end in holes:
        title = f"{nobody} {when(begin, end, zone_of(schedule.timezone), reader)}"
        word = scale.fitting(begin, end, nobody)
        bars.append(Bar(scale.at(begin), scale.width(begin, end), word, title, "gap", hatched=False))
    zone = schedule.timezone if schedule.timezone != reader.zone.key else ""
    own = zone_of(schedule.timezone)
    turn = _turn(scale.begin, scale.end, own)
    marked = (scale.at(turn), _turns(turn, own, reader)) if turn else ("", "")
    return Lane(schedule.name, url_of(schedule), zone, bars, *marked)


def _bar(one: Shift, schedule: Schedule, scale: _Scale, looker: Looker) -> Bar:
    name = looker.name(one.who)
    title = f"{name} · {when(one.starts, one.ends, zone_of(schedule.timezone), looker.reader)}"
    word = scale.fitting(one.starts, one.ends, name, initials(name))
    look = looker.look(one.who)
    return Bar(scale.at(one.starts), scale.width(one.starts, one.ends), word, title, look, bool(one.override))


def _lines(
    schedule: Schedule, held: Iterable[Shift], holes: Iterable[tuple[datetime, datetime]], looker: Looker
) -> list[Line]:
    found = [Shift(begin, end, None) for begin, end in holes]
    return [line_of(one, schedule, looker) for one in (*(one for one in held if one.who is not None), *found)]


def line_of(one: Shift, schedule: Schedule, looker: Looker) -> Line:
    zone, reader = zone_of(schedule.timezone), looker.reader
    own, here = when(one.starts, one.ends, zone, reader), when(one.starts, one.ends, reader.zone, reader)
    return Line(
        schedule=schedule.name,
        url=url_of(schedule),
        who=looker.name(one.who),
        email=one.who or "",
        mine=one.who == looker.email,
        gap=one.who is None,
        stands_in=bool(one.override),
        over=one.ends <= reader.now,
        now=one.starts <= reader.now < one.ends,
        when=own,
        here=here if here != own else "",
        begins=one.starts.astimezone(UTC).isoformat(),
        ends=one.ends.astimezone(UTC).isoformat(),
    )


def when(begin: datetime, end: datetime, zone: ZoneInfo, reader: Reader) -> str:
    """Mon 23 Nov 09:00 – 18:00, with the second day where it is another."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    day = "" if first.date() == last.date() else f"{reader.day(last)} "
    return f"{reader.day(first)} {_clock(first)} – {day}{_clock(last)}"


def _clock(local: datetime) -> str:
    """02:30, and of an hour that comes twice which of the two."""
    twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return f"{local:%H:%M} ({offset(local)})" if twice else f"{local:%H:%M}"


def url_of(schedule: Schedule) -> str:
    return url_for("dashboard.oncall_schedule", name=schedule.name)


def _changes(schedules: Sequence[Schedule], begin: datetime, end: datetime, reader: Reader) -> list[str]:
    """Where the clock changes in that week, of zones other than the reader's too."""
    found = []
    for zone in sorted({reader.zone.key, *(one.timezone for one in schedules)}):
        turn = _turn(begin, end, zone_of(zone))
        if turn:
            change = _turns(turn, zone_of(zone), reader)
            found.append(reader.say("The clock changes in %(zone)s: %(change)s", zone=zone, change=change))
    return found


def _turn(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment of the zone's other offset; clocks change at whole minutes."""
    old = begin.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == old:
        return None
    while end - begin > MINUTE:
        middle = begin + (end - begin) // MINUTE // 2 * MINUTE
        begin, end = (middle, end) if middle.astimezone(zone).utcoffset() == old else (begin, middle)
    return end


def _turns(turn: datetime, zone: ZoneInfo, reader: Reader) -> str:
    """Sun 25 Oct 03:00 → 02:00 (UTC+2 → UTC+1)."""
    last, new = (turn - MINUTE).astimezone(zone), turn.astimezone(zone)
    old = last.replace(tzinfo=None) + MINUTE
    return f"{reader.day(new)} {old:%H:%M} → {new:%H:%M} ({offset(last)} → {offset(new)})"
