"""Whether all is well, asked part by part: for `./nabat doctor` and for the page of settings. Changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway import channels
from gateway.access.vapid import KEY
from gateway.clock import SystemClock
from gateway.disk import BALLAST, MEGABYTE, Disk, disk_of
from gateway.rulebook import shelf
from gateway.secrets import BadSecret, Vault
from gateway.settings import Settings
from gateway.store.db import database_clock, is_postgres
from gateway.store.tables import ContactRow, Entry, HeartbeatRow, PersonRow, ReachFinding, ScheduleRow, Token
from gateway.store.types import moment
from gateway.store.upkeep import selfwatch, vitals
from gateway.store.upkeep.ledger import Ledger
from rules import book
from rules.reports.selfwatch import SILENCE, STALE, Finding, What, judge
from rules.times.walltime import is_zone
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
    words: str  # in English
    template: str = ""  # the same for whoever says it in another language; empty: it is said in English only
    values: Mapping[str, object] = field(default_factory=dict)  # what stands in its places; or a Said in turn


@dataclass(frozen=True, slots=True)
class Said:
    words: str
    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


Found = Iterator[tuple[State, Said]]


def say(template: str, words: str = "", /, **values: object) -> Said:
    """`words`: in English, where that can be said better than by the template."""
    return Said(words or template % values, template, values)


def amount(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def said(name: str, found: Iterable[tuple[State, Said]]) -> list[Check]:
    return [Check(name, state, one.words, one.template, one.values) for state, one in found]


def rule_book(settings: Settings) -> Found:
    try:
        found = book.parse(shelf.read(settings.rules))
    except book.BadRuleBook as problem:
        yield from ((State.PROBLEM, Said(complaint)) for complaint in problem.complaints)
    else:
        routes, policies = len(found.routes), len(found.policies)
        words = f"{amount(routes, 'route')}, {amount(policies, 'policy', 'policies')}"
        yield State.OK, say("routes: %(routes)s, policies: %(policies)s", words, routes=routes, policies=policies)


def disk(disk: Disk) -> Found:
    room = {"free": disk.free() // MEGABYTE, "place": str(disk.place)}
    if disk.short:
        yield State.PROBLEM, say(
            "%(free)s MB free in %(place)s, less than %(least)s MB: new alerts are refused",
            least=disk.least // MEGABYTE, **room,
        )  # fmt: skip
    elif disk.least and not disk.ballast.exists():
        yield State.NOTE, say(
            "%(free)s MB free in %(place)s; the %(n)s MB of ballast are not there, a worker makes them",
            n=BALLAST // MEGABYTE, **room,
        )  # fmt: skip
    else:
        yield State.OK, say("%(free)s MB free in %(place)s", **room)


def database(session: Session) -> Found:
    if is_postgres(session):
        version = session.execute(text("SHOW server_version")).scalar_one()
        yield State.OK, Said(f"PostgreSQL {version}")
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            if session.execute(text(f"SHOW {name}")).scalar_one() == "off":
                yield State.NOTE, Said(f"{name} is off: what was answered with 202 may be lost when the power goes")
        return
    wrong = [row[0] for row in session.execute(text("PRAGMA quick_check(5)")) if row[0] != "ok"]
    yield from ((State.PROBLEM, Said(f"it is damaged: {line}")) for line in wrong)
    if not wrong:
        yield State.OK, Said("SQLite, whole")


def _clock(session: Session, _settings: Settings, now: datetime) -> Found:
    apart = moment(database_clock(session)) - SystemClock().now()
    newest = session.scalar(select(func.max(Entry.at)))
    if abs(apart) > AGREE:
        yield (
            State.PROBLEM,
            say(
                "the database's is %(n)s s from ours: leases and steps need them alike",
                n=f"{apart.total_seconds():+.0f}",
            ),
        )
    elif newest is not None and newest - now > AGREE:
        yield (
            State.PROBLEM,
            say(
                "something was written %(n)s s in the future: was it set back?",
                n=f"{(newest - now).total_seconds():.0f}",
            ),
        )
    else:
        yield State.OK, say("ours and the database's agree")


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
        template = "it does not open %(n)s of %(all)s secrets in the database"
        yield State.PROBLEM, say(template, n=lost, all=len(sealed))
    elif sealed:
        count = len(sealed)
        yield (
            State.OK,
            say(
                "it opens all secrets that were tried: %(n)s", f"it opens all {count} secrets that were tried", n=count
            ),
        )
    else:
        yield State.OK, say("nothing is sealed yet")


def _channels(session: Session, settings: Settings, _now: datetime) -> Found:
    counted = select(ContactRow.channel, func.count()).group_by(ContactRow.channel)
    contacts = {row[0]: row[1] for row in session.execute(counted)}
    for name in channels.names():
        if name == "log":
            continue
        chosen = channels.carrier(name, settings.env)
        lacking = [one for one in channels.missing(name, settings.env) if one != KEY]
        half = [one for one in chosen.NEEDS if settings.env.get(one) and one != "NABAT_MAIL_FROM"]
        yield _channel(name, contacts.get(name, 0), ", ".join(half), ", ".join(lacking))


def _channel(name: str, contacts: int, half: str, lacking: str) -> tuple[State, Said]:
    words, known = f"{name}: {amount(contacts, 'contact')}", {"name": name, "n": contacts}
    if lacking and half:
        template = "%(name)s: contacts %(n)s; %(half)s set, but not %(lacking)s"
        words = f"{words}, {half} set, but not {lacking}"
        return State.PROBLEM, say(template, words, half=half, lacking=lacking, **known)
    if lacking:
        template = "%(name)s: contacts %(n)s; not set up (%(lacking)s): its messages only go to the log"
        words = f"{words}, not set up ({lacking}): its messages only go to the log"
        return State.NOTE, say(template, words, lacking=lacking, **known)
    return State.OK, say("%(name)s: contacts %(n)s", words, **known)


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
        words = f"{amount(known, 'person', 'people')}, {amount(count, 'administrator')} who can be reached"
        template = "people: %(n)s, administrators who can be reached: %(admins)s"
        yield State.OK, say(template, words, n=known, admins=count)
    else:
        template = "people: %(n)s, no administrator who can be reached: what nobody else hears, nobody hears"
        words = f"{amount(known, 'person', 'people')},{template.partition(',')[2]}"
        yield State.NOTE, say(template, words, n=known)
    found = session.scalar(select(func.count()).select_from(ReachFinding)) or 0
    if found:
        words = f"the last look at the next 14 days found {amount(found, 'thing')}: see /people"
        yield State.NOTE, say("found in the next 14 days when last looked: %(n)s, see People", words, n=found)


def _zones(session: Session, _settings: Settings, _now: datetime) -> Found:
    """What this system's list of zones lacks is read as UTC: people are told, at another hour than was meant."""
    named = [
        *session.execute(select(ScheduleRow.name, ScheduleRow.timezone)),
        *session.execute(select(PersonRow.name, PersonRow.timezone).where(PersonRow.active)),
        *session.execute(select(HeartbeatRow.name, HeartbeatRow.timezone).where(HeartbeatRow.cron != "")),
    ]
    odd = {name: zone for name, zone in named if not is_zone(zone)}
    for name, zone in odd.items():
        yield (
            State.PROBLEM,
            say("%(name)s: the time zone %(zone)s is not known here, UTC is taken", name=name, zone=zone),
        )
    if not odd:
        yield State.OK, say("all that are named are known")


