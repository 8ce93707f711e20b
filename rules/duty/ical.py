"""iCalendar (RFC 5545) as we write it: events in UTC, texts escaped, lines folded. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.texts.text import clean_text

LINE = 75  # bytes of a line, without its end
_ESCAPES = (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n"))


@dataclass(frozen=True, slots=True)
class Event:
    uid: str
    starts: datetime
    ends: datetime
    summary: str
    description: str = ""


def write(name: str, events: Iterable[Event], now: datetime) -> bytes:
    """A whole calendar; programs that subscribe to it read it again every hour if they heed the wish."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Nabat//On call//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H",
    ]  # fmt: skip
    for event in events:
        lines += _event(event, now)
    return b"".join(fold(line) for line in [*lines, "END:VCALENDAR"])


def _event(event: Event, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape(event.uid)}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(event.starts)}"
    yield f"DTEND:{_utc(event.ends)}"
    yield f"SUMMARY:{escape(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escape(event.description)}"
    yield "TRANSP:TRANSPARENT"  # whoever is on call can still be invited
    yield "END:VEVENT"


def escape(text: str) -> str:
    clean = clean_text(text)
    for plain, written in _ESCAPES:
        clean = clean.replace(plain, written)
    return "".join(one for one in clean if one.isprintable())


def fold(line: str) -> bytes:
    """The line with its end, broken after at most 75 bytes and never inside a character."""
    pieces, piece = [], b""
    for one in line:
        coded = one.encode()
        if len(piece) + len(coded) > LINE:
            pieces.append(piece)
            piece = b" "
        piece += coded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
