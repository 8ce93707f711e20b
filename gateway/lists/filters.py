"""What the list is asked to show, as the address says it. What cannot be read is left out with a reason."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from gateway.lists import grammar
from rules.texts.durations import parse_duration
from rules.texts.text import clean_text, one_line
from rules.words import Status, Urgency

UNRESOLVED = (Status.TRIGGERED, Status.ACKNOWLEDGED)
STATUSES: dict[str, tuple[Status, ...]] = {
    "unresolved": UNRESOLVED,
    "open": (Status.TRIGGERED,),
    "ack": (Status.ACKNOWLEDGED,),
    "snoozed": UNRESOLVED,
    "suppressed": UNRESOLVED,
    "resolved": (Status.RESOLVED,),
    "all": (*UNRESOLVED, Status.RESOLVED),
}
SORTS = ("-urgency", "age", "-age", "-alerts")
DENSITIES = ("comfortable", "compact")
NAMED = ("service", "team", "assignee", "source", "target", "paged", "counted")
ONE = (*NAMED, "from", "to")  # words with one value
TARGETS = ("missed",)  # not answered within its target: too late, or not yet
COUNTED = ("yes",)  # what the reports count: no tests, and nothing that was merged into another
KNOWN = {"status": tuple(STATUSES), "sort": SORTS, "target": TARGETS, "counted": COUNTED}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR = re.compile(rf"({'|'.join(WEEKDAYS)})-([01][0-9]|2[0-3])", re.ASCII)
_CURSOR = re.compile(r"(\d{1,9})\.(\d{1,18})", re.ASCII)
_CLOCK = re.compile(r"(today|yesterday)-(\d{1,2}):(\d{2})", re.ASCII)
LONGEST = 200  # characters of a value
QUERY = 50_000  # characters of an address's query; no list's is as long: one that is cut asks for more than was shown
MOST_LABELS = 10
PAGE, MOST_ROWS = 50, 200  # of one page: at first, and after "load 50 more"

_ROWS = tuple(str(count) for count in range(PAGE, MOST_ROWS + 1, PAGE))


@dataclass(frozen=True, slots=True)
class Problem:
    """A part that was left out, and why."""

    word: str
    value: str
    reason: str  # a key of PROBLEMS in dashboard/incidents/chips.py


@dataclass(frozen=True, slots=True)
class Filter:
    """The list of incidents that somebody wants to see."""

    status: str = "unresolved"
    urgencies: tuple[str, ...] = ()
    service: str = ""
    team: str = ""
    assignee: str = ""
    source: str = ""
    target: str = ""
    paged: str = ""  # somebody was paged of it in this hour of their week: mon-03
    counted: str = ""
    labels: tuple[str, ...] = ()
    q: str = ""
    since: str = ""  # from=
    until: str = ""  # to=
    sort: str = "-urgency"
    after: tuple[int, int] | None = None  # the last row of the page before
    rows: int = PAGE
    density: str = ""
    view: str = ""
    folded: bool = True
    problems: tuple[Problem, ...] = ()

    @property
    def unresolved(self) -> bool:
        """Whether all of it is not resolved yet: those lists have an end."""
        return self.status not in ("resolved", "all")

    @property
    def order(self) -> str:
        """As asked, as far as there is a way to walk so: lists without an end are newest first."""
        if self.unresolved:
            return self.sort
        return self.sort if self.sort in ("age", "-age") else "age"

    @property
    def narrows(self) -> bool:
        return bool(self.urgencies or self.q or self.labels or self.since or self.until or any(map(self.value, ONE)))

    def value(self, word: str) -> str:
        return str(getattr(self, {"from": "since", "to": "until"}.get(word, word)))

    @property
    def buckets(self) -> list[tuple[Status, Urgency]]:
        """The combinations of status and urgency in it, in the order of the list."""
        wanted = [one for one in Urgency if not self.urgencies or one.value in self.urgencies]
        return [(status, urgency) for status in STATUSES[self.status] for urgency in wanted]

    @property
    def number(self) -> int | None:
        """The incident that is meant if the text is a number: 48213 or #48213."""
        digits = self.q.removeprefix("#")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None

    def pairs(self, *, page: bool = True) -> list[tuple[str, str]]:
        """As the address says it, in one order, without what goes without saying."""
        plain = [
            ("status", "" if self.status == "unresolved" else self.status), ("urgency", ",".join(self.urgencies)),
            *((word, self.value(word)) for word in ONE), *(("label", one) for one in self.labels), ("q", self.typed),
            ("sort", "" if self.sort == "-urgency" else self.sort), ("fold", "" if self.folded else "no"),
        ]  # fmt: skip
        more = ("rows", "" if self.rows == PAGE else str(self.rows))
        shown = [("density", self.density), ("view", self.view), ("after", self.cursor), more] if page else []
        return [(name, value) for name, value in (*plain, *shown) if value]

    @property
    def typed(self) -> str:
        """The text as it has to be typed to be read as text."""
        plain = '"' not in self.q and not any(part.word or part.problem for part in grammar.split(self.q))
        escaped = self.q.replace("\\", "\\\\").replace('"', '\\"')
        return self.q if plain else f'"{escaped}"'

    @property
    def cursor(self) -> str:
        return f"{self.after[0]}.{self.after[1]}" if self.after else ""

    @property
    def query(self) -> str:
        """What a saved view keeps."""
        return urlencode(self.pairs(page=False))

    def without(self, word: str, value: str = "") -> Self:
        """The same less one of its parts."""
        if word == "label":
            return replace(self, labels=tuple(one for one in self.labels if one != value))
        if word == "urgency":
            return replace(self, urgencies=())
        emptied: dict[str, Any] = {{"from": "since", "to": "until"}.get(word, word): ""}
        return replace(self, **emptied)

    def span(self, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        return moment_of(self.since, now, zone), moment_of(self.until, now, zone)


def hour_of_week(text: str) -> int | None:
    """The first minute of an hour of the week, from Monday's midnight; None for anything else.

    >>> hour_of_week("tue-03")
    1620
    """
    found = _HOUR.fullmatch(text)
    return WEEKDAYS.index(found[1]) * 1440 + int(found[2]) * 60 if found else None


def moment_of(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """-7d, now, today-09:00, 2026-11-22 or 2026-11-22T03:00; None for anything else."""
    local = now.astimezone(zone)
    if text == "now":
        return now
    try:
        if text.startswith("-"):
            return now - parse_duration(text[1:])
        if found := _CLOCK.fullmatch(text):
            day = local - timedelta(days=found[1] == "yesterday")
            return day.replace(hour=int(found[2]), minute=int(found[3]), second=0, microsecond=0)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # people type anything
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


class _Reading:
    """The values gathered from an address, part by part."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self.now, self.zone = now, zone
        self.found: dict[str, Any] = {"labels": [], "problems": [], "text": []}

    def take(self, word: str, value: str) -> None:
        value = value[:LONGEST]
        problem = self._take(word, value) if value else ""
        if problem:
            self.found["problems"].append(Problem(word, value, problem))

    def _take(self, word: str, value: str) -> str:
        if value in KNOWN.get(word, ()):
            self.found[word] = value
        elif word == "urgency":
            return self._urgency(value)
        elif word in ("from", "to"):
            if moment_of(value, self.now, self.zone) is None:
                return "no time"
            self.found["since" if word == "from" else "until"] = value
        elif word == "label":
            if not grammar.readable(value) or len(self.found["labels"]) >= MOST_LABELS:
                return "unreadable"
            self.found["labels"].append(value)
        else:
            return self._named(word, value)
        return ""

    def _named(self, word: str, value: str) -> str:
        if word in KNOWN:
            return "no such value"
        if word == "paged" and hour_of_week(value) is None:
            return "no hour"
        self.found[word] = value
        return ""

    def _urgency(self, value: str) -> str:
        by_number = {str(one.rank + 1): one.value for one in Urgency}
        names = [by_number.get(one, one) for one in value.lower().split(",")]
        known = tuple(one.value for one in Urgency if one.value in names)
        if len(known) != len(set(names)):
            return "no such value"
        self.found["urgencies"] = known
        return ""


def after(wanted: Filter, place: tuple[int, int] | None) -> Filter:
    """The same, from there on."""
    return replace(wanted, after=place, folded=False)


def place_of(text: str) -> tuple[int, int] | None:
    """Where a page begins, as the address has it."""
    found = _CURSOR.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def of_query(query: str, now: datetime, zone: ZoneInfo) -> Filter:
    """What a saved view keeps, read again."""
    return read(MultiDict(parse_qsl(query)), now, zone)


def read(args: MultiDict[str, str], now: datetime, zone: ZoneInfo) -> Filter:
    """`q` is what was typed into the box: words in it count as if they stood in the address by themselves."""
    reading = _Reading(now, zone)
    for word in (*grammar.WORDS, "label"):
        for value in args.getlist(word):
            reading.take(word, one_line(clean_text(value)))
    typed = clean_text(args.get("q", ""))
    for part in grammar.split(typed, going_on=args.get("typing") == "1"):
        if part.problem:
            reading.found["problems"].append(Problem(part.word, part.value[:LONGEST], part.problem))
        elif part.word:
            reading.take(part.word, one_line(part.value))
        else:
            reading.found["text"].append(part.value)
    found = reading.found
    plain = {name: found[name] for name in ("status", "urgencies", "sort", "since", "until", *NAMED) if name in found}
    return Filter(
        **plain,
        labels=tuple(dict.fromkeys(found["labels"])),
        problems=tuple(dict.fromkeys(found["problems"])),
        q=one_line(" ".join(found["text"]))[:100],
        after=place_of(args.get("after", "")),
        rows=int(rows) if (rows := args.get("rows", "")) in _ROWS else PAGE,
        density=args.get("density", "") if args.get("density", "") in DENSITIES else "",
        view=view if (view := args.get("view", "")).isalnum() and len(view) < 20 else "",
        folded=args.get("fold") != "no",
    )
