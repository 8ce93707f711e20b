"""Sentry: webhooks of an integration (issues, alerts, errors, comments), and the older plugin's flat form.

What a body is about it says itself: without the header Sentry-Hook-Resource, what was kept reads the same later. An
issue is known by its number, whatever tells of it: an alert opens it, and that the issue is resolved or archived ends
it. Who takes an issue acknowledges it; ownership rules give issues away by themselves, which is only a note.
"""

import re
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, epoch, read_time
from gateway.sources.alertmanager import Only, read_one, read_said
from rules.said import Said, Saying
from rules.senders.fields import as_text, excerpt, labelled, part_of
from rules.senders.signatures import BODY, Signing
from rules.words import Severity

KIND_LABEL = "Sentry"
SIGNING = Signing("sentry-hook-signature", bare=(BODY,))
HABITS = Habits(
    signing=SIGNING,
    may_be_empty=True,  # some requests about an installation have no body
)
LEVELS = {
    "fatal": Severity.CRITICAL, "critical": Severity.CRITICAL, "error": Severity.ERROR, "warning": Severity.WARNING,
    "info": Severity.INFO, "debug": Severity.INFO,
}  # fmt: skip
FIRES = ("created", "unresolved", "triggered")
OVER = ("resolved", "archived", "ignored")
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")
_ISSUE = re.compile(r"/issues/([0-9]{1,20})(?:/|\Z)")


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a webhook of Sentry")
    data, action = part_of(body, "data"), as_text(body.get("action")).strip().lower()
    if part_of(data, "issue"):
        return _of_issue(data["issue"], action, part_of(body, "actor"), heard)
    if part_of(data, "metric_alert"):
        return _of_metric(data, action, heard)
    for name in ("event", "error"):
        if part_of(data, name):
            return read_one(_event(data[name], {"rule": data.get("triggered_rule")}, heard), heard)
    if data.get("comment_id") is not None:
        return _of_comment(data, action, part_of(body, "actor"), heard)
    if "data" in body:
        return Parsed([], notes=[f"{excerpt(action) or 'this'!r} says nothing about an issue or an alert"])
    return read_one(_older(body, heard), heard)


def _of_issue(issue: dict[str, Any], action: str, actor: dict[str, Any], heard: Heard) -> Parsed:
    identity = _number(issue.get("id"), "data.issue.id")
    title = as_text(issue.get("title")).strip() or f"issue {identity}"
    if action == "assigned":
        return read_said(identity, _assigned(issue, actor), title, heard)
    if action not in FIRES + OVER:
        return Parsed([], notes=[f"action {excerpt(action)!r} says nothing about the issue"])
    firing = action not in OVER
    ours = {
        **_words(issue, title),
        "project": part_of(issue, "project").get("slug"),
        "issue": issue.get("shortId"),
        "platform": issue.get("platform"),
    }
    return read_one(
        Only(
            firing=firing,
            identity=identity,
            title=title,
            labels=ours,
            texts={"description": _value(issue), "culprit": issue.get("culprit")},
            url=issue.get("web_url") or issue.get("permalink"),
            # Of an older issue that is open again this is no new moment: it fires from now on.
            starts_at=read_time(issue.get("firstSeen"), heard.now) if action == "created" else None,
        ),
        heard,
    )


def _assigned(issue: dict[str, Any], actor: dict[str, Any]) -> Said:
    to, who = part_of(issue, "assignedTo"), as_text(actor.get("name"))
    own = as_text(actor.get("type")) == "user" and as_text(to.get("type")) != "team"
    if own and to.get("id") is not None and as_text(to["id"]) == as_text(actor.get("id")):
        return Said(Saying.ACKNOWLEDGED, who)
    return Said(Saying.NOTE, who, f"→ {as_text(to.get('name')) or as_text(to.get('email')) or '?'}")


def _of_comment(data: dict[str, Any], action: str, actor: dict[str, Any], heard: Heard) -> Parsed:
    identity, number = _number(data.get("issue_id"), "data.issue_id"), as_text(data["comment_id"])
    if action == "deleted" or not as_text(data.get("comment")).strip():
        return Parsed([], notes=[f"comment {excerpt(number)} is gone"])
    said = Said(Saying.NOTE, as_text(actor.get("name")), as_text(data["comment"]), f"comment {number} {action}")
    return read_said(identity, said, "", heard)


