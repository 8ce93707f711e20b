"""Zabbix: what a media type of the kind Webhook sends (ours is on the page of the source), and pdagent's older form.

All values are texts; a macro that Zabbix did not fill in ({EVENT.ID}, *UNKNOWN*) is none. Known by its trigger, since
problem and end are of the same one, else by the problem's event. An update says what somebody did in Zabbix.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.sources import BadPayload, Heard, Parsed, epoch
from gateway.sources.alertmanager import Only, read_one, read_said
from rules.said import Said, Saying
from rules.senders.fields import as_text, excerpt, labelled, part_of
from rules.words import Severity

KIND_LABEL = "Zabbix"
SEVERITIES = {
    word: severity
    for severity, words in {
        Severity.CRITICAL: ("5", "4", "disaster", "high"),
        Severity.ERROR: ("3", "average"),
        Severity.WARNING: ("2", "warning"),
        Severity.INFO: ("1", "0", "information", "not classified"),
    }.items()
    for word in words
}
NAMES = {  # ours, and what other media types call it
    "event_value": ("event_value", "value", "eventvalue"),
    "event_nseverity": ("event_nseverity", "event_severity", "severity"),
    "trigger_id": ("trigger_id", "triggerid"),
    "event_id": ("event_id", "eventid"),
    "title": ("event_name", "name", "title", "subject"),
    "host": ("host", "host_name", "hostname"),
    "host_ip": ("host_ip", "hostip", "ip"),
    "description": ("description", "message"),
    "tags": ("event_tags", "event_tags_json", "tags"),
}
INTERNAL = "3"  # of its own trouble: an item or a trigger that cannot be evaluated
STRANGE = {"1": "discovery", "2": "autoregistration"}  # sources of events that have no end
_MACRO = re.compile(r"\s*(\{[$#?]?[A-Z][^{}]*\}|\*UNKNOWN\*)\s*")
_HAS_IT = re.compile(r"(?<!un)acknowledged")
_STATE = re.compile(r"(problem|resolved|updated problem)( in [^:]{1,40})?:\s+", re.IGNORECASE)


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: the parameters of a media type of the kind Webhook")
    reader = _Reader({**body, **_older(body)})
    if not reader.identity():
        if any(_MACRO.fullmatch(value) for value in body.values() if isinstance(value, str)):
            return Parsed([], notes=["no macro was filled in: a test of the media type says nothing about a problem"])
        raise BadPayload("is missing: without it no later word finds this problem", "trigger_id")
    if kind := STRANGE.get(reader.get("event_source")):
        return Parsed([], notes=[f"events of {kind} have no end: none opens an incident"])
    if reader.firing() and reader.get("event_update_status") == "1":
        return read_said(reader.identity(), reader.update(), reader.title(), heard)
    return read_one(reader.only(heard), heard)


def _older(body: dict[str, Any]) -> dict[str, Any]:
    """What pdagent's form says in our names: the macros stand within, what happened beside them."""
    details = part_of(body, "details")
    if not details:
        return {}
    word = {"resolve": "0", "trigger": "1", "acknowledge": "1"}.get(as_text(body.get("event_type")).lower(), "")
    made = {"trigger_id": details.get("id"), "url": body.get("client_url"), "description": body.get("description")}
    return {
        **details,
        **made,
        **({"event_value": word} if word else {}),
        "event_update_status": "1" if body.get("event_type") == "acknowledge" else "0",
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parameters."""

    body: dict[str, Any]

    def get(self, name: str) -> str:
        """The first of its names that has a value."""
        for known in NAMES.get(name, (name,)):
            text = as_text(self.body.get(known)).strip()
            if text and not _MACRO.fullmatch(text):
                return text
        return ""

    def identity(self) -> str:
        """A trigger's number as it is; an event's must not look like one. That a trigger fails is no problem of its."""
        event, trigger = self.get("event_id"), self.get("trigger_id")
        by_event = f"event:{event}" if event else ""
        return by_event or trigger if self.get("event_source") == INTERNAL else trigger or by_event

    def firing(self) -> bool:
        """Unless it says that it is over: the value, or in words the status."""
        return self.get("event_value") != "0" and self.get("status").lower() not in ("resolved", "ok")

    def update(self) -> Said:
        """What somebody did to the problem there; of a media type that does not say what, that they have it."""
        did, message = self.get("event_update_action"), self.get("event_update_message")
        has_it = _HAS_IT.search(did) if did else self.get("event_ack_status").lower() != "no"
        what = Saying.ACKNOWLEDGED if has_it else Saying.NOTE
        text = message if has_it else ": ".join(filter(None, (did or "updated", message)))
        when = [self.get(name) for name in ("event_update_date", "event_update_time")]
        return Said(what, self.get("event_update_user"), text, " ".join((*when, did)) if all(when) else "")

    def only(self, heard: Heard) -> Only:
        firing, title, host = self.firing(), self.title(), self.get("host")
        severity = SEVERITIES.get(self.get("event_nseverity").lower())
        ours = {"alertname": title, "host": host, "trigger_id": self.get("trigger_id"), "severity": severity}
        texts = {name: self.get(name) for name in ("description", "event_opdata", "host_ip", "event_id")}
        return Only(
            firing=firing,
            identity=self.identity(),
            title=title,
            labels=labelled(self.get("tags")) | {name: value for name, value in ours.items() if value},
            texts={**texts, "hostgroups": self.get("hostgroups")},
            url=self.link(),
            starts_at=epoch(self.get("event_timestamp"), heard.now),
            ends_at=None if firing else epoch(self.get("event_recovery_timestamp"), heard.now),
        )

    def title(self) -> str:
        """The problem's name; a subject begins with a state, which is no part of it."""
        given = self.get("title")
        state = _STATE.match(given)
        return given[state.end() :] if state else given or f"trigger {excerpt(self.identity())}"

    def link(self) -> str:
        root, trigger, event = self.get("zabbix_url"), self.get("trigger_id"), self.get("event_id")
        if root and trigger.isdecimal() and event.isdecimal():
            return f"{root.rstrip('/')}/tr_events.php?triggerid={trigger}&eventid={event}"
        return root or self.get("url")
