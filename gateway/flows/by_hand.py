"""An incident that a person opens: an alert of the source "people", which takes every alert's way."""

import uuid
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from gateway.flows import intake, prepare
from gateway.secrets import digest
from gateway.store.db import transaction
from gateway.store.incidents import alerts as alert_store
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.upkeep import audit
from gateway.world import world
from rules.book import RuleBook
from rules.reading.book_keys import DEFAULT_CLASSES
from rules.timing import AT_ONCE
from rules.words import Alert, Severity, Urgency

SOURCE = "people"
SEVERITIES = {
    Urgency.EMERGENCY: Severity.CRITICAL, Urgency.URGENT: Severity.ERROR, Urgency.FAST: Severity.WARNING,
    Urgency.ORDINARY: Severity.INFO,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of it."""

    title: str
    urgency: Urgency
    service: str = ""
    text: str = ""
    once: str = ""  # of one form: the same words with the same key are one incident as long as that is open


def open_incident(told: Told, account: str, name: str, way: str, now: datetime) -> int:
    """The rule book says whom to tell; how urgent it is, the person said. Returns its number."""
    book = replace(world().shelf.book, heartbeats=())  # what a person says is no beat, whatever it is called
    with transaction() as session:
        source, fingerprint = sources.of_people(session, SOURCE, now), _fingerprint(told, account)
        one_writer_per_source(session, [source])  # of two presses the second sees what came of the first
        if (known := alert_store.open_incident(session, source, fingerprint)) is not None:
            return known
        labels = {"alertname": told.title, "severity": SEVERITIES[told.urgency].value, "urgency": told.urgency.value}
        labels |= {"service": told.service} if told.service else {}
        words = {"summary": told.title, "description": told.text, "reported_by": name}
        severity = SEVERITIES[told.urgency]
        alert = Alert(
            source=SOURCE, fingerprint=fingerprint, firing=True, title=told.title, severity=severity,
            starts_at=now, labels=labels, annotations=words,
        )  # fmt: skip
        post = Post(source, SOURCE, f"{name}: {told.title}\n{told.text}".encode(), now, [alert])
        post = _as_urgent(post, told.urgency, book)
        (outcome,) = intake.receive(session, [post], book, world().roll, now)
        number = outcome.incidents[0]
        audit.note(session, now, account, "incident opened", f"incident {number}", way, name=name)
    return number


def _fingerprint(told: Told, account: str) -> str:
    return digest("\n".join((account, *astuple(told))))[:32] if told.once else uuid.uuid4().hex


def _as_urgent(post: Post, urgency: Urgency, book: RuleBook) -> Post:
    """With the route that the book has for it, told by the ways of the urgency that the person chose, and at once."""
    (ready,) = prepare.ready_of(post, book)
    known = book.classes.get(urgency, DEFAULT_CLASSES[urgency])
    route = replace(
        ready.route, group_by=("fingerprint",), urgency=urgency, channels=known.channels, fallback=known.fallback,
        acknowledge_within=known.acknowledge_within, floor=known.floor, timing=AT_ONCE,
    )  # fmt: skip
    return prepare.given_route(post, route, book)
