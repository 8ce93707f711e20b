"""The test alert of the first run: it takes every alert's way, and also tells whoever pressed by all they have."""

import uuid
from dataclasses import replace
from datetime import datetime

from msgspec.structs import replace as changed

from gateway.access.contacts import PER, SENDS
from gateway.actions import Actor
from gateway.flows import intake, prepare
from gateway.outward.wording import Wording
from gateway.store.db import transaction
from gateway.store.directory import firstrun
from gateway.store.incidents.alerts import Post
from gateway.store.upkeep import audit, counters
from gateway.world import world
from rules.book import RuleBook
from rules.reading.book_keys import DEFAULT_CLASSES
from rules.timing import AT_ONCE
from rules.words import Alert, Also, Severity, Urgency, Way

TEST = "NabatTest"  # the name by which an incident is marked as a test
RULE = "first run"  # as the timeline says because of what they are told
NAME = "nabat"
LOUD = Urgency.FAST  # the least urgent class whose messages a phone does not show silently


def send(me: Actor, language: str, now: datetime) -> int:
    """Each press is a test of its own: the alert of the one before is over, as if its sender had said so.

    Its incident; 0: there were as many within the hour as there may be tests of a contact, and nothing was sent.
    """
    book = replace(world().shelf.book, heartbeats=())
    with transaction() as session:
        if counters.hit(session, f"trial:{me.person_id or me.account}", PER, now) > SENDS:
            return 0
        before = firstrun.progress(session)
        source, mark = firstrun.own_source(session), f"nabat-trial-{uuid.uuid4().hex}"
        empty = Post(source.id, source.name, b"", now, [])
        over = changed(_alert(before.mark, me, language, now), firing=False, ends_at=now)
        past = [prepare.prepare(replace(empty, alerts=[over]), book)] if before.mark else []
        post = _for_me(replace(empty, alerts=[_alert(mark, me, language, now)]), me.account, book)
        outcome = intake.receive(session, [*past, post], book, world().roll, now)[-1]
        number = outcome.incidents[0]
        firstrun.keep(session, replace(before, incident=number, mark=mark), now)
        audit.note(session, now, me.account, "source test", source.name, me.how)
    return number


def _alert(mark: str, me: Actor, language: str, now: datetime) -> Alert:
    word = Wording(language, "UTC").word
    title = word("Test alert: acknowledge it here")
    said = {"description": word("It was sent from the first steps. Press Acknowledge in this message: then it works.")}
    labels = {"alertname": TEST, "severity": "info", "sent_by": me.name}
    return Alert(
        source=NAME, fingerprint=mark, firing=True, title=title, severity=Severity.INFO, starts_at=now, labels=labels,
        annotations={"summary": title, **said},
    )  # fmt: skip


def _for_me(post: Post, email: str, book: RuleBook) -> Post:
    """With the route that the book has for it, an incident of its own, told at once, and to this person by every way.

    The book may tell such an alert by one way only, or to others, or without a sound: a test is for whoever looks
    whether it arrives.
    """
    (ready,) = prepare.ready_of(post, book)
    first, *rest = ready.route.steps
    mine = Also(RULE, (f"person:{email}",), tuple(Way), ())
    steps = (replace(first, also=(*first.also, mine)), *rest)
    heard = book.classes.get(LOUD, DEFAULT_CLASSES[LOUD])
    route = replace(
        ready.route, group_by=("fingerprint",), steps=steps, timing=AT_ONCE, urgency=LOUD, channels=heard.channels,
        fallback=heard.fallback, acknowledge_within=heard.acknowledge_within, floor=heard.floor,
    )  # fmt: skip
    return prepare.given_route(post, route, book)
