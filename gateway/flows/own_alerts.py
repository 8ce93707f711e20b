"""What Nabat itself has to say about its senders and about itself, as alerts that take the same way as everybody's."""

import hashlib
from datetime import datetime

from msgspec.structs import replace as changed

from gateway import sources
from rules.reports.selfwatch import Finding, What
from rules.words import Alert, Severity

OWN_SOURCE = 0  # the id of the source "nabat", made by the first migration
OWN_NAME = "nabat"
SELFWATCH = "NabatSelfWatch"
SWAP = "NabatShiftSwap"
NEVER_QUIET = frozenset({SELFWATCH})  # what no silence hides: that we fail
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


def selfwatch_alert(finding: Finding, now: datetime) -> Alert:
    """The auditor found that we do not do our work; the same for as long as it is so."""
    title = f"Nabat {'does not do its work' if finding.grave else 'will get slower'}: {finding.words}"
    reason = "./nabat doctor says more, on the machine that it runs on."
    return _alert(SELFWATCH, finding.what, title, reason, finding.severity, finding.since or now)


def selfwatch_over(what: What, now: datetime) -> Alert:
    """What the auditor had found is over."""
    found = _alert(SELFWATCH, what, "Nabat does its work again", "", Severity.INFO, now)
    return changed(found, firing=False, ends_at=now)


def swap_alert(about: str, title: str, reason: str, now: datetime, *, over: bool = False) -> Alert:
    """To somebody who is asked to stand in for another, and back: the answer."""
    found = _alert(SWAP, about, title, reason, Severity.INFO, now)
    return changed(found, firing=False, ends_at=now) if over else found


def silent_alert(name: str, reason: str, severity: Severity, now: datetime, *, over: bool = False) -> Alert:
    """A heartbeat does not come. Its name is in alertname, so that each is an incident of its own."""
    title = f"{name} is silent"
    labels = {"alertname": title, "severity": severity.value, "service": OWN_NAME, "heartbeat": name}
    words = {"summary": title, "description": reason}
    ends = now if over else None
    fingerprint = _fingerprint("NabatHeartbeat", name)
    return Alert(OWN_NAME, fingerprint, not over, title, severity, now, ends, labels, words)


def source_silent_alert(source: str, reason: str, now: datetime, *, over: bool = False) -> Alert:
    """A source says nothing, for much longer than it ever did."""
    found = _alert("NabatSourceSilent", source, f"{source} is silent", reason, Severity.WARNING, now)
    return changed(found, firing=False, ends_at=now) if over else found


def is_never_quiet(source_id: int, alert: Alert) -> bool:
    return source_id == OWN_SOURCE and alert.labels.get("alertname") in NEVER_QUIET


def selfwatch_fingerprint(what: What) -> str:
    return _fingerprint(SELFWATCH, what)


def _fingerprint(name: str, about: str) -> str:
    return hashlib.sha256(f"{name}:{about}".encode()).hexdigest()[:32]


def _alert(name: str, about: str, title: str, reason: str, severity: Severity, now: datetime) -> Alert:
    labels = {"alertname": name, "severity": severity.value, "service": "nabat"}
    if about:
        labels["about"] = about
    words = {"summary": title, "description": reason[:500]}
    return Alert(OWN_NAME, _fingerprint(name, about), True, title, severity, now, None, labels, words)  # noqa: FBT003 - firing
