"""GitLab's webhooks about issues, other work items, and comments on them: an issue as a ticket.

Known by its project and the number there (group/shop#7), as people look for it. Labels say its priority
(rules.senders.labelled), else the severity that incidents have. Signed as Standard Webhooks are, or known by
X-Gitlab-Token, which is a token of ours or a secret that GitLab was given.
"""

from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, excerpt, part_of
from rules.senders.labelled import MEANS, priority_of
from rules.senders.signatures import BODY, NUMBER, TIME, Signing

KIND_LABEL = "GitLab"
SIGNING = Signing(
    "webhook-signature",
    timed=((NUMBER, ".", TIME, ".", BODY),),
    time_header="webhook-timestamp",
    number_header="webhook-id",
    prefix="v1,",
    in_base64=True,
    several=True,
    key_prefix="whsec_",
)
HABITS = Habits(
    signing=SIGNING,
    is_desk=True,
    token_header="x-gitlab-token",  # noqa: S106 - its name
    delivery="idempotency-key",  # the same when GitLab tries again
)
ITEMS = ("issue", "work_item")
EVENTS = {"open": "created", "close": "closed", "reopen": "reopened"}


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: one webhook of GitLab")
    kind, said = as_text(body.get("object_kind")), part_of(body, "object_attributes")
    if not kind:
        raise BadPayload("is missing: this is nothing that GitLab sends", "object_kind")
    issue = part_of(body, "issue") if kind == "note" else said
    if kind not in (*ITEMS, "note") or (kind == "note" and not issue) or said.get("system") is True:
        return Parsed([], notes=[f"{excerpt(kind)!r} is about no issue, or GitLab's own note"])
    reader = _Reader(body, said, issue)
    return ticket.parse(reader.note() if kind == "note" else reader.item(), heard)


@dataclass(slots=True)
class _Reader:
    """Reads one webhook."""

    body: dict[str, Any]
    said: dict[str, Any]  # what it is about: the issue, or a comment
    issue: dict[str, Any]

    def item(self) -> dict[str, Any]:
        """An issue, as /ingest/ticket takes it."""
        action, user = as_text(self.said.get("action")), part_of(self.body, "user")
        event = EVENTS.get(action, "updated")
        if event == "updated" and "assignees" in part_of(self.body, "changes"):
            event = "assigned"
        made = {"event": event, "updated_at": self.said.get("updated_at"), "url": self.said.get("url")}
        return self._common() | made | ({"requester": {"name": user.get("name")}} if event == "created" else {})

    def note(self) -> dict[str, Any]:
        """A comment on one. That of whoever opened the issue is the client's word; others are colleagues'."""
        new = as_text(self.said.get("action")) in ("", "create")
        hidden = self.said.get("internal") is True or self.issue.get("confidential") is True
        url = as_text(self.issue.get("url")) or as_text(self.said.get("url")).partition("#")[0]
        made = self._common() | {"updated_at": self.said.get("updated_at"), "url": url}
        if not new:
            return made | {"event": "updated"}
        comment = {
            "id": self.said.get("id"),
            "author": {
                "name": part_of(self.body, "user").get("name"),
                "staff": self.said.get("author_id") != self.issue.get("author_id"),
            },
            "text": self.said.get("note"),
            "public": self.body.get("event_type", "note") == "note" and not hidden,
        }
        return made | {"event": "commented", "comment": comment}

    def _common(self) -> dict[str, Any]:
        user, labels = part_of(self.body, "user"), self._labels()
        project = as_text(part_of(self.body, "project").get("path_with_namespace"))
        number = as_text(self.issue.get("iid"))
        severity = as_text(self.issue.get("severity")).casefold()
        more = {
            "project": project,
            "labels": ", ".join(labels),
            "type": self.issue.get("type"),
            "confidential": "yes" if self.issue.get("confidential") is True else "",
        }
        return {
            "id": f"{project}#{number}" if number else self.issue.get("id"),
            "subject": self.issue.get("title"),
            "description": self.issue.get("description"),
            "priority": priority_of(labels) or MEANS.get(severity, ""),
            "status": self.issue.get("state"),
            "assignee": self._assignee(),
            "due_at": self.issue.get("due_date"),
            "by": {"id": user.get("id"), "login": user.get("username"), "email": user.get("email")},
            "labels": {name: value for name, value in more.items() if value},
        }

    def _labels(self) -> list[str]:
        given = self.body.get("labels") or self.issue.get("labels")
        found = given if isinstance(given, list) else []
        return [name for one in found if isinstance(one, dict) and (name := as_text(one.get("title")).strip())]

    def _assignee(self) -> str:
        """By the address that may be known here, if GitLab shows it; else by the name."""
        several = self.body.get("assignees")
        first = several[0] if isinstance(several, list) and several else self.body.get("assignee")
        person = first if isinstance(first, dict) else {}
        email = as_text(person.get("email"))
        return email if "@" in email else as_text(person.get("name"))
