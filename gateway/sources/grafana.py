"""Grafana's webhook: unified alerting, which speaks as Alertmanager does and says more, and old alerts of dashboards.

Unified: an address that begins at Grafana's root gets the root in front; an alert without labels is named by the body.
Of dashboards: one body is one alert, known by its organisation and rule. `no_data` is a warning, `paused` and `pending`
say nothing. Titles begin with a state ("[Alerting] …", "[FIRING:2] …"), which is no part of a name: it changes.
"""

import re
from dataclasses import replace
from typing import Any

import msgspec

from gateway.sources import BadPayload, Habits, Heard, Parsed, alertmanager
from rules.senders.fields import as_text, excerpt, title_of
from rules.senders.signatures import BODY, TIME, Signing
from rules.words import Severity

KIND_LABEL = "Grafana"
TIME_HEADER = "x-grafana-alerting-signature-timestamp"  # Grafana names none by itself; its documents use this one
SIGNING = Signing(
    "x-grafana-alerting-signature", bare=(BODY,), timed=((TIME, ":", BODY),), time_header=TIME_HEADER
)  # fmt: skip
HABITS = Habits(signing=SIGNING)
RULE = ("ruleId", "ruleUrl", "ruleName", "evalMatches")  # of an alert of a dashboard
LINKS = ("dashboardURL", "panelURL", "silenceURL", "imageURL")
SILENT = ("paused", "pending")
MOST_VALUES = 20
_STATE = re.compile(r"\s*\[[^\[\]]{1,60}\]\s*")


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: the webhook of a contact point")
    if "alerts" not in body and any(name in body for name in RULE):
        return _of_dashboard(body, heard)
    if isinstance(body.get("alerts"), list):
        alerts = [_item(one, body) if isinstance(one, dict) else one for one in body["alerts"]]
        body = {**body, "version": "4", "status": body.get("status") or body.get("state"), "alerts": alerts}
    return alertmanager.parse(body, heard)


def _item(item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The alert as Alertmanager would have put it; what only Grafana says becomes annotations."""
    given = item.get("annotations")
    annotations: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    measured = "valueString" if item.get("valueString") else "values"
    for name in (*LINKS, measured):
        if item.get(name):
            annotations.setdefault(name, item[name])
    more: dict[str, Any] = {"annotations": annotations, "generatorURL": _whole(item, body)}
    if item.get("labels") in (None, {}):
        more["labels"] = {"alertname": title_of(_title(body), "Grafana")}
    return {**item, **more}


def _title(body: dict[str, Any]) -> str:
    title = as_text(body.get("title"))
    state = _STATE.match(title)
    return title[state.end() :] if state else title


def _whole(item: dict[str, Any], body: dict[str, Any]) -> Any:
    given, root = item.get("generatorURL"), body.get("externalURL")
    if isinstance(given, str) and isinstance(root, str) and given.startswith(("?", "/")):
        return f"{root.rstrip('/')}/{given.lstrip('/')}"
    return given


def _of_dashboard(body: dict[str, Any], heard: Heard) -> Parsed:
    state = as_text(body.get("state")).strip().lower()
    if state in SILENT:
        return Parsed([], notes=[f"state {state} says nothing about the alert"])
    name = title_of(as_text(body.get("ruleName")), _title(body), "Grafana")
    tags = body.get("tags")
    labels = {"alertname": name, **(tags if isinstance(tags, dict) else {})}
    texts = {"summary": name, "description": body.get("message"), "imageURL": body.get("imageUrl")}
    item = {
        "status": "resolved" if state == "ok" else "firing",
        "labels": labels,
        "annotations": {key: value for key, value in {**texts, "values": _values(body)}.items() if value},
        "generatorURL": body.get("ruleUrl"),
        "fingerprint": _identity(body, name),
    }
    parsed = alertmanager.parse({"alerts": [item]}, heard)
    if state == "no_data" or not as_text(labels.get("severity")).strip():
        severity = Severity.WARNING if state == "no_data" else heard.default_severity
        parsed = replace(parsed, alerts=[msgspec.structs.replace(one, severity=severity) for one in parsed.alerts])
    return parsed


def _identity(body: dict[str, Any], name: str) -> str:
    if body.get("ruleId") is not None:
        return ":".join(filter(None, (as_text(body.get("orgId")), as_text(body["ruleId"]))))
    return as_text(body.get("ruleUrl")) or name


def _values(body: dict[str, Any]) -> str:
    """What the rule has measured, as "metric=value, …"."""
    matches = body.get("evalMatches")
    found = [one for one in matches if isinstance(one, dict)] if isinstance(matches, list) else []
    return ", ".join(f"{excerpt(one.get('metric'))}={excerpt(one.get('value'))}" for one in found[:MOST_VALUES])
