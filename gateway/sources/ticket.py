"""A service desk's ticket in our generic form, for everything without a source of its own; only `id` is needed.

created and reopened open; solved and closed close; any other event goes by `status` if that names an open or a closed
state, and else says nothing about it (it opens what was never seen and reopens nothing). Priority, lowest to highest:
low, normal, high, critical; any other word takes the source's default (high), never the lowest. `by` is who did it: of
what we did there ourselves only an end is taken in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from gateway.sources import LONGEST_FINGERPRINT, BadPayload, Habits, Heard, Parsed, read_time
from rules.identity import fingerprint
from rules.senders.fields import LONGEST_TEXT, MARK, as_text, excerpt, texts, title_of
from rules.senders.writeback import is_own
from rules.texts.text import cut, cut_bytes, one_line, safe_url
from rules.words import Alert, Kind, Severity, Ticket

KIND_LABEL = "Tickets (generic JSON)"
HABITS = Habits(is_desk=True)
SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.ERROR,
    "normal": Severity.WARNING,
    "low": Severity.INFO,
}
EVENTS = ("created", "updated", "commented", "assigned", "arrival", "solved", "closed", "reopened")
SAME_EVENTS = {"opened": "created", "new": "created", "resolved": "solved", "done": "solved", "comment": "commented"}
OPEN = ("open", "opened", "new", "reopened", "in progress", "assigned")
CLOSED = ("closed", "solved", "resolved", "done", "completed", "cancelled", "canceled")
MOST_PEOPLE = 20  # addresses of one requester
LONGEST_WORD = 300
LONGEST_KEY = 200
YEARS = timedelta(days=3650)  # an appointment lies in the future
# Strict enough that an address can never become another header or a second recipient.
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\.]+(?:\.[^\s@<>()\[\],;:\"\\.]+)+")


# What a template names and its desk does not know: {{ticket.id}}, ${current.number}, #{ticket.title}, <OTRS_TICKET_X>
_PLACEHOLDER = re.compile(r"\s*(\{\{[^{}]*\}\}|[$#]\{[^{}]*\}|<OTRS_[A-Za-z0-9_\[\]]*>)\s*")


def filled(value: Any) -> Any:
    """The same without the texts that are nothing but a placeholder which was not filled in: nothing is said there."""
    if isinstance(value, dict):
        return {name: filled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    return None if isinstance(value, str) and _PLACEHOLDER.fullmatch(value) else value


def unfilled(value: object) -> BadPayload:
    """Why a ticket has no number, of which `value` is what stands in its place."""
    if isinstance(value, str) and _PLACEHOLDER.fullmatch(value):
        return BadPayload("is a placeholder that the sender did not fill in", "id")
    return BadPayload("is missing: without it no later word finds this ticket", "id")


def parse(body: Any, heard: Heard, over: bool | None = None) -> Parsed:
    """`over`: what a code of the desk's says of that, whatever the status is called there; None: it does not say."""
    if not isinstance(body, dict):
        raise BadPayload("must be an object: one ticket")
    given = body.get("id")
    key = "" if isinstance(given, bool | dict | list) else one_line(as_text(given))
    if not key:
        raise BadPayload("is missing: without it no later word finds this ticket", "id")
    reader = _Reader(body, heard, over)
    alert = reader.alert(key)
    if reader.is_ours() and alert.firing:
        return Parsed([], notes=[f"ticket {excerpt(key)}: it was we who did it"])
    return Parsed([alert], notes=reader.notes)


