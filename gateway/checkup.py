"""Whether all is well, asked part by part: for `./nabat doctor` and for the page of settings. Changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway import bookshelf, channels
from gateway.access.vapid import KEY
from gateway.clock import SystemClock
from gateway.disk import BALLAST, MEGABYTE, Disk, disk_of
from gateway.secrets import BadSecret, Vault
from gateway.settings import Settings
from gateway.store import selfwatch, vitals
from gateway.store.db import database_clock, is_postgres
from gateway.store.ledger import Ledger
from gateway.store.tables import ContactRow, Entry, PersonRow, ReachFinding, Token
from gateway.store.types import moment
from rules import book
from rules.selfwatch import SILENCE, STALE, Finding, What, judge
from rules.words import Role

AGREE = timedelta(seconds=10)  # between our clock and the database's
SEALED = 200  # sealed texts that are tried


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # worth knowing, and no failure
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """What was asked of one part, and what it said."""

    name: str
    state: State
    words: str


Found = Iterator[tuple[State, str]]


def amount(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def said(name: str, found: Iterable[tuple[State, str]]) -> list[Check]:
    return [Check(name, state, words) for state, words in found]


def rule_book(settings: Settings) -> Found:
    try:
        found = book.parse(bookshelf.read(settings.rules))
    except book.BadRuleBook as problem:
        yield from ((State.PROBLEM, complaint) for complaint in problem.complaints)
    else:
        yield State.OK, f"{amount(len(found.routes), 'route')}, {amount(len(found.policies), 'policy', 'policies')}"


def disk(disk: Disk) -> Found:
    free = f"{disk.free() // MEGABYTE} MB free in {disk.place}"
    if disk.short:
        yield State.PROBLEM, f"{free}, less than {disk.least // MEGABYTE} MB: new alerts are refused"
    elif disk.least and not disk.ballast.exists():
        yield State.NOTE, f"{free}; the {BALLAST // MEGABYTE} MB of ballast are not there, a worker makes them"
    else:
        yield State.OK, free


def database(session: Session) -> Found:
    if is_postgres(session):
        version = session.execute(text("SHOW server_version")).scalar_one()
        yield State.OK, f"PostgreSQL {version}, in its present form"
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            if session.execute(text(f"SHOW {name}")).scalar_one() == "off":
                yield State.NOTE, f"{name} is off: what was answered with 202 may be lost when the power goes"
        return
    wrong = [row[0] for row in session.execute(text("PRAGMA quick_check(5)")) if row[0] != "ok"]
    yield from ((State.PROBLEM, f"it is damaged: {line}") for line in wrong)
    if not wrong:
        yield State.OK, "SQLite, in its present form, whole"


def _clock(session: Session, _settings: Settings, now: datetime) -> Found:
    apart = moment(database_clock(session)) - SystemClock().now()
    newest = session.scalar(select(func.max(Entry.at)))
    if abs(apart) > AGREE:
        yield (
            State.PROBLEM,
            f"the database's is {apart.total_seconds():+.0f} s from ours: leases and steps need them alike",
        )
    elif newest is not None and newest - now > AGREE:
        yield (
            State.PROBLEM,
            f"something was written {(newest - now).total_seconds():.0f} s in the future: was it set back?",
        )
    else:
        yield State.OK, "ours and the database's agree"


def _secret_key(session: Session, settings: Settings, _now: datetime) -> Found:
    secret = [name for name in channels.names() if channels.find(name).SECRET]
    sealed = list(session.scalars(select(ContactRow.address).where(ContactRow.channel.in_(secret)).limit(SEALED)))
    sealed += [
        one for one in session.scalars(select(Token.sealed).where(Token.sealed.is_not(None)).limit(SEALED)) if one
    ]
    vault, lost = Vault(settings.secret_key), 0
    for one in sealed:
        try:
            vault.open(one)
        except BadSecret:
            lost += 1
    if lost:
        yield State.PROBLEM, f"it does not open {lost} of {len(sealed)} secrets in the database"
    else:
        yield State.OK, f"it opens all {len(sealed)} secrets that were tried" if sealed else "nothing is sealed yet"


def _channels(session: Session, settings: Settings, _now: datetime) -> Found:
    counted = select(ContactRow.channel, func.count()).group_by(ContactRow.channel)
    contacts = {row[0]: row[1] for row in session.execute(counted)}
    for name in channels.names():
        if name == "log":
            continue
        chosen = channels.carrier(name, settings.env)
        lacking = [one for one in channels.missing(name, settings.env) if one != KEY]
        half = [one for one in chosen.NEEDS if settings.env.get(one) and one != "NABAT_MAIL_FROM"]
        words = f"{name}: {amount(contacts.get(name, 0), 'contact')}"
        if lacking and half:
            yield State.PROBLEM, f"{words}, {', '.join(half)} set, but not {', '.join(lacking)}"
        elif lacking:
            yield State.NOTE, f"{words}, not set up ({', '.join(lacking)}): its messages only go to the log"
        else:
            yield State.OK, words


def _people(session: Session, settings: Settings, _now: datetime) -> Found:
    ready = [
        name for name in channels.names() if not [one for one in channels.missing(name, settings.env) if one != KEY]
    ]
    admins = select(PersonRow.id).where(PersonRow.role == Role.ADMIN.value, PersonRow.active)
    reached = select(func.count(func.distinct(ContactRow.person_id))).where(
        ContactRow.person_id.in_(admins), ContactRow.channel.in_(ready)
    )
    count, known = session.scalar(reached) or 0, session.scalar(select(func.count()).select_from(PersonRow)) or 0
    if count:
        yield State.OK, f"{amount(known, 'person', 'people')}, {amount(count, 'administrator')} who can be reached"
    else:
        known_words = f"{amount(known, 'person', 'people')}, no administrator who can be reached"
        yield State.NOTE, f"{known_words}: what nobody else hears, nobody hears"
    found = session.scalar(select(func.count()).select_from(ReachFinding)) or 0
    if found:
        yield State.NOTE, f"the last look at the next 14 days found {amount(found, 'thing')}: see /people"


def _work(session: Session, settings: Settings, now: datetime) -> Found:
    """A stopped program with nothing to do is well; one that is late, or half there, is not."""
    sight = selfwatch.look(session, now, configured=vitals.configured(settings.env))
    sight = replace(sight, missing=len(selfwatch.missing(session, now)))
    found = {one.what: one for one in judge(sight, now, {})}
    silent = found.pop(What.WORKER, None)
    report = selfwatch.last(session)
    half = report is not None and now - report.at <= STALE  # the auditor runs, and no worker does
    late = [one for one in found.values() if one.grave and one.what is not What.UNREACHED] or half
    yield from ((_state(one), one.words) for one in found.values())
    if silent is not None and late:
        yield State.PROBLEM, silent.words
    elif silent is not None:
        yield State.NOTE, f"no worker was seen within {SILENCE.seconds} s, and nothing waits for one"
    elif not found:
        yield State.OK, "a worker was seen, nothing is late"


def _state(one: Finding) -> State:
    return State.PROBLEM if one.grave else State.NOTE


def _auditor(session: Session, _settings: Settings, now: datetime) -> Found:
    report = selfwatch.last(session)
    if report is None:
        yield State.NOTE, "no auditor was ever seen: ./nabat auditor watches over the others"
    elif now - report.at > STALE:
        yield State.NOTE, f"the last audit was {int((now - report.at).total_seconds())} s ago"
    elif report.findings:
        yield from ((_state(one), f"it found: {one.words}") for one in report.findings)
    else:
        yield State.OK, "the last audit found nothing"


def balance(found: Ledger) -> Found:
    sums = f"{found.received} received = {found.handled} handled + {found.held} held + {found.quarantined} quarantined"
    if found.balanced:
        yield State.OK, f"ledger balanced: {sums}"
    else:
        apart = found.received - found.handled - found.held - found.quarantined
        yield State.PROBLEM, f"ledger differs by {apart:+}: {sums.replace('=', 'against')}"


PARTS: tuple[tuple[str, Callable[[Session, Settings, datetime], Found]], ...] = (
    ("clock", _clock), ("secret key", _secret_key), ("channels", _channels), ("people", _people),
    ("work", _work), ("auditor", _auditor),
)  # fmt: skip


def checks(session: Session, settings: Settings, now: datetime) -> Iterator[list[Check]]:
    """What the database is asked, a part at a time."""
    for name, ask in PARTS:
        yield said(name, ask(session, settings, now))


def quick(session: Session, settings: Settings, now: datetime) -> list[Check]:
    """All but what reads the whole database: its damage and the ledger."""
    found = [*said("rule book", rule_book(settings)), *said("disk", disk(disk_of(settings)))]
    for part in checks(session, settings, now):
        found += part
    return found
