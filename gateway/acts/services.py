"""Services put together: what each does, whose it is, who is told of it and how; the same for pages and programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.acts.service_address import name_of
from gateway.store.figures import service_days, services, stats
from gateway.store.figures.service_days import Day
from gateway.store.figures.services import Brief
from gateway.world import world
from rules.book import RuleBook
from rules.checks.policies import told_first
from rules.checks.services import Place, Wanted, Way, named, runbook, touches, ways
from rules.duty.whose import team_of
from rules.reading.route_keys import Rule
from rules.reports.noise import Noise
from rules.texts.text import clean_text
from rules.times.walltime import zone_of
from rules.words import Directory, Notice, Silence

DAYS = 30
NONE = (0, 0, 0, 0)  # open of each class
TRIED, PORTION = 1_000, 50  # services looked through for those of a team, for one page
NOISY, PAST = 8, 12
LATELY = 5  # of the days on which something of a class began, so many are asked by which rule


@dataclass(frozen=True, slots=True)
class Around:
    """What all services of one answer are put together from."""

    book: RuleBook
    directory: Directory
    named: Mapping[str, Rule | None]
    rules: Mapping[str, Rule]
    now: datetime
    told: dict[str, list[Notice]] = field(default_factory=dict)  # by policy, as far as it was asked

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.book.timezone)

    @property
    def today(self) -> int:
        return stats.day_number(self.now.astimezone(self.zone).date())

    def first(self, policy: str) -> list[Notice]:
        if policy not in self.told:
            one = self.book.policies.get(policy)
            self.told[policy] = [] if one is None else told_first(one, self.book, self.directory, self.now)
        return self.told[policy]


def around(session: Session, now: datetime) -> Around:
    book = world().shelf.book
    rules = {rule.name: rule for rule in book.routes}
    return Around(book, world().roll.current(session), named(book), rules, now)


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    open: tuple[int, ...]  # of each class, as far as that is counted
    days: tuple[Day, ...]  # of the last 30 those that had any
    ways: tuple[Way, ...]
    team: str
    policy: str
    in_book: bool  # the policy
    told_first: tuple[Notice, ...]
    runbook: str
    known: bool  # whether any alert of it is, which could have a runbook
    named: bool  # by the rule book

    @property
    def incidents(self) -> int:
        return sum(one.incidents for one in self.days)


@dataclass(frozen=True, slots=True)
class Listing:
    services: list[Service]
    next: Place | None  # where the next page begins
    all: int
    tried: int  # so many were looked through, and there are more
    counted: datetime | None


def listing(session: Session, wanted: Wanted, limit: int, here: Around) -> Listing:
    open_now = services.open_now(session)
    seen = {one.name: one.incidents for one in service_days.names(session)}
    names = {*seen, *open_now, *here.named}
    places = {name: wanted.place(name, open_now.get(name, ()), seen.get(name, 0)) for name in names}
    fitting = (name for name in names if wanted.fits(name, open_now.get(name, NONE)))
    shown = sorted(fitting, key=lambda name: places[name])
    if wanted.after:
        shown = [name for name in shown if places[name] > wanted.after]
    page, last = _page(session, shown, wanted.team, limit, here)
    rows = _put_together(session, page, open_now, here)
    tried = TRIED if last and len(page) < limit else 0
    return Listing(rows, places[last] if last else None, len(names), tried, services.counted_at(session))


def _page(session: Session, shown: Sequence[str], team: str, limit: int, here: Around) -> tuple[list[str], str]:
    """The names of one page, and the last that was looked at if there are more."""
    if not team:
        return list(shown[:limit]), shown[limit - 1] if len(shown) > limit else ""
    page: list[str] = []  # whose a service is takes longer to say: a portion at a time
    for begin in range(0, min(len(shown), TRIED), PORTION):
        for one in _put_together(session, shown[begin : min(begin + PORTION, TRIED)], {}, here):
            if one.team == team:
                page.append(one.name)
            if len(page) == limit:
                return page, one.name if one.name != shown[-1] else ""
    return page, shown[TRIED - 1] if len(shown) > TRIED else ""


def _put_together(
    session: Session, names: Sequence[str], open_now: Mapping[str, Sequence[int]], here: Around
) -> list[Service]:
    """All of them asked for together."""
    days: dict[str, list[Day]] = {name: [] for name in names}
    for one in service_days.days(session, names):
        days[one.service].append(one)
    briefs = services.incidents(session, (number for found in days.values() for number in _lately(found)))
    last = {name: max((one.newest[0] for one in found if one.newest), default=0) for name, found in days.items()}
    said = services.said(session, (number for number in last.values() if number))
    return [_service(name, open_now.get(name, NONE), days[name], briefs, said.get(last[name]), here) for name in names]


def _lately(days: Iterable[Day]) -> list[int]:
    """The newest incident of each class and of each of the last days that had one, the newest first."""
    found: dict[int, list[int]] = {}
    for one in days:
        if one.newest and len(numbers := found.setdefault(one.urgency, [])) < LATELY:
            numbers.append(one.newest[0])
    return sorted((number for numbers in found.values() for number in numbers), reverse=True)


def _service(
    name: str,
    counts: Sequence[int],
    days: Sequence[Day],
    briefs: Mapping[int, Brief],
    said: Mapping[str, object] | None,
    here: Around,
) -> Service:
    mine = [briefs[number] for number in _lately(days) if number in briefs]
    how = ways((one.rule for one in mine), here.named.get(name), here.rules)
    route, last = how[0].rule.route if how else None, mine[0] if mine else None
    policy = route.policy if route else last.policy if last else ""
    return Service(
        name=name,
        open=tuple(counts),
        days=tuple(one for one in days if one.day > here.today - DAYS),
        ways=how,
        team=(team_of(route, here.directory) if route else "") or (last.team if last else ""),
        policy=policy,
        in_book=policy in here.book.policies,
        told_first=tuple(here.first(policy)),
        runbook=runbook(said or {}),
        known=said is not None,
        named=name in here.named,
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """One service with what it is doing, what it did, what keeps it quiet and what makes noise there."""

    service: Service
    since: datetime | None  # the oldest that is open
    open: list[Brief]
    past: list[Brief]
    quiet: list[Silence]
    noisy: list[Noise]
    noisy_since: date


def whole(session: Session, key: str, here: Around) -> Whole | None:
    """By its name, or by what an address has instead of an odd one."""
    name = name_of(key)
    if not name or clean_text(name) != name:  # no sender's name is like that: they are cleaned at the door
        return None
    counts, oldest = services.open_of(session, name)
    days = service_days.days(session, [name])
    if not days and not any(counts) and name not in here.named:
        return None
    (service,) = _put_together(session, [name], {name: counts}, here)
    open_, past = services.open_incidents(session, name), _past(session, days)
    numbers = [one.id for one in (*open_, *past)]
    samples = services.samples(session, numbers[: services.SHOWN])
    noisy, scope = services.noisiest(session, name, here.zone, here.now)
    quiet = [one for one in here.directory.silences if one.spans and touches(one, name, samples)]
    return Whole(service, oldest, open_, past, quiet, noisy[:NOISY], scope.start)


def _past(session: Session, days: Iterable[Day]) -> list[Brief]:
    """The newest that are over."""
    numbers = sorted((number for one in days for number in one.newest), reverse=True)[: 2 * services.SHOWN]
    found = services.incidents(session, numbers)
    over = [found[number] for number in numbers if number in found and found[number].status == "resolved"]
    return over[:PAST]
