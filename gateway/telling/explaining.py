"""The rule tester: a payload and a moment in, what would happen out. Reads only, and nothing comes of it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway import sources
from gateway.loader import BadJson
from gateway.sources import BadPayload, Heard
from gateway.store.senders import kept_payloads
from gateway.store.senders.kept_payloads import Kept
from rules.book import RuleBook
from rules.checks.explain import Explanation, explain
from rules.duty.audience import notices
from rules.identity import dedup_key
from rules.matchers import seen_labels
from rules.telling import suppress
from rules.words import Alert, Directory, Quarantined, Suppression, Urgency

LARGEST = 40 * 1024  # bytes of a payload that is tried out: as a form it must be no longer than forms may be
MOST_ALERTS = 20  # explained one by one
SECRETS = (
    "password", "passwd", "secret", "token", "apikey", "api_key", "authorization", "credential", "private_key",
    "access_key", "routing_key", "cookie", "session_id",
)  # fmt: skip
MASKED = "•••"


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried out: as if this came from that source at that moment."""

    body: bytes
    kind: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What would happen to one alert."""

    alert: Alert
    explanation: Explanation
    joins: int | None  # the open incident that has its key
    hidden: Suppression | None


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: str  # as people call it
    alerts: int = 0
    tried: tuple[Tried, ...] = ()
    quarantined: Sequence[Quarantined] = ()
    problem: str = ""
    place: str = ""  # line and column of the problem
    took_ms: float = 0.0


def kinds() -> list[tuple[str, str]]:
    """The formats that can be read: the name, and as people call it."""
    return [(name, sources.find(name).KIND_LABEL) for name in sources.names()]


def attempt(session: Session, asked: Question, book: RuleBook, directory: Directory) -> Outcome:
    body, kind, at = asked.body, asked.kind, asked.at
    began = time.perf_counter()
    label = sources.find(kind).KIND_LABEL
    if len(body) > LARGEST:
        return Outcome(label, problem=f"it is larger than {LARGEST // 1024} KiB")
    try:
        heard = Heard(asked.source or kind, at, mappings=book.mappings)
        parsed = sources.read(kind, body, heard)
    except BadJson as problem:
        return Outcome(label, problem=problem.reason, place=problem.place)
    except BadPayload as problem:
        return Outcome(label, problem=problem.reason, place=problem.place)
    told = parsed.alerts[:MOST_ALERTS]
    explained = [explain(alert, book, directory, at, notices) for alert in told]
    keys = [dedup_key(alert, one.route, dict(one.labels)) for alert, one in zip(told, explained, strict=True)]
    there = kept_payloads.open_incidents(session, keys)
    tried = tuple(
        Tried(alert, one, there.get(key), _hidden(alert, one.route.urgency, directory, at))
        for alert, one, key in zip(told, explained, keys, strict=True)
    )
    took = (time.perf_counter() - began) * 1000
    return Outcome(label, len(parsed.alerts), tried, parsed.quarantined, took_ms=took)


def _hidden(alert: Alert, urgency: Urgency, directory: Directory, at: datetime) -> Suppression | None:
    return suppress.verdict(seen_labels(alert), directory.silences, urgency, at)


def shown(body: bytes, kind: str) -> tuple[str, int]:
    """A payload fit to be shown and tried: laid out, what looks like a secret by its name masked.

    Of one that is too long the last alerts are left out; how many these are.
    """
    try:
        value = masked(sources.loaded(kind, body))
    except BadJson:
        return body[:LARGEST].decode("utf-8", "replace"), 0
    alerts = value.get("alerts") if isinstance(value, dict) else None
    all_of_them = list(alerts) if isinstance(alerts, list) else []
    count = len(all_of_them)
    while count > 1 and len(_laid_out(value)) > LARGEST:
        count = count // 2
        value["alerts"] = all_of_them[:count]
    return _laid_out(value), len(all_of_them) - count


def _laid_out(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: MASKED if _is_secret(name, inner) else masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value


def _is_secret(name: object, value: Any) -> bool:
    plain = str(name).lower().replace("-", "_")
    return not isinstance(value, dict | list) and any(word in plain for word in SECRETS)


def of_incident(session: Session, number: int, book: RuleBook) -> Kept | None:
    """The payload that opened it, found among those of its source that came at that time."""
    found = kept_payloads.around_opening(session, number)
    for one in found.payloads:
        if one.kind not in sources.names():  # our own word: nobody sent it
            continue
        try:
            heard = Heard(one.source, one.received_at, mappings=book.mappings)
            parsed = sources.read(one.kind, one.body, heard)
        except (BadJson, BadPayload):  # another one, that could not be read
            continue
        if any(alert.fingerprint in found.fingerprints for alert in parsed.alerts):
            return one
    return None


def as_test_case(outcome: Outcome, asked: Question) -> str:
    """The same as a case for the book's own tests, with what came of it as what is expected."""
    one = outcome.tried[0].explanation
    expect: dict[str, object] = {"alerts": outcome.alerts}
    if all(other.explanation.route == one.route for other in outcome.tried):
        expect |= {"urgency": one.route.urgency.value, "route": one.route.rule, "policy": one.route.policy}
    at, source, kind = asked.at, asked.source, asked.kind
    payload = masked(sources.loaded(kind, asked.body))
    lines = [
        "tests:",
        f"  - name: {_quoted(one.title or one.route.rule)}",
        f"    at: {at.isoformat(timespec='seconds')}",
        f"    kind: {kind}",
        *([f"    source: {_quoted(source)}"] if source and source != kind else []),
        f"    payload: {json.dumps(payload, ensure_ascii=False)}",
        f"    expect: {{{', '.join(f'{name}: {_quoted(value)}' for name, value in expect.items())}}}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """JSON is YAML, too."""
    return json.dumps(value, ensure_ascii=False)
