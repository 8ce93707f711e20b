"""Prometheus Alertmanager's webhook, version 4 and its older relatives. One alert after the other, never the group.

Times: only the sender's own times decide about episodes. A firing alert without a usable startsAt gets the time of
receipt and `clock_suspect`, by which intake knows a repeat; endsAt counts only for a resolved one.
What Prometheus posts to /api/v2/alerts comes as {"posted": […]}: a list without states, each with its endsAt.
Severity: the label's word; of a word nobody knows the source's default (error), of none at all warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.sources import LONGEST_FINGERPRINT, MOST_TRUNCATED, BadPayload, Heard, Parsed, read_time, told
from rules.identity import fingerprint
from rules.said import Said
from rules.senders.fields import LONGEST_TEXT, LONGEST_TITLE, MARK, MOST_LABELS, as_text, excerpt, texts, title_of
from rules.texts.text import clean_text, cut_bytes, safe_url
from rules.words import Alert, Kind, Quarantined, Severity

KIND_LABEL = "Prometheus Alertmanager"
SHORT = 4096  # characters: if all texts of an alert are no longer together, none of them needs to be cut
VERSIONS = ("3", "4")
RESOLVED = ("resolved", "ok", "inactive")
SEVERITIES = {
    word: severity
    for severity, words in {
        Severity.CRITICAL: "critical crit page disaster fatal emergency",
        Severity.ERROR: "error err high major",
        Severity.WARNING: "warning warn minor",
        Severity.INFO: "info informational information notice debug none low",
    }.items()
    for word in words.split()
}


def parse(body: Any, heard: Heard) -> Parsed:
    if isinstance(body, list):
        raise BadPayload(
            "a list is what /api/v2/alerts takes, as Alertmanager's own does; /ingest/alertmanager takes its webhook: "
            "point webhook_configs at it, not Prometheus"
        )
    if not isinstance(body, dict):
        raise BadPayload("must be an object with a list of alerts")
    if "posted" in body and "alerts" not in body:
        return parse({"alerts": _posted(body["posted"], heard.now)}, heard)
    items = body.get("alerts")
    if not isinstance(items, list):
        raise BadPayload("must be a list" if "alerts" in body else "is missing", "alerts")
    parsed = Parsed([], truncated=_count(body.get("truncatedAlerts")))
    if as_text(body.get("version", "4")) not in VERSIONS:
        parsed.notes.append(f"version {excerpt(body['version'])} is not known")
    reader = _Reader(heard, body, parsed)
    for place, item in enumerate(items):
        try:
            parsed.alerts.append(reader.alert(item, place))
        except BadPayload as problem:
            parsed.quarantined.append(Quarantined(f"alerts[{place}]{problem.place}", problem.reason, excerpt(item)))
    return parsed


def _posted(items: Any, now: datetime) -> list[Any]:
    """As at Alertmanager's own API, where Prometheus says until when an alert fires: it is over if that has passed."""
    if not isinstance(items, list):
        raise BadPayload("must be a list of alerts")

    def stated(item: dict[str, Any]) -> dict[str, Any]:
        over = read_time(item.get("endsAt"), now, timedelta()) is not None
        return {**item, "status": "resolved" if over else "firing"}

    return [stated(one) if isinstance(one, dict) else one for one in items]


@dataclass(frozen=True, slots=True)
class Only:
    """The one alert of another kind of body, in its sender's own values: they are cleaned and cut as Alertmanager's."""

    firing: bool
    identity: str  # by which its end finds it; empty: by its labels
    title: str
    labels: Mapping[str, Any]  # an empty one is none
    texts: Mapping[str, Any] = field(default_factory=dict)
    url: object = None
    starts_at: datetime | None = None  # of the episode that it is about; None: it ends what fires
    ends_at: datetime | None = None


def read_one(only: Only, heard: Heard) -> Parsed:
    """Of one whose labels name no severity the source's default: whoever sends so tells of nothing that is well."""
    labels = {name: value for name, value in only.labels.items() if value not in (None, "")}
    item = {
        "status": "firing" if only.firing else "resolved",
        "labels": labels or {"alertname": only.title},
        "annotations": {"summary": only.title, **{name: text for name, text in only.texts.items() if text}},
        "generatorURL": only.url,
        "fingerprint": only.identity,
        "startsAt": only.starts_at.isoformat() if only.starts_at else None,
        "endsAt": only.ends_at.isoformat() if only.ends_at else None,
    }
    parsed = parse({"alerts": [item]}, heard)
    if not as_text(labels.get("severity")).strip():
        found = [msgspec.structs.replace(one, severity=heard.default_severity) for one in parsed.alerts]
        parsed = replace(parsed, alerts=found)
    return parsed


def read_said(identity: str, said: Said, title: str, heard: Heard) -> Parsed:
    """What somebody said of the alert that read_one() knows by this identity."""
    return Parsed([told(heard, identity if fits(identity) else _identity(identity, {}), said, title)])


