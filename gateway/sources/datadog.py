"""Datadog: what a webhook's payload of $VARIABLES says: ours, Datadog's own, or anybody's that uses their names.

A variable that does not apply stays as it is ($HOSTNAME) and is none. Where no field says what happened, the title does
("[Recovered on {host:a}] CPU is high"). Known by the aggregation key, else by monitor and scope: one monitor has many.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gateway.sources import BadPayload, Heard, Parsed, epoch, read_time
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, labelled
from rules.words import Severity

KIND_LABEL = "Datadog"
SEVERITIES = {
    "p1": Severity.CRITICAL, "p2": Severity.ERROR, "p3": Severity.WARNING, "p4": Severity.INFO, "p5": Severity.INFO,
    "error": Severity.ERROR, "warning": Severity.WARNING, "warn": Severity.WARNING, "re-warn": Severity.WARNING,
}  # fmt: skip
OVER = ("recovered", "resolved", "ok", "success", "recovery")
SILENT = ("info", "user_update", "snapshot")  # types of what is no alert
REPEATED = ("re-triggered", "re-no data", "re-warn", "renotify")  # told again: it began before
BEGUN = ("triggered", "no data", "warn", "recovered", *REPEATED)
NAMES = {  # ours, and what templates call it, without case and underscores
    "transition": ("alerttransition", "transition"),
    "monitor": ("alertid", "monitorid"),
    "scope": ("alertscope", "scopes", "scope"),
    "title": ("alerttitle", "eventtitle", "title"),
    "text": ("textonlymsg", "eventmsg", "body", "message", "text"),
    "link": ("link", "url", "eventurl"),
    "priority": ("alertpriority", "severity", "priority"),
    "type": ("alerttype",),
    "date": ("date", "lastupdated", "lastupdatedposix"),
}
MOST_BRACKETS = 4  # before a title
_VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]*(\[[^\]]*\])?")
_BRACKET = re.compile(r"\s*\[([^\[\]]{1,2000})\]\s*")


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: the payload of a webhook")
    reader = _Reader({re.sub(r"[^a-z0-9]", "", str(name).lower()): value for name, value in body.items()})
    word = reader.happened()
    if not word and not (reader.get("title") or reader.get("text")):
        return Parsed([], notes=["no variable was filled in: it says nothing about a monitor"])
    if word in SILENT:
        return Parsed([], notes=[f"an event of type {word} says nothing about a monitor"])
    return read_one(reader.only(heard, word), heard)


@dataclass(frozen=True)
class _Reader:
    """Reads the fields of one payload."""

    fields: dict[str, Any]

    def get(self, name: str) -> str:
        """The first of its names that has a value."""
        for known in NAMES.get(name, (name,)):
            text = as_text(self.fields.get(known)).strip()
            if text and not _VARIABLE.fullmatch(text):
                return text
        return ""

    @cached_property
    def title(self) -> tuple[str, dict[str, str]]:
        """The title without what Datadog writes before it in brackets, and that: priority, transition, scope."""
        rest, said = self.get("title"), dict[str, str]()
        for _ in range(MOST_BRACKETS):
            found = _BRACKET.match(rest)
            if found is None:
                break
            word, _, scope = found[1].partition(" on ")
            if re.fullmatch(r"[Pp][1-5]", word):
                said["priority"] = word
            elif word.lower() in BEGUN:
                said |= {"transition": word, "scope": scope.strip("{}")}
            else:
                break
            rest = rest[found.end() :]
        return rest or self.get("title"), said

    def said(self, name: str) -> str:
        return self.get(name) or self.title[1].get(name, "")

    def happened(self) -> str:
        """The transition, in small letters; without one the type."""
        return (self.said("transition") or self.get("type")).lower()

    def identity(self) -> str:
        scope, monitor = self.said("scope"), self.get("monitor")
        known = monitor or self.title[0]
        return self.get("aggregkey") or (":".join(filter(None, (known, scope))) if known else "")

    def severity(self, word: str) -> Severity | None:
        """The monitor's priority; without one what kind of alert it is."""
        words = (self.said("priority"), self.get("type"), word)
        return next((found for one in words if (found := SEVERITIES.get(one.lower()))), None)

    def only(self, heard: Heard, word: str) -> Only:
        firing, name = word not in OVER, self.title[0] or "Datadog"
        date = self.get("date")
        at = epoch(date, heard.now) or read_time(date, heard.now)
        ours = {
            "alertname": name,
            "monitor": self.get("monitor"),
            "host": self.get("hostname"),
            "severity": self.severity(word) or "",
        }
        return Only(
            firing=firing,
            identity=self.identity(),
            title=name,
            labels=self.labels() | {key: value for key, value in ours.items() if value},
            texts={
                "description": self.get("text").replace("%%%", "").strip(),
                "status": self.get("alertstatus"),
                "scope": self.said("scope"),
                "metric": self.get("alertmetric"),
                "query": self.get("alertquery"),
            },
            url=self.get("link"),
            starts_at=None if word in REPEATED else at,
            ends_at=None if firing else at,
        )

    def labels(self) -> dict[str, Any]:
        """Tags, and what the scope names: that is told apart by it."""
        return labelled(self.get("tags")) | {
            name: value for name, value in labelled(self.said("scope")).items() if name != "tags"
        }
