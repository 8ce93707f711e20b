"""A channel is tried out: one message to the person who asks, past the outbox, and what the provider answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from gateway import channels as channels_
from gateway.access.vapid import KEY, given_to
from gateway.actions import Actor
from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.demo.mark import is_invented
from gateway.outward.masking import mask
from gateway.secrets import BadSecret
from gateway.store.db import transaction
from gateway.store.tables import ContactRow
from gateway.store.types import micros
from gateway.store.upkeep import audit, counters
from gateway.world import World
from rules.texts.text import cut, one_line

TESTS, PER = 10, timedelta(hours=1)  # of one person


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    label: str
    lacking: tuple[str, ...]  # settings that are not there; none: it can send


@dataclass(frozen=True, slots=True)
class Tried:
    words: str
    well: bool


def channels(env: Mapping[str, str]) -> list[Channel]:
    """Every channel that reaches people, and what it lacks."""
    return [
        Channel(
            name,
            channels_.find(name).LABEL,
            tuple(one for one in channels_.missing(name, env) if one != KEY),
        )
        for name in channels_.names()
        if name != "log"
    ]


def try_out(channel: str, person_id: int, world: World, actor: Actor, now: datetime) -> Tried | None:
    """None for a channel that there is not. A call wakes somebody: it is to the one who pressed the button."""
    if channel not in {one.name for one in channels(world.settings.env)}:
        return None
    if is_invented(actor.account):
        return Tried("this person belongs to the demo data: nobody is ever called", well=False)
    with transaction() as session:
        query = select(ContactRow).where(ContactRow.person_id == person_id, ContactRow.channel == channel)
        contact = session.scalars(query.order_by(ContactRow.id).limit(1)).first()
        if contact is None:
            return Tried("you have no contact on this channel: add one first", well=False)
        if counters.hit(session, f"channel-test:{person_id}", PER, now) > TESTS:
            return Tried("that was the tenth test within an hour: wait a little", well=False)
        address, given = contact.address, given_to(channel, session, world.vault, now)
        audit.note(session, now, actor.account, "channel test", channel, actor.how)
    return _sent(channel, address, {**world.settings.env, **given}, world, now)


def _sent(channel: str, address: str, env: Mapping[str, str], world: World, now: datetime) -> Tried:
    if lacking := channels_.missing(channel, env):
        return Tried(f"{', '.join(lacking)} not set", well=False)
    hidden = ""
    try:
        if channels_.find(channel).SECRET:
            address = hidden = world.vault.open(address)
        at = micros(now)  # no number and no key twice: PagerDuty would call nobody for a key that is open there
        message = Message(
            at, 0, f"test-{at}", "test", address, "Test message from Nabat",
            "It works: this way of reaching you is open.", url=world.settings.public_url,
        )  # fmt: skip
        answer = channels_.carrier(channel, env).send(message, env)
    except (AddressEnded, PermanentFailure, TemporaryFailure, BadSecret, LookupError) as failure:
        return Tried(cut(one_line(mask(str(failure), env, hidden)), 500), well=False)
    return Tried(cut(one_line(mask(f"{channel}: {answer}", env, hidden)), 500), well=True)
