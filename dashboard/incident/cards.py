"""The cards of the incident page, every word ready: clocks, what happens, who was told, why, alerts, details."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import rows, words
from dashboard.reader import Moment, Reader
from dashboard.words import Told
from gateway.store.routes import route_of
from gateway.store.tables import AlertRow, Delivery, Incident, Source
from rules.audience import audience
from rules.lifecycle import step_at
from rules.text import cut, one_line, safe_url
from rules.words import Directory, Route, Status

SHOWN_ROUNDS = 5  # steps told lately; an emergency may have had hundreds
SHOWN_LABELS = 6
NEWS = ("news", "again")  # parts of messages that only tell of an answer
RUNBOOKS = ("runbook_url", "runbook")
GRAPHS = ("dashboard_url", "panel_url", "grafana_url")
SUMMARIES = ("summary", "description", "message")


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the four figures under the title; `since` or `until` make it tick."""

    name: str
    value: str
    bad: bool = False
    since: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class Hero:
    clocks: list[Clock]
    overdue: str
    started: Moment
    source: str
    alerts: str
    firing: str
    assignee: str


def hero(found: Incident, source: str, firing: int, directory: Directory, reader: Reader) -> Hero:
    late = found.status == Status.TRIGGERED and not found.snoozed_until and reader.now > found.ack_due_at
    mine = (person.name or person.email for person in directory.people.values() if person.id == found.assignee_id)
    return Hero(
        clocks=_clocks(found, directory, reader),
        overdue=reader.duration(reader.now - found.ack_due_at, exact=True) if late else "",
        started=reader.moment(found.started_at),
        source=source,
        alerts=reader.count("%(n)s alert", "%(n)s alerts", found.alert_count),
        firing=reader.say("%(n)s firing now", n=firing) if firing else "",
        assignee=next(mine, "") if found.assignee_id else "",
    )


def _clocks(found: Incident, directory: Directory, reader: Reader) -> list[Clock]:
    _, target = reader.say, reader.duration(found.ack_due_at - found.opened_at)
    goal = Clock(_("Target"), target)
    if found.status == Status.RESOLVED and found.resolved_at:
        by = found.resolved_by if found.resolve_kind == "person" and found.resolved_by else _("by itself")
        whole = reader.duration(found.resolved_at - found.opened_at, exact=True)
        acked = _acknowledged(found, reader) if found.ack_at else Clock(_("Acknowledged"), _("by nobody"))
        return [Clock(_("Lasted"), whole), acked, goal, Clock(_("Resolved by"), by)]
    if found.status == Status.ACKNOWLEDGED:
        running = _running(_("Open for"), found.opened_at, reader)
        goal = _waking(found.snoozed_until, reader) if found.snoozed_until else goal
        return [running, _acknowledged(found, reader), goal, Clock(_("Acknowledged by"), found.ack_by or "?")]
    late = not found.snoozed_until and reader.now > found.ack_due_at
    waiting = _running(_("Unacknowledged for"), found.opened_at, reader, bad=late)
    if found.next_at is None:
        return [waiting, goal, Clock(_("Next step in"), "–"), Clock(_("Who is next"), _("nobody"), bad=True)]
    at = reader.moment(found.next_at)
    coming = _coming(found, route_of(found.route), directory, reader)
    who = coming[0].who if coming else rows.next_names(found, directory, reader)
    then = Clock(_("Next step in"), at.left, until=at.ms)
    then = _waking(found.snoozed_until, reader) if found.snoozed_until else then
    return [waiting, goal, then, Clock(_("Who is next"), who)]


def _waking(until: datetime, reader: Reader) -> Clock:
    at = reader.moment(until)
    return Clock(reader.say("Snoozed for"), at.left, until=at.ms)


def _acknowledged(found: Incident, reader: Reader) -> Clock:
    at = found.ack_at or found.opened_at
    return Clock(
        reader.say("Acknowledged after"), reader.duration(at - found.opened_at, exact=True), at > found.ack_due_at
    )


def _running(name: str, since: datetime, reader: Reader, *, bad: bool = False) -> Clock:
    at = reader.moment(since)
    return Clock(name, reader.duration(reader.now - since, exact=True), bad, since=at.ms)


@dataclass(frozen=True, slots=True)
class What:
    texts: list[str]
    labels: list[tuple[str, str]]
    more_labels: list[tuple[str, str]]
    runbook: str
    graph: str
    page: str


def what(alerts: Sequence[AlertRow]) -> What:
    """What its first alert says, and the labels that all of them share."""
    if not alerts:
        return What([], [], [], "", "", "")
    first = min(alerts, key=lambda alert: alert.id)
    said = [one_text for name in SUMMARIES if (one_text := str(first.annotations.get(name, "")).strip())]
    texts = [text for text in dict.fromkeys(said) if text != first.title]
    labels = sorted(_shared(alerts).items())
    return What(
        texts=texts,
        labels=labels[:SHOWN_LABELS],
        more_labels=labels[SHOWN_LABELS:],
        runbook=_link(first, RUNBOOKS),
        graph=_link(first, GRAPHS),
        page=safe_url(first.url),
    )


