"""Cards of the incident page, every word ready: what happens, its alerts, its details."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reader import Moment, Reader
from gateway.store.incidents.routes import route_of
from gateway.store.tables import AlertRow, Delivery, Incident, Source
from rules.checks.services import RUNBOOKS
from rules.texts.text import cut, one_line, safe_url

SHOWN_ROUNDS = 5  # steps told lately; an emergency may have had hundreds
SHOWN_LABELS = 6
NEWS = ("news", "again")  # parts of messages that only tell of an answer
GRAPHS = ("dashboard_url", "panel_url", "grafana_url")
SUMMARIES = ("summary", "description", "message")


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
class AlertLine:
    id: int
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
    return AlertLine(alert.id, alert.firing, alert.title, cut(one_line(" ".join(own)), 200), first, last, alert.seen)


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
