"""What was received once is read again: dry, which only says what would come of it, or for good, through intake."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway import sources
from gateway.actions import Actor
from gateway.doors import owners, storing
from gateway.doors.storing import Item
from gateway.loader import BadJson
from gateway.sources import BadPayload, Parsed
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.senders.sources import TokenOwner
from gateway.store.tables import Payload, Source
from gateway.store.upkeep import audit
from gateway.world import World
from rules.checks.explain import Explanation, explain
from rules.duty import audience
from rules.words import Alert, Quarantined, Severity

EXPLAINED = 5  # alerts of one payload that are explained
TEST = "NabatTest"  # the name by which an incident is marked as a test


@dataclass(frozen=True, slots=True)
class Reread:
    """What a payload says today."""

    alerts: Sequence[Alert] = ()
    quarantined: Sequence[Quarantined] = ()
    notes: Sequence[str] = ()
    wrong: str = ""  # nothing of it can be read
    explained: Sequence[Explanation] = ()


def body_of(payload: Payload) -> bytes:
    try:
        return zlib.decompress(payload.body)
    except zlib.error:  # kept as it came
        return payload.body


def reread(payload: Payload, source: Source, world: World, now: datetime) -> Reread:
    """Reads and explains; writes nothing, tells nobody."""
    try:
        parsed = _parsed(payload, source, now, world)
    except (BadJson, BadPayload) as problem:
        return Reread(wrong=str(problem))
    with reading() as session:
        directory = world.roll.current(session)
    book = world.shelf.book
    told = [explain(one, book, directory, now, audience.notices) for one in parsed.alerts[:EXPLAINED]]
    return Reread(parsed.alerts, parsed.quarantined, parsed.notes, explained=told)


def notes_of(payload: Payload, source: Source, world: World, now: datetime) -> Sequence[str]:
    """What there is to say of one that was taken in and is about no alert and no ticket; nothing if it is today."""
    try:
        parsed = _parsed(payload, source, now, world)
    except (BadJson, BadPayload):
        return ()
    return () if parsed.alerts or parsed.quarantined else parsed.notes


def replay(payload: Payload, source: Source, world: World, actor: Actor, now: datetime) -> list[int] | str:
    """Taken in again, as if it came now: the incidents it belongs to, or what went wrong.

    What of it was understood the first time is a repeat, and changes nothing.
    """
    body = body_of(payload)
    try:
        parsed = _parsed(payload, source, now, world)
    except (BadJson, BadPayload) as problem:
        return str(problem)
    post = Post(source.id, source.name, body, now, parsed.alerts, parsed.quarantined, parsed.truncated)
    _write_down("payload replay", source, actor, now, payload=payload.id)
    return _stored(post, world)


def send_test(source: Source, world: World, actor: Actor, now: datetime) -> list[int] | str:
    """An alert that somebody sent by a button: it takes the way of every other of this source."""
    labels = {"alertname": TEST, "severity": "info", "sent_by": actor.name}
    alert = Alert(
        source=source.name, fingerprint=f"nabat-test-{source.id}-{int(now.timestamp())}", firing=True,
        title=f"Test alert of the source {source.name}", severity=Severity.INFO, starts_at=now, labels=labels,
        annotations={"description": "Sent with the button “Send test alert”. Resolve it when you have seen it."},
    )  # fmt: skip
    _write_down("source test", source, actor, now)
    return _stored(Post(source.id, source.name, b"", now, [alert]), world)


def _write_down(action: str, source: Source, actor: Actor, now: datetime, **detail: object) -> None:
    name = source.name  # before the transaction, which lets go of what was read
    with transaction() as session:
        audit.note(session, now, actor.account or actor.name, action, name, actor.how, **detail)


def _parsed(payload: Payload, source: Source, now: datetime, world: World) -> Parsed:
    if source.kind not in sources.names():
        raise BadPayload("no sender wrote it: it is our own word, or a person opened this incident by hand")
    owner = TokenOwner(0, source.id, source.name, source.kind, priority=source.default_priority, account=source.account)
    return sources.read(source.kind, body_of(payload), owners.heard(owner, now, world.shelf.book))


def _stored(post: Post, world: World) -> list[int] | str:
    item = Item([post])
    storing.store([item], world)
    if not isinstance(item.result, list):
        return str(item.result)
    return list(item.result[0].incidents)
