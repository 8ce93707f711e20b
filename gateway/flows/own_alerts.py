"""What Nabat itself has to say about its senders, as alerts that take the same way as everybody's."""

import hashlib
from datetime import datetime

from gateway import sources
from rules.words import Alert, Severity

OWN_SOURCE = 0  # the id of the source "nabat", made by the first migration
OWN_NAME = "nabat"
KINDS = frozenset(sources.names())
REFUSALS = 20  # refused tokens within a minute of the clock before somebody is told


def unreadable_alert(source: str, reason: str, now: datetime) -> Alert:
    """An authenticated sender whose payload nobody can read: it will not come again by itself."""
    return _alert("NabatUnreadablePayload", source, f"{source} sends what cannot be read", reason, Severity.ERROR, now)


def refused_token_alert(kind: str, now: datetime) -> Alert:
    """What stood in the address is a stranger's word: only what we know is repeated."""
    where = f"/ingest/{kind}" if kind in KINDS else "an unknown address"
    title = f"Many requests to {where} with a wrong token"
    reason = f"{REFUSALS} or more in one minute: a sender has an old token, or somebody is guessing."
    return _alert("NabatRefusedTokens", "", title, reason, Severity.WARNING, now)


def _alert(name: str, about: str, title: str, reason: str, severity: Severity, now: datetime) -> Alert:
    labels = {"alertname": name, "severity": severity.value, "service": "nabat"}
    if about:
        labels["about"] = about
    fingerprint = hashlib.sha256(f"{name}:{about}".encode()).hexdigest()[:32]
    words = {"summary": title, "description": reason[:500]}
    return Alert(OWN_NAME, fingerprint, True, title, severity, now, None, labels, words)  # noqa: FBT003 - firing
