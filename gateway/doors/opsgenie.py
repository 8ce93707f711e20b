"""What Opsgenie's clients ask: what came of a request, how an alert stands, and which alerts there are.

A request is stored before it is answered, so its number only has to say what it was about; the rest the alert says.
"""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import metrics, sources
from gateway.doors import genie_list, ingest
from gateway.doors.asking import Request, content_of
from gateway.reply import Answer
from gateway.store.db import reading
from gateway.store.incidents import alerts, listed
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertRow, Incident
from gateway.world import world
from rules.senders.alert_query import BadQuery
from rules.words import Status

KIND = "opsgenie"
DONE = {  # what was asked for, in Opsgenie's words
    "create": ("Create", "Created alert"),
    "close": ("Close", "Closed alert"),
    "acknowledge": ("Acknowledge", "Acknowledged alert"),
    "notes": ("AddNote", "Added note to alert"),
}

T = TypeVar("T")

bp = Blueprint("opsgenie", __name__)


@dataclass(frozen=True, slots=True)
class About:
    """What a request was about: an action, and the alert as we know it."""

    action: str
    fingerprint: str


def numbered(about: About) -> str:
    """A number for a request, which nobody else's has."""
    name = base64.urlsafe_b64encode(about.fingerprint.encode()).decode().rstrip("=")
    return f"{uuid.uuid4()}.{about.action}.{name}"


def about(number: str) -> About:
    """What a request of this number was about. A plain one is that of an alert which came without an alias."""
    _, _, rest = number.partition(".")
    action, _, name = rest.partition(".")
    try:
        return (
            About(action, base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()) if name else _made(number)
        )
    except (binascii.Error, ValueError):
        return _made(number)


def _made(number: str) -> About:
    return About("create", sources.identity(number))


@bp.get("/v2/alerts/requests/<number>", strict_slashes=False)
def what_came_of_it(number: str) -> Response:
    asked = about(number)
    action, status = DONE.get(asked.action, (asked.action.title(), "Nothing to do"))
    known, refused = _alert(asked.fingerprint)
    if refused:
        return refused
    said: dict[str, Any] = {"action": action, "processedAt": _moment(world().clock.now())}
    if known is None:
        status = f"There is no open alert with alias [{asked.fingerprint}]"
        return _told({"data": {**said, "success": False, "isSuccess": False, "status": status}}, number)
    named = {"alertId": known[0].fingerprint, "alias": known[0].fingerprint}
    return _told({"data": {**said, **named, "success": True, "isSuccess": True, "status": status}}, number)


@bp.get("/v2/alerts/<path:name>", strict_slashes=False)
def how_it_stands(name: str) -> Response:
    known, refused = _alert(sources.identity(name.rstrip("/")))
    if refused:
        return refused
    if known is None:
        return _refuse(404, "No alert exists with this id")
    return _told({"data": _as_alert(*known)})


@bp.get("/v2/alerts", strict_slashes=False)
def which_there_are() -> Response:
    try:
        found, refused = _looked(_page)
    except BadQuery as problem:
        return _refuse(400, str(problem))
    return refused or _told(found or {})


def _page(session: Session, source_id: int) -> dict[str, Any]:
    """Raises BadQuery."""
    wanted = genie_list.asked(request.args)
    chosen = genie_list.choose(listed.of_source(session, source_id), wanted)
    data = [_as_alert(*row) for row in listed.whole(session, chosen.ids)]
    address = f"{world().settings.public_url}/v2/alerts"
    return {"data": data, "paging": genie_list.paging(wanted, chosen.total, address)}


def _alert(fingerprint: str) -> tuple[tuple[AlertRow, Incident] | None, Response | None]:
    """The alert of whoever asks, or how they are refused."""
    return _looked(lambda session, source_id: alerts.standing(session, source_id, fingerprint))


def _looked(look: Callable[[Session, int], T]) -> tuple[T | None, Response | None]:
    """What is seen with the source of whoever asks, or how they are refused."""
    asked = Request(KIND, "", request.headers.get("Authorization", ""), *content_of(request.headers.get), b"")
    try:
        with reading() as session:
            owner = source_store.find_token(session, ingest.token_of(asked), world().clock.now())
            if owner is None or owner.source_id is None or owner.kind != KIND:
                metrics.rejected.labels("", "token").inc()
                return None, _refuse(401, "a valid token is needed")
            known = look(session, owner.source_id)
            session.expunge_all()
            return known, None
    except SQLAlchemyError:
        return None, _respond(ingest.unavailable("the database cannot be asked now"))


def _as_alert(alert: AlertRow, incident: Incident) -> dict[str, Any]:
    taken = incident.status == Status.ACKNOWLEDGED and alert.firing
    return {
        "id": alert.fingerprint,
        "tinyId": str(alert.id),
        "alias": alert.fingerprint,
        "message": alert.title,
        "status": "open" if alert.firing else "closed",
        "acknowledged": taken,
        "isSeen": taken,
        "owner": (incident.ack_by or "") if taken else "",
        "snoozed": incident.snoozed_until is not None and alert.firing,
        "count": alert.seen,
        "createdAt": _moment(alert.first_seen_at),
        "updatedAt": _moment(alert.last_seen_at),
        "lastOccurredAt": _moment(alert.last_seen_at),
        "priority": genie_list.priority_of(alert.severity, alert.labels),
        "source": alert.annotations.get("source", ""),
        "entity": alert.labels.get("entity", ""),
        "description": alert.annotations.get("description", ""),
        "details": dict(alert.labels),
        "tags": genie_list.tags_of(alert.labels),
        "teams": [],
        "responders": [],
        "actions": [],
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refuse(status: int, message: str) -> Response:
    return _respond(Answer(status, _encode(_with_number({"message": message})), ingest.JSON))


def _told(said: Mapping[str, Any], number: str = "") -> Response:
    return _respond(Answer(200, _encode(_with_number(said, number)), ingest.JSON))


def _with_number(said: Mapping[str, Any], number: str = "") -> dict[str, Any]:
    return {**said, "took": 0.0, "requestId": number or str(uuid.uuid4())}


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**dict(answer.headers), "Cache-Control": "no-store"})


_encode = msgspec.json.encode
