"""Bodies of a shape of their own, read by a mapping: the rule book's, or one of those that Nabat brings along.

The name of the source says which. One body is one alert or ticket, or a list of them stands in it; what an item of the
list does not say, the body around it does. A word for the status that the mapping does not know fires: nothing is
taken for the end of an alert by guess.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.presets import presets
from gateway.sources import (
    LONGEST_FINGERPRINT,
    MOST_ALERTS,
    BadPayload,
    Heard,
    Parsed,
    alertmanager,
    read_time,
    ticket,
    told,
)
from rules.identity import fingerprint
from rules.reading.mapping_keys import ALL
from rules.said import Said, Saying
from rules.senders.fields import LONGEST_TEXT, MARK, as_text, excerpt, texts, title_of
from rules.senders.jsonpaths import Looker, TooMuch
from rules.senders.mappings import NOTHING, BodyMap, Parts, chosen
from rules.texts.text import clean_text, cut_bytes, one_line, safe_url
from rules.times.timestamps import EARLIEST
from rules.words import Alert, Kind, Quarantined, Severity

KIND_LABEL = "Any JSON, read by a mapping"
SAYINGS = {"acknowledged": Saying.ACKNOWLEDGED, "note": Saying.NOTE}
MOST_ITEMS = 100  # of a list that becomes one text
YEARS = timedelta(days=3650)
# A moment as a number: by its size seconds, milliseconds, microseconds or nanoseconds since 1970.
UNITS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (1e20, 1e-9))
LEAST = 1e8  # 1973: a smaller number is a duration, or a date without hyphens


def parse(body: Any, heard: Heard) -> Parsed:
    how = chosen(heard.source, heard.mappings, presets())
    if how is None:
        name = excerpt(heard.source)
        raise BadPayload(f"no mapping has the name of the source {name!r}: write one into the rule book (mappings:)")
    if not isinstance(body, dict | list):
        raise BadPayload("must be an object or a list")
    reader = _Reader(how, heard)
    try:
        _read(reader, body)
    except TooMuch:
        raise BadPayload(f"takes too many steps to read by the mapping {how.name!r}") from None
    return reader.parsed


def _read(reader: "_Reader", body: Any) -> None:
    each = reader.how.each
    if each is None:
        reader.take(body)
        return
    items = reader.looker.find(each, body)
    if not isinstance(items, list):
        raise BadPayload("is no list", each.text)
    if len(items) > MOST_ALERTS:
        raise BadPayload(f"more than {MOST_ALERTS:,} items", each.text)
    for index, item in enumerate(items):
        try:
            reader.take(_Within(item, body))
        except BadPayload as problem:
            place = f"{each.text}[{index}]" + (f": {problem.place}" if problem.place else "")
            reader.parsed.quarantined.append(Quarantined(excerpt(place), problem.reason, excerpt(item)))


class _Within(dict[str, Any]):
    """An item of a list, within its body: what it does not say itself is asked of that."""

    def __init__(self, item: Any, body: Any) -> None:
        if not isinstance(item, dict):
            raise BadPayload("is not an object")
        super().__init__(item)
        self._around = body if isinstance(body, dict) else {}

    def get(self, name: Any, default: Any = None) -> Any:
        return super().get(name, self._around.get(name, default))


@dataclass(slots=True)
class _Reader:
    """Reads what one body tells of."""

    how: BodyMap
    heard: Heard
    parsed: Parsed = field(default_factory=lambda: Parsed([]))
    looker: Looker = field(default_factory=Looker)

    def take(self, item: Any) -> None:
        one = _Item(self, item)
        self.parsed.alerts.extend(_ticket(one) if self.how.kind is Kind.TICKET else _alert(one))

    def note(self, what: str) -> None:
        if what not in self.parsed.notes[:MOST_ITEMS] and len(self.parsed.notes) < MOST_ITEMS:
            self.parsed.notes.append(what)


@dataclass(slots=True)
class _Item:
    """One item, asked by the names of the mapping."""

    reader: _Reader
    item: Any

    def value(self, parts: Parts) -> Any:
        """What stands at the first of them."""
        return self.reader.looker.find(parts[0], self.item) if parts else None

    def text(self, parts: Parts, between: str = " ") -> str:
        """Several put together, those that say nothing left out; a list as its items."""
        said = [_text(self.reader.looker.find(part, self.item)) for part in parts]
        return between.join(one for one in said if one)

    def field(self, name: str, between: str = " ") -> str:
        return self.text(self.reader.how.fields.get(name, ()), between)

    def word(self, name: str) -> tuple[str, str]:
        """The sender's word, and what it means; no meaning for one that the mapping does not know."""
        words = self.reader.how.words.get(name)
        if words is None:
            return "", ""
        word = one_line(self.text(words.parts))
        return word, words.meaning(word)

    def time(self, name: str, ahead: timedelta | None = None) -> datetime | None:
        now = self.reader.heard.now
        value = self.value(self.reader.how.fields.get(name, ()))
        return _moment(value, now, ahead) if ahead is not None else _moment(value, now)

    def group(self, name: str) -> dict[str, Any]:
        """Labels and the like: a name of its own, or with `*` all that an object has."""
        parts = self.reader.how.groups.get(name, NOTHING)
        found: dict[str, Any] = {}
        if ALL in parts:
            value = self.value(parts[ALL])
            found |= value if isinstance(value, dict) else {}
        return found | {key: self.text(one) for key, one in parts.items() if key != ALL}

    def identity(self) -> str:
        parts = self.reader.how.fields["id"]
        key = one_line(self.text(parts, ":"))
        if not key:
            raise BadPayload("says nothing: no later word would find this one", _place("id", parts))
        return key

    def labels(self) -> dict[str, str]:
        found, more = texts(self.group("labels"))
        if more:
            self.reader.note(f"{more} more labels are kept in the payload only")
        return {name: value for name, value in found.items() if value}


