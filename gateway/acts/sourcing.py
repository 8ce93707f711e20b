"""What people do with sources and tokens: made, rotated, revoked, set. Each act is written down in its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from gateway import sources as kinds
from gateway.actions import Actor
from gateway.outward import alertmanager_api
from gateway.outward.addresses import check_url
from gateway.outward.outbound import PermanentFailure, TemporaryFailure, fits_header
from gateway.presets import presets
from gateway.secrets import BadSecret, new_secret, new_token
from gateway.store.db import transaction
from gateway.store.senders import alertmanagers, rhythms
from gateway.store.senders import sources as store
from gateway.store.senders.sources import NotPossible
from gateway.store.tables import Source, Token
from gateway.store.tables.drift import AlertmanagerAddress
from gateway.store.upkeep import audit
from gateway.world import World
from rules.book import RuleBook
from rules.senders.mappings import BodyMap, chosen
from rules.senders.mappings import names as names_of
from rules.texts.durations import parse_duration, write_duration
from rules.texts.text import clean_text, one_line

ANY_SHAPE = "generic"  # the kind whose bodies are read by a mapping
OLD_LIVES = timedelta(hours=24)  # the old token, beside a new one
STALE_LEAST, STALE_MOST = 60 * 60, 90 * 24 * 60 * 60  # seconds
PRIORITIES = ("low", "normal", "high", "critical")
MOST_ADDRESSES = 10
LONGEST_LIFE = 3650  # days of an API token
MOST_OWN = 20  # tokens of one person
LONGEST_ACCOUNT = 300


@dataclass(frozen=True, slots=True)
class Made:
    """A new token, in clear this once."""

    token: str
    source_id: int | None


def names() -> dict[str, str]:
    """The kinds of sources there are, each with what it is called."""
    return {name: kinds.find(name).KIND_LABEL for name in kinds.names()}


def is_desk(kind: str) -> bool:
    """Whether it is service desks that send so: what they say are tickets."""
    return kinds.habits(kind).is_desk


def mapping_of(kind: str, name: str, book: RuleBook) -> BodyMap | None:
    """By which mapping the bodies of such a source are read; None: by none, or there is none of its name."""
    return chosen(name, book.mappings, presets()) if kind == ANY_SHAPE else None


def mappings(book: RuleBook) -> list[str]:
    """The names of all: the rule book's, and those that are brought along."""
    return names_of(book.mappings, presets())


def fresh_token(kind: str) -> str:
    """As long as senders of this kind want it."""
    return new_token(kinds.habits(kind).token_length)


def add(kind: str, name: str, actor: Actor, now: datetime, *, fresh: bool = False) -> Made:
    """A source with its first token; one that exists gets another one, unless it should be new. Raises NotPossible."""
    with transaction() as session:
        if fresh and any(one.name == (name.strip() or kind) for one in store.list_sources(session)):
            raise NotPossible("there is a source of this name already: make a new token on its page")
        made = store.create_token(session, kind, name, now, kinds.names(), fresh_token(kind))
        owner = store.find_token(session, made, now)
        assert owner is not None
        _note(session, now, actor, "token create", owner.name, kind=kind, ending=_end(made))
    return Made(made, owner.source_id)


@dataclass(frozen=True, slots=True)
class NewToken:
    """An API token as somebody wants it."""

    name: str
    scopes: Sequence[str]
    days: int | None  # after how many it ends by itself
    person_id: int | None = None  # whose own it is
    latest: datetime | None = None  # when it ends at the latest


def add_api_token(wanted: NewToken, actor: Actor, now: datetime) -> Made:
    """Raises NotPossible."""
    days, scopes, whose = wanted.days, wanted.scopes, wanted.person_id
    if not scopes:
        raise NotPossible("a token without a scope opens nothing: choose at least one")
    if days is not None and not 1 <= days <= LONGEST_LIFE:
        raise NotPossible(f"a token lives 1 to {LONGEST_LIFE} days, or for ever")
    over = now + timedelta(days=days) if days is not None else None
    ends = min((one for one in (over, wanted.latest) if one is not None), default=None)
    with transaction() as session:
        if whose is not None and len(store.of_person(session, whose, now)) >= MOST_OWN:
            raise NotPossible(f"you have {MOST_OWN} tokens already: revoke one first")
        made = store.create_api_token(session, wanted.name, scopes, now, ends, whose)
        told = {"kind": store.API, "ending": _end(made), "scopes": ", ".join(scopes)}
        told |= {"expires": "" if ends is None else f"{ends:%Y-%m-%d}"} | ({"own": "yes"} if whose is not None else {})
        _note(session, now, actor, "token create", wanted.name.strip(), **told)
    return Made(made, None)


