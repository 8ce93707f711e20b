"""The cards of on call as its templates draw them: now, gaps, fairness, and what an emergency would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.oncall import queries
from dashboard.oncall.queries import Proof, Readiness
from dashboard.oncall.week import Looker, url_of, when
from dashboard.people.rows import Lack, lack_of
from dashboard.reader import Moment, Reader, grouped
from dashboard.words import WAYS, initials
from gateway.world import world
from rules.duty.audience import audience
from rules.duty.duty_load import loads
from rules.duty.oncall import gaps, is_gap, next_handover, on_call
from rules.schedules import Schedule
from rules.texts.reasons import told_lines
from rules.times.walltime import zone_of
from rules.words import CHANNELS_OF_WAY, Directory, Notice, Person, Role, Route, Urgency, Way

AHEAD, BACK = timedelta(days=28), timedelta(days=90)
MOST = 50  # gaps that are named
SECRET = ("pagerduty", "webpush")  # addresses that are keys


@dataclass(frozen=True, slots=True)
class Mark:
    word: str
    there: bool


@dataclass(frozen=True, slots=True)
class Now:
    """Who is on call in one schedule."""

    schedule: str
    url: str
    who: str
    look: str
    initials: str
    clock: str  # theirs, where it is not the reader's
    until: Moment | None
    following: str
    gap: bool
    stands_in: bool
    marks: list[Mark]
    phone: str
    person: int  # 0: nobody
    lacks: list[Lack]
    proofs: list[str]  # by which way something last arrived, and when
    reminded: Moment | None  # within the hour


@dataclass(frozen=True, slots=True)
class Crew:
    team: str
    ranks: list[Now]  # first, second, …


def crews(looker: Looker, *, with_numbers: bool) -> list[Crew]:
    """By team, in the order of their schedules; a schedule without a team stands by itself."""
    found: dict[str, list[Now]] = {}
    known = readiness(looker)
    for schedule in looker.directory.schedules.values():
        found.setdefault(schedule.team or schedule.name, []).append(
            now_of(schedule, looker, known, with_numbers=with_numbers)
        )
    return [Crew(team, ranks) for team, ranks in found.items()]


def now_of(schedule: Schedule, looker: Looker, known: Readiness, *, with_numbers: bool) -> Now:
    reader, directory = looker.reader, looker.directory
    email, until = on_call(schedule, reader.now), next_handover(schedule, reader.now)
    person = directory.people.get(email or "")
    return Now(
        schedule=schedule.name,
        url=url_of(schedule),
        who=looker.name(email),
        look=looker.look(email),
        initials=initials(looker.name(email)) if email else "–",
        clock=_clock(person, reader),
        until=reader.moment(until) if until else None,
        following=looker.name(on_call(schedule, until)) if until else "",
        gap=is_gap(schedule, reader.now),
        stands_in=any(one.starts <= reader.now < one.ends for one in schedule.overrides),
        marks=_marks(person, schedule, directory, reader) if person else [],
        phone=_phone(person) if person and with_numbers else "",
        person=person.id if person else 0,
        lacks=[lack_of(one.kind, one.what, reader) for one in known.lacking.get(email or "", ())],
        proofs=_proofs(known.proofs.get(person.id, ()) if person else (), reader),
        reminded=reader.moment(known.reminded[person.id]) if person and person.id in known.reminded else None,
    )


def readiness(looker: Looker) -> Readiness:
    """Of those who are on call now."""
    duty = {on_call(one, looker.reader.now) for one in looker.directory.schedules.values()}
    ids = [one.id for one in looker.directory.people.values() if one.email in duty]
    return queries.readiness(ids, looker.directory, looker.reader.now)


def _proofs(found: Sequence[Proof], reader: Reader) -> list[str]:
    """The newest first: push 02:58, phone call test 20 Nov."""
    said = {"delivered": "%(way)s %(time)s", "sent": "%(way)s sent %(time)s", "test": "%(way)s test %(time)s"}
    return [reader.say(said[one.how], way=reader.say(WAYS[one.way]), time=reader.moment(one.at).short) for one in found]


def _clock(person: Person | None, reader: Reader) -> str:
    if person is None or person.timezone == reader.zone.key:
        return ""
    theirs = reader.now.astimezone(zone_of(person.timezone))
    same = theirs.utcoffset() == reader.now.astimezone(reader.zone).utcoffset()
    return "" if same else f"{theirs:%H:%M}"


def _marks(person: Person, schedule: Schedule, directory: Directory, reader: Reader) -> list[Mark]:
    """By which ways there is a verified contact; a team's key calls who has none of their own."""
    has = {contact.channel for contact in person.contacts if contact.verified}
    team = directory.teams.get(schedule.team)
    has |= {one.channel for one in team.contacts if one.channel == "pagerduty"} if team else set()
    ways = (Way.VOICE, Way.PUSH, Way.SMS, Way.EMAIL)
    return [Mark(reader.say(WAYS[way]), any(one in has for one in CHANNELS_OF_WAY[way])) for way in ways]


