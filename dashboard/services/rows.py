"""Services as their templates draw them: every word ready, no decision left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from dashboard import words
from dashboard.glance import Count
from dashboard.incident.cards import RUNBOOKS
from dashboard.reader import Moment, Reader
from dashboard.reports.say import Say
from dashboard.rulebook.policies import told_first
from dashboard.rulebook.rows import policy_url
from dashboard.service_address import service_url
from dashboard.services import queries
from dashboard.services.queries import Brief
from dashboard.words import Badge
from gateway.store import stats
from gateway.store.service_days import Day
from rules.book import RuleBook
from rules.route_keys import Rule
from rules.services import LABEL
from rules.text import safe_url
from rules.whose import team_of
from rules.words import Directory, Silence, Suppressor, Urgency

DAYS = 30
BAR, STEP, HEIGHT = 5, 6, 28


@dataclass(frozen=True, slots=True)
class Bar:
    look: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Incidents of each of the last days, by class; `words` says the same."""

    bars: tuple[Bar, ...]
    words: str
    total: int
    width: int = DAYS * STEP
    height: int = HEIGHT


def bars(found: Iterable[Day], today: int, reader: Reader) -> Bars:
    by_day: dict[int, list[int]] = {}
    for one in found:
        if one.day > today - DAYS:
            by_day.setdefault(one.day, [0, 0, 0, 0])[one.urgency] += one.incidents
    most = max((sum(counts) for counts in by_day.values()), default=1)
    drawn = []
    for day, counts in by_day.items():
        y = float(HEIGHT)
        for rank in range(3, -1, -1):
            high = round(max(counts[rank] * HEIGHT / most, 1.5), 1) if counts[rank] else 0
            y = max(0.0, round(y - high, 1))
            drawn += [Bar(rank + 1, (day - today + DAYS - 1) * STEP, y, high)] if high else []
    total = sum(map(sum, by_day.values()))
    said = reader.count("%(n)s incident in 30 days", "%(n)s incidents in 30 days", total)
    if total:
        worst = max(by_day, key=lambda day: (sum(by_day[day]), day))
        at = Say(reader).day(stats.date_of(worst))
        said += reader.say("; most on %(day)s: %(n)s", day=at, n=sum(by_day[worst]))
    return Bars(tuple(drawn), said, total)


@dataclass(frozen=True, slots=True)
class Way:
    """How an incident of one class is told: by which rule."""

    urgency: Urgency
    rule: Rule


def ways(found: Sequence[Day], newest: Mapping[int, Brief], named: Rule | None, book: RuleBook) -> list[Way]:
    """The most urgent first: by the rule that its newest incident of each class met, or that names it."""
    known = {rule.name: rule for rule in book.routes}
    by_rank: dict[int, Rule] = {}
    for one in found:
        brief = newest.get(one.newest[0]) if one.newest else None
        rule = known.get(brief.rule) if brief else None
        if rule is not None:
            by_rank.setdefault(rule.route.urgency.rank, rule)
    if named is not None:
        by_rank.setdefault(named.route.urgency.rank, named)
    return [Way(tuple(Urgency)[rank], by_rank[rank]) for rank in sorted(by_rank)]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    url: str
    open: tuple[tuple[Badge, str, str], ...]  # class, how many, where
    total: int
    bars: Bars
    team: str
    policy: str
    policy_url: str
    runbook: str
    known: bool  # whether any alert of it is, which could have a runbook
    duty: str
    named: bool  # by the rule book


@dataclass(frozen=True, slots=True)
class Around:
    """What all rows of one page are made from."""

    book: RuleBook
    directory: Directory
    named: Mapping[str, Rule | None]
    today: int


