"""GLPI 11's webhooks: a ticket as its own API tells of it, or a followup, task or solution with its ticket beside it.

Their default payload is `{"event": "new", "item": {…}, "parent_item": {…}}`. Status (1 new to 6 closed) and priority
(1 very low to 6 major) are numbers; texts are HTML, in places escaped once more. Changes, problems and assets have
numbers of their own and are passed over.
"""

from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.signatures import BODY, TIME, Signing
from rules.texts.markup import plain_text

KIND_LABEL = "GLPI"
# It signs an event when it happens, and its cron sends that later, until it is taken: the time may lie a weekend back.
# A repeat within that is known by its time and its content, which are remembered for longer.
QUEUED = 3 * 24 * 60 * 60.0  # seconds
SIGNING = Signing("x-glpi-signature", timed=((BODY, TIME),), time_header="x-glpi-timestamp", late=QUEUED)
HABITS = Habits(signing=SIGNING, is_desk=True)
PRIORITIES = {"1": "low", "2": "low", "3": "normal", "4": "high", "5": "critical", "6": "critical"}
STATUSES = {
    "1": "new", "2": "assigned", "3": "planned", "4": "pending", "5": "solved", "6": "closed", "10": "approval",
}  # fmt: skip
OVER = {"1": False, "2": False, "3": False, "10": False, "5": True, "6": True}
EVENTS = {"new": "created", "add": "created", "update": "updated", "delete": "closed"}
TICKET = "ticket"
OF_TICKETS = ("1", "2")  # an incident, a request: what else GLPI knows has no type, or another kind of one


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a webhook with an item")
    said = ticket.filled(body)
    reader = _Reader(said, part_of(said, "item") or said)
    if other := reader.about():
        return Parsed([], notes=[f"it is about no ticket: {excerpt(other)}"])
    if not reader.key():
        raise ticket.unfilled(part_of(body, "item").get("id"))
    if reader.parent() and reader.word() == "delete":
        return Parsed([], notes=[f"something was taken away from ticket {excerpt(reader.key())}"])
    return ticket.parse(reader.generic(), heard, OVER.get(reader.status()))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one webhook."""

    body: dict[str, Any]
    item: dict[str, Any]

    def parent(self) -> dict[str, Any]:
        """The ticket that the item belongs to; empty if the item is the ticket."""
        given = part_of(self.body, "parent_item")
        number = self.item.get("items_id") or self.item.get("tickets_id")
        return given or ({"id": number} if number else {})

    def ticket(self) -> dict[str, Any]:
        return self.parent() or self.item

    def about(self) -> str:
        """What it is about if that is no ticket; empty: it is. The API's words tell tickets by their type alone."""
        kind = as_text(self.item.get("itemtype") or self.body.get("itemtype"))
        if kind:
            return "" if kind.lower() == TICKET else kind
        if self.item.get("tickets_id"):
            return ""
        given = self.ticket()
        whole = "status" in given and "date_mod" in given  # else somebody wrote the payload, for tickets
        return "a change, a problem or an asset" if whole and as_text(given.get("type")) not in OF_TICKETS else ""

    def key(self) -> str:
        return as_text(self.ticket().get("id")).strip()

    def word(self) -> str:
        return as_text(self.body.get("event")).strip().lower()

    def status(self) -> str:
        return _code(self.ticket(), "status")

    def generic(self) -> dict[str, Any]:
        """The ticket as /ingest/ticket takes it."""
        given, priority, status = self.ticket(), _code(self.ticket(), "priority"), self.status()
        event = EVENTS.get(self.word(), self.word())
        if self.parent():
            event = "commented" if event == "created" else "updated"
        made = {
            "id": self.key(),
            "event": event,
            "by": _who(self.item.get("user") or self.item.get("user_editor")),
            "subject": plain_text(as_text(given.get("name"))),
            "description": plain_text(as_text(given.get("content"))),
            "priority": PRIORITIES.get(priority, priority),
            "status": STATUSES.get(status, status),
            "requester": self.member("requester"),
            "assignee": self.member("assigned"),
            "due_at": given.get("time_to_resolve"),
            "updated_at": given.get("date_mod") or self.item.get("date_mod"),
            "url": self.address(),
            "labels": self.labels(),
        }
        return {**made, "comment": self.comment()} if event == "commented" else made

    def member(self, role: str) -> dict[str, Any]:
        """The first person of the ticket's team with this role, else the first group."""
        team = self.ticket().get("team")
        found = [one for one in team if isinstance(one, dict)] if isinstance(team, list) else []
        having = [one for one in found if as_text(one.get("role")).lower() == role]
        having.sort(key=lambda one: as_text(one.get("type")).lower() != "user")
        first = having[0] if having else part_of(self.ticket(), role)
        made = {"name": first.get("display_name") or first.get("name"), "email": first.get("email")}
        return {name: value for name, value in made.items() if value}

    def labels(self) -> dict[str, Any]:
        given = self.ticket()
        made = {name: _name(given.get(name)) for name in ("category", "location", "entity")}
        made["type"] = {"1": "incident", "2": "request"}.get(as_text(given.get("type")), "")
        return {name: value for name, value in made.items() if value}

    def comment(self) -> dict[str, Any]:
        """A followup or a solution; only of a followup is it said that everybody may read it."""
        return {
            "id": self.item.get("id"),
            "author": {"name": _name(self.item.get("user")), **_who(self.item.get("user"))},
            "text": plain_text(as_text(self.item.get("content"))),
            "public": self.item.get("is_private") in (False, 0) and "is_private" in self.item,
        }

    def address(self) -> str:
        """Where people read it: as a payload of somebody's own says, or by the address of its older API."""
        links = self.ticket().get("links")
        first = links[0] if isinstance(links, list) and links else None
        base, found, _ = as_text(first.get("href") if isinstance(first, dict) else "").partition("/apirest.php/")
        by_api = f"{base}/front/ticket.form.php?id={self.key()}" if found and self.key().isdecimal() else ""
        return as_text(self.ticket().get("url") or self.body.get("url")) or by_api


def _code(given: dict[str, Any], name: str) -> str:
    """A number, or of an object its number."""
    value = given.get(name)
    return as_text(value.get("id") if isinstance(value, dict) else value).strip()


def _name(given: object) -> str:
    """Of what is a name, or an object with one; what is only a number says nothing."""
    found = (given.get("completename") or given.get("name")) if isinstance(given, dict) else given
    return found if isinstance(found, str) else ""


def _who(given: object) -> dict[str, Any]:
    """Users are named by their login."""
    return {"id": given.get("id"), "login": given.get("name")} if isinstance(given, dict) else {}
