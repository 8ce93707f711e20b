"""Browsers that want to be told by push: subscribed, tried out, given up, each by the person who sits at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from gateway import channels
from gateway.access.vapid import given_to, private_key
from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.outward import webpush
from gateway.outward.masking import mask
from gateway.outward.wording import Wording
from gateway.secrets import BadSecret, digest
from gateway.store.db import db, transaction
from gateway.store.directory import browsers
from gateway.store.tables import PersonRow
from gateway.store.upkeep import audit, counters
from gateway.world import world

WAY = "dashboard"  # as the audit log says it
MOST = 20  # browsers of one person
TESTS, PER = 5, timedelta(hours=1)  # a push service counts our messages, and a phone rings for each
MAKERS = (  # whose push service it is tells whose browser
    ("googleapis.com", "Chrome, Edge"),
    ("mozilla.com", "Firefox"),
    ("apple.com", "Safari"),
    ("windows.com", "Edge"),
)


@dataclass(frozen=True, slots=True)
class Browser:
    """One of a person's browsers, as a page may show it: the subscription itself is a secret."""

    id: int
    name: str
    mark: str  # a hash of its address, by which a browser knows itself
    since: datetime | None
    on_trust: bool  # no message was seen there yet


def public_key(now: datetime) -> str:
    """What a browser needs to subscribe; nothing if the key cannot be opened. Only the first question writes."""
    try:
        if browsers.sealed_key(db.session()):
            return webpush.public_key(private_key(db.session(), world().vault, now))
        with transaction() as session:
            return webpush.public_key(private_key(session, world().vault, now))
    except BadSecret:
        return ""


def mine(person_id: int) -> list[Browser]:
    found = []
    for row in browsers.of_person(db.session(), person_id):
        try:
            endpoint = webpush.read(world().vault.open(row.address)).endpoint
        except (BadSecret, ValueError):
            endpoint = ""
        found.append(Browser(row.id, _name(endpoint), digest(endpoint), row.verified_at, row.on_trust))
    return found


def subscribe(person_id: int, text: str, now: datetime) -> str:
    """What is wrong with it, or nothing."""
    wrong = channels.find("webpush").check(text, world().settings.env)
    if wrong:
        return wrong
    address = str(webpush.read(text))
    with transaction() as session:
        known = [row.address_id for row in browsers.of_person(session, person_id)]
        if len(known) >= MOST and digest(address) not in known:
            return "there are too many browsers already: remove one first"
        browsers.add(session, person_id, world().vault.seal(address), digest(address), now)
        _write_down(session, person_id, "browser subscribed", now)
    return ""


def forget(person_id: int, contact_id: int, now: datetime) -> bool:
    with transaction() as session:
        done = browsers.remove(session, person_id, contact_id, now)
        if done:
            _write_down(session, person_id, "browser removed", now)
        return done


def _write_down(session: Session, person_id: int, action: str, now: datetime) -> None:
    email = session.get_one(PersonRow, person_id).email
    audit.note(session, now, email, action, email, WAY)


def try_out(person_id: int, contact_id: int, language: str, now: datetime) -> str:
    """One message at once, past the outbox. Says how it went: sent, unknown, too many, ended, or what went wrong."""
    vault = world().vault
    with transaction() as session:
        rows = [row for row in browsers.of_person(session, person_id) if row.id == contact_id]
        if not rows:
            return "unknown"
        if counters.hit(session, f"push-test:{person_id}", PER, now) > TESTS:
            return "too many"
        rows[0].tested_at, rows[0].seen_at = now, None  # before it is sent: the browser may see it at once
        sealed, given = rows[0].address, given_to("webpush", session, vault, now)
        _write_down(session, person_id, "browser tested", now)
    env = {**world().settings.env, **given}
    try:
        channels.find("webpush").send(_test(vault.open(sealed), language), env)
    except AddressEnded:
        forget(person_id, contact_id, now)
        return "ended"
    except (PermanentFailure, TemporaryFailure, BadSecret, LookupError) as failure:
        _was_not_sent(person_id, contact_id, now)
        return mask(str(failure), env)
    return "sent"


def _was_not_sent(person_id: int, contact_id: int, now: datetime) -> None:
    """So that nobody is asked whether it arrived. A later test of the same browser may have arrived all the same."""
    with transaction() as session:
        for row in browsers.of_person(session, person_id):
            if row.id == contact_id and row.tested_at == now:
                row.tested_at = None


def _test(address: str, language: str) -> Message:
    word = Wording(language, "UTC").word
    title, text = f"🔔 {word('Test message')}", word("It works: this way of reaching you is open.")
    url = f"{world().settings.public_url}/me"
    return Message(
        0, 0, "test", "test", address, title, text, url=url, urgency="fast", language=language,
        links=((word("Open"), url),),
    )  # fmt: skip


def _name(endpoint: str) -> str:
    host = urlsplit(endpoint).hostname or ""
    return next((name for end, name in MAKERS if host.endswith("." + end)), host)
