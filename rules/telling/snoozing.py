"""How long something is snoozed, as people say it: 30m, 2h, until 09:00 tomorrow, a moment; what was known then."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.texts.durations import parse_duration
from rules.times.walltime import moment_of

LEAST, MOST = timedelta(minutes=1), timedelta(days=30)
_CLOCK = re.compile(r"(?:until )?([01]?[0-9]|2[0-3]):([0-5][0-9])( tomorrow| monday)?", re.ASCII)
_TOMORROW = re.compile(r"until tomorrow ([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
FORMS = "write 30m, 2h, 1h30m, until 09:00, until 09:00 tomorrow, until 09:00 Monday or 2026-12-05T09:00:00+03:00"


def knew(since: int, fired: int, ended: int) -> bool:
    """Whether whoever snoozed an incident at the moment `since` knew that this alert of it fires, which has ceased and
    begins again; given by the maxima of its episodes before (rules/episodes.py), all in microseconds.

    It fired then if it ended later. If it began later it is known as well: else it would have ended the snooze.
    """
    return ended >= since or fired > since


def end_of(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment meant by `text` for somebody in `zone`. Raises ValueError with what is wrong with it."""
    end = _end_of(" ".join(text.lower().split()), text.strip(), now, zone)
    if end - now < LEAST:
        raise ValueError("a snooze lasts a minute at least")
    if end - now > MOST:
        raise ValueError(f"a snooze lasts {MOST.days} days at most")
    return end


def _end_of(said: str, text: str, now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    if found := _CLOCK.fullmatch(said) or _TOMORROW.fullmatch(said):
        at = time(int(found[1]), int(found[2]))
        days = 7 - local.weekday() if "monday" in said else int("tomorrow" in said)  # never today
        day = local.date() + timedelta(days=days)
        return _next(datetime.combine(day, at), now, zone) if not days else moment_of(datetime.combine(day, at), zone)
    try:
        return now + parse_duration(said)
    except OverflowError:
        raise ValueError(f"a snooze lasts {MOST.days} days at most") from None
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else _of(moment, now, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time: {FORMS}") from None


def _of(wall: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment of this local time; of one that comes twice the second, once the first is over."""
    first = moment_of(wall, zone)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return second if first <= now < second else first


def _next(wall: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """The same today, or else tomorrow."""
    today = _of(wall, now, zone)
    return today if today > now else moment_of(wall + timedelta(days=1), zone)
