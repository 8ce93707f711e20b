"""What PagerDuty tells us: somebody acknowledged, resolved or wrote a note there, and so it is here."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from gateway import actions, log, metrics
from gateway.actions import Actor
from gateway.acts import belated
from gateway.doors.ingest import problem, unavailable
from gateway.loader import BadJson, load
from gateway.outward.pagerduty_pages import page_of
from gateway.reply import Answer
from gateway.secrets import digest, same_bytes
from gateway.settings import as_list
from gateway.store.db import transaction
from gateway.store.incidents import timeline
from gateway.store.outgoing import echoes
from gateway.store.upkeep import audit
from gateway.world import world
from rules.lifecycle import Signal
from rules.texts.text import clean_text, cut, one_line

LARGEST = 1024 * 1024  # bytes of a body
LONGEST_HEADER = 4096  # characters; several signatures come while a secret is being changed
LONGEST_NAME, LONGEST_NOTE = 100, 4000  # characters
SIGNALS = {"incident.acknowledged": Signal.ACKNOWLEDGE, "incident.resolved": Signal.RESOLVE}
NOTE = "incident.annotated"
# The rest that PagerDuty may send of incidents changes nothing here: who calls whom there is its own business.
IGNORED = frozenset({
    "incident.triggered", "incident.unacknowledged", "incident.reassigned", "incident.escalated", "incident.delegated",
    "incident.reopened", "incident.priority_updated", "incident.status_update_published", "incident.responder.added",
    "incident.responder.replied", "pagey.ping",
})  # fmt: skip
SKEW = timedelta(seconds=30)  # that our clocks may differ
BY_EVENT = "inbound_integration_reference"  # the end of the type of an agent that is no person but an Events API key
_OURS = re.compile(r"nabat-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_THEIRS = re.compile(r"[0-9A-Za-z]{1,40}")

bp = Blueprint("callbacks", __name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What one callback says, in our words."""

    id: str  # whatever tells it from others
    kind: str
    actor: Actor
    uuid: str  # of our incident, if it is named
    reference: str  # of PagerDuty's incident, if it is named
    note: str
    page: str = ""  # where it shows its incident to people, if that is an address of its own
    service: str = ""  # PagerDuty's, if it is named: it tells which key was called
    at: datetime | None = None  # when it happened there at the latest, if PagerDuty says so
    echo: bool = False  # it came of an event: nobody but us sends those of our incidents


@bp.post("/callback/pagerduty")
def pagerduty() -> Response:
    now = world().clock.now()
    secrets = as_list(world().settings.env["NABAT_PAGERDUTY_WEBHOOK_SECRET"])
    if not secrets:
        return _respond(
            problem(404, "NABAT_PAGERDUTY_WEBHOOK_SECRET is not set: nothing is taken from PagerDuty"), "off"
        )
    request.max_content_length = LARGEST
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _respond(problem(413, f"the body is larger than {LARGEST} bytes"), "too large")
    if not signed(body, request.headers.get("X-PagerDuty-Signature", ""), secrets):
        return _respond(problem(401, "no signature in X-PagerDuty-Signature fits the body"), "signature")
    try:
        otherwise = request.headers.get("X-Webhook-Id", "") or hashlib.sha256(body).hexdigest()
        event = read(load(body), otherwise, world().settings.env)
    except BadJson as wrong:
        return _respond(problem(400, str(wrong)), "unreadable")
    try:
        result = take(event, now)
    except SQLAlchemyError as trouble:  # PagerDuty comes again
        log.warning("callback_unavailable", problem=type(trouble).__name__)
        return _respond(unavailable("the database cannot take it now"), "unavailable")
    if result in ("unknown incident", "unknown kind"):
        log.info("callback_without_effect", provider="pagerduty", event_type=event.kind, why=result)
    return _respond(
        Answer(202, b'{"result":"' + result.encode() + b'"}', (("Content-Type", "application/json"),)), result
    )


