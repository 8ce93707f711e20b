"""Services as their templates draw them: every word ready, no decision left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from dashboard import words
from dashboard.glance import Count
from dashboard.reader import Moment, Reader
from dashboard.reports.say import Say
from dashboard.rulebook.rows import names, policy_url
from dashboard.words import Badge
from gateway.acts.service_address import service_url
from gateway.acts.services import DAYS, Service
from gateway.store.figures import stats
from gateway.store.figures.service_days import Day
from gateway.store.figures.services import Brief
from rules.words import Silence, Suppressor, Urgency

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
    known: bool
    duty: str
    named: bool


def row(one: Service, today: int, reader: Reader) -> Row:
    return Row(
        name=one.name,
        url=service_url(one.name),
        open=open_badges(one.name, one.open, reader),
        total=sum(one.open),
        bars=bars(one.days, today, reader),
        team=one.team,
        policy=one.policy,
        policy_url=policy_url(one.policy) if one.in_book else "",
        runbook=one.runbook,
        known=one.known,
        duty=names(one.told_first),
        named=one.named,
    )


def open_badges(name: str, counts: Sequence[int], reader: Reader) -> tuple[tuple[Badge, str, str], ...]:
    return tuple(
        (words.urgency(rank, reader), str(Count(count)), incidents_url(name, urgency=one.value))
        for rank, (count, one) in enumerate(zip(counts, Urgency, strict=False))
        if count
    )


def incidents_url(name: str, **more: str) -> str:
    return f"/incidents?{urlencode({**more, 'service': name})}"


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


def quiet(one: Silence, reader: Reader) -> Quiet:
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
