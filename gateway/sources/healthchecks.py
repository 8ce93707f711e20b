"""Healthchecks: a check goes down and comes up, as a webhook's body of $PLACEHOLDERS says, ours or anybody's.

Understood are also the whole check ($JSON), by itself or as `check`, and bodies in the form of PagerDuty's first API.
"""

import re
from typing import Any

from gateway.sources import BadPayload, Heard, Parsed, read_time
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, excerpt, labelled, part_of

KIND_LABEL = "Healthchecks"
OVER = ("up", "resolve")
SILENT = ("new", "started", "grace", "paused")  # a check that is not late yet, or is not waited for
CODE = ("code", "uuid", "incident_key", "unique_key", "slug", "name")
_PLACE = re.compile(r"\$[A-Z][A-Z0-9_]*")
_STATE = re.compile(r"(.{1,900}) is (?:DOWN|UP)\b.*", re.DOTALL)


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: the body of a webhook, as JSON")
    given = {**part_of(body, "check"), **body}
    identity = _first(given, *CODE)
    if not identity:
        raise BadPayload("is missing: without it no later word finds this check", "code")
    word = _first(given, "status", "event_type").lower()
    if not word:
        raise BadPayload("is missing: is the check up or down?", "status")
    if word in SILENT:
        return Parsed([], notes=[f"{excerpt(identity)} is {excerpt(word)!r}: neither up nor down"])
    return read_one(_only(given, identity, firing=word not in OVER, heard=heard), heard)


def _only(given: dict[str, Any], identity: str, *, firing: bool, heard: Heard) -> Only:
    at = read_time(_first(given, "now", "current time", "time"), heard.now)
    name, title = _first(given, "name"), _first(given, "title")
    state = _STATE.fullmatch(title)
    name = name or (state[1] if state else title) or identity
    status = _first(given, "exitstatus", "exit_status")
    return Only(
        firing=firing,
        identity=identity,
        title=name,
        labels=labelled(_first(given, "tags"), " ") | {"alertname": name},
        texts={
            "description": _first(given, "desc", "description", "body"),
            "exit_status": "" if status == "-1" else status,  # of a ping that had none
            "last_ping": _first(given, "last_ping"),
            "slug": _first(given, "slug"),
        },
        url=_first(given, "url", "client_url"),
        starts_at=at,
        ends_at=None if firing else at,
    )


def _first(given: dict[str, Any], *names: str) -> str:
    """The first that has a value; a placeholder that was not filled in has none."""
    for name in names:
        text = as_text(given.get(name)).strip()
        if text and not _PLACE.fullmatch(text):
            return text
    return ""