def _link(alert: AlertRow, names: Sequence[str]) -> str:
    """An annotation of the sender's, or a label: one of the rule book's tables may have added it."""
    said = {**alert.labels, **alert.annotations}
    return next((url for name in names if (url := safe_url(str(said.get(name, ""))))), "")


def _shared(alerts: Sequence[AlertRow]) -> dict[str, str]:
    shared = {name: str(value) for name, value in alerts[0].labels.items()}
    for alert in alerts[1:]:
        shared = {name: value for name, value in shared.items() if str(alert.labels.get(name)) == value}
    return shared


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    state: str  # done, now, or nothing yet
    who: str
    told: list[Told]
    several: bool = False  # people, so that each line names one
    at: Moment | None = None
    later: str = ""


@dataclass(frozen=True, slots=True)
class Ladder:
    steps: list[Step]
    earlier: str
    news: list[Told]


def ladder(found: Incident, sent: Sequence[Delivery], directory: Directory, reader: Reader) -> Ladder:
    """The steps told, each with how it went, and the steps to come."""
    route = route_of(found.route)
    first = max(1, found.level - SHOWN_ROUNDS + 1)
    pages = [one for one in sent if one.part not in NEWS]
    told = [_told_step(found, level, pages, directory, reader) for level in range(first, found.level + 1)]
    news = [words.told(one, reader) for one in sent if one.part in NEWS]
    earlier = reader.count("%(n)s earlier step", "%(n)s earlier steps", first - 1) if first > 1 else ""
    return Ladder(told + _coming(found, route, directory, reader), earlier, news)


def _told_step(found: Incident, level: int, pages: Sequence[Delivery], directory: Directory, reader: Reader) -> Step:
    mine = [one for one in pages if one.level == level]
    names = list(dict.fromkeys(one.name for one in mine))
    step = step_at(route_of(found.route), level)
    policy = ", ".join(rows.target_name(one, directory, reader) for one in step.notify)
    state = "now" if level == found.level and found.status == Status.TRIGGERED else "done"
    return Step(level, state, ", ".join(names) or policy, [words.told(one, reader) for one in mine], len(names) > 1)


def _coming(found: Incident, route: Route, directory: Directory, reader: Reader) -> list[Step]:
    if found.status != Status.TRIGGERED or found.next_at is None or not route.steps:
        return []
    coming = []
    at = found.next_at
    for level in range(found.level + 1, max(found.level + 1, len(route.steps)) + 1):
        step = step_at(route, level)
        found_now = audience(step, route, directory, at)
        names = list(dict.fromkeys(notice.name for notice in found_now.notices))
        ways = list(dict.fromkeys(reader.say(words.WAYS[notice.way]) for notice in found_now.notices))
        policy = ", ".join(rows.target_name(one, directory, reader) for one in step.notify)
        coming.append(Step(level, "", ", ".join(names) or policy, [], at=reader.moment(at), later=", ".join(ways)))
        at += step.wait
    return coming


@dataclass(frozen=True, slots=True)
class Why:
    rule: str
    conditions: tuple[str, ...]
    policy: str
    ways: str
    fallback: str


def why(found: Incident, reader: Reader) -> Why:
    route = route_of(found.route)
    ways = ", ".join(reader.say(words.WAYS[way]) for way in route.channels)
    fallback = ", ".join(reader.say(words.WAYS[way]) for way in route.fallback)
    return Why(route.rule, route.match, route.policy, ways, fallback)


@dataclass(frozen=True, slots=True)
class AlertLine:
    firing: bool
    title: str
    differs: str
    first: Moment
    last: Moment
    seen: int


def alerts_card(alerts: Sequence[AlertRow], reader: Reader) -> list[AlertLine]:
    shared = _shared(alerts) if alerts else {}
    return [_alert_line(alert, shared, reader) for alert in alerts]


def _alert_line(alert: AlertRow, shared: dict[str, str], reader: Reader) -> AlertLine:
    own = [f"{name}={value}" for name, value in sorted(alert.labels.items()) if name not in shared]
    first, last = reader.moment(alert.first_seen_at), reader.moment(alert.last_seen_at)
    return AlertLine(alert.firing, alert.title, cut(one_line(" ".join(own)), 200), first, last, alert.seen)


def details(found: Incident, source: Source, sent: Sequence[Delivery], reader: Reader) -> list[tuple[str, str, bool]]:
    """Name, value, and whether the value is for machines."""
    _ = reader.say
    calls = [one for one in sent if one.channel == "pagerduty" and one.status in ("sent", "delivered")]
    rules = route_of(found.route)
    known = [
        (_("Source"), f"{source.name} · {source.kind}", False),
        (_("Opened"), reader.moment(found.opened_at).full, False),
        (_("Rule"), found.rule, False),
        (_("Policy"), found.policy, False),
        (_("Rule book"), rules.book_version[:12], True),
        (_("Grouped by"), ", ".join(rules.group_by), True),
        (_("PagerDuty"), f"nabat-{found.uuid}" if calls else "", True),
        (_("Cut off by the sender"), str(found.truncated or ""), False),
    ]
    return [(name, value, machine) for name, value, machine in known if value]
