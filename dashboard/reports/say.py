"""Numbers as one reader reads them: counts, shares, spans of time, and by how much something changed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dashboard.reader import MINUS, Reader

NOTHING = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Say:
    reader: Reader

    def number(self, value: float | None, digits: int = 0) -> str:
        return NOTHING if value is None else self.reader.number(value, digits)

    def percent(self, value: float | None) -> str:
        return NOTHING if value is None else f"{self.number(value, 1)}\u00a0%"

    def span(self, seconds: float | None) -> str:
        """Two units, seconds under ten minutes: 2 min 40 s, 1 h 12 min, 0.7 s."""
        if seconds is None:
            return NOTHING
        whole = round(seconds)
        if seconds < 9.95:
            return f"{self.number(seconds, 1)}\u00a0{self.reader.say('s')}"
        if MINUTE <= whole < 10 * MINUTE:
            rest = f" {whole % MINUTE}\u00a0{self.reader.say('s')}" if whole % MINUTE else ""
            return f"{whole // MINUTE}\u00a0{self.reader.say('min')}{rest}"
        return self.reader.duration(timedelta(seconds=whole))

    def day(self, day: date) -> str:
        """21 Nov."""
        return self.reader.day(datetime.combine(day, time(), self.reader.zone)).partition(" ")[2]

    def days(self, start: date, end: date) -> str:
        """23 Oct – 21 Nov 2026; `end` is the first day after it."""
        last = end - timedelta(days=1)
        year = f" {start.year}" if start.year != last.year else ""
        return f"{self.day(start)}{year} – {self.day(last)} {last.year}"


@dataclass(frozen=True, slots=True)
class Change:
    """By how much something changed; `look` is good, bad or nothing, and said in a word as well."""

    text: str
    look: str = ""
    word: str = ""


NO_CHANGE = Change("")


def change(say: Say, now: float | None, then: float | None, *, unit: str = "", less_is_better: bool = True) -> Change:
    """`unit`: span (seconds), points, percent (of what it was), or a plain number with one digit."""
    if now is None or then is None:
        return NO_CHANGE
    by = now - then
    if unit == "percent":
        if not then:
            return NO_CHANGE
        by = 100 * by / then
    words = {
        "span": say.span(abs(by)),
        "points": say.reader.say("%(n)s points", n=say.number(abs(by), 1)),
        "percent": f"{say.number(abs(by))}\u00a0%",
        "count": say.number(abs(by)),
    }.get(unit, say.number(abs(by), 1))
    limit = {"span": 0.95, "percent": 0.5, "count": 0.5}.get(unit, 0.05)
    if abs(by) < limit:
        return Change("±0")
    better = (by < 0) is less_is_better
    _ = say.reader.say
    sign = MINUS if by < 0 else "+"
    return Change(f"{sign}{words}", "good" if better else "bad", _("better") if better else _("worse"))
