"""Zendesk: what a trigger's webhook says (the template is its administrator's), and webhooks about events of tickets.

Of a trigger: `id` with `title` or `subject`, `priority`, `status`, flat or within `ticket`, and `event_type` (create,
acknowledge, resolve), `by` who did it. Priority, lowest to highest: low, normal, high, urgent.
"""

import re
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.signatures import BODY, TIME, Signing

KIND_LABEL = "Zendesk"
SIGNING = Signing(
    "x-zendesk-webhook-signature",
    timed=((TIME, BODY), (BODY, TIME)),  # its documents say the first, the example in them is the second
    time_header="x-zendesk-webhook-signature-timestamp",
    in_base64=True,
    public=("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",),  # of Zendesk's test sends
)
HABITS = Habits(signing=SIGNING, is_desk=True)
EVENT = "zen:event-type:"
TICKET = "zen:ticket:"
EVENTS = {
    "create": "created", "acknowledge": "updated", "update": "updated", "resolve": "solved", "solve": "solved",
    "close": "closed", "reopen": "reopened", "comment": "commented", "assign": "assigned",
}  # fmt: skip
OF_TICKETS = {
    "created": "created", "comment_added": "commented", "agent_assignment_changed": "assigned",
    "soft_deleted": "closed", "permanently_deleted": "closed", "marked_as_spam": "closed",
}  # fmt: skip
_BARE = re.compile(r"[a-z0-9-]+\.zendesk\.com/", re.IGNORECASE)
_API = re.compile(r"/api/v2/tickets/([0-9]{1,20})\.json\Z")
OVER = {"solved": "solved", "closed": "closed", "deleted": "closed"}


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a trigger's webhook, or an event of a ticket")
    kind = as_text(body.get("type"))
    if not kind.startswith(EVENT):
        return ticket.parse(_of_trigger(body), heard)
    about, _, what = kind.removeprefix(EVENT).partition(".")
    if about != "ticket":
        return Parsed([], notes=[f"event {excerpt(kind)!r} is about no ticket"])
    return ticket.parse(_of_event(body, what), heard)


def _of_trigger(body: dict[str, Any]) -> dict[str, Any]:
    inner = body.get("ticket")
    given = {**body, **inner} if isinstance(inner, dict) else body
    word = as_text(body.get("event_type") or body.get("event")).strip().lower()
    return {
        **given,
        "id": _filled(given.get("id")),
        "event": EVENTS.get(word, word),
        "priority": _priority(given.get("priority")),
        "status": _status(given.get("status")),
        "url": _address(given),
        "labels": given.get("labels") or {name: given[name] for name in ("ticket_type", "type") if given.get(name)},
    }


def _of_event(body: dict[str, Any], what: str) -> dict[str, Any]:
    detail, event = part_of(body, "detail"), part_of(body, "event")
    subject = as_text(body.get("subject"))
    changed, current = what.removesuffix("_changed"), event.get("current")
    now = detail | ({changed: current} if changed in ("status", "priority", "subject") and current else {})
    made = {
        "id": detail.get("id") or (subject.removeprefix(TICKET) if subject.startswith(TICKET) else None),
        "event": _happened(what, event),
        "subject": now.get("subject"),
        "description": now.get("description"),
        "priority": _priority(now.get("priority")),
        "status": _status(now.get("status")),
        "updated_at": body.get("time") or now.get("updated_at"),
        "by": {"id": detail.get("actor_id") or part_of(part_of(event, "comment"), "author").get("id")},
        "labels": {name: now[name] for name in ("type", "group_id", "organization_id") if now.get(name)},
    }
    return {**made, "comment": _comment(part_of(event, "comment"))} if made["event"] == "commented" else made


def _happened(what: str, event: dict[str, Any]) -> str:
    """The event in the words of a ticket; a status tells by where it went, and where it came from."""
    if what != "status_changed":
        return OF_TICKETS.get(what, "updated")
    over = OVER.get(_status(event.get("current")))
    return over or ("reopened" if _status(event.get("previous")) in OVER else "updated")


def _comment(given: dict[str, Any]) -> dict[str, Any]:
    author = part_of(given, "author")
    author = {"name": author.get("name"), "email": author.get("email"), "staff": author.get("is_staff")}
    said = {"author": author, "text": given.get("body"), "public": given.get("is_public")}
    return {**said, "id": given.get("id")}


def _address(given: dict[str, Any]) -> str:
    """Where people read it: {{ticket.url}} names no scheme, and a ticket's own address is the API's."""
    url = as_text(given.get("link") or given.get("url")).strip()
    if _BARE.match(url):
        url = f"https://{url}"
    return _API.sub(r"/agent/tickets/\1", url)


def _filled(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith("{{"):
        raise BadPayload("is a placeholder that Zendesk did not fill in", "id")
    return value


def _priority(value: Any) -> str:
    word = as_text(value).strip().lower()
    return "critical" if word == "urgent" else word


def _status(value: Any) -> str:
    return as_text(value).strip().lower()
