"""The cards of the reports, every word ready: figures, classes, people, channels, the funnel, services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard import words
from dashboard.reports.asked import Asked
from dashboard.reports.say import Change, Say, change
from dashboard.words import Badge
from gateway.store.figures.reports import Service
from gateway.store.figures.stats import Scope
from rules.reports import figures
from rules.reports.figures import GOAL_DELIVERED, GOAL_IN_TIME, Spread
from rules.reports.report import Figures, Load

NONE = Spread()


@dataclass(frozen=True, slots=True)
class Kpi:
    key: str
    name: str
    value: str
    unit: str
    change: Change
    beside: str  # after the change
    note: str
    url: str


def kpis(now: Figures, then: Figures, asked: Asked, say: Say) -> list[Kpi]:
    return [*_speed(now, then, asked, say), *_cost(now, then, asked, say)]


def _speed(now: Figures, then: Figures, asked: Asked, say: Say) -> list[Kpi]:
    _ = say.reader.say
    ack, was = now.spreads.get(figures.ACK, NONE), then.spreads.get(figures.ACK, NONE)
    over, had = now.spreads.get(figures.RESOLVE, NONE), then.spreads.get(figures.RESOLVE, NONE)
    open_ = _("%(n)s not over yet", n=say.number(now.unresolved)) if now.unresolved else ""
    total, every = now.total, asked.incidents()
    of = _("%(n)s of %(all)s · goal %(goal)s", n=say.number(total.in_time), all=say.number(total.eligible),
           goal=f"{GOAL_IN_TIME:.0f}\u00a0%")  # fmt: skip
    more = change(say, total.incidents, then.total.incidents, unit="percent")
    before = _("was %(n)s", n=say.number(then.total.incidents)) if then.total.incidents else ""
    return [
        Kpi("incidents", _("Incidents"), say.number(total.incidents), "", more,
            before, open_, every),
        Kpi("ack", _("Time to acknowledge"), median(ack, say), _("median"),
            change(say, enough(ack), enough(was), unit="span"), "", _mean(ack, say), every),
        Kpi("in_time", _("Acknowledged in time"), say.percent(now.in_time), "",
            change(say, now.in_time, then.in_time, unit="points", less_is_better=False), "", of,
            asked.incidents(target="missed")),
        Kpi("resolve", _("Time to resolve"), median(over, say), _("median"),
            change(say, enough(over), enough(had), unit="span"), "", _mean(over, say),
            asked.incidents(status="resolved")),
    ]  # fmt: skip


def _cost(now: Figures, then: Figures, asked: Asked, say: Say) -> list[Kpi]:
    _ = say.reader.say
    total, ratio, was = now.total, now.alerts_per_incident, then.alerts_per_incident
    each, had = now.notifications_per_incident, then.notifications_per_incident
    off_before = then.total.off_pages if then.total.incidents else None
    more_pages = change(say, total.off_pages, off_before, unit="count")
    alerts = _("%(alerts)s alerts → %(incidents)s incidents", alerts=say.number(total.alerts),
               incidents=say.number(total.incidents))  # fmt: skip
    pages = _("of %(all)s · %(n)s in sleep hours", all=say.number(total.pages), n=say.number(total.sleep_pages))
    failed = _("%(n)s of %(all)s failed", n=say.number(total.failed), all=say.number(total.notifications))
    return [
        Kpi("ratio", _("Alerts per incident"), say.number(ratio, 1), ": 1",
            change(say, ratio, was, less_is_better=False), "", alerts, asked.url("noise")),
        Kpi("notifications", _("Notifications per incident"), say.number(each, 1), "",
            change(say, each, had), "", _("%(n)s sent", n=say.number(total.notifications)), "/deliveries"),
        Kpi("off_pages", _("Off-hours pages"), say.number(total.off_pages), "",
            more_pages, "", pages, asked.url("load")),
        Kpi("delivered", _("Delivered"), say.percent(now.delivered), "",
            change(say, now.delivered, then.delivered, unit="points", less_is_better=False), "", failed,
            asked.url("delivery")),
    ]  # fmt: skip


def enough(spread: Spread) -> float | None:
    return spread.p50 if spread.n >= figures.FEWEST else None


def median(spread: Spread, say: Say) -> str:
    return say.span(enough(spread))


def _mean(spread: Spread, say: Say) -> str:
    if spread.n < figures.FEWEST:
        return say.reader.say("too few to say: %(n)s", n=spread.n)
    return say.reader.say("p90 %(p90)s · mean %(mean)s", mean=say.span(spread.mean), p90=say.span(spread.p90))


@dataclass(frozen=True, slots=True)
class Klass:
    """One class, against its target."""

    badge: Badge
    target: str
    share: str
    width: float  # of a hundred
    bad: bool
    counted: str
    median: str
    url: str
    missed: str  # the list of those that were not answered in time; nothing where there are none


def classes(now: Figures, targets: Mapping[int, float], asked: Asked, say: Say) -> list[Klass]:
    found = []
    for rank in range(4):
        sums = now.by_urgency[rank]
        share = figures.share(sums.in_time, sums.eligible)
        name = list(words.BY_VALUE)[rank]
        found.append(
            Klass(
                words.urgency(rank, say.reader),
                say.span(targets.get(rank)),
                say.percent(share),
                round(share or 0, 1),
                share is not None and share < GOAL_IN_TIME,
                f"{say.number(sums.in_time)}/{say.number(sums.eligible)}",
                median(now.ack_of.get(rank, NONE), say),
                asked.incidents(urgency=name),
                asked.incidents(urgency=name, target="missed") if sums.in_time < sums.eligible else "",
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Carried:
    """What one person carried; the parts are widths of a bar."""

    name: str
    load: Load
    parts: tuple[float, float, float]
    bad: bool


def loads(now: Figures, names: Mapping[int, str], asked: Asked) -> list[Carried]:
    most = max((one.pages for one in now.loads), default=1) or 1
    norm = figures.norm_of_nights(asked.scope.days)
    return [
        Carried(
            shown_name(names.get(one.person_id, "?"), asked),
            one,
            (round(100 * one.work / most, 1), round(100 * one.off / most, 1), round(100 * one.sleep / most, 1)),
            one.nights > norm,
        )
        for one in now.loads
    ]


def shown_name(name: str, asked: Asked) -> str:
    """Initials where the page is shown to many; a guest sees no name at all."""
    if asked.nameless:
        return "…"
    return "".join(f"{word[0]}." for word in name.split()[:3]) if asked.initials else name


@dataclass(frozen=True, slots=True)
class Sent:
    """One channel."""

    icon: str
    name: str
    sent: str
    share: str
    bad: bool
    confirmed: str
    failed: str
    median: str
    p95: str


CHANNELS = {
    "pagerduty": ("phone-call", "Voice (PagerDuty)"),
    "sms": ("message-square", "SMS"),
    "ntfy": ("smartphone", "Push (ntfy)"),
    "webpush": ("smartphone", "Push (browser)"),
    "email": ("mail", "E-mail"),
}


def channels(now: Figures, say: Say) -> list[Sent]:
    found = []
    for one in now.channels:
        icon, name = CHANNELS.get(one.name, ("send", one.name))
        spread = one.latency
        p95 = spread.p95 if spread.n >= figures.FEWEST else None
        found.append(
            Sent(
                icon,
                say.reader.say(name),
                say.number(one.sent),
                say.percent(one.share),
                one.share is not None and one.share < GOAL_DELIVERED,
                say.number(one.confirmed or None),
                say.number(one.failed),
                _short(enough(spread), say),
                _short(p95, say),
            )
        )
    return found


def _short(milliseconds: float | None, say: Say) -> str:
    return say.span(None if milliseconds is None else milliseconds / 1000)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way from alerts to people, as a bar."""

    name: str
    count: str
    width: float
    beside: str