def _phone(person: Person) -> str:
    return next((one.address for one in person.contacts if one.channel == "sms"), "")


@dataclass(frozen=True, slots=True)
class Gap:
    schedule: str
    url: str
    when: str
    lasts: str


def holes(schedules: list[Schedule], reader: Reader) -> list[Gap]:
    """Of four weeks, what comes first before."""
    now = reader.now
    found = [(begin, end, one) for one in schedules for begin, end in gaps(one, now, now + AHEAD)]
    found.sort(key=lambda gap: gap[0])
    return [
        Gap(one.name, url_of(one), when(begin, end, zone_of(one.timezone), reader), reader.duration(end - begin))
        for begin, end, one in found[:MOST]
    ]


@dataclass(frozen=True, slots=True)
class Share:
    name: str
    hours: str
    nights: int
    weekends: int
    width: str  # of the hours beside those of whoever has most


def fairness(schedules: list[Schedule], looker: Looker) -> list[Share]:
    now, people = looker.reader.now, looker.directory.people
    counted = loads(schedules, now - BACK, now, {one.email: one.timezone for one in people.values()})
    most = max((load.hours for load in counted.values()), default=0) or 1
    ordered = sorted(counted.items(), key=lambda one: -one[1].hours)
    return [
        Share(
            looker.name(email), grouped(load.hours), len(load.nights), len(load.weekends),
            f"{100 * load.hours / most:.1f}%",
        )
        for email, load in ordered
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rung:
    after: str
    at: Moment
    lines: list[str]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a ladder would do with an emergency that nobody answers. Nothing is sent."""

    policy: str
    policies: list[str]
    rungs: list[Rung]


def dry_run(wanted: str, looker: Looker) -> DryRun | None:
    routes = {one.route.policy: one.route for one in reversed(world().shelf.book.routes) if _is_emergency(one.route)}
    policies = sorted(routes)
    if not policies:
        return None
    first = next(one.route.policy for one in world().shelf.book.routes if _is_emergency(one.route))
    policy = wanted if wanted in routes else first
    return DryRun(policy, policies, _rungs(routes[policy], looker))


def _is_emergency(route: Route) -> bool:
    return route.urgency is Urgency.EMERGENCY and bool(route.steps)


def _rungs(route: Route, looker: Looker) -> list[Rung]:
    reader, found, after = looker.reader, list[Rung](), timedelta()
    names = {person.email: person.name for person in looker.directory.people.values()}
    for step in route.steps:
        at = reader.now.astimezone(UTC) + after
        told = audience(step, route, looker.directory, at)
        not_told = [{"who": one.who, "reason": one.reason} for one in told.not_told]
        lines = told_lines([_as_data(one) for one in told.told], not_told, reader.say, names, reader.duration)
        begins = f"+{reader.duration(after)}" if after else reader.say("at once")
        found.append(Rung(begins, reader.moment(at), lines or [reader.say("nobody would be told")]))
        after += step.wait
    return found


def _as_data(notice: Notice) -> dict[str, object]:
    """By which way, as people call it; by which provider is no matter here."""
    return {
        "who": notice.who, "name": notice.name, "way": WAYS[notice.way],
        "after_s": int(notice.after.total_seconds()), "held": notice.held,
    }  # fmt: skip


def pageable(directory: Directory) -> list[tuple[str, str]]:
    """Who can be on call: everybody but viewers."""
    found = [(one.email, one.name) for one in directory.people.values() if one.role is not Role.VIEWER]
    return sorted(found, key=lambda one: one[1].casefold())


def local_text(moment: datetime, reader: Reader) -> str:
    """As a form's field for a time has it."""
    return f"{moment.astimezone(reader.zone):%Y-%m-%dT%H:%M}"


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("%(way)s %(time)s"), _("%(way)s sent %(time)s"), _("%(way)s test %(time)s")
