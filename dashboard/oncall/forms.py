"""What somebody wrote into the forms of on call, read; every mistake is a sentence that can be translated."""

from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from dashboard.reader import Reader
from gateway.flows.duties import Asked, AskedSwap, Wrong
from rules.texts.text import clean_text, one_line
from rules.times.walltime import moment_of

Span = tuple[datetime, datetime]
NO_MOMENT = "Give both times: a date and a time of day."


def text(said: MultiDict[str, str], name: str, most: int = 254) -> str:
    return one_line(clean_text(said.get(name, "")))[:most].strip()


def override(said: MultiDict[str, str], reader: Reader) -> Asked:
    begins, ends = moment(said, "from", reader), moment(said, "to", reader)
    return Asked(text(said, "schedule"), text(said, "person").lower(), begins, ends, text(said, "reason", 200))


def swap(said: MultiDict[str, str], asker: str) -> AskedSwap:
    """Shifts come as the page wrote them: schedule, who, begin, end."""
    mine = _shift(text(said, "mine", 500))
    theirs = text(said, "theirs", 500)
    if theirs.startswith("person "):
        return AskedSwap(mine[0], asker, theirs.removeprefix("person "), mine[2], None, text(said, "reason", 200))
    other = _shift(theirs)
    if other[0] != mine[0]:
        raise Wrong(OTHER_SCHEDULE)
    return AskedSwap(mine[0], asker, other[1], mine[2], other[2], text(said, "reason", 200))


OTHER_SCHEDULE = "Both shifts must be of the same schedule."
NO_SHIFT = "Choose a shift of yours and a shift of somebody else."


def shift_value(schedule: str, who: str, begins: str, ends: str) -> str:
    return f"{begins} {ends} {who} {schedule}"


def _shift(value: str) -> tuple[str, str, Span]:
    parts = value.split(" ", 3)
    if len(parts) != 4:
        raise Wrong(NO_SHIFT)
    return parts[3], parts[2], (_read(parts[0]), _read(parts[1]))


def _read(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Wrong(NO_SHIFT) from None
    if found.tzinfo is None or not 1970 < found.year < 2200:
        raise Wrong(NO_SHIFT)
    return found.astimezone(UTC)


def moment(said: MultiDict[str, str], name: str, reader: Reader) -> datetime:
    """A time of the reader's clock, or a moment with its offset as our own buttons send it."""
    try:
        found = datetime.fromisoformat(text(said, name, 40))
    except ValueError:
        raise Wrong(NO_MOMENT) from None
    if not 1970 < found.year < 2200:
        raise Wrong(NO_MOMENT)
    return found.astimezone(UTC) if found.tzinfo else moment_of(found.replace(microsecond=0), reader.zone)
