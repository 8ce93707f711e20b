"""Freshdesk and Freshservice: numbers and words, what happened, and whose comment it is."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.freshdesk import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


def read(**given):
    (alert,) = parse({"freshdesk_webhook": {"ticket_id": 7, **given}}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ({}, "is missing"),
        ({"freshdesk_webhook": {"ticket_id": "  "}}, "is missing"),
        ({"freshdesk_webhook": {"ticket_id": "{{ticket.id}}", "ticket_tags": "{{ticket.tags}}"}}, "did not fill in"),
    ],
)
def test_what_names_no_ticket_is_refused(body, why):
    with pytest.raises(BadPayload, match=why):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("status", "firing", "touch"),
    [(2, True, False), ("2", True, False), ("Open", True, False), (3, True, True), ("Pending", True, True),
     (4, False, False), ("Resolved", False, False), (5, False, False), ("closed", False, False), (6, True, True),
     ("Offen", True, True), ("", True, True), (99, True, True), (True, True, True)],
)  # fmt: skip
def test_a_status_is_a_number_or_a_word(status, firing, touch):
    alert = read(ticket_status=status)
    assert (alert.firing, alert.touch) == (firing, touch)


@pytest.mark.parametrize(
    ("given", "priority", "guessed"),
    [(1, "low", False), ("2", "normal", False), ("High", "high", False), ("URGENT", "critical", False),
     ("Dringend", "low", True), (None, "low", True), (9, "low", True)],
)  # fmt: skip
def test_a_priority_that_nobody_knows_is_the_one_of_the_source(given, priority, guessed):
    heard = Heard("desk", HEARD.now, default_priority="low")
    (alert,) = parse({"ticket": {"id": "7", "priority": given}}, heard).alerts
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


@pytest.mark.parametrize(
    ("happened", "event"),
    [("{ticket_action:created}", "created"), ("{ticket_action:deleted}", "closed"), ("{note_type:public}", "commented"),
     ("{reply_sent:sent}", "commented"), ("ticket_action:note_type", "commented"), ("{{triggered_event}}", "updated"),
     ("{status:{from:4,to:2}}", "updated"), ("{responder_id:{from:1,to:2}}", "assigned"), ("", "updated")],
)  # fmt: skip
def test_what_happened(happened, event):
    assert read(triggered_event=happened).ticket.event == event


@pytest.mark.parametrize(("to", "firing", "touch"), [("4", False, False), ("2", True, False), ("3", True, True)])
def test_a_changed_status_is_known_by_its_number_in_any_language(to, firing, touch):
    alert = read(ticket_status="Решён", triggered_event=f"{{status:{{from:2,to:{to}}}}}")
    assert (alert.firing, alert.touch) == (firing, touch)


def test_a_ticket_opens_waits_and_ends(world):
    for status, event, then in (
        (2, "{ticket_action:created}", "triggered"),
        ("Pending", "{status:{from:2,to:3}}", "triggered"),
        (4, "{status:{from:3,to:4}}", "resolved"),
        (4, "{priority:{from:1,to:4}}", "resolved"),
    ):
        said = {"ticket_id": 71, "ticket_subject": "No network", "ticket_status": status, "triggered_event": event}
        answer = world.post({"freshdesk_webhook": said}, "freshdesk")
        assert (answer.status_code, world.incident().status) == (202, then)
        world.clock.advance(minutes=1)