def _work(session: Session, settings: Settings, now: datetime) -> Found:
    """A stopped program with nothing to do is well; one that is late, or half there, is not."""
    sight = selfwatch.look(session, now, configured=vitals.configured(settings.env))
    sight = replace(sight, missing=len(selfwatch.missing(session, now)))
    found = {one.what: one for one in judge(sight, now, {})}
    silent = found.pop(What.WORKER, None)
    report = selfwatch.last(session)
    half = report is not None and now - report.at <= STALE  # the auditor runs, and no worker does
    late = [one for one in found.values() if one.grave and one.what is not What.UNREACHED] or half
    yield from ((_state(one), _found(one)) for one in found.values())
    if silent is not None and late:
        yield State.PROBLEM, _found(silent)
    elif silent is not None:
        yield State.NOTE, say("no worker was seen within %(n)s s, and nothing waits for one", n=SILENCE.seconds)
    elif not found:
        yield State.OK, say("a worker was seen, nothing is late")


def _state(one: Finding) -> State:
    return State.PROBLEM if one.grave else State.NOTE


def _found(one: Finding) -> Said:
    return Said(one.words, one.template, {"n": one.number})


def _auditor(session: Session, _settings: Settings, now: datetime) -> Found:
    report = selfwatch.last(session)
    if report is None:
        yield State.NOTE, say("no auditor was ever seen: ./nabat auditor watches over the others")
    elif now - report.at > STALE:
        yield State.NOTE, say("the last audit was %(n)s s ago", n=int((now - report.at).total_seconds()))
    elif report.findings:
        for one in report.findings:
            yield _state(one), say("it found: %(what)s", f"it found: {one.words}", what=_found(one))
    else:
        yield State.OK, say("the last audit found nothing")


def balance(found: Ledger) -> Found:
    sums = f"{found.received} received = {found.handled} handled + {found.held} held + {found.quarantined} quarantined"
    if found.balanced:
        yield State.OK, Said(f"ledger balanced: {sums}")
    else:
        apart = found.received - found.handled - found.held - found.quarantined
        yield State.PROBLEM, Said(f"ledger differs by {apart:+}: {sums.replace('=', 'against')}")


PARTS: tuple[tuple[str, Callable[[Session, Settings, datetime], Found]], ...] = (
    ("clock", _clock), ("secret key", _secret_key), ("channels", _channels), ("people", _people),
    ("time zones", _zones), ("work", _work), ("auditor", _auditor),
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