def signed(body: bytes, header: str, secrets: list[str]) -> bool:
    """Whether one of the signatures was made with one of the secrets. All are compared, in constant time."""
    if len(header) > LONGEST_HEADER:
        return False
    made = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    given = [part.strip().encode("utf-8", "surrogatepass") for part in header.split(",")]
    fits = [same_bytes(one, b"v1=" + right) for one in given for right in made]
    return any(fits)


def read(body: Any, otherwise: str, env: Mapping[str, str]) -> Event:
    """Of what is missing or of another type, nothing. `otherwise` tells an event apart that has no id.

    `env` is our settings, which say whose pages may be linked to.
    """
    event = _map(_map(body).get("event"))
    data = _map(event.get("data"))
    inner = _map(data.get("incident"))  # of a note, the incident it was written to
    key = _OURS.fullmatch(_text(data.get("incident_key")) or _text(inner.get("incident_key")))
    agent = _map(event.get("agent"))
    name = cut(one_line(clean_text(_text(agent.get("summary")))), LONGEST_NAME)
    return Event(
        id=_text(event.get("id")) or otherwise,
        kind=clean_text(_text(event.get("event_type")))[:100],
        actor=Actor(name or "PagerDuty", "pagerduty"),
        uuid=key[1] if key else "",
        reference=_theirs(inner.get("id") or data.get("id")),
        note=cut(clean_text(_text(data.get("content"))).strip(), LONGEST_NOTE),
        page=page_of(inner.get("html_url") or data.get("html_url"), env),
        service=_theirs(_map(data.get("service")).get("id")),
        at=_latest(_text(event.get("occurred_at"))),
        echo=_text(agent.get("type")).endswith(BY_EVENT),
    )


def take(event: Event, now: datetime) -> str:
    """What it changes and that it was heard are kept together: a repeat, or a crash between, does nothing twice."""
    if event.kind not in SIGNALS and event.kind != NOTE and event.kind not in IGNORED:
        return "unknown kind"
    with transaction() as session:
        uuid = event.uuid or echoes.uuid_of(session, event.reference)
        number = echoes.incident_of(session, uuid)
        if number is None:
            return "unknown incident" if event.kind not in IGNORED else "ignored"
        if event.uuid and event.reference:
            echoes.remember(session, event.reference, uuid, now)
        echoes.keep_pages(session, {number: event.page}, now)
        key = echoes.origin(session, event.service, number, now)  # also learned from what else happens there
        if event.kind in IGNORED or event.echo:
            return "ignored"
        if not echoes.first_time(session, digest(event.id), now):
            return "repeated"
        return _apply(session, number, replace(event, actor=replace(event.actor, key=key)), now)


def _apply(session: Session, number: int, event: Event, now: datetime) -> str:
    signal = SIGNALS.get(event.kind)
    if signal is not None and event.at is not None and belated.overtaken(session, [number], event.at):
        return "overtaken"  # it was on its way for long, and is not for what has come back, or grown worse, since
    if signal is not None:
        reason = actions.act_in(session, number, signal, event.actor, now)
        return reason.value if reason else "unknown incident"
    if not event.note:
        return "ignored"
    line = timeline.line(number, now, "note", event.actor.name, {"text": event.note, "how": event.actor.how})
    timeline.write(session, [line])
    audit.note(session, now, event.actor.name, "note", f"incident {number}", event.actor.how)
    return "noted"


def _latest(text: str) -> datetime | None:
    """The moment by our clock, if it is one."""
    try:
        found = datetime.fromisoformat(text) + SKEW
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else None


def _theirs(value: Any) -> str:
    """One of PagerDuty's own ids."""
    found = _THEIRS.fullmatch(_text(value))
    return found[0] if found else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _respond(answer: Answer, result: str) -> Response:
    metrics.callbacks.labels("pagerduty", result).inc()
    return Response(answer.body, answer.status, dict(answer.headers))