@dataclass(slots=True)
class _Reader:
    """Reads one ticket."""

    body: dict[str, Any]
    heard: Heard
    over: bool | None
    notes: list[str] = field(default_factory=list)

    def alert(self, key: str) -> Alert:
        ticket = self._ticket(key)
        firing, touch = _state(ticket, self.over)
        if self.is_ours() and not firing:  # for all that it may say besides
            ticket = replace(ticket, event="solved", comment={})
        at = ticket.updated_at or self.heard.now
        url, annotations = self._texts()
        return Alert(
            source=self.heard.source,
            fingerprint=key if len(key) <= LONGEST_FINGERPRINT else fingerprint({"id": key}),
            firing=firing,
            title=title_of(as_text(self.body.get("subject")), as_text(self.body.get("title")), key),
            severity=SEVERITIES[ticket.priority],
            starts_at=at,
            ends_at=None if firing else at,
            labels=self._labels(ticket),
            annotations=annotations,
            url=url,
            kind=Kind.TICKET,
            clock_suspect=ticket.updated_at is None,
            ticket=ticket,
            touch=touch,
        )

    def is_ours(self) -> bool:
        """Whether we did it; who did it goes before who wrote a comment."""
        comment = self.body.get("comment")
        author = comment.get("author") if isinstance(comment, dict) and self._event() == "commented" else None
        return is_own(_names(self.body.get("by") or author), self.heard.own)

    def _ticket(self, key: str) -> Ticket:
        now = self.heard.now
        return Ticket(
            key=cut(key, LONGEST_KEY),
            event=self._event(),
            priority=self._priority(),
            status=self._word("status"),
            updated_at=read_time(self.body.get("updated_at"), now),
            requester=self._requester(self.body.get("requester")),
            assignee=self._assignee(self.body.get("assignee")),
            comment=_comment(self.body.get("comment")),
            arrival_at=read_time(self.body.get("arrival_at"), now, YEARS),
            due_at=read_time(self.body.get("due_at"), now, YEARS),
            guessed=self._word("priority").lower() not in SEVERITIES,
        )

    def _word(self, name: str) -> str:
        return _short(self.body.get(name))

    def _event(self) -> str:
        """What happened. Senders also say ticket.created, ticket:created: the last word counts."""
        given = self._word("event").lower()
        last = re.split(r"[.:/\s]", given)[-1]
        event = SAME_EVENTS.get(last, last)
        if event in EVENTS:
            return event
        if given:
            self.notes.append(f"event {given!r} is not known: read as updated")
        return "updated"

    def _priority(self) -> str:
        given = self._word("priority").lower()
        if given in SEVERITIES:
            return given
        default = self.heard.default_priority
        if given:
            self.notes.append(f"priority {given!r} is not known: read as {default}")
        return default if default in SEVERITIES else "high"

    def _labels(self, ticket: Ticket) -> dict[str, str]:
        labels, more = texts(self.body.get("labels"))
        if more:
            self.notes.append(f"{more} more labels are kept in the payload only")
        ours = {"priority": ticket.priority, "event": ticket.event}
        ours |= {name: self._word(name) for name in ("service", "site")}
        return labels | {name: value for name, value in ours.items() if value and not labels.get(name)}

    def _texts(self) -> tuple[str, dict[str, str]]:
        """The link, and the longer texts; an address that may not become a link stays a text."""
        link = as_text(self.body.get("url"))
        url = safe_url(link) if len(link) < LONGEST_TEXT else ""
        said = {"description": as_text(self.body.get("description")), "url": "" if url else link}
        return url, {name: cut_bytes(text, LONGEST_TEXT, MARK) for name, text in said.items() if text}

    def _requester(self, given: object) -> dict[str, Any]:
        """One person with what is told of them, or a list of whom the first is the one; `others` are copied in."""
        if not isinstance(given, list):
            return self._person(given)
        if len(given) > MOST_PEOPLE:
            self.notes.append(f"requester: only the first {MOST_PEOPLE} of {len(given)} are kept")
        people = [self._person(one) for one in given[:MOST_PEOPLE]]
        others = [person["email"] for person in people[1:] if "email" in person]
        first = people[0] if people else {}
        return first | ({"others": others} if others else {})

    def _person(self, given: object) -> dict[str, Any]:
        if not isinstance(given, dict):
            name, address = parseaddr(_short(given))
            given = {"name": name, "email": address or _short(given)}
        person: dict[str, Any] = {name: _short(given.get(name)) for name in ("name", "email", "phone", "language")}
        if person["email"] and not _EMAIL.fullmatch(person["email"]):
            self.notes.append("requester: an address is no e-mail address and is kept as a name")
            person |= {"name": person["name"] or person["email"], "email": ""}
        found = {name: text for name, text in person.items() if text}
        return found | ({"vip": True} if given.get("vip") is True else {})

    def _assignee(self, given: object) -> str:
        if isinstance(given, dict):
            return _short(given.get("email")) or _short(given.get("name"))
        return _short(given)


def _state(ticket: Ticket, over: bool | None) -> tuple[bool, bool]:
    """Whether the ticket is open by this word, and whether the word says nothing about it."""
    if ticket.event in ("solved", "closed"):
        return False, False
    if over is not None or ticket.event in ("created", "reopened"):
        return not over, False
    status = ticket.status.lower().replace("_", " ").replace("-", " ")
    if status in CLOSED:
        return False, False
    return True, status not in OPEN


def _comment(given: object) -> dict[str, Any]:
    if isinstance(given, str):
        given = {"text": given}
    if not isinstance(given, dict):
        return {}
    text = cut_bytes(as_text(given.get("text")), LONGEST_TEXT, MARK)
    attachments = given.get("attachments")
    count: Callable[[Any], int] = len if isinstance(attachments, list) else _number
    # Only a plain yes makes it public: what was meant for colleagues must not reach a client.
    author = given.get("author")
    name = _short(author.get("name") or author.get("email")) if isinstance(author, dict) else _short(author)
    found = {"author": name, "text": text, "attachments": count(attachments)}
    if not (text or found["attachments"]):
        return {}
    number = _short(given.get("id"))  # by which it is the same one, heard twice
    staff = isinstance(author, dict) and author.get("staff") is True  # one of the desk's own people
    more = {"public": given.get("public") is True} | ({"staff": True} if staff else {})
    return ({"id": number} if number else {}) | found | more


def _names(given: object) -> list[str]:
    """By which an account is told from others; what it is called for people may be anybody's choice."""
    if isinstance(given, dict):
        return [_short(given.get(name)) for name in ("id", "login", "email")]
    return [_short(given)]


def _number(value: object) -> int:
    return min(max(value, 0), 1000) if type(value) is int else 0


def _short(value: object) -> str:
    return cut(one_line(as_text(value)), LONGEST_WORD)
