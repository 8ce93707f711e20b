"""Linear's webhooks about issues and their comments: an issue as a ticket.

Known by its number as people look for it (WEB-44). Whether it is over says the type of its
state, whatever the state is called. Each webhook says by itself when it was sent, which its signature covers.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.signatures import BODY, Signing

KIND_LABEL = "Linear"
SIGNING = Signing("linear-signature", bare=(BODY,), unlike=True, sent_at="webhookTimestamp")
HABITS = Habits(signing=SIGNING, is_desk=True, delivery="linear-delivery")
PRIORITIES = {"1": "critical", "2": "high", "3": "normal", "4": "low"}  # 0: none
OVER = ("completed", "canceled", "duplicate")  # types of states
OPEN = ("triage", "backlog", "unstarted", "started")
_NUMBER = re.compile(r"/issue/([A-Za-z0-9]{1,20}-[0-9]{1,10})(?:[/#?]|\Z)")


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: one webhook of Linear")
    kind, data = as_text(body.get("type")), part_of(body, "data")
    if not (kind and data):
        raise BadPayload("is missing: this is nothing that Linear sends", "type, data")
    about_comment = kind == "Comment" and (data.get("issueId") or part_of(data, "issue"))
    if kind != "Issue" and not about_comment:
        return Parsed([], notes=[f"{excerpt(kind)!r} is about no issue"])
    reader = _Reader(body, data)
    if about_comment:
        return ticket.parse(reader.comment(part_of(data, "issue")), heard)
    return ticket.parse(reader.issue(), heard, reader.over())


@dataclass(slots=True)
class _Reader:
    """Reads one webhook."""

    body: dict[str, Any]
    data: dict[str, Any]

    def over(self) -> bool | None:
        """None: it does not say."""
        if self.data.get("trashed") is True:
            return True
        kind = as_text(part_of(self.data, "state").get("type"))
        return kind in OVER if kind in OVER + OPEN else None

    def issue(self) -> dict[str, Any]:
        """An issue, as /ingest/ticket takes it."""
        data, team = self.data, part_of(self.data, "team")
        more = {
            "team": team.get("key"),
            "project": part_of(data, "project").get("name"),
            "labels": ", ".join(_names(data.get("labels"))),
        }
        return self._common() | {
            "id": self._number(data),
            "event": self._event(),
            "subject": data.get("title"),
            "description": data.get("description"),
            "priority": PRIORITIES.get(as_text(data.get("priority")), ""),
            "status": part_of(data, "state").get("name"),
            "requester": _person(part_of(data, "creator") or part_of(data, "externalUserCreator")),
            "assignee": _person(part_of(data, "assignee")),
            "due_at": data.get("dueDate"),
            "labels": {name: value for name, value in more.items() if value},
        }

    def comment(self, issue: dict[str, Any]) -> dict[str, Any]:
        """On an issue, of which it says little. A word from outside is the client's; all others are colleagues'."""
        outside = part_of(self.data, "externalUser")
        author = outside or part_of(self.data, "user") or part_of(self.data, "botActor")
        new = self.body.get("action") == "create"
        made = self._common() | {
            "id": self._number(issue) or issue.get("id") or self.data.get("issueId"),
            "event": "commented" if new else "updated",
            "subject": issue.get("title"),
            "url": as_text(self.body.get("url")).partition("#")[0],
        }
        said = {
            "id": self.data.get("id"),
            "author": {"name": author.get("name"), "email": author.get("email"), "staff": not outside},
            "text": self.data.get("body"),
            "public": bool(outside),
        }
        return {**made, "comment": said} if new else made

    def _common(self) -> dict[str, Any]:
        """Older webhooks name nobody who did it: then it is whoever began it, if it begins now."""
        actor, new = part_of(self.body, "actor"), self.body.get("action") == "create"
        began = self.data.get("userId") or self.data.get("creatorId")
        return {
            "updated_at": self.data.get("updatedAt") or self.body.get("createdAt"),
            "url": self.body.get("url"),
            "by": {"id": actor.get("id") or (began if new else ""), "email": actor.get("email")},
        }

    def _event(self) -> str:
        """What happened, in the words of a ticket."""
        action = as_text(self.body.get("action"))
        if action in ("create", "remove"):
            return "created" if action == "create" else "closed"
        before = part_of(self.body, "updatedFrom")
        if action == "restore" or (not self.over() and (before.get("completedAt") or before.get("canceledAt"))):
            return "reopened"
        if "stateId" in before and self.over():
            return "solved"
        return "assigned" if "assigneeId" in before else "updated"

    def _number(self, issue: dict[str, Any]) -> str:
        """WEB-44, from wherever it is said."""
        said, team = as_text(issue.get("identifier")).strip(), part_of(issue, "team")
        if said:
            return said
        if team.get("key") and issue.get("number") is not None:
            return f"{as_text(team['key'])}-{as_text(issue['number'])}"
        place = _NUMBER.search(as_text(issue.get("url"))) or _NUMBER.search(as_text(self.body.get("url")))
        return place[1].upper() if place else as_text(issue.get("id"))


def _person(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("name", "email") if given.get(name)}


def _names(given: Any) -> list[str]:
    found = given if isinstance(given, list) else []
    return [name for one in found if isinstance(one, dict) and (name := as_text(one.get("name")).strip())]
