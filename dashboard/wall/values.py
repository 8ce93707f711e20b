"""What a wallboard shows: the overview, cut to what is read from four metres, with nobody's words but titles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from dashboard import words
from dashboard.alarms import alarms, marked
from dashboard.assets import version
from dashboard.glance import pulse
from dashboard.overview import cards, queries
from dashboard.reader import Moment, Reader
from dashboard.words import Badge
from rules.words import Status

TURN = 20  # seconds a page is shown
DRAWN_ANEW = 10  # seconds after which times are told anew though nothing happened
ORDER = ("now", "services", "oncall", "pipeline", "latest")
SERVICES, DUTIES, GAPS, TONES, LATEST = 16, 6, 2, 16, 6  # what has room on one page
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """An open incident by its title, which is all that a wall says of its texts."""

    badge: Badge
    number: int
    title: str
    service: str
    open: bool  # nobody has answered
    since: Moment


def mark(now: datetime) -> str:
    """Changes with every line of any timeline, with the alarms, and with time."""
    return f"{marked(pulse(now).mark, now)}-{int(now.timestamp()) // DRAWN_ANEW}"


def wall_values(reader: Reader, now: datetime) -> dict[str, object]:
    """The mark is read first: what changes meanwhile is drawn once more, never missed."""
    drawn, people = mark(now), pulse(now).people
    tiles, services = cards.tiles(now, reader), queries.services()
    duties, gaps = cards.duties(people, reader), cards.coming_gaps(people, reader)
    tones, latest = sorted(cards.pipeline(now, reader), key=lambda one: not one.bad), cards.latest(reader)
    there = {"services": services, "oncall": duties, "latest": latest}
    return {
        "mark": drawn, "version": version(), "now": reader.moment(now), "offset": _minutes(now, reader),
        "names": pages(there), "alarms": alarms(now), "tiles": tiles,
        "quiet": not any(one.open or one.acked for one in tiles), "last": cards.last(reader),
        "problems": [_problem(row, reader) for row in queries.worst()],
        "services": services[:SERVICES], "more_services": len(services) > SERVICES,
        "duties": fits(duties, DUTIES), "gaps": fits(gaps, GAPS),
        "tones": fits(tones, TONES), "healthy": not any(one.bad for one in tones), "latest": fits(latest, LATEST),
    }  # fmt: skip


def pages(there: Mapping[str, Sequence[object]]) -> list[str]:
    """Which pages are turned, in order: one that would be empty is left out."""
    return [name for name in ORDER if there.get(name, ("always",))]


def fits(found: Sequence[T], most: int) -> tuple[Sequence[T], int]:
    """What is shown, and how many more there are."""
    return found[:most], max(0, len(found) - most)


def _problem(row: tuple[int, int, str, str, str, datetime], reader: Reader) -> Problem:
    urgency, number, title, service, status, opened = row
    since, badge = reader.moment(opened), words.urgency(urgency, reader)
    return Problem(badge, number, title, service, status == Status.TRIGGERED, since)


def _minutes(now: datetime, reader: Reader) -> int:
    """East of Greenwich, where the screen's clock is read."""
    return (now.astimezone(reader.zone).utcoffset() or timedelta()) // timedelta(minutes=1)