class Table:
    """The rows of one page, all asked for together."""

    def __init__(self, names: Sequence[str], around: Around, reader: Reader) -> None:
        self.names, self.around, self.reader = names, around, reader
        self.days: dict[str, list[Day]] = {name: [] for name in names}
        for one in queries.days(names):
            self.days[one.service].append(one)
        first = {one.newest[0] for found in self.days.values() for one in found if one.newest}
        self.briefs = queries.incidents(first)
        self.last = {name: latest(found) for name, found in self.days.items()}
        self.said = queries.said(number for number in self.last.values() if number)
        self._told: dict[str, str] = {}

    def rows(self, open_now: Mapping[str, Sequence[int]]) -> list[Row]:
        return [self._row(name, open_now.get(name, ())) for name in self.names]

    def _row(self, name: str, counts: Sequence[int]) -> Row:
        around, found, last = self.around, self.days[name], self.briefs.get(self.last[name])
        mine = ways(found, self.briefs, around.named.get(name), around.book)
        rule = mine[0].rule if mine else None
        policy = rule.route.policy if rule else last.policy if last else ""
        said = self.said.get(self.last[name])
        return Row(
            name=name,
            url=service_url(name),
            open=open_badges(name, counts, self.reader),
            total=sum(counts),
            bars=bars(found, around.today, self.reader),
            team=(team_of(rule.route, around.directory) if rule else "") or (last.team if last else ""),
            policy=policy,
            policy_url=policy_url(policy) if policy in around.book.policies else "",
            runbook=runbook(said or {}),
            known=said is not None,
            duty=self._duty(policy),
            named=name in around.named,
        )

    def _duty(self, policy: str) -> str:
        one = self.around.book.policies.get(policy)
        if one is None:
            return ""
        if policy not in self._told:
            self._told[policy] = told_first(one, self.around.book, self.around.directory, self.reader.now)
        return self._told[policy]


def open_badges(name: str, counts: Sequence[int], reader: Reader) -> tuple[tuple[Badge, str, str], ...]:
    return tuple(
        (words.urgency(rank, reader), str(Count(count)), incidents_url(name, urgency=one.value))
        for rank, (count, one) in enumerate(zip(counts, Urgency, strict=False))
        if count
    )


def incidents_url(name: str, **more: str) -> str:
    return f"/incidents?{urlencode({**more, 'service': name})}"


def latest(found: Iterable[Day]) -> int:
    return max((one.newest[0] for one in found if one.newest), default=0)


def runbook(said: Mapping[str, object]) -> str:
    return next((url for name in RUNBOOKS if (url := safe_url(str(said.get(name, ""))))), "")


@dataclass(frozen=True, slots=True)
class Line:
    """One of its incidents."""

    number: int
    title: str
    urgency: Badge
    status: Badge
    at: Moment
    lasted: str


def lines(found: Iterable[Brief], reader: Reader) -> list[Line]:
    return [
        Line(
            one.id, one.title, words.urgency(one.urgency, reader),
            words.status(one.status, reader, snoozed=one.snoozed, hidden=one.hidden), reader.moment(one.opened_at),
            reader.duration((one.resolved_at or reader.now) - one.opened_at),
        )
        for one in found
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quiet:
    """A silence or a window that keeps alerts of it quiet, now or later."""

    kind: str
    url: str
    matchers: tuple[str, ...]
    reason: str
    author: str
    starts: Moment
    ends: Moment
    now: bool


def quiet(silences: Iterable[Silence], name: str, samples: Sequence[Mapping[str, str]], reader: Reader) -> list[Quiet]:
    return [_quiet(one, reader) for one in silences if one.spans and touches(one, name, samples)]


def touches(silence: Silence, name: str, samples: Sequence[Mapping[str, str]]) -> bool:
    """It names the service, or alerts of it as they came lately would be hidden."""
    mine = {LABEL: name}
    if any(matcher.matches(mine) and not matcher.matches({}) and names(matcher) for matcher in silence.match):
        return not any(names(matcher) and not matcher.matches(mine) for matcher in silence.match)
    return any(all(matcher.matches({**labels, **mine}) for matcher in silence.match) for labels in samples)


def names(matcher: object) -> bool:
    return getattr(matcher, "label", "") == LABEL


def _quiet(one: Silence, reader: Reader) -> Quiet:
    starts, ends = one.spans[0]
    page = "silences" if one.kind is Suppressor.SILENCE else "maintenance"
    return Quiet(
        kind=one.kind.value,
        url=f"/{page}/{one.id}",
        matchers=tuple(getattr(matcher, "text", "") for matcher in one.match),
        reason=one.reason,
        author=one.author,
        starts=reader.moment(starts),
        ends=reader.moment(ends),
        now=starts <= reader.now < ends,
    )
