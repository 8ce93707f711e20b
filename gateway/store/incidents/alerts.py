"""What we know of each alert, and what was received: read and written many at a time."""

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.base import LATEST
from gateway.store.db import is_postgres
from gateway.store.sql import bulk
from gateway.store.tables import AlertRow, Incident, Payload, QuarantinedItem
from gateway.store.types import micros, to_json
from rules.book import RuleBook
from rules.episodes import Episodes
from rules.senders.topics import Asking
from rules.times.calendars import Standing
from rules.words import Alert, Kind, Quarantined, Route


def name_of(alert: Alert) -> str:
    """What the reports call it; of tickets each is its own."""
    return "" if alert.kind is Kind.TICKET else (alert.labels.get("alertname") or alert.title)[:200]


class Ready(msgspec.Struct, frozen=True):
    """One alert with all that can be said of it without the database."""

    alert: Alert
    route: Route
    key: str  # dedup key
    words: tuple[Any, ...]  # as they are stored
    # As the rule book was asked: before its tables' words.
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    times: tuple[Standing, ...] = ()  # how the calendars stood that the rule book asks for


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a post's work was done before its turn to write came: by this book, in the order of its alerts."""

    book: RuleBook
    alerts: Sequence[Ready]
    packed: bytes  # the body, compressed


@dataclass(frozen=True, slots=True)
class Post:
    """One request of a sender, parsed: the unit that is accepted or refused as a whole."""

    source_id: int
    source: str
    body: bytes
    received_at: datetime
    alerts: Sequence[Alert]
    quarantined: Sequence[Quarantined] = ()
    truncated: int = 0
    error: str = ""  # why nothing of the body could be read
    token_id: int = 0
    own: bool = False  # our own word about a sender: it opens an incident at most once in a quarter of an hour …
    threshold: int = 0  # … and only when this many came within a minute
    once: str = ""  # tells a signed request from all others; sent again, it has no second effect
    repeated: bool = False  # it was taken in before
    prepared: Prepared | None = None
    asked: Sequence[Asking] = ()  # about subscriptions, for a worker to see to
    began: float = 0.0  # by time.perf_counter(), when all of it was there; 0: nobody sent it just now


@dataclass(slots=True)
class Known:
    """One alert's row, as it stands and as it will be."""

    source_id: int
    fingerprint: str
    id: int | None = None  # none: no row yet
    incident_id: int | None = None
    incident_open: bool = False
    firing: bool = False
    closed_by_person: int = 0  # when somebody resolved its incident, in microseconds; 0 if nobody did
    muted: bool = False  # a person resolved its incident while it fired: until it clears it opens nothing
    cleared: bool = False  # it was muted and is no longer
    attached: str | None = None  # by inhibition, under this key, to its incident
    episodes: Episodes = field(default_factory=Episodes)
    seen: int = 0
    word_at: int = 0
    words: Ready | None = None  # the last words, if they came now
    dirty: bool = False
    left: int | None = None  # the row that no longer speaks for it …
    left_seen: int = 0  # … and how many messages it had heard

    def move_to(self, incident_id: int) -> None:
        """It belongs to another incident from now on; its row in the old one stays, for that one's history."""
        if self.incident_id is not None and self.incident_id != incident_id and self.id is not None:
            self.left, self.left_seen, self.id, self.seen = self.id, self.seen - 1, None, 1
            self.cleared = False
        self.attached = None
        self.incident_id = incident_id


def mute(session: Session, incident_id: int) -> int:
    """What fires of this incident opens nothing until it clears. Returns how many alerts that are."""
    ids = "SELECT id FROM alert WHERE incident_id = {} AND firing AND latest"
    rows = bulk.select_plain(session, ids, incident_id)
    bulk.update(session, AlertRow, ("id", "muted"), [(row[0], True) for row in rows])
    return len(rows)


