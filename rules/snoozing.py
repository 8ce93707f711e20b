"""How long something is snoozed, as people say it: 30m, 2h, until 09:00 tomorrow, or a moment."""

import re
from datetime import datetime, time, timedelta, tzinfo

from rules.durations import parse_duration

LEAST, MOST = timedelta(minutes=1), timedelta(days=30)
_CLOCK = re.compile(r"(?:until )?([01]?[0-9]|2[0-3]):([0-5][0-9])( tomorrow| monday)?", re.ASCII)
_TOMORROW = re.compile(r"until tomorrow ([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
FORMS = "write 30m, 2h, 1h30m, until 09:00, until 09:00 tomorrow, until 09:00 Monday or 2026-12-05T09:00:00+03:00"


def end_of(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The moment meant by `text` for somebody in `zone`. Raises ValueError with what is wrong with it."""
    end = _end_of(" ".join(text.lower().split()), text.strip(), now, zone)
    if end - now < LEAST:
        raise ValueError("a snooze lasts a minute at least")
    if end - now > MOST:
        raise ValueError(f"a snooze lasts {MOST.days} days at most")
    return end


def _end_of(said: str, text: str, now: datetime, zone: tzinfo) -> datetime:
    local = now.astimezone(zone)
    if found := _CLOCK.fullmatch(said) or _TOMORROW.fullmatch(said):
        at = time(int(found[1]), int(found[2]))
        tomorrow = "tomorrow" in said or at <= local.time().replace(tzinfo=None)
        days = 7 - local.weekday() if "monday" in said else int(tomorrow)  # never today
        day = local.date() + timedelta(days=days)
        return datetime.combine(day, at, zone).astimezone(now.tzinfo)
    try:
        return now + parse_duration(said)
    except OverflowError:
        raise ValueError(f"a snooze lasts {MOST.days} days at most") from None
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time: {FORMS}") from None
