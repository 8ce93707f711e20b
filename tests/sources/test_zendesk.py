"""Zendesk: triggers, whose template is somebody's own, and events."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.zendesk import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"ticket": {}}, {"type": "zen:event-type:ticket.created", "subject": "zen:user:1", "detail": []}],
)
def test_what_names_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


def test_a_placeholder_that_was_not_filled_in_is_no_ticket():
    with pytest.raises(BadPayload, match="did not fill in"):
        parse({"ticket": {"id": "{{ticket.id}}", "title": "{{ticket.title}}"}}, HEARD)


@pytest.mark.parametrize(
    ("word", "event", "firing"),
    [("create", "created", True), ("acknowledge", "updated", True), ("resolve", "solved", False),
     ("Reopen", "reopened", True), ("close", "closed", False), ("", "updated", True)],
)  # fmt: skip
def test_the_word_of_a_trigger_says_what_happened(word, event, firing):
    (alert,) = parse({"event_type": word, "id": "5"}, HEARD).alerts
    assert (alert.ticket.event, alert.firing) == (event, firing)


def test_an_event_names_its_ticket_in_its_subject_if_nowhere_else():
    (alert,) = parse({"type": "zen:event-type:ticket.tags_changed", "subject": "zen:ticket:77"}, HEARD).alerts
    assert (alert.fingerprint, alert.ticket.event) == ("77", "updated")


@pytest.mark.parametrize(
    ("said", "url"),
    [({"url": "acme.zendesk.com/agent/tickets/5"}, "https://acme.zendesk.com/agent/tickets/5"),
     ({"url": "https://acme.zendesk.com/api/v2/tickets/5.json"}, "https://acme.zendesk.com/agent/tickets/5"),
     ({"link": "https://help.example.org/agent/tickets/5"}, "https://help.example.org/agent/tickets/5"),
     ({"url": "javascript:alert(1)//acme.zendesk.com/"}, ""), ({"url": "evil.example/acme.zendesk.com/"}, "")],
)  # fmt: skip
def test_the_link_leads_to_the_page_for_people(said, url):
    assert [one.url for one in parse({"id": "5", **said}, HEARD).alerts] == [url]


def test_what_kind_of_ticket_it_is_becomes_a_label():
    assert [one.labels["ticket_type"] for one in parse({"id": "5", "ticket_type": "Incident"}, HEARD).alerts] == [
        "Incident"
    ]


def test_a_trigger_without_a_word_of_its_own_opens_and_ends_by_the_status(world):
    for status, then in (("New", "triggered"), ("Pending", "triggered"), ("Solved", "resolved")):
        answer = world.post({"ticket": {"id": "71", "title": "No network", "status": status}}, "zendesk")
        assert (answer.status_code, world.incident().status) == (202, then)


def event(number, what, minute, status, **more):
    detail = {"id": str(number), "subject": "No network", "priority": "URGENT", "status": status}
    told = {"meta": {"sequence": {"id": "s", "position": 1, "total": 1}}, **more}
    return {
        "id": f"{what}-{minute}", "type": f"zen:event-type:ticket.{what}", "subject": f"zen:ticket:{number}",
        "time": f"2026-12-04T23:0{minute}:00Z", "event": told, "detail": detail,
    }  # fmt: skip


def test_no_order_of_events_leaves_a_solved_ticket_open_and_a_comment_stands_once(world):
    opened = 0
    for number, order in enumerate(permutations(range(4)), 100):
        comment = {"id": str(number), "body": "still", "is_public": True, "author": {"name": "Client"}}
        events = [
            event(number, "created", 1, "NEW"),
            event(number, "comment_added", 2, "OPEN", comment=comment),
            event(number, "priority_changed", 3, "OPEN", current="URGENT", previous="LOW"),
            event(number, "status_changed", 4, "SOLVED", current="SOLVED", previous="OPEN"),
        ]
        answers = [world.post(events[place], "zendesk") for place in order for _again in range(2)]
        assert {one.status_code for one in answers} == {202}
        opened += order[0] != 3  # what was over at first opens nothing
    assert [one.status for one in world.incidents()] == ["resolved"] * opened
    said = [one.incident_id for one in world.entries("ticket commented")]
    assert len(said) == len(set(said)) == opened  # also where it is over: whoever reads the history misses none


def test_an_event_that_is_yet_to_come_changes_nothing_of_whether_it_is_open(world):
    world.post(event(72, "created", 1, "NEW"), "zendesk")
    answer = world.post(event(72, "sent_to_the_moon", 2, "HOLD", current={"orbit": 1}), "zendesk")
    assert (answer.status_code, world.incident().status) == (202, "triggered")
