"""What a program asks, read from the query of its address: all of it is checked, and no mistake is guessed away."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from gateway.lists import filters
from gateway.store.reading.readings import WantedAlerts, WantedDeliveries, WantedIncidents
from gateway.store.reading.readings_admin import WantedAudit
from rules.words import Status, Urgency

LARGEST: Final = 2**63 - 1  # of a number in the database
T = TypeVar("T")
D = TypeVar("D")
LONGEST = 1000  # characters of one value
DEFAULT, MOST = 50, 200  # rows of a page
OPEN = (Status.TRIGGERED, Status.ACKNOWLEDGED)
STATUSES: Mapping[str, tuple[Status, ...]] = {
    "open": OPEN,
    "all": tuple(Status),
    **{one.value: (one,) for one in Status},
}
DELIVERED = ("queued", "sending", "sent", "delivered", "failed", "cancelled", "logged", "bundled")
EARLIEST, LATEST = 1970, 2200  # years
# What each list can be asked; gateway/doors/openapi/description.py says what it means.
PAGING = ("after", "limit")
INCIDENTS = ("status", "urgency", "source", "label", "q", *PAGING)
ALERTS = ("firing", "source", "label", "incident", *PAGING)
DELIVERIES = ("status", "channel", "incident", *PAGING)
ONCALL = ("schedule", "at")
SHIFTS = ("schedule", "from", "to")
SEARCH = ("query", *PAGING)
AUDIT = ("actor", "action", "target", "request", "from", "to", *PAGING)
TICKETS = ("status", *PAGING)
REPORT = ("from", "to", "team", "urgency", "service")
LONGEST_REPORT = 366  # days


class BadQuestion(Exception):
    """The question cannot be answered as it stands; the text says why."""


def wanted_incidents(args: MultiDict[str, str]) -> WantedIncidents:
    asked = Asked(args, INCIDENTS)
    words = asked.words("status", tuple(STATUSES)) or ("open",)
    named = {status for word in words for status in STATUSES[word]}
    urgencies = asked.words("urgency", tuple(Urgency))
    return WantedIncidents(
        statuses=tuple(status for status in Status if status in named),
        urgencies=tuple(one for one in Urgency if one in urgencies or not urgencies),
        limit=asked.limit(),
        after=asked.after("incidents"),
        sources=asked.every("source"),
        labels=asked.labels(),
        text=asked.one("q").strip()[:100],
    )


def wanted_alerts(args: MultiDict[str, str]) -> WantedAlerts:
    asked = Asked(args, ALERTS)
    firing = asked.words("firing", ("true", "false"))
    return WantedAlerts(
        limit=asked.limit(),
        after=asked.after("alerts"),
        firing=firing[0] == "true" if len(firing) == 1 else None,
        sources=asked.every("source"),
        labels=asked.labels(),
        incident=asked.number("incident"),
    )


def wanted_deliveries(args: MultiDict[str, str]) -> WantedDeliveries:
    asked = Asked(args, DELIVERIES)
    return WantedDeliveries(
        limit=asked.limit(),
        after=asked.after("deliveries"),
        statuses=asked.words("status", DELIVERED),
        channels=asked.every("channel"),
        incident=asked.number("incident"),
    )


def wanted_page(args: MultiDict[str, str], kind: str) -> tuple[int | None, int]:
    """Where it begins, and how many rows."""
    asked = Asked(args, PAGING)
    return asked.after(kind), asked.limit()


def wanted_search(args: MultiDict[str, str]) -> tuple[str, tuple[int, int] | None, int]:
    asked = Asked(args, SEARCH)
    return asked.one("query"), asked.place(), asked.limit()


def wanted_view(args: MultiDict[str, str]) -> tuple[tuple[int, int] | None, int]:
    asked = Asked(args, PAGING)
    return asked.place(), asked.limit()


def pair(place: tuple[int, int] | None) -> str | None:
    """Where the next page of a list in another order than the newest first starts."""
    return None if place is None else f"{place[0]}.{place[1]}"


def wanted_tickets(args: MultiDict[str, str]) -> tuple[list[Status], int | None, int]:
    asked = Asked(args, TICKETS)
    named = {status for word in asked.words("status", tuple(STATUSES)) or ("open",) for status in STATUSES[word]}
    return [status for status in Status if status in named], asked.after("tickets"), asked.limit()


def wanted_audit(args: MultiDict[str, str], zone: ZoneInfo) -> tuple[WantedAudit, int]:
    """Whole days by the wall clock there, the last one included."""
    asked = Asked(args, AUDIT)
    days = [_day(name, asked.one(name), None) for name in ("from", "to")]
    begin, end = (None if day is None else datetime.combine(day, time(), zone) for day in days)
    wanted = WantedAudit(
        actor=asked.one("actor"),
        action=asked.one("action"),
        target=asked.one("target"),
        request=asked.one("request"),
        begin=begin,
        end=None if end is None else end + timedelta(days=1),
        after=asked.after("audit"),
    )
    return wanted, asked.limit()


def wanted_source(args: MultiDict[str, str]) -> str:
    return Asked(args, ("source",)).one("source")


def wanted_oncall(args: MultiDict[str, str], now: datetime) -> tuple[str, datetime]:
    """The schedule's name, empty for all, and the moment."""
    asked = Asked(args, ONCALL)
    return asked.one("schedule"), asked.moment("at", now)