def unmute(session: Session, incident_id: int) -> None:
    """What was muted with this incident opens one again."""
    rows = bulk.select_plain(session, "SELECT id FROM alert WHERE incident_id = {} AND muted", incident_id)
    bulk.update(session, AlertRow, ("id", "muted"), [(row[0], False) for row in rows])


def of_incident(session: Session, incident_id: int) -> list[tuple[int, bool, str]]:
    """Number, whether it fires and is not merely attached, and title of each of its alerts."""
    sql = "SELECT id, firing AND latest AND attached IS NULL, title FROM alert WHERE incident_id = {} ORDER BY id"
    return [(row[0], bool(row[1]), row[2]) for row in bulk.select_plain(session, sql, incident_id)]


def move(session: Session, ids: Sequence[int], incident_id: int) -> None:
    """They belong to another incident, with all that was heard of them."""
    bulk.update(session, AlertRow, ("id", "incident_id"), [(id_, incident_id) for id_ in ids])


def last_opened(session: Session, source_id: int, fingerprint: str) -> int | None:
    """When the alert's present incident opened, in microseconds; none if it never had one."""
    sql = (
        "SELECT i.opened_at FROM alert a JOIN incident i ON i.id = a.incident_id "
        "WHERE a.source_id = {} AND a.fingerprint = {} AND a.latest"
    )
    found = bulk.select_plain(session, sql, source_id, fingerprint)
    return found[0][0] if found else None


def open_incident(session: Session, source_id: int, fingerprint: str) -> int | None:
    """The number of the incident that the alert is part of, while that is open."""
    sql = (
        "SELECT i.id FROM alert a JOIN incident i ON i.id = a.incident_id "
        "WHERE a.source_id = {} AND a.fingerprint = {} AND a.latest AND i.status <> 'resolved'"
    )
    found = bulk.select_plain(session, sql, source_id, fingerprint)
    return found[0][0] if found else None


def standing(session: Session, source_id: int, fingerprint: str) -> tuple[AlertRow, Incident] | None:
    """The alert and the incident that it is part of, or was part of last; none if it never fired."""
    query = select(AlertRow, Incident).join(Incident, Incident.id == AlertRow.incident_id)
    query = query.where(AlertRow.source_id == source_id, AlertRow.fingerprint == fingerprint, LATEST)
    found = session.execute(query).first()
    return (found[0], found[1]) if found else None


_NEW = (
    "source_id", "fingerprint", "latest", "incident_id", "firing", "fired", "resolved", "ended", "seen", "title",
    "severity",
    "labels", "annotations", "url", "clock_suspect", "word_at", "attached", "first_seen_at", "last_seen_at",
)  # fmt: skip
_ALIKE = frozenset({
    "source_id", "latest", "firing", "fired", "resolved", "ended", "seen", "severity", "clock_suspect", "word_at",
    "attached", "first_seen_at", "last_seen_at",
})  # fmt: skip
_HEARD = ("id", "incident_id", "firing", "fired", "resolved", "ended", "seen", "last_seen_at", "attached")
_WORDS = ("title", "severity", "labels", "annotations", "url", "clock_suspect", "word_at")


def write(session: Session, known: Sequence[Known], at: int) -> None:
    """Write back what was heard: rows that were left behind first, since only one may speak for a fingerprint."""
    left = [(one.left, False, one.left_seen) for one in known if one.left is not None]
    bulk.update(session, AlertRow, ("id", "latest", "seen"), left)
    new = [one for one in known if one.id is None]
    if is_postgres(session):
        _in_one_order(new)
    bulk.insert(session, AlertRow, _NEW, [_new_row(one, at) for one in new], alike=_ALIKE)
    old = [one for one in known if one.id is not None]
    # Set by people, so never written back with the rest: a person may have muted it since it was read.
    bulk.update(session, AlertRow, ("id", "muted"), [(one.id, False) for one in old if one.cleared])
    spoken = [one for one in old if one.words is not None]
    bulk.update(session, AlertRow, (*_HEARD, *_WORDS), [(*_heard_row(one, at), *_words(one)) for one in spoken])
    bulk.update(session, AlertRow, _HEARD, [_heard_row(one, at) for one in old if one.words is None])


