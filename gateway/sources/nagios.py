"""Nagios, Icinga, Naemon, Centreon: what a notification command sends, as a form or as JSON, by the names of macros.

Known by host and service. A word about downtime, flapping or a custom notification says nothing about the state: it is
written to the incident there is. pdagent's form has the macros in `details` and says beside them what happened.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, epoch
from gateway.sources.alertmanager import Only, read_one, read_said
from rules.said import Said, Saying
from rules.senders.fields import as_text, part_of
from rules.words import Severity

KIND_LABEL = "Nagios and Icinga"
HABITS = Habits(reads_forms=True)
SEVERITIES = {
    "CRITICAL": Severity.CRITICAL, "DOWN": Severity.CRITICAL, "UNKNOWN": Severity.ERROR,
    "UNREACHABLE": Severity.ERROR, "WARNING": Severity.WARNING,
}  # fmt: skip
WELL = ("OK", "UP")
OF_PDAGENT = {"trigger": "PROBLEM", "resolve": "RECOVERY", "acknowledge": "ACKNOWLEDGEMENT"}
BESIDE = ("DOWNTIME", "FLAPPING", "CUSTOM")  # how types begin that say nothing about the state
_MACRO = re.compile(r"\$[A-Z0-9_.:]*\$", re.IGNORECASE)


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object, or a form, with the names of macros: HOSTNAME, SERVICEDESC …")
    reader = _Reader({str(name).upper().removeprefix("NAGIOS_"): value for name, value in _fields(body).items()})
    if not reader.host:
        raise BadPayload("is missing: without it no later word finds this host or service", "HOSTNAME")
    kind = reader.get("NOTIFICATIONTYPE").upper()
    if kind.startswith("ACKNOWLEDGEMENT"):
        return read_said(reader.identity(), reader.said(Saying.ACKNOWLEDGED), reader.title(), heard)
    if kind.startswith(BESIDE):
        return read_said(reader.identity(), reader.said(Saying.NOTE), reader.title(), heard)
    state = reader.state()
    if not kind and not state:
        raise BadPayload("is missing, and so is the state: is it well?", "NOTIFICATIONTYPE")
    return read_one(reader.only(heard, firing=_fires(kind, state)), heard)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The macros, and what happened in Nagios's word for it."""
    details = part_of(body, "details")
    word = OF_PDAGENT.get(as_text(body.get("event_type")).strip().lower())
    return {**(details or body), **({"NOTIFICATIONTYPE": word} if word else {})}


def _fires(kind: str, state: str) -> bool:
    """By what happened; where that is not said by the state. What nobody knows is trouble."""
    return kind == "PROBLEM" if kind in ("PROBLEM", "RECOVERY") else state not in WELL


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the macros of one notification."""

    macros: dict[str, Any]

    def get(self, *names: str) -> str:
        """The first that has a value; a macro that was not filled in has none."""
        for name in names:
            text = as_text(self.macros.get(name)).strip()
            if text and not _MACRO.fullmatch(text):
                return text
        return ""

    def of(self, *names: str) -> str:
        """A macro that services and hosts have: HOSTSTATE or SERVICESTATE."""
        about = "SERVICE" if self.service else "HOST"
        return self.get(*(name.replace("*", about) for name in names))

    @property
    def host(self) -> str:
        return self.get("HOSTNAME", "HOST")

    @property
    def service(self) -> str:
        return self.get("SERVICEDESC", "SERVICE")

    def identity(self) -> str:
        return f"{self.host};{self.service}" if self.service else self.host

    def state(self) -> str:
        return self.of("*STATE").upper()

    def title(self) -> str:
        """Which, and what its check said of it."""
        name = f"{self.service} on {self.host}" if self.service else self.host
        said = self.of("*OUTPUT") or self.state()
        return f"{name}: {said}" if said else name

    def said(self, what: Saying) -> Said:
        """Author and comment; Nagios itself strips of what a shell would run those of an acknowledgement only."""
        author = self.get("NOTIFICATIONAUTHOR", "NOTIFICATIONAUTHORNAME") or self.of("*ACKAUTHOR")
        comment = self.get("NOTIFICATIONCOMMENT") or self.of("*ACKCOMMENT")
        kind = self.get("NOTIFICATIONTYPE").upper()
        text = comment if what is Saying.ACKNOWLEDGED else ": ".join(filter(None, (kind, comment)))
        when = self.get("TIMET", "LONGDATETIME")
        return Said(what, author, text, f"{kind} {when}" if when else "")

    def only(self, heard: Heard, *, firing: bool) -> Only:
        """Of what is over the state is well, and the last one says how bad it was."""
        severity = SEVERITIES.get(self.state() if firing else self.of("LAST*STATE").upper())
        changed = self.changed(heard)
        return Only(
            firing=firing,
            identity=self.identity(),
            title=self.title(),
            labels={
                "alertname": self.service or "Host",
                "host": self.host,
                "service": self.service,
                "hostgroups": self.get("HOSTGROUPNAMES"),
                "servicegroups": self.get("SERVICEGROUPNAMES"),
                "severity": severity,
            },
            texts={
                "description": "\n".join(filter(None, (self.of("*OUTPUT"), self.long()))),
                "state": self.state(),
                "address": self.get("HOSTADDRESS"),
                "runbook_url": self.of("*NOTESURL"),
            },
            url=self.of("*ACTIONURL", "*NOTESURL"),
            starts_at=changed,
            ends_at=None if firing else changed,
        )

    def long(self) -> str:
        """The lines after the first, whose ends Nagios writes as two characters."""
        return self.of("LONG*OUTPUT").replace("\\n", "\n")

    def changed(self, heard: Heard) -> datetime | None:
        """When its state became this one: the same however often Nagios says so."""
        return epoch(self.of("LAST*STATECHANGE"), heard.now)
