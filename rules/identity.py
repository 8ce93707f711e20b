"""Which alerts are the same thing."""

import hashlib
from collections.abc import Mapping

from rules.words import Alert, Kind, Route


def fingerprint(labels: Mapping[str, str]) -> str:
    """An alert's identity for a sender that gives none: the same for the same labels in any order."""
    parts = [f"{name}\x1f{labels[name]}" for name in sorted(labels)]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:32]


def dedup_key(alert: Alert, route: Route, labels: Mapping[str, str]) -> str:
    """Alerts with the same key belong to the same open incident; 32 hex digits of a sha256.

    The rule's name and the text are not in it: a renamed rule strands nothing. What decides how people are told is (the
    urgency, the policy): else an emergency could join an ordinary incident and nobody would be called.
    """
    parts = [alert.source, alert.kind, *group_values(alert, route, labels)]
    if alert.kind is Kind.ALERT:
        parts += [route.urgency, route.policy]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def group_values(alert: Alert, route: Route, labels: Mapping[str, str]) -> list[str]:
    """What the key is made of, readable: name=value of each label of `group_by`. A ticket is grouped with nothing."""
    if alert.kind is Kind.TICKET:
        return [f"ticket={(alert.ticket.key if alert.ticket else '') or alert.fingerprint}"]
    return [f"{name}={labels.get(name, '')}" for name in sorted(route.group_by)]
