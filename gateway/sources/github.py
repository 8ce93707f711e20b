"""GitHub's webhooks about issues and their comments: an issue as a ticket.

Known by its repository and the number there (octo/shop#7), as people look for it; moved to another repository it ends
here. GitHub knows no priority: labels say it (rules.senders.labelled). What is about no issue, as ping is, is passed
over.
"""

from typing import Any

from gateway.loader import BadJson, load
from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.senders.fields import as_text, part_of
from rules.senders.labelled import priority_of
from rules.senders.signatures import BODY, Signing

KIND_LABEL = "GitHub"
SIGNING = Signing("x-hub-signature-256", bare=(BODY,), prefix="sha256=", unlike=True)  # each says when it was changed
HABITS = Habits(signing=SIGNING, is_desk=True, delivery="x-github-delivery", reads_forms=True)
EVENTS = {
    "opened": "created", "closed": "closed", "deleted": "closed", "transferred": "closed", "reopened": "reopened",
    "assigned": "assigned", "unassigned": "assigned",
}  # fmt: skip
OF_OURS = ("OWNER", "MEMBER", "COLLABORATOR")  # who may write to the repository
MARKS = ("sender", "repository", "organization", "installation", "enterprise", "hook", "zen")  # of GitHub's bodies


def parse(body: Any, heard: Heard) -> Parsed:
    if isinstance(body, dict) and isinstance(body.get("payload"), str):
        body = _within(body["payload"])
    if not isinstance(body, dict):
        raise BadPayload("must be an object: one webhook of GitHub")
    issue, comment = part_of(body, "issue"), part_of(body, "comment")
    if not issue:
        if not any(name in body for name in MARKS):
            raise BadPayload("is missing, and nothing else is there that GitHub sends", "issue")
        return Parsed([], notes=["it is about no issue"])
    if "pull_request" in issue:
        return Parsed([], notes=["it is about a pull request"])
    repository = as_text(part_of(body, "repository").get("full_name"))
    number = as_text(issue.get("number"))
    key = f"{repository}#{number}" if number else issue.get("id")
    return ticket.parse(_generic(body, issue, comment, repository) | {"id": key}, heard)


def _within(form: str) -> Any:
    """What a form has as its one field, where the webhook's content type is not JSON."""
    try:
        return load(form.encode("utf-8", "replace"))
    except BadJson as problem:
        raise BadPayload(str(problem), "payload") from problem


def _generic(body: dict[str, Any], issue: dict[str, Any], comment: dict[str, Any], repository: str) -> dict[str, Any]:
    """The issue as /ingest/ticket takes it."""
    labels, sender = _names(issue.get("labels")), part_of(body, "sender")
    action = as_text(body.get("action"))
    event = EVENTS.get(action, "updated")
    if comment:
        event = "commented" if action == "created" else "updated"
    more = {"project": repository, "labels": ", ".join(labels), "type": part_of(issue, "type").get("name")}
    made = {
        "event": event,
        "subject": issue.get("title"),
        "description": issue.get("body"),
        "priority": priority_of(labels),
        "status": issue.get("state"),
        "requester": {"name": part_of(issue, "user").get("login")},
        "assignee": part_of(issue, "assignee").get("login"),
        "updated_at": issue.get("updated_at"),
        "url": issue.get("html_url"),
        "by": {"id": sender.get("id"), "login": sender.get("login")},
        "labels": {name: value for name, value in more.items() if value},
    }
    return {**made, "comment": _comment(comment, body)} if event == "commented" else made


def _comment(given: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Whoever reads the repository reads it: of a private one, colleagues."""
    user = part_of(given, "user")
    ours = given.get("author_association") in OF_OURS or user.get("type") == "Bot"
    return {
        "id": given.get("id"),
        "author": {"name": user.get("login"), "staff": ours},
        "text": given.get("body"),
        "public": part_of(body, "repository").get("private") is False,
    }


def _names(given: Any) -> list[str]:
    found = given if isinstance(given, list) else []
    return [name for one in found if isinstance(one, dict) and (name := as_text(one.get("name")).strip())]
