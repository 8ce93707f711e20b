"""What a program is told: rows as JSON values, field by field, so that nothing gets out that is not named here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.store.reading.readings import Page
from gateway.store.tables import (
    AlertRow,
    Audit,
    Delivery,
    Entry,
    Incident,
    OverrideRow,
    PersonRow,
    QuarantinedItem,
    SavedView,
    Source,
    Token,
)  # fmt: skip
from gateway.store.types import moment
from rules.duty.oncall import is_gap, next_handover, on_call, overridden
from rules.schedules import Schedule
from rules.words import Directory, Urgency

URGENCIES = tuple(Urgency)  # by rank
INCIDENT = (
    "id", "uuid", "kind", "status", "title", "service", "rule", "policy", "level", "next_at", "opened_at", "started_at",
    "updated_at", "ack_due_at", "ack_at", "ack_by", "resolved_at", "resolved_by", "resolve_kind", "alert_count",
    "truncated", "is_test", "snoozed_until", "suppressed_by",
)  # fmt: skip
ALERT = (
    "id", "fingerprint", "firing", "title", "severity", "labels", "annotations", "url", "seen", "clock_suspect",
    "first_seen_at", "last_seen_at",
)  # fmt: skip
DELIVERY = (
    "id", "kind", "level", "part", "way", "channel", "who", "name", "status", "attempts", "created_at", "due_at",
    "expires_at", "finished_at", "latency_ms", "provider_ref", "error",
)  # fmt: skip
SILENCE = (
    "id",
    "kind",
    "matchers",
    "page_emergencies",
    "reason",
    "author",
    "created_at",
    "starts_at",
    "ends_at",
    "ended_at",
    "ended_by",
)
OVERRIDE = ("id", "starts_at", "ends_at", "reason", "author", "created_at", "removed_at")
WINDOW = ("rule", "wall_start", "timezone", "seconds")
SOURCE = ("id", "name", "kind", "created_at", "last_seen_at", "stale_after", "default_priority", "account")
KEY = ("id", "kind", "ending", "created_at", "last_used_at", "expires_at")
TOKEN = ("id", "name", "ending", "scopes", "created_at", "last_used_at", "last_address", "expires_at")
ASIDE = ("id", "payload_id", "received_at", "place", "reason", "excerpt")
AUDIT = ("id", "at", "actor", "action", "target", "detail")
PERSON = ("id", "email", "name", "role", "language", "timezone", "active")
VIEW = ("id", "team", "name", "query")
ENTRY = ("id", "at", "kind", "actor", "detail")


def incident(row: Incident, source: str, public_url: str, directory: Directory) -> dict[str, Any]:
    mine = (person.email for person in directory.people.values() if person.id == row.assignee_id)
    more = {
        "source": source,
        "urgency": URGENCIES[row.urgency].value,
        "web_url": f"{public_url}/incidents/{row.id}",
        "assignee": next(mine, None) if row.assignee_id else None,
    }
    return _fields(row, INCIDENT) | more


def alert(row: AlertRow, source: str) -> dict[str, Any]:
    """`ends_at` is the end of its last resolve, if there was one; it may lie before a new start."""
    times = {"starts_at": _time(max(row.fired, row.resolved)), "ends_at": None if row.firing else _time(row.ended)}
    return _fields(row, ALERT) | {"source": source, "incident": row.incident_id} | times


def delivery(row: Delivery, source: str) -> dict[str, Any]:
    urgency = URGENCIES[row.rank].value
    return _fields(row, DELIVERY) | {"incident": row.incident_id, "source": source, "urgency": urgency}


def entry(row: Entry) -> dict[str, Any]:
    return _fields(row, ENTRY)


def whole(
    found: tuple[Incident, str],
    alerts: Page[AlertRow],
    lines: Sequence[Entry],
    messages: Page[Delivery],
    public_url: str,
    directory: Directory,
) -> dict[str, Any]:
    """One incident with everything that belongs to it."""
    return incident(*found, public_url, directory) | {
        "ticket": found[0].ticket,
        "alerts": [alert(*row) for row in alerts.rows],
        "timeline": [entry(row) for row in lines],
        "deliveries": [delivery(*row) for row in messages.rows],
    }


def duty(schedule: Schedule, directory: Directory, at: datetime) -> dict[str, Any]:
    """Who is on call, until when, and who is next; a person is null when nobody is."""
    until = next_handover(schedule, at)
    names = {"schedule": schedule.name, "team": schedule.team, "timezone": schedule.timezone}
    more = {"override": overridden(schedule, at) or None, "gap": is_gap(schedule, at), "until": until}
    following = _somebody(on_call(schedule, until), directory) if until else None
    return names | {"person": _somebody(on_call(schedule, at), directory), "next": following} | more


def override(row: OverrideRow, directory: Directory) -> dict[str, Any]:
    names = {one.id: one.name for one in directory.schedules.values()}
    more = {"schedule": names.get(row.schedule_id, ""), "person": _somebody(row.email, directory)}
    return _fields(row, OVERRIDE) | more


def ticket(row: Incident, source: str, public_url: str, directory: Directory) -> dict[str, Any]:
    return incident(row, source, public_url, directory) | {"ticket": row.ticket}


def source(row: Source, keys: Sequence[Token]) -> dict[str, Any]:
    return _fields(row, SOURCE) | {"tokens": [_fields(key, KEY) for key in keys]}


def token(row: Token) -> dict[str, Any]:
    return _fields(row, TOKEN)


def without_addresses(data: dict[str, Any]) -> dict[str, Any]:
    """Of an explanation, as of people: whoever reads this need not be able to call them, or to listen where."""
    for rung in data["ladder"]:
        for told in rung["told"]:
            told.pop("address", None)
    return data


def aside(row: QuarantinedItem) -> dict[str, Any]:
    return _fields(row, ASIDE)


def audit(row: Audit) -> dict[str, Any]:
    return _fields(row, AUDIT)


def view(row: SavedView) -> dict[str, Any]:
    return _fields(row, VIEW) | {"key": str(row.id), "home": False, "watched": False}


def person(row: PersonRow, directory: Directory) -> dict[str, Any]:
    """Their contacts by channel, without addresses: whoever reads this need not be able to call them."""
    known = directory.people.get(row.email)
    contacts = [{"channel": one.channel, "verified": one.proven, "failing": bool(one.failing)}
                for one in (known.contacts if known else ())]  # fmt: skip
    teams = [one.name for one in directory.teams.values() if row.email in one.members]
    return _fields(row, PERSON) | {"teams": teams, "contacts": contacts}


def _somebody(email: str | None, directory: Directory) -> dict[str, str] | None:
    known = directory.people.get(email or "")
    return None if email is None else {"email": email, "name": known.name if known else email}


def _fields(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _time(at: int) -> datetime | None:
    """0 and below stand for "never" (rules/episodes.py)."""
    return moment(at) if at > 0 else None
