"""Redmine with suer's plugin redmine_webhook: an issue that was opened or updated, and with that its journal's entry.

Statuses and priorities have names only, which may be anybody's; those that Redmine begins with are known in English and
Russian. That an issue is over also says the moment of its closing, if it is that of the change; no name is needed then.
Changes from the context menu are told of by the plugin's newer versions alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, read_time, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.signatures import BODY, Signing

KIND_LABEL = "Redmine"
SIGNING = Signing("x-redminewebhook-hmac-signature", bare=(BODY,), digest="sha1", unlike=True)  # of newer versions
HABITS = Habits(signing=SIGNING, is_desk=True)
PRIORITIES = {
    word: priority
    for priority, words in {
        "critical": ("immediate", "urgent", "critical", "немедленный", "срочный"),
        "high": ("high", "высокий"),
        "normal": ("normal", "medium", "нормальный"),
        "low": ("low", "низкий"),
    }.items()
    for word in words
}
OVER = {
    **dict.fromkeys(("new", "in progress", "новая", "в работе"), False),
    **dict.fromkeys(("resolved", "closed", "rejected", "решена", "закрыта", "отклонена"), True),
}
ACTIONS = {"opened": "created", "updated": "updated", "closed": "closed"}
SAME = timedelta(seconds=2)  # a change's two times are taken one after the other


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a payload with an issue")
    payload = part_of(body, "payload") or body
    if not part_of(payload, "issue"):
        if payload.get("action") and as_text(payload["action"]) not in ACTIONS:
            return Parsed([], notes=[f"action {excerpt(payload['action'])!r} is about no issue"])
        raise ticket.unfilled(None)
    reader = _Reader(payload, part_of(payload, "issue"), part_of(payload, "journal"))
    return ticket.parse(reader.generic(), heard, reader.over(heard))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one payload."""

    payload: dict[str, Any]
    issue: dict[str, Any]
    journal: dict[str, Any]

    def generic(self) -> dict[str, Any]:
        """The issue as /ingest/ticket takes it."""
        event, priority = self.event(), _name(self.issue.get("priority"))
        made = {
            "id": self.issue.get("id"),
            "event": event,
            "by": _who(
                part_of(self.journal, "author") or (part_of(self.issue, "author") if event == "created" else {})
            ),
            "subject": self.issue.get("subject"),
            "description": self.issue.get("description"),
            "priority": PRIORITIES.get(priority.lower(), priority),
            "status": _name(self.issue.get("status")),
            "requester": _person(part_of(self.issue, "author")),
            "assignee": _person(part_of(self.issue, "assignee")),
            "due_at": self.issue.get("due_date"),
            "updated_at": self.issue.get("updated_on"),
            "url": url if "://" in (url := as_text(self.payload.get("url"))) else "",  # of a commit's change: words
            "labels": self.labels(),
        }
        return {**made, "comment": self.comment()} if event == "commented" else made

    def event(self) -> str:
        action = as_text(self.payload.get("action")).strip().lower()
        if action == "updated" and as_text(self.journal.get("notes")).strip():
            return "commented"
        return (
            "assigned" if action == "updated" and self.changed() == {"assigned_to_id"} else ACTIONS.get(action, action)
        )

    def changed(self) -> set[str]:
        """The names of the fields that the journal's entry tells of."""
        details = self.journal.get("details")
        found = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
        return {as_text(one.get("prop_key")) for one in found}

    def over(self, heard: Heard) -> bool | None:
        """Closed now, or by the name; the moment of the last closing stays when the issue is opened again."""
        status = part_of(self.issue, "status")
        if isinstance(status.get("is_closed"), bool):
            return bool(status["is_closed"])
        named = OVER.get(_name(status).lower())
        closed, changed = (read_time(self.issue.get(name), heard.now) for name in ("closed_on", "updated_on"))
        if named is None and closed and changed and abs(changed - closed) <= SAME:
            return True
        return named

    def labels(self) -> dict[str, Any]:
        project = part_of(self.issue, "project")
        made = {"project": project.get("identifier") or project.get("name")}
        made |= {"tracker": _name(self.issue.get("tracker")), "category": _name(self.issue.get("category"))}
        return {name: value for name, value in made.items() if value}

    def comment(self) -> dict[str, Any]:
        """Who may see the issue may read its notes, unless one of the two is private."""
        seen = self.journal.get("private_notes") is False and self.issue.get("is_private") is False
        return {
            "id": self.journal.get("id"),
            "author": _person(part_of(self.journal, "author")) | _who(part_of(self.journal, "author")),
            "text": self.journal.get("notes"),
            "public": seen,
        }


def _name(given: object) -> str:
    return as_text(given.get("name") if isinstance(given, dict) else given).strip()


def _person(given: dict[str, Any]) -> dict[str, Any]:
    name = " ".join(filter(None, (as_text(given.get(part)).strip() for part in ("firstname", "lastname"))))
    made = {"name": name or as_text(given.get("login")), "email": as_text(given.get("mail"))}
    return {part: value for part, value in made.items() if value}


def _who(given: dict[str, Any]) -> dict[str, Any]:
    return {"id": given.get("id"), "login": given.get("login"), "email": given.get("mail")} if given else {}
