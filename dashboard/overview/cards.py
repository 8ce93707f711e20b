"""The overview's cards, every word ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for

from dashboard import queries as frame_queries
from dashboard import words
from dashboard.glance import Count
from dashboard.incident import timeline
from dashboard.incident.timeline import Line
from dashboard.overview import queries
from dashboard.reader import Moment, Reader
from dashboard.reports.cards import CHANNELS
from dashboard.words import Badge
from rules.duty.oncall import gaps, next_handover, on_call
from rules.reports.selfwatch import SILENCE
from rules.words import Directory, Status

AHEAD = timedelta(days=7)
LATE = timedelta(minutes=1)  # a message that waits longer is worth a word
STRIP_HEIGHT, STRIP_STEP = 60, 7


@dataclass(frozen=True, slots=True)
class Tile:
    """One class now."""

    badge: Badge
    open: Count
    acked: Count
    late: Count
    oldest: Moment | None
    waits: Moment | None  # since when nobody has answered the oldest of the open ones
    url: str

    @property
    def unresolved(self) -> Count:
        return Count(self.open + self.acked)


def tiles(now: datetime, reader: Reader) -> list[Tile]:
    rows = queries.now_by_urgency(now)
    found = []
    for rank, value in enumerate(words.BY_VALUE):
        mine = {row[1]: row for row in rows if row[0] == rank}
        opened, acked = (Count(mine[one][2] if one in mine else 0) for one in (Status.TRIGGERED, Status.ACKNOWLEDGED))
        oldest = min((row[3] for row in mine.values()), default=None)
        url = url_for("dashboard.incidents", urgency=value)
        late, since = Count(sum(row[4] for row in mine.values())), reader.moment(oldest) if oldest else None
        silent = mine[Status.TRIGGERED][3] if Status.TRIGGERED in mine else None
        waits = reader.moment(silent) if silent else None
        found.append(Tile(words.urgency(rank, reader), opened, acked, late, since, waits, url))
    return found


@dataclass(frozen=True, slots=True)
class Duty:
    schedule: str
    name: str
    until: Moment | None


def duties(directory: Directory, reader: Reader) -> list[Duty]:
    found = []
    for schedule in sorted(directory.schedules.values(), key=lambda one: one.name):
        email = on_call(schedule, reader.now)
        person = directory.people.get(email or "")
        until = next_handover(schedule, reader.now)
        name = person.name if person else email or ""
        found.append(Duty(schedule.name, name, reader.moment(until) if until else None))
    return found


def coming_gaps(directory: Directory, reader: Reader) -> list[tuple[str, Moment, Moment]]:
    """Of the next seven days: schedule, from, to."""
    return [
        (schedule.name, reader.moment(begin), reader.moment(end))
        for schedule in sorted(directory.schedules.values(), key=lambda one: one.name)
        for begin, end in gaps(schedule, reader.now, reader.now + AHEAD)
    ]


def last(reader: Reader) -> tuple[int, Moment] | None:
    """The incident that opened last: where all is quiet, it says for how long."""
    found = queries.newest()
    return (found[0], reader.moment(found[1])) if found else None


@dataclass(frozen=True, slots=True)
class Tone:
    """A part of the pipeline: `bad` where somebody should look."""

    name: str
    text: str
    bad: bool = False


def pipeline(now: datetime, reader: Reader) -> list[Tone]:
    _, found = reader.say, queries.pulse(now)
    count = queries.workers(now)
    stuck = found.oldest is not None and now - found.oldest > LATE
    waits = _("%(n)s wait", n=found.waiting) if found.waiting else _("nothing waits")
    oldest = f" · {reader.duration(now - found.oldest)}" if stuck and found.oldest else ""
    silent = found.worker_seen is None or now - found.worker_seen > SILENCE
    tones = [
        Tone(_("Workers"), _("none is alive") if silent else str(max(1, count)), silent),
        Tone(_("Messages"), waits + oldest, stuck),
    ]
    for name, (failed, of, last) in sorted(queries.channels().items()):
        known = _(CHANNELS[name][1]) if name in CHANNELS else name
        when = _("last %(time)s ago", time=reader.duration(now - last)) if last else _("none went out")
        said = _("%(n)s of %(all)s failed", n=failed, all=of) if failed else when
        tones.append(Tone(known, said, failed * 10 > of))
    for source in frame_queries.sources()[:6]:
        heard = source.last_seen_at
        text = _("%(time)s ago", time=reader.duration(now - heard)) if heard else _("never heard")
        tones.append(Tone(source.name, text))
    return tones


@dataclass(frozen=True, slots=True)
class Piece:
    look: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Strip:
    pieces: tuple[Piece, ...]
    ticks: tuple[tuple[int, str], ...]
    words: str
    width: int = queries.QUARTERS * STRIP_STEP
    height: int = STRIP_HEIGHT


def strip(now: datetime, reader: Reader) -> Strip:
    """The last 24 hours, a bar a quarter of an hour."""
    counts = queries.quarters(now)
    sums = [sum(counts.get((place, rank), 0) for rank in range(4)) for place in range(queries.QUARTERS)]
    most = max(sums) or 1
    pieces = [piece for place in range(queries.QUARTERS) for piece in _stack(counts, place, most)]
    begin = now - queries.QUARTERS * queries.QUARTER
    hours = [begin + place * queries.QUARTER for place in range(0, queries.QUARTERS, 16)]
    ticks = tuple((place * 16 * STRIP_STEP, f"{at.astimezone(reader.zone):%H:%M}") for place, at in enumerate(hours))
    total = sum(sums)
    said = reader.count("%(n)s incident in 24 hours", "%(n)s incidents in 24 hours", total)
    if total:
        said += reader.say("; at most %(n)s within 15 minutes", n=most)
    return Strip(tuple(pieces), ticks, said)


def _stack(counts: Mapping[tuple[int, int], int], place: int, most: int) -> Sequence[Piece]:
    found, y = [], float(STRIP_HEIGHT)
    for rank in range(3, -1, -1):
        high = round(counts.get((place, rank), 0) * STRIP_HEIGHT / most, 1)
        if high:
            y -= high
            found.append(Piece(rank + 1, place * STRIP_STEP, round(y, 1), high))
    return found


@dataclass(frozen=True, slots=True)
class Latest:
    number: int
    title: str
    line: Line


def latest(reader: Reader) -> list[Latest]:
    """Line by line: neighbours may belong to different incidents, so nothing is folded."""
    return [
        Latest(entry.incident_id, title, line)
        for entry, title in queries.lines()
        for line in timeline.lines([entry], reader)
    ]
