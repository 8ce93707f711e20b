"""PagerDuty Events API v2: the voice call. An address is a service's integration (routing) key."""

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx2
from pagerduty import Error, EventsApiV2Client

from gateway.channels import Message, PermanentFailure
from gateway.outward.outbound import DEADLINE, post, private_hosts
from rules.text import cut, safe_url

LABEL = "PagerDuty voice call"
ENV = ("NABAT_PAGERDUTY_EVENTS_URL", "NABAT_PUBLIC_URL", "NABAT_ALLOW_PRIVATE_HOSTS")
NEEDS: tuple[str, ...] = ()
SECRET = True

REAL = "https://events.pagerduty.com"
ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}  # everything else calls
LONGEST_SUMMARY = 1024
LARGEST_EVENT = 500_000  # bytes of JSON; PagerDuty refuses more than 512 KB, and the key and the headers come on top
NOTE = "The details were left out: they are too large for PagerDuty. Open the incident in Nabat to see them."


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
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


class _Transport(httpx2.BaseTransport):
    """Leads the library's requests through the one way out, which owns deadline, size, address check and verdict.

    So the library never sees a failure it would wait for and repeat, whatever its settings.
    """

    def __init__(self, env: Mapping[str, str], deadline: float) -> None:
        base = (env.get("NABAT_PAGERDUTY_EVENTS_URL") or REAL).rstrip("/")
        self._base = base.removesuffix("/v2/enqueue")
        self._allowed = private_hosts(env)
        self._deadline = deadline

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = post(
            self._base + request.url.path,
            data=request.read(),
            headers={"Content-Type": "application/json"},
            allow_private=self._allowed,
            deadline=self._deadline,
        )
        return httpx2.Response(answer.status, content=json.dumps(answer.said()).encode())


def _enqueue(message: Message, event: dict[str, Any], env: Mapping[str, str], deadline: float) -> str:
    key = f"nabat-{message.incident_uuid}"
    with EventsApiV2Client(message.address, transport=_Transport(env, deadline), trust_env=False) as client:
        # Repeating belongs to the outbox. The transport raises before any of this counts; a 429 entry of 0 would mean
        # "for ever", so the belt is worn with the braces.
        client.max_network_attempts = 0
        client.max_http_attempts = -1
        client.retry = dict.fromkeys((429, 500, 502, 503, 504), 1)
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