def _in_one_order(new: list[Known]) -> None:
    """Two who add some of the same wait for each other in one order, that of the least of each incident. Within an
    incident they stay as they came: messages begin with the first.
    """
    least: dict[int, tuple[int, str]] = {}
    for one in new:
        if one.incident_id is not None:
            mine = one.source_id, one.fingerprint
            least[one.incident_id] = min(mine, least.get(one.incident_id, mine))
    new.sort(key=lambda one: least.get(one.incident_id or 0, (one.source_id, one.fingerprint)))


def _heard_row(one: Known, at: int) -> tuple[Any, ...]:
    maxima = one.episodes
    return one.id, one.incident_id, one.firing, maxima.fired, maxima.resolved, maxima.ended, one.seen, at, one.attached


def words_of(alert: Alert) -> tuple[Any, ...]:
    return (
        alert.title, alert.severity.value, to_json(alert.labels), to_json(alert.annotations), alert.url,
        alert.clock_suspect,
    )  # fmt: skip


def _words(one: Known) -> tuple[Any, ...]:
    assert one.words is not None
    return *one.words.words, one.word_at


def _new_row(one: Known, at: int) -> tuple[Any, ...]:
    maxima = one.episodes
    return (
        one.source_id, one.fingerprint, True, one.incident_id, one.firing, maxima.fired, maxima.resolved, maxima.ended,
        one.seen, *_words(one), one.attached, at, at,
    )  # fmt: skip


_PAYLOAD = ("source_id", "received_at", "body", "size", "accepted", "quarantined", "error", "took")
SMALL = 16 * 1024  # bytes
_LONGEST = 10**9  # tenths of a millisecond
_PAYLOAD_ALIKE = frozenset({"source_id", "quarantined", "error"})
_ITEM = ("payload_id", "source_id", "received_at", "place", "reason", "excerpt")


def keep_payloads(session: Session, posts: Sequence[Post]) -> None:
    """What was received, compressed, for explain and replay; and each item that could not be read."""
    posts = [post for post in posts if not post.own]
    whole = [post for post in posts if not post.quarantined]
    bulk.insert(session, Payload, _PAYLOAD, [_payload_row(post) for post in whole], alike=_PAYLOAD_ALIKE)
    partly = [post for post in posts if post.quarantined]
    if not partly:
        return
    ids = bulk.new_ids(session, Payload, len(partly))
    rows = [(id_, *_payload_row(post)) for id_, post in zip(ids, partly, strict=True)]
    bulk.insert(session, Payload, ("id", *_PAYLOAD), rows)
    items = [
        (id_, post.source_id, micros(post.received_at), item.place, item.reason, item.excerpt)
        for id_, post in zip(ids, partly, strict=True)
        for item in post.quarantined
    ]
    bulk.insert(session, QuarantinedItem, _ITEM, items)


def pack(body: bytes) -> bytes:
    """For a small body zlib's usual window costs more to make than the compressing itself."""
    if len(body) > SMALL:
        return zlib.compress(body, 1)
    press = zlib.compressobj(1, wbits=12, memLevel=5)  # a window of 4 kB, which every reader of zlib takes
    return press.compress(body) + press.flush()


def _payload_row(post: Post) -> tuple[Any, ...]:
    packed = post.prepared.packed if post.prepared else pack(post.body)
    received, size = micros(post.received_at), len(post.body)
    accepted = 0 if post.repeated else len(post.alerts)  # what was taken in before is not received again
    took = min(_LONGEST, round((time.perf_counter() - post.began) * 10_000)) if post.began else None
    return post.source_id, received, packed, size, accepted, len(post.quarantined), post.error, took
