"""How a person reads it: words in their language, times in their zone, durations in plain units."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from rules.times.walltime import zone_of

CATALOGUE = Path(__file__).parent.parent.parent / "templates" / "messages" / "words.yaml"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


@functools.cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """By language, then by the English text. English is not in it: it is what the templates are written in."""
    found: dict[str, dict[str, str]] = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    return found


class Wording:
    def __init__(self, language: str, timezone: str) -> None:
        self.language = language
        self.words = catalogue().get(language, {})
        self.zone = zone_of(timezone)

    def word(self, text: str, **values: object) -> str:
        """The text in the person's language, its %(name)s filled in; English where the catalogue is silent."""
        return self.words.get(text, text) % values if values else self.words.get(text, text)

    def when(self, moment: datetime) -> str:
        """03:12:00 Sat 5 Dec (UTC+3)"""
        there = moment.astimezone(self.zone)
        day, month = self.word(DAYS[there.weekday()]), self.word(MONTHS[there.month - 1])
        return f"{there:%H:%M:%S} {day} {there.day} {month} ({offset(there)})"

    def clock(self, moment: datetime) -> str:
        """03:12"""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def span(self, duration: timedelta) -> str:
        """7 min, 1 h 20 min, 2 d 3 h: two units at most."""
        left = max(int(duration.total_seconds()), 0)
        parts = []
        for unit, seconds in UNITS:
            count, left = divmod(left, seconds)
            if count:
                parts.append(f"{count} {self.word(unit)}")
            elif parts:
                break
            if len(parts) == 2 or (parts and unit == "min"):
                break
        return " ".join(parts) or f"0 {self.word('s')}"


def offset(moment: datetime) -> str:
    """UTC, UTC+3, UTC+5:30"""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "-"
    return "UTC" if not minutes else f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
