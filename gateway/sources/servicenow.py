"""ServiceNow: what a business rule posts of a task (an incident, a problem, a change), in the names of its fields.

A reference is a sys_id, or an object with `display_value` and `value`. Numbers are texts. What a state's number means
depends on the table, which is known by sys_class_name or by what the task's number begins with. Times that the
database keeps name no zone and are UTC; whether a shown one is too nobody can tell, and it is said in the log.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, ticket
from rules.identity import fingerprint
from rules.senders.fields import as_text, part_of
from rules.texts.markup import plain_text

KIND_LABEL = "ServiceNow"
HABITS = Habits(is_desk=True)
PRIORITIES = {
    "1": "critical", "2": "high", "3": "normal", "4": "low", "5": "low", "critical": "critical", "high": "high",
    "moderate": "normal", "low": "low", "planning": "low",
}  # fmt: skip
TABLES = {  # by what the number begins with; a number of somebody's own is an incident's
    "PRB": "problem", "CHG": "change_request", "TASK": "task", "SCTASK": "sc_task", "RITM": "sc_req_item",
    "REQ": "sc_request", "CTASK": "change_task", "PTASK": "problem_task",
}  # fmt: skip
TASK = {"1": "open", "2": "in progress", "3": "closed complete", "4": "closed incomplete", "7": "closed skipped"}
STATES = {
    "incident": {
        "1": "new", "2": "in progress", "3": "on hold", "6": "resolved", "7": "closed", "8": "canceled",
    },
    "problem": {
        "101": "new", "102": "assess", "103": "root cause analysis", "104": "fix in progress", "106": "resolved",
        "107": "closed", **TASK, "3": "closed", "4": "pending change",
    },
    "change_request": {
        "-5": "new", "-4": "assess", "-3": "authorize", "-2": "scheduled", "-1": "implement", "0": "review",
        "3": "closed", "4": "canceled",
    },
}  # fmt: skip
OPEN = ("new", "open", "in progress", "work in progress")
OVER = (
    "resolved", "closed", "canceled", "cancelled", "closed complete", "closed incomplete", "closed skipped",
    "closed/resolved by caller",
)  # fmt: skip
EVENTS = {"insert": "created", "update": "updated", "delete": "closed"}  # operations of a business rule
JOURNAL = ("comments", "work_notes")
RANKS = ("1", "2", "3")  # of impact and urgency
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_BARE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_HEAD = re.compile(r"[^\n]{8,40} - ([^\n(]{1,100}) \([^\n]{1,60}\)\n")  # time, author, kind of a journal's line
_NEXT = re.compile(r"\n\n(?=[^\n]{8,40} - [^\n(]{1,100} \([^\n]{1,60}\)\n)")


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a task's fields")
    given = body
    for name in ("result", "record", "current", "incident"):  # of what has it within
        given = part_of(given, name) or given
    reader = _Reader(ticket.filled({**body, **given}))
    if not reader.value("number") and reader.value("element") in JOURNAL:
        return Parsed([], notes=["a line of a journal does not say the number of its task"])
    if not reader.value("number") and not reader.value("sys_id"):
        raise ticket.unfilled(given.get("number"))
    parsed = ticket.parse(reader.generic(), heard, reader.over())
    at = reader.task.get("sys_updated_on") or reader.task.get("sys_created_on")
    if parsed.alerts and _BARE.fullmatch(as_text(at).strip()):
        parsed.notes.append("its time names no zone: read as UTC")
    return parsed


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one task."""

    task: dict[str, Any]

    def value(self, name: str) -> str:
        """As the database has it."""
        given = self.task.get(name)
        return as_text(given.get("value") if isinstance(given, dict) else given).strip()

    def shown(self, name: str) -> str:
        """As people see it; a reference that is only a sys_id is shown to nobody."""
        given = self.task.get(name)
        text = as_text(given.get("display_value") if isinstance(given, dict) else given).strip()
        return "" if _SYS_ID.fullmatch(text) else text

    def first(self, *names: str) -> str:
        return next(filter(None, map(self.shown, names)), "")

    def generic(self) -> dict[str, Any]:
        """The task as /ingest/ticket takes it."""
        comment, event = self.comment(), self.event()
        if comment and event != "created":
            event = "commented"
        made = {
            "id": self.value("number") or self.value("sys_id"),
            "event": event,
            "by": self.value("sys_updated_by"),
            "subject": self.shown("short_description"),
            "description": plain_text(self.shown("description")),
            "priority": self.priority(),
            "status": self.state(),
            "requester": self.person("caller_id", "requested_for", "opened_by"),
            "assignee": self.person("assigned_to"),
            "due_at": self.value("due_date") or self.value("sla_due"),
            "updated_at": self.value("sys_updated_on") or self.value("sys_created_on"),
            "url": self.first("url", "link"),
            "service": self.first("business_service", "cmdb_ci"),
            "site": self.shown("location"),
            "labels": self.labels(),
        }
        return {**made, "comment": comment} if event == "commented" else made

    def table(self) -> str:
        return self.value("sys_class_name") or TABLES.get(self.value("number").upper().rstrip("0123456789"), "incident")

    def state(self) -> str:
        """In English where the number is known, else as it is shown."""
        known = STATES.get(self.table(), TASK)
        for name in ("state", "incident_state", "problem_state"):
            if self.value(name) or self.shown(name):
                return known.get(self.value(name)) or self.shown(name) or self.value(name)
        return ""

    def over(self) -> bool | None:
        """An inactive one is closed, whatever that is called."""
        word = self.state().lower()
        if word in OVER or self.value("active").lower() in ("false", "0"):
            return True
        return False if word in OPEN else None

    def priority(self) -> str:
        """A number, also before a word; where only impact and urgency are named, what they make together."""
        given = self.value("priority") or self.shown("priority")
        found = PRIORITIES.get(given.lower()) or PRIORITIES.get(given[:1])
        if found or given:
            return found or given
        impact, urgency = self.value("impact")[:1], self.value("urgency")[:1]
        if impact in RANKS and urgency in RANKS:
            return PRIORITIES[str(int(impact) + int(urgency) - 1)]
        return ""

    def event(self) -> str:
        word = self.first("operation", "event").lower()
        event = EVENTS.get(word, word) or ("created" if self.value("sys_mod_count") == "0" else "updated")
        return "closed" if event == "updated" and self.over() else event

    def person(self, *names: str) -> dict[str, Any]:
        """The first who is named, with an address where the rule has looked it up."""
        for name in names:
            email = self.first(f"{name}.email", f"{name}_email")  # of nobody scripts say "undefined"
            found = {"name": self.shown(name), "email": email if "@" in email else ""}
            if any(found.values()):
                return {part: value for part, value in found.items() if value}
        return {}

    def labels(self) -> dict[str, Any]:
        made = {name: self.shown(name) for name in ("category", "subcategory", "contact_type", "company")}
        group = self.shown("assignment_group") or self.value("assignment_group")  # rules may know it by its sys_id
        made |= {"group": group, "type": self.table()}
        return {name: value for name, value in made.items() if value}

    def comment(self) -> dict[str, Any]:
        """The newest line of a journal; the client may read comments, and no work notes. The same twice is one."""
        name = next((one for one in JOURNAL if self.first(one)), "")
        text = self.shown(name) if name else ""
        head = _HEAD.match(text)
        said = plain_text(_NEXT.split(text[head.end() :] if head else text, 1)[0].strip())
        if not said:
            return {}
        told = {"at": self.value("sys_updated_on"), "text": said}
        author = head[1].strip() if head else self.value("sys_updated_by")
        return {"id": fingerprint(told), "author": author, "text": said, "public": name == "comments"}