def fits(identity: object) -> bool:
    return type(identity) is str and 0 < len(identity) <= LONGEST_FINGERPRINT and identity.isprintable()


def _count(value: object) -> int:
    return min(value, MOST_TRUNCATED) if type(value) is int and value > 0 else 0


class _Reader:
    """Reads the alerts of one body. The usual, clean alert takes a straight way; any other is taken apart first."""

    def __init__(self, heard: Heard, body: dict[str, Any], parsed: Parsed) -> None:
        self.heard = heard
        self.parsed = parsed
        self.status = body.get("status")
        external = as_text(body.get("externalURL"))
        self.shared = {"externalURL": external} if external and len(external) < SHORT else {}
        self.links: dict[str, str] = {}  # alerts of one group often have the same

    def alert(self, item: Any, place: int) -> Alert:
        if not isinstance(item, dict):
            raise BadPayload("is not an object")
        labels: Any = item.get("labels")
        annotations: Any = item.get("annotations")
        identity: Any = item.get("fingerprint")
        if not isinstance(labels, dict) or not labels:
            raise BadPayload("has no labels", ".labels")
        try:  # one look at all texts together: is anything in them no text, dirty, or long?
            blob = "".join((*labels, *labels.values(), *annotations, *annotations.values(), identity or ""))
            usual = len(labels) <= MOST_LABELS >= len(annotations) and len(blob) < SHORT and clean_text(blob) == blob
        except (TypeError, AttributeError):
            usual = False
        if not usual:
            labels, annotations = self._taken_apart(labels, annotations, place)
        return self._build(item, labels, {**self.shared, **annotations}, identity)

    def _taken_apart(self, labels: dict[str, Any], annotations: Any, place: int) -> tuple[dict[str, str], ...]:
        names, more_labels = texts(labels)
        words, more_words = texts(annotations)
        for what, more in (("labels", more_labels), ("annotations", more_words)):
            if more:
                self.parsed.notes.append(f"alerts[{place}]: {more} more {what} are kept in the payload only")
        return names, words

    def _build(self, item: dict[str, Any], labels: dict[str, str], annotations: dict[str, str], identity: Any) -> Alert:
        status = item.get("status")
        firing = status == "firing" or (status != "resolved" and self._fires(status))
        starts, ends, suspect = self._times(item, firing=firing)
        word = labels.get("severity")
        if not fits(identity):
            identity = _identity(identity, item["labels"])
        url = self._link(item.get("generatorURL"), annotations)
        title = annotations.get("summary")
        if not title or len(title) > LONGEST_TITLE or not title.isprintable() or title != title.strip():
            title = _title(labels, annotations)
        severity = SEVERITIES.get(word or "") or self._severity(word)
        source, kind = self.heard.source, Kind.ALERT
        return Alert(
            source, identity, firing, title, severity, starts, ends, labels, annotations, url, kind, suspect
        )  # fmt: skip

    def _link(self, given: object, annotations: dict[str, str]) -> str:
        """generatorURL if it may become a link; else it is kept as a text."""
        if type(given) is not str or not given:
            return ""
        url = self.links.get(given)
        if url is None:
            url = self.links[given] = safe_url(given) if len(given) < SHORT else ""
        if not url:
            annotations.setdefault("generatorURL", cut_bytes(clean_text(given), LONGEST_TEXT, MARK))
        return url

    def _fires(self, status: object) -> bool:
        """Unless it says resolved it fires: its own word, or the group's if it has none."""
        own = status if isinstance(status, str) and status.strip() else self.status
        return not isinstance(own, str) or own.strip().lower() not in RESOLVED

    def _times(self, item: dict[str, Any], *, firing: bool) -> tuple[datetime, datetime | None, bool]:
        """startsAt; endsAt of a resolved one, if usable (else intake takes the start); whether the clock is suspect."""
        now = self.heard.now
        starts = read_time(item.get("startsAt"), now)
        ends = None if firing else read_time(item.get("endsAt"), now)
        return (now, ends, True) if starts is None else (starts, ends, False)

    def _severity(self, word: str | None) -> Severity:
        plain = (word or "").strip().lower()
        return SEVERITIES.get(plain, self.heard.default_severity) if plain else Severity.WARNING


def _identity(given: object, labels: dict[str, Any]) -> str:
    """An identity that fits: the sender's, hashed, or made of all labels as they were sent."""
    if given in (None, "", [], {}):
        return fingerprint({clean_text(name): as_text(value) for name, value in labels.items()})
    return fingerprint({"fingerprint": as_text(given)})


def _title(labels: dict[str, str], annotations: dict[str, str]) -> str:
    """What the alert is called where it has no good summary; some senders write their names in capitals."""
    words = {name.lower(): value for name, value in annotations.items()}
    name = " ".join(labels[key] for key in ("alertname", "instance") if labels.get(key))
    rest = ", ".join(f"{key}={value}" for key, value in list(labels.items())[:5])
    return title_of(words.get("summary", ""), words.get("message", ""), words.get("title", ""), name, rest)
