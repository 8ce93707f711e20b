"""PagerDuty's Events API, versions 2 and 1, as many tools speak it: `dedup_key` (or `incident_key`) names the alert.

What counts is the order in which events come, as at PagerDuty: a sender's own time (`timestamp`, which may be that of
an old log line) is kept as a text. An event without a key is an alert by itself. A change event is about no alert; what
came to an address for one kind only is wrapped in the name of that, `{"change": …}` or `{"event": …}`.
"""

import re
from collections.abc import Iterator
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, identity, of_this_moment, told
from gateway.sources.alertmanager import Only, read_one
from rules.said import Said, Saying
from rules.senders.fields import as_text, excerpt, labels_and_texts, part_of
from rules.texts.text import one_line, safe_url
from rules.words import Alert

KIND_LABEL = "PagerDuty Events API"
HABITS = Habits(
    secrets=re.compile(rb'"(routing_key|service_key)"\s*:\s*"[^"]*"'),  # tokens of ours: they are not kept
    token_length=32,  # an integration key's: many a tool takes no other
)
BLANK = "is missing or blank"


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: an event")
    if len(body) == 1 and isinstance(body.get("change"), dict):
        return _change(body["change"])
    event = body["event"] if len(body) == 1 and isinstance(body.get("event"), dict) else body
    if event is body and _is_change(body):
        return _change(body)
    return _event(_of_version_2(event), heard)


def key_of(body: Any) -> str:
    """The alert's key as the sender gave it; empty if it has none."""
    return as_text(body.get("dedup_key") or body.get("incident_key")).strip() if isinstance(body, dict) else ""


def _is_change(body: dict[str, Any]) -> bool:
    """Only the address tells for sure. An alert has an action, a key or a severity; a change has none of them."""
    named = any(body.get(name) for name in ("event_action", "event_type", "dedup_key", "incident_key"))
    return not named and bool(part_of(body, "payload")) and "severity" not in body["payload"]


def _change(body: dict[str, Any]) -> Parsed:
    return Parsed([], notes=[f"a change, about no alert: {excerpt(part_of(body, 'payload').get('summary'))}"])


def _of_version_2(event: dict[str, Any]) -> dict[str, Any]:
    if "event_action" in event or "event_type" not in event:
        return event
    links = event.get("contexts")
    payload = {"summary": event.get("description"), "custom_details": event.get("details")}
    key = event.get("incident_key")
    return {**event, "event_action": event["event_type"], "dedup_key": key, "payload": payload, "links": links}


def _event(event: dict[str, Any], heard: Heard) -> Parsed:
    action, key = as_text(event.get("event_action")).strip().lower(), key_of(event)
    if action not in ("trigger", "acknowledge", "resolve"):
        raise BadPayload("must be trigger, acknowledge or resolve" if action else BLANK, "event_action")
    if not key and action != "trigger":
        raise BadPayload(BLANK, "dedup_key")
    if action == "trigger":
        return _fires(event, key, heard)
    what = Saying.ACKNOWLEDGED if action == "acknowledge" else Saying.NOTE
    said = told(heard, identity(key), Said(what, text=as_text(event.get("description"))), key)
    if what is Saying.ACKNOWLEDGED:
        return Parsed([said])
    # As at PagerDuty it changes no words of the alert: what its sender says with it is a note.
    worst, now = heard.default_severity, heard.now
    over = Alert(heard.source, said.fingerprint, False, said.title, worst, now, clock_suspect=True)  # noqa: FBT003
    return Parsed([over, said] if said.said and said.said.text else [over])


def _fires(event: dict[str, Any], key: str, heard: Heard) -> Parsed:
    payload = part_of(event, "payload")
    summary = one_line(as_text(payload.get("summary")))
    if not summary:
        raise BadPayload(BLANK, "payload.summary")
    labels, words = _labels(event, payload)
    labels = {"alertname": summary, **labels}
    return read_one(Only(True, key or of_this_moment(event, heard), summary, labels, words, _url(event)), heard)  # noqa: FBT003


def _labels(event: dict[str, Any], payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What rules go by, and what people read beside. Fields of its own come before what is among the details."""
    more, words = labels_and_texts(payload.get("custom_details"))
    own = {name: payload.get(name) for name in ("severity", "component", "group", "class")}
    own |= {"instance": payload.get("source"), "client": event.get("client")}
    labels = more | {name: value for name, value in own.items() if value}
    return labels, {**words, "timestamp": payload.get("timestamp"), "links": "\n".join(_links(event))}


def _links(event: dict[str, Any]) -> Iterator[str]:
    for name in ("links", "images"):
        found = event.get(name)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and (place := as_text(one.get("href") or one.get("src"))):
                yield f"{as_text(one.get('text') or one.get('alt'))} {place}".strip()


def _url(event: dict[str, Any]) -> str:
    """Where people read on: at the client, else the first link."""
    links = event.get("links")
    first = links[0].get("href") if isinstance(links, list) and links and isinstance(links[0], dict) else ""
    return safe_url(as_text(event.get("client_url"))) or safe_url(as_text(first))