def _place(name: str, parts: Parts) -> str:
    return f"{name} ({', '.join(part.text for part in parts)})"


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value[:MOST_ITEMS]):
        return ", ".join(as_text(one) for one in value[:MOST_ITEMS])
    return as_text(value)


def _moment(value: Any, now: datetime, ahead: timedelta = timedelta(days=1)) -> datetime | None:
    number = _number(value)
    if number is None:
        return read_time(value, now, ahead)
    unit = next((unit for most, unit in UNITS if number < most), 0.0)
    found = EARLIEST + timedelta(seconds=number * unit)
    return found if EARLIEST < found <= now + ahead else None


def _number(value: Any) -> float | None:
    if isinstance(value, str) and len(value) <= 25:
        plain = value.strip()
        digits = plain.replace(".", "", 1)
        value = float(plain) if digits.isascii() and digits.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST <= value < UNITS[-1][0]:
        return None
    return float(value)


def _alert(item: _Item) -> list[Alert]:
    key = item.identity()
    identity = key if len(key) <= LONGEST_FINGERPRINT and key.isprintable() else fingerprint({"id": key})
    word, meaning = item.word("status")
    if meaning == "ignored":
        item.reader.note(f"status {excerpt(word)!r} says nothing about the alert")
        return []
    labels = item.labels()
    title = title_of(item.field("title"), labels.get("alertname", ""), key)
    if meaning in SAYINGS:
        said = Said(SAYINGS[meaning], item.field("who"), item.field("note"))
        return [told(item.reader.heard, identity, said, title)]
    if word and not meaning:
        item.reader.note(f"status {excerpt(word)!r} is not known: read as firing")
    firing = meaning != "resolved"
    starts, ends = _times(item, firing=firing)
    url, annotations = _words(item)
    alert = Alert(
        source=item.reader.heard.source,
        fingerprint=identity,
        firing=firing,
        title=title,
        severity=_severity(item),
        starts_at=starts or item.reader.heard.now,
        ends_at=ends,
        labels={"alertname": title, **labels},
        annotations=annotations,
        url=url,
        clock_suspect=starts is None,
    )
    return [alert]


def _times(item: _Item, *, firing: bool) -> tuple[datetime | None, datetime | None]:
    """When it began and ended; `at` is the moment of what is told, whichever of these that is."""
    at = item.time("at")
    if firing:
        return item.time("starts_at") or at, None
    ends = item.time("ends_at") or at
    return item.time("starts_at") or ends, ends


def _words(item: _Item) -> tuple[str, dict[str, str]]:
    """The link, and the longer texts; an address that may not become a link stays a text."""
    link = item.field("url")
    url = safe_url(link) if len(link) < LONGEST_TEXT else ""
    said, _ = texts(item.group("annotations"))
    said |= {"description": item.field("description", "\n"), "url": "" if url else link}
    return url, {name: cut_bytes(clean_text(text), LONGEST_TEXT, MARK) for name, text in said.items() if text}


def _severity(item: _Item) -> Severity:
    word, meaning = item.word("severity")
    if meaning or not word:
        return Severity(meaning or "warning")
    return alertmanager.SEVERITIES.get(word.lower(), item.reader.heard.default_severity)


TEXTS = ("subject", "description", "service", "site", "url", "assignee", "by")
TIMES = ("updated_at", "arrival_at", "due_at")


def _ticket(item: _Item) -> list[Alert]:
    """Put into the words of the general form, whose reader knows the rest."""
    body: dict[str, Any] = {"id": item.identity(), "labels": item.labels()}
    body |= {name: item.field(name) for name in TEXTS}
    body |= {name: moment.isoformat() for name in TIMES if (moment := item.time(name, YEARS)) is not None}
    for name in ("event", "priority", "status"):
        word, meaning = item.word(name)
        body[name] = meaning or word
    parsed = ticket.parse({**body, "requester": _person(item), "comment": _comment(item)}, item.reader.heard)
    for note in parsed.notes:
        item.reader.note(note)
    status, _ = item.word("status")
    return [_with_status(alert, status) for alert in parsed.alerts]


def _with_status(alert: Alert, status: str) -> Alert:
    """The status as the desk calls it, not as we understood it."""
    assert alert.ticket is not None
    return msgspec.structs.replace(alert, ticket=replace(alert.ticket, status=excerpt(status)))


def _person(item: _Item) -> Any:
    parts = item.reader.how.groups.get("requester", NOTHING)
    return item.value(parts[""]) if "" in parts else item.group("requester")


def _comment(item: _Item) -> Any:
    parts = item.reader.how.groups.get("comment", NOTHING)
    if "" in parts:
        return item.text(parts[""])
    found: dict[str, Any] = item.group("comment")
    return found | {"public": item.value(parts.get("public", ())) is True} if found else {}
