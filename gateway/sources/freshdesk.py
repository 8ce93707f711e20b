"""Freshdesk and Freshservice: what a webhook of an automation says; administrators choose, or write, its body.

Freshservice says `freshdesk_webhook`, too. Priorities (1 low to 4 urgent) and statuses (2 open, 3 pending, 4 resolved,
5 closed) come as numbers or as words in the desk's language. A placeholder that was not filled in says nothing.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, part_of
from rules.texts.markup import plain_text

KIND_LABEL = "Freshdesk, Freshservice"
HABITS = Habits(is_desk=True)
PRIORITIES = {
    "1": "low", "low": "low", "2": "normal", "medium": "normal", "3": "high", "high": "high", "4": "critical",
    "urgent": "critical",
}  # fmt: skip
STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed", "6": "pending", "7": "pending"}
OVER = {"open": False, "resolved": True, "closed": True}
EVENTS = {
    "create": "created", "update": "updated", "acknowledge": "updated", "resolve": "solved", "close": "closed",
    "reopen": "reopened", "comment": "commented",
}  # fmt: skip
# What triggered_event says: {ticket_action:created}, {note_type:public}, {reply_sent:sent}, {status:{from:4,to:2}}
HAPPENED = (
    (re.compile(r"action\W+(deleted|marked_as_spam|spam)"), "closed"),
    (re.compile(r"note|reply|comment"), "commented"),
    (re.compile(r"action\W+created"), "created"),
    (re.compile(r"\b(agent|responder|group)(_id)?\b"), "assigned"),
)
_CHANGED = re.compile(r"\bstatus:\{from:[^,{}]{0,40},to:([0-9])\}")
_SPEAKER = re.compile(r"([^:<>\n]{1,80}) : ")  # before what they said


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: what a webhook of an automation sends")
    given = _named(body)
    reader = _Reader(ticket.filled(given))
    if not reader.text("id"):
        raise ticket.unfilled(given.get("id"))
    return ticket.parse(reader.generic(), heard, OVER.get(reader.status().lower()))


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """All names without what they begin with."""
    within = part_of(body, "freshdesk_webhook") or part_of(body, "ticket")
    return {name.removeprefix("ticket_"): value for name, value in {**body, **within}.items()}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one webhook, of which the names are bare."""

    given: dict[str, Any]

    def text(self, *names: str) -> str:
        """The first that is there."""
        return next((text for name in names if (text := as_text(self.given.get(name)).strip())), "")

    def generic(self) -> dict[str, Any]:
        """The ticket as /ingest/ticket takes it."""
        word, event = self.text("priority"), self.event()
        made = {
            "id": self.given.get("id"),
            "event": event,
            "subject": plain_text(self.text("subject", "title")),
            "description": plain_text(self.text("description_text", "description")),
            "priority": PRIORITIES.get(word.lower(), word),
            "status": self.status(),
            "requester": self.person("requester")
            | ({"phone": phone} if (phone := self.text("requester_phone")) else {}),
            "assignee": self.person("agent"),
            "due_at": self.given.get("due_by_time"),
            "updated_at": self.text("updated_at"),
            "url": self.text("url", "public_url", "portal_url"),
            "by": self.text("by", "event_performer_email"),
            "labels": self.labels(),
        }
        return {**made, "comment": self.comment()} if event == "commented" else made

    def status(self) -> str:
        """In English where a number is there: the event's, if the status itself is a word of another language."""
        word = self.text("status")
        changed = _CHANGED.search(self.text("triggered_event"))
        if word.lower() not in OVER and changed:
            return STATUSES.get(changed[1], word)
        return STATUSES.get(word, word)

    def event(self) -> str:
        given = self.text("triggered_event").lower()
        found = next((event for mark, event in HAPPENED if mark.search(given)), "")
        word = self.text("event", "event_type").lower()
        return found or EVENTS.get(word, word)

    def person(self, role: str) -> dict[str, Any]:
        within = part_of(self.given, role)
        made = {name: self.text(f"{role}_{name}") or as_text(within.get(name)) for name in ("name", "email")}
        return {name: value for name, value in made.items() if value}

    def labels(self) -> dict[str, Any]:
        names = {
            "type": ("type", "ticket_type"), "group": ("group_name", "group"), "company": ("company_name", "company"),
            "product": ("product", "product_description"), "source": ("source",), "tags": ("tags",),
        }  # fmt: skip
        return {label: text for label, known in names.items() if (text := self.text(*known))}

    def comment(self) -> dict[str, Any]:
        """The newest one; public if the desk says so. Its author stands before it."""
        private = "private" in self.text("triggered_event").lower()
        public = "" if private else self.text("latest_public_comment")
        told = public or self.text("latest_private_comment", "latest_comment", "comment")
        speaker = _SPEAKER.match(told)
        said = plain_text(told[speaker.end() :] if speaker else told)
        return {"author": speaker[1].strip() if speaker else "", "text": said, "public": bool(public)}
