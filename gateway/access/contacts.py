"""A person's contacts: entered, confirmed by a code or by a test that arrived, tried out, given up."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import channels
from gateway.access.vapid import given_to
from gateway.actions import Actor
from gateway.channels import Message, PermanentFailure, TemporaryFailure
from gateway.demo.mark import is_invented
from gateway.outward.masking import mask
from gateway.outward.wording import Wording
from gateway.secrets import BadSecret, digest, same
from gateway.store.db import db, transaction
from gateway.store.directory import contacts
from gateway.store.tables import ContactRow, PersonRow
from gateway.store.types import micros
from gateway.store.upkeep import audit, counters
from gateway.world import world
from rules.reading.person_keys import ADDRESSES

ENTERED = ("sms", "email", "ntfy", "pagerduty")  # what a person can write down; a browser subscribes itself
BY_TICK = ("pagerduty",)  # a call reads no code out: the person says that it rang
MOST = 20  # contacts of one person
LIVES, TRIES = timedelta(minutes=10), 5  # of one code
SENDS, PER = 5, timedelta(hours=1)  # codes and tests, of a person and of an address: both may be somebody else's
RANG = timedelta(minutes=15)  # after a test call, in which it can be confirmed


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: a word that a page has a sentence for, and the provider's own words."""

    word: str  # sent, logged, no provider, too many, unknown, failed; ok, wrong, over, nothing sent
    words: str = ""


def add(
    person_id: int, channel: str, address: str, by: Actor, now: datetime, *, verified: bool = False
) -> tuple[int, str]:
    """The new contact's number, or what is wrong. `verified`: an administrator says so, as an import does."""
    if channel not in ENTERED:
        return 0, "This is no way to reach somebody."
    address = address.strip()
    form, what = ADDRESSES[channel]
    if len(address) > 4096 or not form.fullmatch(address):
        return 0, f"This {what}."
    if wrong := channels.find(channel).check(address, world().settings.env):
        return 0, wrong
    with transaction() as session:
        mine = contacts.of_person(session, person_id)
        if len(mine) >= MOST:
            return 0, "There are too many contacts already: remove one first."
        kept = world().vault.seal(address) if channels.find(channel).SECRET else address
        row = contacts.add(session, person_id, channel, (kept, digest(address)), now, verified=verified)
        if row is None:
            return 0, "This contact is there already."
        _write_down(session, person_id, "contact add", by, now, channel, verified=verified)
        return row.id, ""


def remove(person_id: int, contact_id: int, by: Actor, now: datetime) -> bool:
    with transaction() as session:
        row = contacts.one(session, person_id, contact_id)
        if row is None:
            return False
        contacts.remove(session, row, now)
        _write_down(session, person_id, "contact remove", by, now, row.channel)
        return True


