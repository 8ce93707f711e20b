"""Addresses of other alerting services, for senders that can only speak to these: a request of theirs as one of ours.

What is kept of it is what /ingest/KIND takes, so that it can be read again. Errors are told as that service tells them.
A wrong key of PagerDuty's is a 400 as there: its clients know it as final and log what it says, and none comes again.
"""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from gateway import metrics
from gateway.doors import opsgenie
from gateway.doors.asking import Header, Request, content_of
from gateway.doors.ingest import JSON, LARGEST, Refused, problem
from gateway.reply import Answer
from gateway.sources import identity, pagerduty
from gateway.store.incidents.alerts import Post

EVENT = 512 * 1024  # bytes of an event, as at PagerDuty; only the whole of it says whose it is
ALERTS = "/v2/alerts"  # Opsgenie's
_ABOUT = re.compile(rf"{ALERTS}/(.+)/([a-z-]{{1,40}})")  # an alias may have a slash of its own
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: what of it a dialect looks at."""

    path: str
    header: Header
    body: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """`request` raises Refused. `known_early`: whose it is can be said before the body has come."""

    request: Callable[[Asked], Request]
    refused: Callable[[Answer], Answer]
    largest: int = LARGEST
    known_early: bool = True


def find(method: str, path: str) -> Dialect | None:
    path = path.rstrip("/")  # many a tool puts one there
    if path.startswith(ALERTS) and method in ("POST", "PUT"):
        return _OPSGENIE if (method == "POST" and path == ALERTS) or _ABOUT.fullmatch(path) else None
    return _AT.get((method, path))


def _made(asked: Asked, kind: str, token: str, body: bytes, taken: Callable[[Post], Answer]) -> Request:
    """With a token of the body's, or else of the header's."""
    get = asked.header
    authorization = "" if token else get("authorization") or ""
    return Request(kind, token, authorization, *content_of(get), body, taken=taken)


class _Event(msgspec.Struct):
    """What the door looks at of an event of PagerDuty's, of whatever type: its source says what is wrong with it."""

    routing_key: Any = None
    service_key: Any = None
    dedup_key: Any = None
    incident_key: Any = None
    event_action: Any = None
    event_type: Any = None


def _pagerduty(asked: Asked, *, key: str, action: str, taken: Callable[[Post, str], Answer]) -> Request:
    """`key` names the token, `action` what an event must have; empty at an address for changes."""
    try:
        event = msgspec.json.decode(asked.body, type=_Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        metrics.rejected.labels("", "json").inc()
        raise Refused(problem(400, "the body is not a JSON object")) from None
    token = getattr(event, key)
    if not isinstance(token, str) or not token.strip():
        metrics.rejected.labels("", "token").inc()
        raise Refused(problem(400, f"'{key}' is missing or blank"))
    wrapped = "" if action and getattr(event, action) else "event" if action else "change"
    body = b'{"%s":%s}' % (wrapped.encode(), asked.body) if wrapped else asked.body
    named = pagerduty.key_of({"dedup_key": event.dedup_key, "incident_key": event.incident_key})
    return _made(asked, "pagerduty", token.strip(), body, lambda post: taken(post, named))


def _processed(post: Post, named: str, *, status: int, name: str) -> Answer:
    """An event without a key of its own hears the one by which it can be ended."""
    made = post.alerts[0].fingerprint if post.alerts else ""
    said = {"status": "success", "message": "Event processed", name: named or made}
    return Answer(status, _encode(said), JSON)


def _changed(_post: Post, _named: str) -> Answer:
    return Answer(202, _encode({"status": "success", "message": "Change event processed"}), JSON)


def _invalid(answer: Answer) -> Answer:
    """Our refusal in PagerDuty's words."""
    why = msgspec.json.decode(answer.body)["detail"]
    if answer.status >= 500:
        return _in_words(answer, answer.status, {"status": "unavailable", "message": why})
    if answer.status == 401:
        why = "the key is no token of a source of the kind pagerduty"
    status = 400 if answer.status in (401, 415) else answer.status
    return _in_words(answer, status, {"status": "invalid event", "message": "Event object is invalid", "errors": [why]})


def _in_words(answer: Answer, status: int, said: object) -> Answer:
    more = tuple(pair for pair in answer.headers if pair[0] == "Retry-After")
    return Answer(status, _encode(said), (*JSON, *more))


class _Created(msgspec.Struct):
    """What the door looks at of an alert of Opsgenie's."""

    alias: Any = None


def _opsgenie(asked: Asked) -> Request:
    """What the address says of an alert goes into the body: after what came, so that it is what counts."""
    about = _ABOUT.fullmatch(asked.path.rstrip("/"))
    if about is None:
        return _made(asked, "opsgenie", "", asked.body, partial(_created, alias=_has_alias(asked.body)))
    name, action = about.groups()
    body = b'{"body":%s,"identifier":%s,"action":%s}' % (asked.body.strip() or b"{}", _encode(name), _encode(action))
    number = opsgenie.numbered(opsgenie.About(action, identity(name.strip())))
    return _made(asked, "opsgenie", "", body, partial(_will_be_processed, number=number))


def _has_alias(body: bytes) -> bool:
    try:
        return bool(msgspec.json.decode(body, type=_Created).alias)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True  # its source says what is wrong with it


def _created(post: Post, *, alias: bool) -> Answer:
    """An alert without an alias is known by the number of the request that it came with."""
    name = post.alerts[0].fingerprint if post.alerts else ""
    return _will_be_processed(post, number=opsgenie.numbered(opsgenie.About("create", name)) if alias else name)


def _will_be_processed(post: Post, *, number: str) -> Answer:
    """What is asked by the number: opsgenie.what_came_of_it."""
    took = round(time.perf_counter() - post.began, 3) if post.began else 0.0
    return Answer(
        202,
        _encode({"result": "Request will be processed", "took": took, "requestId": number or str(uuid.uuid4())}),
        JSON,
    )


def _denied(answer: Answer) -> Answer:
    """Our refusal in Opsgenie's words."""
    why = msgspec.json.decode(answer.body)["detail"]
    return _in_words(answer, answer.status, {"message": why, "took": 0.0, "requestId": str(uuid.uuid4())})


_OPSGENIE = Dialect(_opsgenie, _denied)


def _prometheus(asked: Asked) -> Request:
    """A list of alerts, as Prometheus sends it to each Alertmanager."""
    body = b'{"posted":%s}' % asked.body if asked.body.strip() else b""
    return _made(asked, "alertmanager", "", body, lambda _: Answer(200, b"{}", JSON))


_V2 = partial(_pagerduty, key="routing_key")
_AT: dict[tuple[str, str], Dialect] = {("POST", "/api/v2/alerts"): Dialect(_prometheus, lambda answer: answer)} | {
    ("POST", path): Dialect(request, _invalid, EVENT, known_early=False)
    for path, request in {
        "/v2/enqueue": partial(_V2, action="event_action", taken=partial(_processed, status=202, name="dedup_key")),
        "/v2/change/enqueue": partial(_V2, action="", taken=_changed),
        "/generic/2010-04-15/create_event.json": partial(
            _pagerduty, key="service_key", action="event_type",
            taken=partial(_processed, status=200, name="incident_key"),
        ),
    }.items()
}  # fmt: skip
