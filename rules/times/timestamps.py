"""When something happened, as senders write it: RFC 3339 and what is nearly that, or counted since 1970. Pure."""

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # itself "unset", as the year 1 is
AHEAD = timedelta(days=1)  # a sender's clock may be wrong by so much
# RFC 3339 and its relatives that fromisoformat does not take: "z", a space before the zone, "UTC", second 60
_DAY, _CLOCK, _ZONE = r"(\d{4}-\d\d-\d\d)", r"(\d\d:\d\d)(?::(\d\d))?([.,]\d+)?", r"([Zz]|UTC|GMT|[+-]\d\d:?\d\d|)"
_DIGITS = re.compile(r"[0-9]{9,19}(\.[0-9]{1,9})?")
_TIME = re.compile(rf"{_DAY}[Tt _]{_CLOCK}\s*{_ZONE}", re.ASCII)


def read_time(value: object, now: datetime, ahead: timedelta = AHEAD) -> datetime | None:
    """The moment, in UTC; None if it is unset (year 1, 1970), unreadable or absurd. Without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = _odd_time(value) or EARLIEST
    if found.tzinfo is not UTC:
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        # Compared before it is converted: the year 1 at +14:00 has no UTC.
        return found.astimezone(UTC) if EARLIEST < found <= now + ahead else None
    return found if EARLIEST < found <= now + ahead else None


def _odd_time(text: str) -> datetime | None:
    match = _TIME.fullmatch(text.strip()) if len(text) < 64 else None
    if match is None:
        return None
    day, clock, second, fraction, zone = match.groups()
    leap = second == "60"
    zone = "+00:00" if zone in ("Z", "z", "UTC", "GMT", "") else zone
    try:
        found = datetime.fromisoformat(f"{day}T{clock}:{'59' if leap else second or '00'}{fraction or ''}{zone}")
        return found + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None


def epoch(value: object, now: datetime, ahead: timedelta = AHEAD) -> datetime | None:
    """The moment of seconds since 1970, or of parts of one: a number or its digits; None as of read_time."""
    digits = value.strip() if isinstance(value, str) else f"{value}" if type(value) in (int, float) else ""
    if not _DIGITS.fullmatch(digits):
        return None
    whole, _, part = digits.partition(".")
    unit = 10 ** (9 if len(whole) > 16 else 6 if len(whole) > 14 else 3 if len(whole) > 11 else 0)
    found = EARLIEST + timedelta(seconds=int(whole) // unit, microseconds=int(whole) % unit * 1_000_000 // unit)
    found += timedelta(seconds=float(f"0.{part or 0}"))
    return found if EARLIEST < found <= now + ahead else None
