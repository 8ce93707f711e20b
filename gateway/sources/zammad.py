"""Zammad's webhooks, of a trigger or a scheduler: a ticket with its newest article, in the default payload or another.

Of the people in it, who are told of with all that Zammad knows of them, names and addresses of client and owner are
kept. The names of states and priorities may be changed there, and their numbers mostly are not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, read_time, ticket
from rules.senders.fields import as_text, part_of
from rules.senders.signatures import BODY, Signing
from rules.texts.markup import plain_text

KIND_LABEL = "Zammad"
SIGNING = Signing("x-hub-signature", bare=(BODY,), prefix="sha1=", digest="sha1", unlike=True)
HABITS = Habits(signing=SIGNING, is_desk=True)
PRIORITIES = {
    "low": "low", "normal": "normal", "high": "high", "urgent": "critical", "critical": "critical",
    "emergency": "critical", "very high": "critical", "1": "low", "2": "normal", "3": "high", "4": "critical",
}  # fmt: skip
OVER = {"new": False, "open": False, "closed": True, "merged": True, "removed": True}
OVER_BY_NUMBER = {"1": False, "2": False, "4": True, "5": True}  # new, open, closed, merged
STAFF = ("agent", "system")  # senders
SAME = timedelta(seconds=10)  # a new ticket was changed when it was made


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a ticket, with or without its article")
    given = part_of(body, "ticket") or body
    reader = _Reader(ticket.filled(given), ticket.filled(part_of(body, "article")), heard.now)
    if not reader.key():
        raise ticket.unfilled(given.get("number") or given.get("id"))
    return ticket.parse(reader.generic(), heard, reader.over())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one webhook."""

    ticket: dict[str, Any]
    article: dict[str, Any]
    now: datetime

    def key(self) -> str:
        """The number, by which people know it, too."""
        return _name(self.ticket.get("number")) or _name(self.ticket.get("id"))

    def generic(self) -> dict[str, Any]:
        """The ticket as /ingest/ticket takes it."""
        event = self.event()
        first = event == "created"
        made = {
            "id": self.key(),
            "event": event,
            "by": _who(self.ticket.get("updated_by")),
            "subject": self.ticket.get("title"),
            "description": plain_text(as_text(self.article.get("body"))) if first else "",
            "priority": self.priority(),
            "status": _name(self.ticket.get("state")),
            "requester": _person(self.ticket.get("customer")),
            "assignee": _person(self.ticket.get("owner")),
            "due_at": self.ticket.get("escalation_at"),
            "updated_at": self.ticket.get("updated_at"),
            "url": self.address(),
            "labels": self.labels(),
        }
        return {**made, "comment": self.comment()} if event == "commented" else made

    def event(self) -> str:
        """The first article is the ticket's own text, whatever comes with it later."""
        if self.article.get("id") and not self.is_first():
            return "commented"
        made, changed = (read_time(self.ticket.get(name), self.now) for name in ("created_at", "updated_at"))
        if made and changed and changed - made <= SAME:
            return "created"
        return "closed" if self.over() else "updated"

    def is_first(self) -> bool:
        known = self.ticket.get("article_ids")
        if isinstance(known, list) and known:
            return bool(known[0] == self.article.get("id"))
        return as_text(self.ticket.get("article_count")) in ("", "1")

    def over(self) -> bool | None:
        """By the name, else by the number that a name of somebody's own has."""
        named = OVER.get(_name(self.ticket.get("state")).lower())
        return OVER_BY_NUMBER.get(_name(self.ticket.get("state_id"))) if named is None else named

    def priority(self) -> str:
        """Their names begin with a number, by which they are known where the word is somebody's own."""
        name = _name(self.ticket.get("priority"))
        number, _, word = name.partition(" ")
        found = (PRIORITIES.get(one.lower()) for one in (name, word, number, _name(self.ticket.get("priority_id"))))
        return next(filter(None, found), name)

    def labels(self) -> dict[str, Any]:
        tags = self.ticket.get("tags")
        made = {name: _name(self.ticket.get(name)) for name in ("group", "organization", "type")}
        made["tags"] = ", ".join(map(as_text, tags)) if isinstance(tags, list) else as_text(tags)
        return {name: value for name, value in made.items() if value}

    def comment(self) -> dict[str, Any]:
        """Whoever wrote down what was said on the phone did not say it: `from` did."""
        told, staff = as_text(self.article.get("from")), _name(self.article.get("sender")).lower() in STAFF
        name, email = parseaddr(told)
        author = {"name": name, "email": email} if "@" in email else {"name": told}
        return {
            "id": self.article.get("id"),
            "author": (author if told else _person(self.article.get("created_by"))) | {"staff": staff},
            "text": plain_text(as_text(self.article.get("body"))),
            "attachments": self.article.get("attachments"),
            "public": self.article.get("internal") is False,
        }

    def address(self) -> str:
        """Where people read it: as a payload of somebody's own says, else at the host of an attachment."""
        attached = self.article.get("attachments")
        first = attached[0] if isinstance(attached, list) and attached else None
        base, found, _ = as_text(first.get("url") if isinstance(first, dict) else "").partition("/api/v1/")
        number = _name(self.ticket.get("id"))
        by_host = f"{base}/#ticket/zoom/{number}" if found and number.isdecimal() else ""
        return as_text(self.ticket.get("url")) or by_host


def _name(given: object) -> str:
    """Of a group, a state or a priority, which are objects, plain texts or numbers."""
    return as_text(given.get("name") if isinstance(given, dict) else given).strip()


def _person(given: object) -> dict[str, Any]:
    """Nobody is a person, too, with the login "-"."""
    if not isinstance(given, dict):
        return {"email": as_text(given)} if given else {}
    name = " ".join(filter(None, (as_text(given.get(part)).strip() for part in ("firstname", "lastname"))))
    made = {"name": "" if name == "-" else name or as_text(given.get("name")), "email": as_text(given.get("email"))}
    return {part: value for part, value in made.items() if value}


def _who(given: object) -> object:
    return {name: given.get(name) for name in ("id", "login", "email")} if isinstance(given, dict) else given