def rotate(token_id: int, actor: Actor, now: datetime) -> Made:
    """A new token; the old one goes on for a day. Raises NotPossible."""
    with transaction() as session:
        old = store.usable(session, token_id, now)
        if old.kind == store.SIGNING:
            raise NotPossible("a signing secret is not rotated: make a second one, then revoke the first")
        source = session.get_one(Source, old.source_id) if old.source_id is not None else None
        made = store.rotate(session, old, now, OLD_LIVES, fresh_token(source.kind if source else ""))
        _note(session, now, actor, "token rotate", old.name, before=f"…{old.ending}", after=f"…{_end(made)}")
        return Made(made, old.source_id)


def revoke(token_id: int, typed: str, actor: Actor, now: datetime) -> None:
    """At once, if what was typed is its ending. Raises NotPossible."""
    with transaction() as session:
        row = store.usable(session, token_id, now)
        if typed.strip().removeprefix("…") != row.ending:
            raise NotPossible("type the token's last four characters to confirm: nothing was revoked")
        row.revoked_at = now
        _note(session, now, actor, "token revoke", row.name, kind=row.kind, ending=row.ending)


def own_signature(kind: str) -> str:
    """The header in which senders of this kind sign in their own way; empty: they have none."""
    how = kinds.habits(kind).signing
    return how.header.title() if how is not None else ""


def new_signing_secret(kind: str) -> str:
    """One of ours, written as senders of this kind want it."""
    how = kinds.habits(kind).signing
    return new_secret(how.key_prefix if how is not None else "")


def check_secret(kind: str, given: str) -> None:
    """Of a secret that a sender has made: everybody knows some. Raises NotPossible."""
    how = kinds.habits(kind).signing
    if how is not None and given in how.public:
        raise NotPossible("everybody knows this secret: it is for tests only")


def add_signing_secret(source: Source, world: World, actor: Actor, now: datetime, given: str = "") -> Made:
    """`given`: the one that the sender has made; it is not shown. Raises NotPossible, BadSecret."""
    check_secret(source.kind, given)
    with transaction() as session:
        secret = given or new_signing_secret(source.kind)
        made = store.keep_signing_secret(session, source.kind, source.name, now, world.vault, secret)
        _note(session, now, actor, "token create", source.name, kind=store.SIGNING, ending=_end(made))
    return Made(made, source.id)


@dataclass(frozen=True, slots=True)
class Settings:
    """Of a source, as people write them; what is None stays as it is. The last two are of service desks."""

    stale_after: str | None = None  # after how long an alert of it is over
    priority: str | None = None  # to assume where none is known
    account: str | None = None  # that we write as there: all it may be called, with commas between


def set_source(source_id: int, wanted: Settings, actor: Actor, now: datetime) -> None:
    """Raises NotPossible."""
    with transaction() as session:
        source = session.get_one(Source, source_id, populate_existing=True)
        before = _settings(source)
        if wanted.stale_after is not None:
            rhythms.set_stale_after(session, source, _seconds(wanted.stale_after, source))
        if wanted.priority is not None:
            source.default_priority = _priority(wanted.priority)
        if wanted.account is not None:
            source.account = _account(wanted.account, source)
        if before != (after := _settings(source)):
            _note(session, now, actor, "source set", source.name, before=before, after=after)


def _settings(source: Source) -> dict[str, str]:
    told = {"stale_after": _written(source.stale_after), "default_priority": source.default_priority}
    return told | {"account": source.account}


def _priority(text: str) -> str:
    if text not in ("", *PRIORITIES):
        raise NotPossible(f"priorities are {', '.join(PRIORITIES)}")
    return text


