"""Months of the calendar, named as 2026-11, by the wall clock of a zone. Pure."""

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo


def month_of(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def month_span(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From its first midnight to the next month's, by the wall clock of the zone. Of 2026-11, as month_of() says it."""
    year, number = map(int, month.split("-"))
    start, end = date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)
    begin, stop = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (start, end))
    return begin, stop