def wanted_shifts(args: MultiDict[str, str], now: datetime) -> tuple[str, datetime, datetime]:
    asked = Asked(args, SHIFTS)
    begin = asked.moment("from", now)
    return asked.one("schedule"), begin, asked.moment("to", begin + timedelta(days=7))


def wanted_schedule(args: MultiDict[str, str]) -> str:
    """The schedule's name, empty for all."""
    return Asked(args, ONCALL[:1]).one("schedule")


@dataclass(frozen=True, slots=True)
class WantedReport:
    """Whole days, the last one included."""

    first: date
    last: date
    team: str
    urgency: int | None
    service: str


def wanted_report(args: MultiDict[str, str], first: date, last: date) -> WantedReport:
    asked = Asked(args, REPORT)
    first, last = _day("from", asked.one("from"), first), _day("to", asked.one("to"), last)
    if first > last or (last - first).days >= LONGEST_REPORT:
        raise BadQuestion(f"from must not be after to, and {LONGEST_REPORT} days are the most")
    urgencies = asked.words("urgency", tuple(Urgency))
    if len(urgencies) > 1:
        raise BadQuestion("urgency: give one")
    rank = Urgency(urgencies[0]).rank if urgencies else None
    return WantedReport(first, last, asked.one("team"), rank, asked.one("service"))


def _day(name: str, text: str, default: D) -> date | D:
    if not text:
        return default
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadQuestion(f"{name}: a day is wanted, like 2026-11-23") from None
    if not EARLIEST <= found.year <= LATEST:
        raise BadQuestion(f"{name}: this day is too far away")
    return found


def number_of(text: str) -> int | None:
    """An incident's number as an address has it; None for what cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None


def cursor(kind: str, after: int | None) -> str | None:
    """Where the next page of this list starts: opaque, so that nobody builds on what is in it."""
    return None if after is None else base64.urlsafe_b64encode(f"{kind}:{after}".encode()).rstrip(b"=").decode()


def wanted_state(args: MultiDict[str, str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Of silences: those that have not expired, if nothing is asked for."""
    return Asked(args, ("state",)).words("state", known) or known[:-1]


def nothing_asked(args: MultiDict[str, str]) -> None:
    Asked(args, ())


class Asked:
    """The parameters of one request. An empty one is as good as none."""

    def __init__(self, args: MultiDict[str, str], known: tuple[str, ...]) -> None:
        for name in args:
            if name not in known:
                raise BadQuestion(f"there is no parameter {name[:40]!r}; known here: {', '.join(known) or 'none'}")
            for value in args.getlist(name):
                if "\0" in value or len(value) > LONGEST:
                    raise BadQuestion(f"{name}: at most {LONGEST} characters, and no NUL")
        self._args = args

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(value for value in self._args.getlist(name) if value)

    def one(self, name: str) -> str:
        found = self.every(name)
        if len(found) > 1:
            raise BadQuestion(f"{name}: give it once")
        return found[0] if found else ""

    def words(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """A list with commas, of known words."""
        found = tuple(word.strip() for value in self.every(name) for word in value.split(","))
        for word in found:
            if word not in known:
                raise BadQuestion(f"{name}: {word[:40]!r} is none of {', '.join(known)}")
        return found

    def limit(self) -> int:
        return self.checked(
            "limit", lambda text: _within(number_of(text), 1, MOST), f"a number from 1 to {MOST}", DEFAULT
        )

    def number(self, name: str) -> int | None:
        return self.checked(name, number_of, "a number", None)

    def after(self, kind: str) -> int | None:
        return self.checked("after", lambda text: _position(kind, text), "the `next` of an earlier page", None)

    def place(self) -> tuple[int, int] | None:
        return self.checked("after", filters.place_of, "the `next` of an earlier page", None)

    def moment(self, name: str, default: datetime) -> datetime:
        return self.checked(
            name, _moment, "a moment such as 2026-12-05T03:12:00+03:00 (with + written as %2B)", default
        )

    def labels(self) -> tuple[tuple[str, str], ...]:
        pairs = [value.partition("=") for value in self.every("label")]
        if any(not name or not equals for name, equals, _ in pairs):
            raise BadQuestion("label: write it as name=value")
        return tuple((name, value) for name, _, value in pairs)

    def checked(self, name: str, read: Callable[[str], T | None], words: str, default: D) -> T | D:
        text = self.one(name)
        if not text:
            return default
        found = read(text)
        if found is None:
            raise BadQuestion(f"{name}: {text[:40]!r} is not {words}")
        return found


def _within(number: int | None, least: int, most: int) -> int | None:
    return number if number is not None and least <= number <= most else None


def _position(kind: str, text: str) -> int | None:
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        return None
    number = number_of(plain.removeprefix(f"{kind}:"))
    return number if cursor(kind, number) == text else None  # exactly as we wrote it


def _moment(text: str) -> datetime | None:
    """A + that nobody escaped arrives as a space: it is understood."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    return found if found.tzinfo and EARLIEST < found.year < LATEST else None
