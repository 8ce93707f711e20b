"""Sources as their templates draw them: every word ready, no decision left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.reader import Moment, Reader
from dashboard.sources import queries
from dashboard.sources.queries import Came
from gateway.acts import sourcing
from gateway.store.senders.sources import SIGNING
from gateway.store.tables import QuarantinedItem, Rhythm, Source, Token
from rules.senders.rhythm import silent_from

FIRST = ("alertmanager", "ticket")  # what most people look for


@dataclass(frozen=True, slots=True)
class Mark:
    """How a source does, in a word."""

    look: str  # ok, quiet, bad
    icon: str
    word: str


@dataclass(frozen=True, slots=True)
class Heard:
    id: int
    name: str
    kind: str
    mark: Mark
    at: Moment | None
    per_hour: str
    refused: int
    endings: list[str]
    rhythm: str
    stale: str
    silent: str  # after how long it counts as silent
    took: str


@dataclass(frozen=True, slots=True)
class Key:
    id: int
    ending: str
    signing: bool
    made: Moment
    used: Moment | None
    ends: Moment | None


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    at: Moment
    size: str
    result: str
    look: str
    why: str
    has_body: bool


def kinds(reader: Reader) -> dict[str, str]:
    """The kinds of sources there are, each with what it is called."""
    return {name: reader.say(word) for name, word in sourcing.names().items()}


def choices(reader: Reader) -> list[tuple[str, dict[str, str]]]:
    """The same for whoever chooses one, by who sends."""
    groups = (
        (reader.say("Monitoring"), False),
        (reader.say("Service desks and trackers"), True),
    )
    found = sorted(kinds(reader).items(), key=lambda one: (one[0] not in FIRST, one[1].casefold()))
    return [(word, {kind: name for kind, name in found if sourcing.is_desk(kind) == desk}) for word, desk in groups]


def heard(source: Source, keys: Sequence[Token], kinds: dict[str, str], now: datetime, reader: Reader) -> Heard:
    known, refused = queries.rhythm(source.id), queries.refused(source.id, now)
    return Heard(
        id=source.id,
        name=source.name,
        kind=kinds.get(source.kind, source.kind),
        mark=mark(source, known, refused, reader),
        at=reader.moment(source.last_seen_at) if source.last_seen_at else None,
        per_hour=reader.say("%(n)s an hour", n=queries.per_hour(source.id, now)),
        refused=refused,
        endings=[f"…{key.ending}" for key in keys if key.source_id == source.id and sourcing.in_use(key, now)],
        rhythm=usual(known, reader),
        stale=reader.duration(timedelta(seconds=source.stale_after)) if source.stale_after else "",
        silent=silent_after(known, now, reader),
        took=_took(queries.took(source.id), reader),
    )


def mark(source: Source, known: Rhythm | None, refused: int, reader: Reader) -> Mark:
    _ = reader.say
    if source.last_seen_at is None:
        return Mark("quiet", "radio", _("never used")) if not refused else Mark("bad", "x", _("refused"))
    strange = silent_from(known.pauses, source.last_seen_at) if known is not None else None
    if strange is not None and reader.now > strange:
        return Mark("bad", "bell-off", _("silent"))
    if refused:
        return Mark("bad", "triangle-alert", _("refusing some"))
    return Mark("ok", "check", _("heard"))


def usual(known: Rhythm | None, reader: Reader) -> str:
    """Its longest pause, of which three times is too long; nothing as long as that is not known."""
    if known is None or not known.pauses or silent_from(known.pauses, reader.now) is None:
        return ""
    return reader.duration(timedelta(seconds=max(known.pauses.values())))


def silent_after(known: Rhythm | None, now: datetime, reader: Reader) -> str:
    """How long a pause it takes until people are told."""
    strange = silent_from(known.pauses, now) if known is not None and known.pauses else None
    return reader.duration(strange - now) if strange is not None else ""


def _took(measured: tuple[float, int] | None, reader: Reader) -> str:
    if measured is None:
        return ""
    return reader.say("%(n)s ms", n=reader.number(measured[0], 1 if measured[0] < 10 else 0))


def key(row: Token, reader: Reader) -> Key:
    return Key(
        id=row.id,
        ending=row.ending,
        signing=row.kind == SIGNING,
        made=reader.moment(row.created_at),
        used=reader.moment(row.last_used_at) if row.last_used_at else None,
        ends=reader.moment(row.expires_at) if row.expires_at else None,
    )


def line(came: Came, reader: Reader, note: str = "") -> Line:
    """`note`: what there is to say of one that was about nothing."""
    if came.error:
        result, look = reader.say("refused"), "bad"
    elif came.quarantined:
        result, look = reader.count("202, %(n)s item put aside", "202, %(n)s items put aside", came.quarantined), "bad"
    else:
        result, look = reader.count("202, %(n)s alert", "202, %(n)s alerts", came.accepted), ""
    return Line(
        came.id,
        reader.moment(came.received_at),
        size(came.size, reader),
        result,
        look,
        came.error or note,
        came.size > 0,
    )


def size(length: int, reader: Reader) -> str:
    if length < 1024:
        return reader.say("%(n)s B", n=length)
    if length < 1024 * 1024:
        return reader.say("%(n)s kB", n=reader.number(length / 1024, 1))
    return reader.say("%(n)s MB", n=reader.number(length / 1024 / 1024, 1))


@dataclass(frozen=True, slots=True)
class Aside:
    payload: int
    at: Moment
    place: str
    reason: str
    excerpt: str


def aside(item: QuarantinedItem, reader: Reader) -> Aside:
    return Aside(item.payload_id, reader.moment(item.received_at), item.place, item.reason, item.excerpt)
