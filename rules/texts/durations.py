"""Durations as people write them: 30s, 5m, 1h30m, 2d, 1w."""

import re
from datetime import timedelta

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_FORM = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,6}}){unit})?" for unit, name in _UNITS.items()))
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """The units in this order, each at most once; a bare number is refused, since nobody knows what it counts."""
    found = _FORM.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text[:40]!r} is not a duration; write it like 30s, 5m, 1h30m, 2d or 1w")
    return timedelta(**{name: int(count) for name, count in found.groupdict().items() if count is not None})


def write_duration(span: timedelta) -> str:
    """The shortest text that parse_duration reads back as the same span (fractions of a second are left out)."""
    rest = int(span.total_seconds())
    parts = []
    for unit, seconds in _SECONDS.items():
        # Whole weeks read well, "1w3d" does not: there people count days.
        if unit == "w" and rest % seconds:
            continue
        count, rest = divmod(rest, seconds)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
