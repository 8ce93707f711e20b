"""Pictures as plain shapes: bars a day stacked by class, and pages by weekday and hour. The template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from dashboard.reader import Reader
from dashboard.reports.asked import Asked
from dashboard.reports.say import Say
from gateway.lists.filters import WEEKDAYS
from gateway.store.figures.stats import Scope, date_of
from rules.reports.report import Figures

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 240, 34, 26, 8
MOST_BARS = 92  # more days are drawn as weeks
LEVELS = (0, 1, 2, 4, 6)  # pages of an hour up to which a cell has this shade; more: the darkest


@dataclass(frozen=True, slots=True)
class Piece:
    look: int  # class, from 1
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    title: str
    pieces: tuple[Piece, ...]
    url: str  # the list of its incidents


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Tick, ...]  # across, with their counts
    days: tuple[Tick, ...]
    words: str  # what it shows, for who cannot see it
    width: int = WIDTH
    height: int = HEIGHT


def by_day(found: Figures, asked: Asked, say: Say) -> Chart:
    scope = asked.scope
    step = 1 if scope.days <= MOST_BARS else 7
    counts = [
        [sum(found.by_day.get((day, rank), 0) for day in range(first, min(first + step, scope.after)))
         for rank in range(4)]
        for first in range(scope.first, scope.after, step)
    ]  # fmt: skip
    most = max((sum(one) for one in counts), default=0)
    top = _round(most)
    room, wide = HEIGHT - BOTTOM - TOP, (WIDTH - LEFT) / max(1, len(counts))
    bars = []
    for place, one in enumerate(counts):
        day = date_of(scope.first + place * step)
        title = f"{say.day(day)}: {say.number(sum(one))}"
        days = replace(scope, start=day, end=min(date_of(scope.first + (place + 1) * step), scope.end))
        pieces = _pieces(one, LEFT + place * wide, wide, room / top)
        bars.append(Bar(title, pieces, replace(asked, scope=days).incidents()))
    lines = tuple(Tick(HEIGHT - BOTTOM - room * part / 4, say.number(top * part / 4)) for part in range(5))
    return Chart(tuple(bars), lines, _days(scope, step, wide, say), _words(counts, scope, say))


def _pieces(counts: Sequence[int], x: float, wide: float, scale: float) -> tuple[Piece, ...]:
    """The least urgent at the bottom."""
    found, y = [], float(HEIGHT - BOTTOM)
    for rank in range(3, -1, -1):
        high = counts[rank] * scale
        if counts[rank]:
            y -= high
            found.append(Piece(rank + 1, round(x + wide * 0.08, 1), round(y, 1), round(wide * 0.84, 1), round(high, 1)))
    return tuple(found)


def _round(most: int) -> int:
    """The end of the axis: a number that four divides nicely."""
    for nice in (4, 8, 12, 20, 40, 60, 80, 100):
        if most <= nice:
            return nice
    size: int = 4 * 10 ** (len(str(most)) - 2)
    return -(-most // size) * size


def _days(scope: Scope, step: int, wide: float, say: Say) -> tuple[Tick, ...]:
    count = -(-scope.days // step)
    every = max(1, -(-count // 7))
    return tuple(
        Tick(round(LEFT + (place + 0.5) * wide, 1), say.day(date_of(scope.first + place * step)))
        for place in range(0, count, every)
    )


def _words(counts: Sequence[Sequence[int]], scope: Scope, say: Say) -> str:
    total = sum(map(sum, counts))
    if not total:
        return say.reader.say("No incident in this time.")
    place = max(range(len(counts)), key=lambda one: sum(counts[one]))
    step = 1 if scope.days <= MOST_BARS else 7
    day: date = date_of(scope.first + place * step)
    return say.reader.say("%(n)s incidents; most of them, %(most)s, on %(day)s.", n=say.number(total),
                          most=say.number(sum(counts[place])), day=say.day(day))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hour:
    count: int
    look: int  # shade, from 0
    paged: str  # the word of the list for that hour; nothing where there was no page
    words: str  # what the number means, for who cannot see where it stands


def heat(found: Figures, reader: Reader) -> list[tuple[str, list[Hour]]]:
    """A row a weekday."""
    names = reader.say("Mon Tue Wed Thu Fri Sat Sun").split()
    return [(name, [_hour(found, reader, name, row * 24 + hour) for hour in range(24)])
            for row, name in enumerate(names)]  # fmt: skip


def _hour(found: Figures, reader: Reader, name: str, place: int) -> Hour:
    count, (row, hour) = found.heat[place], divmod(place, 24)
    paged = f"{WEEKDAYS[row]}-{hour:02}" if count else ""
    pages = reader.count("%(n)s page", "%(n)s pages", count)
    return Hour(count, _level(count), paged, f"{name} {hour:02}:00, {pages}")


def _level(count: int) -> int:
    return next((level for level, most in enumerate(LEVELS) if count <= most), len(LEVELS))