def funnel(now: Figures, scope: Scope, say: Say) -> list[Stage]:
    _ = say.reader.say
    total = now.total
    loud = max(0, total.alerts - total.hidden)
    ratio = f"{say.number(now.alerts_per_incident, 1)} : 1"
    weekly = _("%(n)s per week", n=say.number(7 * total.sleep_pages / scope.days, 1))
    per = _("1 in %(n)s", n=say.number(total.incidents / total.pages, 1)) if total.pages else ""
    hidden = f"\u2212{say.number(total.hidden)}" if total.hidden else ""
    steps = (
        (_("Alerts received"), total.alerts, ""),
        (_("Not silenced"), loud, hidden),
        (_("Incidents"), total.incidents, ratio),
        (_("Pages to people"), total.pages, per),
        (_("In sleep hours"), total.sleep_pages, weekly),
    )
    most = max(1, total.alerts)
    return [Stage(name, say.number(count), round(100 * count / most, 2), beside) for name, count, beside in steps]


@dataclass(frozen=True, slots=True)
class Served:
    """One service."""

    name: str
    incidents: str
    urgencies: tuple[str, ...]
    alerts: str
    pages: str
    share: str
    bad: bool
    url: str
    missed: str


def services(found: Sequence[Service], asked: Asked, say: Say) -> list[Served]:
    made = []
    for one in found[:200]:
        share = figures.share(one.in_time, one.eligible)
        counts = tuple(say.number(count) if count else "" for count in one.urgencies)
        made.append(
            Served(
                one.name or say.reader.say("no service"),
                say.number(one.incidents),
                counts,
                say.number(one.alerts),
                say.number(one.pages),
                say.percent(share),
                share is not None and share < GOAL_IN_TIME,
                asked.incidents(service=one.name) if one.name else "",
                asked.incidents(service=one.name, target="missed") if one.name and one.in_time < one.eligible else "",
            )
        )
    return made


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("Voice (PagerDuty)"), _("Push (ntfy)"), _("Push (browser)"), _("E-mail"), _("SMS")