def _account(text: str, source: Source) -> str:
    found = one_line(clean_text(text))
    if found and not is_desk(source.kind):
        raise NotPossible("only a service desk has an account that Nabat writes as")
    if len(found) > LONGEST_ACCOUNT:
        raise NotPossible(f"an account's names have {LONGEST_ACCOUNT} characters together at most")
    return found


def _seconds(text: str, source: Source) -> int | None:
    if not text.strip() or text.strip() == "never":
        return None
    if is_desk(source.kind):
        raise NotPossible("a ticket is over when its service desk says so")
    try:
        seconds = int(parse_duration(text.strip()).total_seconds())
    except (ValueError, OverflowError) as problem:
        raise NotPossible(f"stale after: {problem}") from problem
    if not STALE_LEAST <= seconds <= STALE_MOST:
        raise NotPossible(f"stale after: between {_written(STALE_LEAST)} and {_written(STALE_MOST)}, or never")
    return seconds


def _written(seconds: int | None) -> str:
    return "never" if seconds is None else write_duration(timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Behind:
    """Which Alertmanagers of a source can be asked, and what we show there."""

    urls: tuple[str, ...]
    secret: Mapping[str, str]  # bearer, or user and password; empty: nothing
    receivers: tuple[str, ...] = ()
    keep: bool = False  # the secret that an address had, for that address only


def set_alertmanagers(source_id: int, wanted: Behind, world: World, actor: Actor, now: datetime) -> None:
    """Raises NotPossible with what is wrong with an address; nothing is asked here."""
    urls = tuple(dict.fromkeys(url.strip().rstrip("/") for url in wanted.urls if url.strip()))
    if len(urls) > MOST_ADDRESSES:
        raise NotPossible(f"at most {MOST_ADDRESSES} addresses")
    for url in urls:
        if wrong := complaint(url, world):
            raise NotPossible(f"{url}: {wrong}")
    try:
        sealed = world.vault.seal(msgspec.json.encode(dict(wanted.secret)).decode()) if wanted.secret else None
    except BadSecret as problem:
        raise NotPossible(str(problem)) from problem
    with transaction() as session:
        source = session.get_one(Source, source_id, populate_existing=True)
        if source.kind != "alertmanager":
            raise NotPossible(f"the source {source.name!r} is of kind {source.kind}, not alertmanager")
        known = {one.url: one.sealed for of, one in alertmanagers.addresses(session) if of.id == source_id}
        made = [
            AlertmanagerAddress(
                source_id=source_id, url=url, sealed=known.get(url) if wanted.keep else sealed,
                receivers=list(wanted.receivers), created_at=now, problem="",
            )
            for url in urls
        ]  # fmt: skip
        alertmanagers.set_addresses(session, source, made)
        told = {"alertmanagers": ", ".join(urls), "receivers": ", ".join(wanted.receivers)}
        _note(session, now, actor, "source set", source.name, **told)


def complaint(url: str, world: World) -> str:
    if "?" in url or "#" in url:
        return "the address has no query and no fragment: /api/v2/alerts is added to it"
    return check_url(url, allow_private=world.settings.allow_private_hosts)


def tried(url: str, secret: Mapping[str, str], world: World, deadline: float = 10.0) -> str:
    """What it answers now, in words; that it does not is no reason not to keep it."""
    try:
        seen = alertmanager_api.look(url, secret, world.settings.allow_private_hosts, deadline)
    except (TemporaryFailure, PermanentFailure) as problem:
        return f"saved, but it does not answer: {one_line(str(problem))}"
    return f"saved; it answers: {len(seen.alerts)} alerts fire there"


def secret_wrong(secret: Mapping[str, str]) -> bool:
    """Whether no HTTP header takes it."""
    return any(not one or not fits_header(one) for one in secret.values()) or ":" in secret.get("user", "")


def in_use(row: Token, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _end(token: str) -> str:
    return token[-store.ENDING :]


def _note(session: Session, now: datetime, actor: Actor, action: str, target: str, **detail: object) -> None:
    audit.note(session, now, actor.account or actor.name, action, target, actor.how, **detail)
