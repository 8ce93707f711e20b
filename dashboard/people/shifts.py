"""The coming shifts of somebody, for their page; by the reader's own clock."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from dashboard.reader import Reader
from rules.duty.oncall import shifts_of
from rules.words import Directory

AHEAD, AROUND = timedelta(days=90), timedelta(days=40)  # a shift may have begun long ago
MOST = 10


@dataclass(frozen=True, slots=True)
class Line:
    schedule: str
    url: str
    when: str
    now: bool
    stands_in: bool


def coming(directory: Directory, email: str, reader: Reader) -> list[Line]:
    """The present one too."""
    now = reader.now
    found = [
        (one, schedule.name)
        for schedule in directory.schedules.values()
        for one in shifts_of(schedule, email, now - AROUND, now + AHEAD + AROUND)
        if one.ends > now and one.starts < now + AHEAD
    ]
    found.sort(key=lambda pair: pair[0].starts)
    return [
        Line(
            name, f"/oncall/schedules/{quote(name)}",
            f"{reader.moment(one.starts).short} – {reader.moment(one.ends).short}",
            one.starts <= now, bool(one.override),
        )
        for one, name in found[:MOST]
    ]  # fmt: skip
