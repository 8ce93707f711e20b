"""PagerDuty Events API v2: the voice call. An address is a service's integration (routing) key."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pagerduty import Error, EventsApiV2Client

from gateway.channels import Message, PermanentFailure
from gateway.outward.outbound import DEADLINE
from gateway.outward.pagerduty_rest import Rest, Transport, tame
from rules.senders.drift import Theirs
from rules.texts.text import cut, safe_url

LABEL = "PagerDuty voice call"
ENV = (
    "NABAT_PAGERDUTY_EVENTS_URL", "NABAT_PAGERDUTY_API_URL", "NABAT_PAGERDUTY_API_KEY", "NABAT_PAGERDUTY_FROM",
    "NABAT_PUBLIC_URL", "NABAT_ALLOW_PRIVATE_HOSTS",
)  # fmt: skip
NEEDS: tuple[str, ...] = ()
SECRET = True

REAL = "https://events.pagerduty.com"
ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}  # everything else calls
LONGEST_SUMMARY = 1024
MOST_SERVICES = 5  # that are asked for their keys to find the one that is meant
LARGEST_EVENT = 500_000  # bytes of JSON; PagerDuty refuses more than 512 KB, and the key and the headers come on top
NOTE = "The details were left out: they are too large for PagerDuty. Open the incident in Nabat to see them."


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    if message.again and env.get("NABAT_PAGERDUTY_API_KEY"):
        with Rest(env, deadline) as rest:
            done = _insist(message, rest) if message.kind in ACTIONS else _escalate(message, rest)
        if done:
            return done
    event = _event(message, env)
    try:
        return _enqueue(message, event, env, deadline)
    except PermanentFailure as refusal:
        if refusal.status != 413 or "payload" not in event:
            raise
        return _enqueue(message, _without_details(event), env, deadline)


def check(address: str, env: Mapping[str, str], /) -> str:
    if (env.get("NABAT_PAGERDUTY_EVENTS_URL") or REAL).rstrip("/") != REAL:  # another service may have other keys
        return "" if re.fullmatch(r"[!-~]{1,64}", address) else "a key has no spaces and at most 64 characters"
    return "" if re.fullmatch(r"[0-9A-Za-z]{32}", address) else "an integration key has 32 letters and digits"


def _escalate(message: Message, rest: Rest) -> str:
    """The key has the incident: it calls on as its escalation policy says, from the level that fits our step.

    Nothing is done to what somebody answered there: if we do not know of it yet, the next reconciliation finds it.
    """
    found = rest.of_key(f"nabat-{message.incident_uuid}")
    if not found:
        return ""  # it never got there: an ordinary trigger
    last = max(_on_key(found, message.address, rest), key=lambda one: one.created_at)
    if not last.open:
        return f"{last.id}: resolved there, so not escalated"
    if last.status == "acknowledged" and last.by:
        return f"{last.id}: acknowledged there by {last.by}, so not escalated"
    level = min(message.again + 1, last.levels or message.again + 1)
    woken = {"status": "triggered"} if last.status == "acknowledged" else {}  # by us, for a snooze that is over
    rest.change(last.id, {**woken, "escalation_level": level})
    return f"{last.id}: escalated to level {level}"


def _on_key(found: list[Theirs], key: str, rest: Rest) -> list[Theirs]:
    """Those of the service that the key belongs to."""
    services = sorted({one.service for one in found})
    if len(services) > 1:
        services = [one for one in services[:MOST_SERVICES] if key in rest.keys_of(one)]
    if not services:
        raise PermanentFailure("several services of PagerDuty have this incident, and none of them has this key")
    return [one for one in found if one.service == services[0]]


def _insist(message: Message, rest: Rest) -> str:
    """It did not hear our event. What it merged with others is not ours alone to end: that gets the event again."""
    key = f"nabat-{message.incident_uuid}"
    open_ones = [one for one in rest.of_key(key) if one.open and one.status != message.kind]
    if not open_ones or any(one.key != key for one in open_ones):
        return ""
    try:
        for one in open_ones:
            rest.change(one.id, {"status": message.kind})
    except PermanentFailure:  # may not change anything there (no NABAT_PAGERDUTY_FROM, a key that only reads)
        return ""
    return f"{', '.join(one.id for one in open_ones)}: {message.kind}"


def _enqueue(message: Message, event: dict[str, Any], env: Mapping[str, str], deadline: float) -> str:
    key = f"nabat-{message.incident_uuid}"
    base = (env.get("NABAT_PAGERDUTY_EVENTS_URL") or REAL).rstrip("/").removesuffix("/v2/enqueue")
    with EventsApiV2Client(message.address, transport=Transport(base, env, deadline), trust_env=False) as client:
        tame(client)
        try:
            return client.send_event(ACTIONS.get(message.kind, "trigger"), dedup_key=key, **event)
        except Error:  # the answer was 2xx and its body unreadable: accepted all the same
            return key


def _event(message: Message, env: Mapping[str, str]) -> dict[str, Any]:
    if message.kind in ACTIONS:
        return {}
    payload = {
        "summary": cut(message.title, LONGEST_SUMMARY) or f"Incident {message.incident}",
        "source": cut(message.source or message.component, 255) or "nabat",
        "severity": message.severity,
        "custom_details": dict(message.details),
    }
    parts = {"component": message.component, "group": message.group, "class": message.urgency}
    event = {
        "payload": payload | {name: cut(value, 255) for name, value in parts.items() if value},
        "links": [{"href": href, "text": cut(text, 200)} for text, href in message.links if safe_url(href)],
        "client": "Nabat",
        "client_url": safe_url(message.url) or safe_url(env.get("NABAT_PUBLIC_URL", "")),
    }
    event = {name: value for name, value in event.items() if value}
    return event if len(json.dumps(event, ensure_ascii=False).encode()) <= LARGEST_EVENT else _without_details(event)


def _without_details(event: dict[str, Any]) -> dict[str, Any]:
    payload = {**event["payload"], "custom_details": {"note": NOTE}}
    return {**{name: event[name] for name in ("client", "client_url") if name in event}, "payload": payload}
