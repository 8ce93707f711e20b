"""Jira's webhooks, of Cloud, Data Center and Service Management: an issue as a ticket.

Known by the issue's number, since an old server's comment says nothing else of it; shown by its key (TES-41). Whether
it is over says the category of its status, whose name may be in any language; an old server names none, and then its
resolution says so.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.sources import LONGEST_FINGERPRINT, BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.signatures import BODY, Signing
from rules.texts.text import clean_text, cut
from rules.words import Alert

KIND_LABEL = "Jira"
SIGNING = Signing("x-hub-signature", bare=(BODY,), prefix="sha256=", unlike=True)  # each body has its own timestamp
HABITS = Habits(signing=SIGNING, is_desk=True)
ABOUT_ISSUES = ("issue", "comment")
SAID = ("issue_created", "issue_updated", "issue_deleted", "comment_created", "comment_updated", "comment_deleted", "")
PRIORITIES = {
    word: priority
    for priority, words in {
        "critical": "blocker highest critical urgent",
        "high": "high major",
        "normal": "medium normal",
        "low": "low lowest minor trivial",
    }.items()
    for word in words.split()
}
LARGEST_MOMENT = 4_102_444_800_000  # ms: the year 2100


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: one webhook of Jira")
    event = as_text(body.get("webhookEvent")).strip().lower().removeprefix("jira:")
    if event and event.partition("_")[0] not in ABOUT_ISSUES:
        return Parsed([], notes=[f"event {excerpt(event)!r} is about no issue"])
    reader = _Reader(body, event)
    number, key = reader.names()
    if not (number or key):
        if event not in SAID:  # issue_property_set, and what is yet to come: nothing that we could have missed
            return Parsed([], notes=[f"event {excerpt(event)!r} names no issue"])
        raise BadPayload("is missing: without it no later word finds this issue", "issue.key")
    parsed = ticket.parse(reader.generic(key or number), heard)
    return replace(parsed, alerts=[reader.placed(one, number or key, key) for one in parsed.alerts])


@dataclass(slots=True)
class _Reader:
    """Reads one webhook."""

    body: dict[str, Any]
    event: str

    def names(self) -> tuple[str, str]:
        """The issue's number and key; a comment of an old server names it in its own address only."""
        issue = part_of(self.body, "issue")
        place = as_text(part_of(self.body, "comment").get("self"))
        number = as_text(issue.get("id")) or place.partition("/issue/")[2].partition("/")[0]
        return number, as_text(issue.get("key"))

    def generic(self, key: str) -> dict[str, Any]:
        """The issue as /ingest/ticket takes it."""
        fields = self._fields()
        priority = _name(fields, "priority").strip()
        made = {
            "id": key,
            "event": self._event(),
            "subject": fields.get("summary"),
            "description": _text(fields.get("description")),
            "priority": PRIORITIES.get(priority.lower(), priority),
            "status": _name(fields, "status"),
            "requester": _person(part_of(fields, "reporter") or part_of(fields, "creator")),
            "assignee": _person(part_of(fields, "assignee")),
            "due_at": fields.get("duedate"),
            "updated_at": self._moment(),
            "url": self._address(key),
            "by": self._who(),
            "labels": self._labels(fields),
        }
        return {**made, "comment": self._comment()} if made["event"] == "commented" else made

    def placed(self, alert: Alert, identity: str, key: str) -> Alert:
        """With the issue's number as its identity, and open or over as the category of its status says."""
        assert alert.ticket is not None
        happened = replace(alert.ticket, key=cut(clean_text(key), ticket.LONGEST_KEY))
        alert = msgspec.structs.replace(alert, ticket=happened)
        if identity.isascii() and identity.isdecimal() and len(identity) <= LONGEST_FINGERPRINT:
            alert = msgspec.structs.replace(alert, fingerprint=identity)
        over = self._over()
        if over is None or happened.event in ("created", "solved", "closed", "reopened"):
            return alert
        ends = alert.starts_at if over else None
        return msgspec.structs.replace(alert, firing=not over, touch=False, ends_at=ends)

    def _over(self) -> bool | None:
        """None: it does not say."""
        fields = self._fields()
        category = as_text(part_of(part_of(fields, "status"), "statusCategory").get("key"))
        if category:
            return category == "done"
        return True if fields.get("resolution") else None

    def _fields(self) -> dict[str, Any]:
        return part_of(part_of(self.body, "issue"), "fields")

    def _event(self) -> str:
        """What happened, in the words of a ticket."""
        if self.event in ("issue_created", "issue_deleted"):
            return "created" if self.event == "issue_created" else "closed"
        if self.event == "comment_created" or (self.event == "issue_updated" and part_of(self.body, "comment")):
            return "commented"
        changed = self._changed()
        if "resolution" in changed or "status" in changed:
            if self._over():
                return "solved"
            return "reopened" if changed.get("resolution", "x") is None else "updated"
        kind = as_text(self.body.get("issue_event_type_name"))
        return "assigned" if "assignee" in changed or kind == "issue_assigned" else "updated"

    def _changed(self) -> dict[str, Any]:
        """What became of each field that was changed."""
        items = part_of(self.body, "changelog").get("items")
        found = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
        return {as_text(one.get("field")).lower(): one.get("toString") for one in found}

    def _who(self) -> dict[str, Any]:
        """Who did it. A comment's own webhook names only its author."""
        comment = part_of(self.body, "comment")
        found = part_of(self.body, "user") or part_of(comment, "updateAuthor") or part_of(comment, "author")
        number = found.get("accountId") or found.get("key")  # of Cloud, of a server
        return {"id": number, "login": found.get("name"), "email": found.get("emailAddress")}

    def _moment(self) -> Any:
        at = self.body.get("timestamp")
        if type(at) is int and 0 < at < LARGEST_MOMENT:
            return datetime.fromtimestamp(at / 1000, UTC).isoformat()
        comment = part_of(self.body, "comment")
        return self._fields().get("updated") or comment.get("updated") or comment.get("created")

    def _address(self, key: str) -> str:
        """Where people read it: the part of its own address before the API's."""
        base, found, _ = as_text(part_of(self.body, "issue").get("self")).partition("/rest/api/")
        return f"{base}/browse/{key}" if found else ""

    def _labels(self, fields: dict[str, Any]) -> dict[str, Any]:
        components = fields.get("components")
        first = components[0] if isinstance(components, list) and components else {}
        made = {
            "project": part_of(fields, "project").get("key"),
            "type": part_of(fields, "issuetype").get("name"),
            "component": first.get("name") if isinstance(first, dict) else "",
        }
        return {name: value for name, value in made.items() if value}

    def _comment(self) -> dict[str, Any]:
        comment = part_of(self.body, "comment")
        author = part_of(comment, "author")
        return {
            "id": comment.get("id"),
            "author": author.get("displayName") or author.get("name"),
            "text": _text(comment.get("body")),
            "public": comment.get("jsdPublic"),
        }


def _name(fields: dict[str, Any], name: str) -> str:
    """Of a priority or a status, which some templates write as a plain text."""
    given = fields.get(name)
    return as_text(given.get("name") if isinstance(given, dict) else given)


def _person(given: dict[str, Any]) -> dict[str, Any]:
    made = {"name": given.get("displayName") or given.get("name"), "email": given.get("emailAddress")}
    return {name: value for name, value in made.items() if value}


def _text(value: Any) -> str:
    """A text, also one in Atlassian's document format: its words, a line for each paragraph."""
    if isinstance(value, dict) and isinstance(value.get("content"), list):
        inner = [_text(one) for one in value["content"]]
        return ("" if value.get("type") in ("paragraph", "heading") else "\n").join(filter(None, inner))
    if isinstance(value, dict):
        more = part_of(value, "attrs")  # of a mention, an emoji, a link
        said = value.get("text") or more.get("text") or more.get("shortName") or more.get("url")
        return "\n" if value.get("type") == "hardBreak" else as_text(said)
    return as_text(value)