def send_code(me: Actor, contact_id: int, language: str, now: datetime) -> Result:
    """Six digits to the contact, past the outbox, so that they stand in no row and in no log; or a test call."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    return _send(me, contact_id, language, now, code)


def try_out(me: Actor, contact_id: int, language: str, now: datetime) -> Result:
    """One test message at once."""
    return _send(me, contact_id, language, now, "")


def _send(me: Actor, contact_id: int, language: str, now: datetime, code: str) -> Result:
    person_id = number_of(me)
    with transaction() as session:
        row = contacts.one(session, person_id, contact_id)
        if row is None:
            return Result("unknown")
        channel, sealed, address_id = row.channel, row.address, row.address_id
        by_code = bool(code) and channel not in BY_TICK
        email = session.get_one(PersonRow, person_id).email
        env = {**world().settings.env, **given_to(channel, session, world().vault, now)}
        lacking = [] if is_invented(email) else channels.missing(channel, env)
        if by_code and (lacking or is_invented(email)):
            return Result("no provider", ", ".join(lacking))
        # Each is counted: one that is over must not leave the other uncounted.
        counts = [counters.hit(session, f"contact-send:{key}", PER, now) for key in (person_id, address_id)]
        if max(counts) > SENDS:
            return Result("too many")
        if not lacking and not is_invented(email):
            row.tested_at, row.seen_at = now, None  # before it is sent: it may be seen at once
        if by_code:
            contacts.keep_code(session, contact_id, _hash(contact_id, code), now + LIVES)
        _write_down(session, person_id, "contact code" if by_code else "contact test", me, now, channel)
    if lacking or is_invented(email):
        return Result("logged", ", ".join(lacking))
    try:
        address = world().vault.open(sealed) if channels.find(channel).SECRET else sealed
        message = _message(address, language, code if by_code else "", now, contact_id)
        channels.carrier(channel, env).send(message, env)
    except (PermanentFailure, TemporaryFailure, BadSecret) as failure:
        _was_not_sent(person_id, contact_id, now)
        return Result("failed", _without(code if by_code else "", mask(str(failure), env)))
    return Result("sent")


def _was_not_sent(person_id: int, contact_id: int, now: datetime) -> None:
    """So that nobody is asked whether it arrived."""
    with transaction() as session:
        row = contacts.one(session, person_id, contact_id)
        if row is not None and row.tested_at == now:
            row.tested_at = None


def _without(code: str, words: str) -> str:
    """A provider may repeat what it was told, cut off somewhere: a code must be read at the contact alone."""
    for length in range(len(code), 2, -1):
        words = words.replace(code[:length], "***")
    return words


def confirm(me: Actor, contact_id: int, code: str, now: datetime) -> Result:
    """The code as it was read there. Each try counts before it is looked at."""
    with transaction() as session:
        row = contacts.one(session, number_of(me), contact_id)
        if row is None:
            return Result("unknown")
        kept = contacts.code_of(session, contact_id)
        if kept is None or kept.expires_at <= now or kept.tries >= TRIES:
            return Result("over")
        kept.tries += 1
        if not same(kept.hash, _hash(contact_id, "".join(code.split()))):
            return Result("over" if kept.tries >= TRIES else "wrong")
        contacts.verify(session, row, now)
        row.seen_at = now  # whoever knows the code has seen the message
        _write_down(session, number_of(me), "contact verified", me, now, row.channel)
    return Result("ok")


def rang(me: Actor, contact_id: int, now: datetime, *, yes: bool) -> Result:
    """Whether the test call rang, as the person says; what it opened at the provider is closed there."""
    with transaction() as session:
        row = contacts.one(session, number_of(me), contact_id)
        if row is None or row.channel not in BY_TICK:
            return Result("unknown")
        if row.tested_at is None or now - row.tested_at > RANG:
            return Result("over")
        email, sealed = session.get_one(PersonRow, number_of(me)).email, row.address
        if yes:
            row.seen_at = now
            contacts.verify(session, row, now)
        _write_down(session, number_of(me), "contact verified" if yes else "contact silent", me, now, row.channel)
    _close(sealed, email, contact_id, now)
    return Result("ok" if yes else "silent")


def arrived(me: Actor, contact_id: int, now: datetime) -> Result:
    """The person says that the test message is there."""
    with transaction() as session:
        row = contacts.one(session, number_of(me), contact_id)
        if row is None:
            return Result("unknown")
        if row.tested_at is None:
            return Result("nothing sent")
        contacts.seen(session, row, now)
        _write_down(session, number_of(me), "contact arrived", me, now, row.channel)
    return Result("ok")


def saw(me: Actor, contact_id: int, incident_id: int, now: datetime) -> bool:
    """The person says that what they were told of this incident has arrived there. False if nothing got out there."""
    with transaction() as session:
        row = contacts.one(session, number_of(me), contact_id)
        if row is None or row.id not in contacts.told_of(session, number_of(me), incident_id):
            return False
        contacts.seen(session, row, now)
        _write_down(session, number_of(me), "contact arrived", me, now, row.channel)
    return True


def answered(me: Actor, incident_id: int, now: datetime) -> None:
    """Somebody has answered in a message: it has arrived. Only where one contact alone was told, it is known where."""
    with transaction() as session:
        waiting = contacts.on_trust(session, number_of(me))
        told = contacts.told_of(session, number_of(me), incident_id) if waiting else set()
        for row in waiting:
            if told == {row.id}:
                contacts.seen(session, row, now)
                _write_down(session, number_of(me), "contact arrived", me, now, row.channel)


def vouch(person_id: int, contact_id: int, by: Actor, now: datetime) -> bool:
    """An administrator has checked it otherwise, as for what the people file says."""
    with transaction() as session:
        row = contacts.one(session, person_id, contact_id)
        if row is None:
            return False
        contacts.verify(session, row, now)
        _write_down(session, person_id, "contact verified", by, now, row.channel)
        return True


def number_of(me: Actor) -> int:
    """Only of a person: nobody else has contacts."""
    if me.person_id is None:
        raise LookupError(f"{me.name} is no person")
    return me.person_id


def mine(person_id: int) -> list[ContactRow]:
    return contacts.of_person(db.session(), person_id)


def plain(row: ContactRow) -> str:
    """The address as its owner may read it; of a key the last characters, of a browser nothing."""
    if row.channel == "webpush":
        return ""
    if not channels.find(row.channel).SECRET:
        return row.address
    try:
        return f"…{world().vault.open(row.address)[-4:]}"
    except BadSecret:
        return "…"


def masked(row: ContactRow) -> str:
    """The address as others may see it: enough to tell two apart."""
    text = plain(row)
    if row.channel == "email":
        name, _, host = text.partition("@")
        return f"{name[:1]}…@{host}"
    if row.channel == "sms":
        return f"{text[:2]}…{text[-2:]}"
    return text if text.startswith("…") else "…"


def _close(sealed: str, email: str, contact_id: int, now: datetime) -> None:
    env = world().settings.env
    if is_invented(email):
        return
    try:
        over = Message(micros(now), 0, f"test-{contact_id}", "resolved", world().vault.open(sealed), "Test over", "")
        channels.carrier("pagerduty", env).send(over, env)
    except (PermanentFailure, TemporaryFailure, BadSecret):
        return  # what was opened there closes when somebody looks at it; nothing of ours hangs on it


def _message(address: str, language: str, code: str, now: datetime, contact_id: int) -> Message:
    word = Wording(language, "UTC").word
    url = f"{world().settings.public_url}/me/contact"
    if code:
        title = f"Nabat: {word('your code')}"
        text = word(
            "%(code)s confirms this contact. It holds for ten minutes. Who did not ask for it can ignore it.", code=code
        )
    else:
        title, text = f"🔔 {word('Test message')}", word("It works: this way of reaching you is open.")
    return Message(
        micros(now), 0, f"test-{contact_id}", "test", address, title, text, url="" if code else url, urgency="fast",
        language=language, links=() if code else ((word("Open"), url),),
    )  # fmt: skip


def _hash(contact_id: int, code: str) -> str:
    """A code has few digits: without our key its hash would be found in a blink."""
    return hmac.new(
        world().settings.secret_key.encode(), f"nabat.code:{contact_id}:{code}".encode(), hashlib.sha256
    ).hexdigest()


def _write_down(
    session: Session, person_id: int, action: str, by: Actor, now: datetime, channel: str, **more: bool
) -> None:
    email = session.get_one(PersonRow, person_id).email
    audit.note(session, now, by.account, action, email, by.how, channel=channel, **more)
