"""A week of incidents and messages small enough to be added up by hand, and what it comes to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.store.db import transaction
from gateway.store.incidents.cases import new_uuid
from gateway.store.incidents.routes import route_text
from gateway.store.tables import Delivery, Entry, Incident, PersonRow
from rules.words import Route, Urgency

ROUTE = msgspec.json.decode(route_text(Route("r", Urgency.ORDINARY, "p", (), (), 0, (), (), timedelta(hours=8))))
MOSCOW = ZoneInfo("Europe/Moscow")
WEEK = "from=2026-11-23&to=2026-11-29"
INCIDENTS = (
    # number, urgency, day, time, acknowledged after, over after, by, target, alerts, name, service
    (1, 0, 23, "10:00", 60, 600, "person", 300, 4, "DbDown", "billing"),
    (2, 0, 23, "10:05", 120, 900, "auto", 300, 1, "DbDown", "billing"),
    (3, 0, 24, "03:00", 400, 1800, "person", 300, 3, "DbDown", "billing"),
    (4, 1, 24, "03:30", None, 200, "auto", 600, 2, "Flaps", "web"),
    (5, 1, 25, "23:25", None, 4000, "auto", 600, 1, "Flaps", "web"),
    (6, 2, 25, "13:00", 240, 1200, "person", 1800, 6, "Slow", "web"),
    (7, 3, 26, "09:00", 3600, 7200, "person", 28800, 2, "Full", "files"),
    (8, 3, 26, "10:00", None, None, None, 28800, 1, "Full", "files"),
    (9, 0, 26, "11:00", 5, 6, "test", 300, 1, "NabatTest", "billing"),  # nobody's trouble
    (10, 0, 26, "11:00", 5, 6, "merged", 300, 1, "DbDown", "billing"),  # counts with what it was merged into
    (11, 0, 30, "00:00", 5, 6, "person", 300, 1, "DbDown", "billing"),  # the first moment after the week
)
MESSAGES = (
    # incident, channel, way, status, kind, level, person, day, time, milliseconds, was a page, attempts if not one
    (1, "pagerduty", "voice", "delivered", "opened", 1, "anna", 23, "10:00", 2000, True),
    (1, "ntfy", "push", "sent", "opened", 1, "anna", 23, "10:00", 1000, False),  # within the same minute
    (1, "email", "email", "sent", "resolved", 1, "anna", 23, "10:10", 4000, False),
    (1, "pagerduty", "voice", "sent", "resolved", 1, "anna", 23, "10:10", 500, False),  # tells PagerDuty, not Anna
    (2, "sms", "sms", "failed", "opened", 1, "oleg", 23, "10:05", None, False),  # he never heard of it
    (3, "pagerduty", "voice", "delivered", "opened", 1, "anna", 24, "03:00", 3000, True),
    (3, "sms", "sms", "failed", "escalated", 2, "oleg", 24, "03:05", None, False),
    (3, "sms", "sms", "delivered", "escalated", 2, "oleg", 24, "03:06", 5000, True),
    (4, "pagerduty", "voice", "sent", "opened", 1, "anna", 24, "03:30", 1000, True),
    (6, "ntfy", "push", "sent", "opened", 1, "anna", 25, "13:00", 1500, True),
    (6, "ntfy", "push", "cancelled", "escalated", 2, "oleg", 25, "13:04", None, False, 0),  # never tried: no harm done
    (5, "sms", "sms", "delivered", "escalated", 2, "oleg", 25, "23:30", 7000, True),
    (7, "email", "email", "logged", "opened", 1, "oleg", 26, "09:00", None, False),  # no provider: he never heard of it
    (8, "ntfy", "push", "cancelled", "opened", 1, "oleg", 26, "10:00", None, False, 2),  # nor of this, tried twice
    (9, "pagerduty", "voice", "delivered", "opened", 1, "anna", 26, "11:00", 900, True),  # of the test
)
BY_HAND = {
    "incidents": 8, "alerts": 20, "alerts_per_incident": 2.5,
    "acknowledged": 5, "ack_seconds_mean": 884, "ack_seconds_median": 240, "ack_seconds_p90": 3600,
    "resolved": 7, "unresolved": 1, "resolve_seconds_mean": 15900 / 7, "resolve_seconds_median": 1200,
    "resolve_seconds_p90": 7200, "in_time_of": 8, "in_time": 5, "in_time_percent": 62.5,
    "ack_work_seconds_median": 120, "ack_work_seconds_p90": 3600, "ack_off_hours_seconds_median": 400,
    "ack_off_hours_seconds_p90": 400, "resolve_work_seconds_median": 900, "resolve_work_seconds_p90": 7200,
    "resolve_off_hours_seconds_median": 1800, "resolve_off_hours_seconds_p90": 4000, "missed": 3,
    "reopened": 1, "reopened_percent": 12.5, "not_reached": 3, "not_reached_per_incident": 0.375,
    "first_message_seconds_max": 3, "judged": 0,
    "notifications": 10, "notifications_per_incident": 1.25, "failed": 2, "delivered_percent": 80,
    "pages": 6, "off_hours_pages": 4, "sleep_pages": 4, "nights": 3,
    "first_message_seconds_median": 1, "first_message_seconds_p95": 3,
}  # fmt: skip
LOADS = {"Anna": (4, 2, 0, 2, 1), "Oleg": (2, 0, 0, 2, 2)}  # pages, work, off hours, sleep, nights
BUCKETED = ("median", "p90", "p95", "max")  # to within two per cent where sums are read


def at(day, clock):
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


def seed():
    with transaction() as session:
        people = {row.email.partition("@")[0]: row.id for row in session.query(PersonRow)}
        session.add_all(_incident(*row) for row in INCIDENTS)
        session.flush()
        session.add_all(_message(number, people, *row) for number, row in enumerate(MESSAGES))
        session.add(Entry(incident_id=4, at=at(24, "03:31"), kind="reopened", actor="am", detail={}))


def _incident(number, urgency, day, clock, acked, over, by, target, alerts, name, service):
    opened = at(day, clock)
    local = opened.astimezone(MOSCOW)
    after = {name: None if time is None else opened + timedelta(seconds=time)
             for name, time in (("ack", acked), ("over", over))}  # fmt: skip
    return Incident(
        uuid=new_uuid(opened), dedup_key=f"k{number}", kind="alert", source_id=0, urgency=urgency, title=name,
        status="resolved" if over else "triggered", service=service, rule=name, policy="p", route=ROUTE,
        level=2 if number == 3 else 1, opened_at=opened, started_at=opened, updated_at=opened,
        ack_due_at=opened + timedelta(seconds=target), ack_at=after["ack"], first_ack_at=after["ack"],
        ack_by="Anna" if acked else None, resolved_at=after["over"], resolve_kind="auto" if by == "test" else by,
        alert_count=alerts, truncated=0, is_test=by == "test", local_hour=local.weekday() * 24 + local.hour,
        night=False, team="infra" if urgency < 2 else "support", alert_name=name, changes=[],
    )  # fmt: skip


def _message(number, people, incident, channel, way, status, kind, level, person, day, clock, took, page, tried=1):
    created = at(day, clock)
    local = created.astimezone(MOSCOW)
    return Delivery(
        incident_id=incident, once=str(number), kind=kind, level=level, part="primary", way=way, channel=channel,
        address="x", address_id=person, person_id=people[person], who=f"{person}@example.org", name=person.title(),
        rank=INCIDENTS[incident - 1][1], status=status, attempts=tried, ambiguous=0, created_at=created, due_at=created,
        lease=1, latency_ms=took, provider_ref="", error="", is_page=page,
        finished_at=created + timedelta(milliseconds=took or 0),
        local_mow=local.weekday() * 1440 + local.hour * 60 + local.minute,
        local_night=(local - timedelta(hours=7)).date().isoformat(),
    )  # fmt: skip


def message_to(person_id, *, incident, status, part, number, tried, kind="opened", **more):
    """One more of these to somebody about one of the incidents, in the order of their numbers."""
    row = (incident, "ntfy", "push", status, kind, 1, "oleg", 23, "10:05", None, False, tried)
    made = _message(number, {"oleg": person_id}, *row)
    made.part = part
    for name, value in more.items():
        setattr(made, name, value)
    return made
