"""Messages afterwards: how one reads, and those that failed sent once more by an administrator."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.outward.render import render
from gateway.store.db import locked, transaction
from gateway.store.incidents import cases, timeline
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import outbox
from gateway.store.outgoing.outbox import PAGES, Leased
from gateway.store.tables import Delivery
from gateway.store.types import micros
from gateway.store.upkeep import audit
from gateway.telling.briefing import facts_about
from gateway.world import World
from rules.telling import retry
from rules.words import Status, Urgency

MOST = 100  # messages at once
STRANGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)  # content of rows
DIGEST = "digest"
URGENCIES = tuple(Urgency)  # by rank
AGAIN = ("failed", "logged")


@dataclass(slots=True)
class Resent:
    done: list[int] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)  # and why


def text_of(session: Session, message: Delivery, world: World) -> tuple[str, str] | None:
    """Title and text as they would be written now: none are kept. None if they cannot be put together.

    The link that answers in the reader's name is left out.
    """
    leased = Leased(
        message.id, message.incident_id, message.kind, message.level, message.way, message.channel, "",
        message.person_id, message.who, message.name, message.rank, message.attempts, 0, micros(message.created_at),
        message.address_id, message.part,
    )  # fmt: skip
    try:
        facts = facts_about(session, leased, world)
        written = render(facts, message.channel, message.kind, "", message.id)
    except STRANGE:
        return None
    text = f"{written.title}\n{written.text}"
    for link in {facts.pocket_url, written.url} - {"", facts.url}:
        text = text.replace(link, "…")
    title, _, rest = text.partition("\n")
    return title, rest


def resend(numbers: Collection[int], actor: Actor, now: datetime) -> Resent:
    """Those that failed wait again, from the beginning; each is told on its timeline, all of them in the audit log."""
    done, lines = Resent(), []
    with transaction() as session:
        wanted = Delivery.id.in_(sorted(numbers)[:MOST])
        # Incidents before their messages, as everybody locks them: none is answered between this look and the commit.
        known = cases.load(session, session.scalars(select(Delivery.incident_id).where(wanted)))
        for message in session.scalars(locked(select(Delivery).where(wanted).order_by(Delivery.id))).all():
            if wrong := _wrong(known.get(message.incident_id), message):
                done.left.append((message.id, wrong))
                continue
            _queue(message, now)
            detail = {"delivery": message.id, "message": message.kind, "channel": message.channel, "way": message.way,
                      "who": message.who, "name": message.name}  # fmt: skip
            lines.append(timeline.line(message.incident_id, now, "sent again", actor.name, detail))
            done.done.append(message.id)
        if done.done:
            session.flush()
            timeline.write(session, lines)
            target = f"delivery {done.done[0]}" if len(done.done) == 1 else "deliveries"
            audit.note(session, now, actor.account or actor.name, "delivery resend", target, actor.how, ids=done.done)
            outbox.wake_workers(session)
    return done


def _wrong(case: Case | None, message: Delivery) -> str:
    if message.status not in AGAIN:
        return "it did not fail"
    if message.kind == DIGEST:
        return "what was in this roll-up goes its own way again"
    if message.kind not in PAGES:
        return ""
    if case is None or case.state.status is not Status.TRIGGERED or case.state.snoozed_until is not None:
        return "nobody is called about this incident now: it is answered, asleep or over"
    return ""


def _queue(message: Delivery, now: datetime) -> None:
    urgency = URGENCIES[message.rank]
    message.status, message.error, message.provider_ref = "queued", "", ""
    message.due_at, message.finished_at, message.fallback_at = now, None, None
    message.expires_at = retry.expires_at(message.way if message.kind in PAGES else "email", urgency, now)