def _of_metric(data: dict[str, Any], action: str, heard: Heard) -> Parsed:
    alert = part_of(data, "metric_alert")
    rule, number = part_of(alert, "alert_rule"), _number(alert.get("id"), "data.metric_alert.id")
    firing, projects = action != "resolved", alert.get("projects")
    names = [as_text(rule.get("name")), as_text(alert.get("title")), as_text(data.get("description_title"))]
    title = next((name for name in names if name.strip()), f"alert {number}")
    ours = {
        "alertname": title,
        "severity": LEVELS.get(action),
        "project": ", ".join(as_text(one) for one in projects) if isinstance(projects, list) else projects,
        "environment": rule.get("environment"),
    }
    return read_one(
        Only(
            firing=firing,
            identity=f"metric_alert:{number}",
            title=title,
            labels=ours,
            texts={"description": data.get("description_text")},
            url=data.get("web_url"),
            starts_at=read_time(alert.get("date_started"), heard.now),
            ends_at=None if firing else read_time(alert.get("date_closed"), heard.now),
        ),
        heard,
    )


def _event(event: dict[str, Any], more: dict[str, Any], heard: Heard) -> Only:
    """One error of an issue, which it is about; each is a new time that it fires."""
    place = _ISSUE.search(as_text(event.get("issue_url")) or as_text(event.get("web_url")))
    identity = _number(event.get("issue_id") or (place and place[1]), "data.event.issue_id")
    title = as_text(event.get("title")).strip() or as_text(event.get("message")).strip() or f"issue {identity}"
    project = _PROJECT.search(as_text(event.get("url")))
    ours = {
        **_words(event, title),
        "project": project[1] if project else event.get("project"),
        "environment": event.get("environment"),
        "platform": event.get("platform"),
        "release": event.get("release"),
        **more,
    }
    texts = {"description": as_text(event.get("message")).strip() or _value(event), "culprit": event.get("culprit")}
    return Only(
        firing=True,
        identity=identity,
        title=title,
        labels=_tags(event) | {name: value for name, value in ours.items() if value},
        texts=texts,
        url=event.get("web_url"),
        starts_at=read_time(event.get("datetime"), heard.now) or epoch(event.get("timestamp"), heard.now),
    )


def _older(body: dict[str, Any], heard: Heard) -> Only:
    """The plugin's form: about an issue, with the error that it tells of."""
    event = part_of(body, "event")
    if not event and not (body.get("level") or body.get("culprit")):
        raise BadPayload("is missing: neither a webhook of an integration nor of the older plugin", "data")
    title = as_text(event.get("title")).strip() or as_text(body.get("message")).strip()
    asked = {
        "issue_id": _number(body.get("id"), "id"),
        "title": title or as_text(part_of(event, "metadata").get("title")).strip() or as_text(body.get("culprit")),
        "web_url": body.get("url"),
        "project": body.get("project_slug") or body.get("project"),
        "level": body.get("level") or event.get("level"),
        "culprit": body.get("culprit"),
        "message": body.get("message"),
        "timestamp": event.get("timestamp") or event.get("received"),
    }
    return _event({**event, "url": "", **asked}, {}, heard)


def _number(given: object, place: str) -> str:
    number = as_text(given).strip()
    if not number:
        raise BadPayload("is missing: without it no later word finds this", place)
    return number


def _words(said: dict[str, Any], title: str) -> dict[str, Any]:
    level = as_text(said.get("level")).strip().lower()
    return {"alertname": title, "severity": LEVELS.get(level), "level": level}


def _value(said: dict[str, Any]) -> str:
    """What the error itself says."""
    return as_text(part_of(said, "metadata").get("value")).strip()


def _tags(event: dict[str, Any]) -> dict[str, Any]:
    """Tags come as pairs."""
    given = event.get("tags")
    pairs = [one for one in given if isinstance(one, list) and len(one) == 2] if isinstance(given, list) else []
    return labelled([{"name": name, "value": value} for name, value in pairs])
