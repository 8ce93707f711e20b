"""Which days the calendar of on call shows: one day, a week or a month, as the address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard.reader import Reader

DAY = timedelta(days=1)
KINDS = ("day", "week", "month")
TITLES = {"day": "Day", "week": "Week", "month": "Month"}
HERE = {"day": "Today", "week": "This week", "month": "This month"}
BEFORE = {"day": "Day before", "week": "Week before", "month": "Month before"}
AFTER = {"day": "Day after", "week": "Week after", "month": "Month after"}


@dataclass(frozen=True, slots=True)
class Span:
    kind: str
    first: date
    length: int  # days

    @property
    def end(self) -> date:
        """The first day behind it."""
        return self.first + self.length * DAY

    def around(self, day: date) -> "Span":
        """Of the same kind, the one that has this day."""
        return span(self.kind, day)


def span(kind: str, day: date) -> Span:
    if kind == "day":
        return Span(kind, day, 1)
    if kind == "month":
        first = day.replace(day=1)
        return Span(kind, first, ((first + 31 * DAY).replace(day=1) - first).days)
    return Span("week", day - timedelta(days=day.weekday()), 7)


def asked(given: Mapping[str, str], reader: Reader) -> Span:
    """As the address has it: `from`, any day of it, and `span`; else this week."""
    today = reader.now.astimezone(reader.zone).date()
    try:
        wanted = date.fromisoformat(given.get("from", ""))
    except ValueError:
        wanted = today
    wanted = wanted if abs(wanted - today) < 3650 * DAY else today
    return span(given.get("span", ""), wanted)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Day"), _("Week"), _("Month"), _("Today"), _("This week"), _("This month"), _("Day before"),
        _("Week before"), _("Month before"), _("Day after"), _("Week after"), _("Month after"),
    )  # fmt: skip
