"""Redmine's plugin: whether an issue is over by names and moments, whose note it is, and newer versions' signature."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.secrets import new_token
from gateway.sources import BadPayload, Heard
from gateway.sources.redmine import parse
from gateway.store.db import transaction
from gateway.store.senders import sources as source_store

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
NOW, LATER = "2026-12-05T00:00:00Z", "2026-12-05T00:05:00Z"


def read(journal=None, action="updated", **issue):
    payload = {"action": action, "issue": {"id": 7, "subject": "x", **issue}, "journal": journal}
    (alert,) = parse({"payload": payload}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body", [None, [], {}, {"payload": {}}, {"payload": {"action": "opened"}}, {"payload": {"issue": {"subject": "x"}}}]
)
def test_what_names_no_issue_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


def test_what_other_versions_tell_of_besides_issues_is_passed_over():
    assert parse({"payload": {"action": "wiki_edited", "page": {}}}, HEARD).notes == [
        "action 'wiki_edited' is about no issue"
    ]


@pytest.mark.parametrize(
    ("status", "closed", "firing", "touch"),
    [("New", None, True, False), ("В работе", None, True, False), ("Resolved", None, False, False),
     ("Closed", LATER, False, False), ("Отклонена", None, False, False), ("Fertig", LATER, False, False),
     ("Fertig", NOW, True, True), ("Feedback", None, True, True), ("In Progress", NOW, True, False),
     ("In Progress", LATER, True, False), ({}, None, True, True), (None, "soon", True, True)],
)  # fmt: skip
def test_it_is_over_by_its_status_or_by_the_moment_it_was_closed(status, closed, firing, touch):
    alert = read(status={"id": 9, "name": status}, closed_on=closed, updated_on=LATER)
    assert (alert.firing, alert.touch) == (firing, touch)


def test_a_status_that_says_itself_whether_it_is_closed_goes_before_its_name():
    assert read(status={"name": "New", "is_closed": True}).firing is False
    assert read(status={"name": "Closed", "is_closed": False}).firing is True


@pytest.mark.parametrize(
    ("name", "priority", "guessed"),
    [("Immediate", "critical", False), ("Срочный", "critical", False), ("High", "high", False),
     ("normal", "normal", False), ("Низкий", "low", False), ("Sofort", "high", True), (None, "high", True)],
)  # fmt: skip
def test_a_priority_that_nobody_knows_is_the_one_of_the_source(name, priority, guessed):
    alert = read(priority={"id": 2, "name": name})
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


@pytest.mark.parametrize(
    ("private", "hidden", "public"),
    [(False, False, True), (True, False, False), (False, True, False), (None, False, False)],
)  # fmt: skip
def test_a_note_is_for_all_unless_it_or_its_issue_is_private(private, hidden, public):
    note = {"id": 1, "notes": "still so", "private_notes": private, "author": {"firstname": "Olga", "lastname": "Owl"}}
    ticket = read(note, is_private=hidden).ticket
    assert (ticket.event, ticket.comment["author"], ticket.comment["public"]) == ("commented", "Olga Owl", public)


@pytest.mark.parametrize(
    ("action", "journal", "event"),
    [("opened", None, "created"), ("updated", None, "updated"), ("updated", {"notes": " "}, "updated"),
     ("updated", {"details": [{"prop_key": "assigned_to_id"}]}, "assigned"),
     ("updated", {"details": [{"prop_key": "assigned_to_id"}, {"prop_key": "status_id"}]}, "updated"),
     ("updated", {"details": "none"}, "updated")],
)  # fmt: skip
def test_what_happened(action, journal, event):
    assert read(journal, action).ticket.event == event


def test_the_signature_of_newer_versions_is_enough(world):
    with transaction() as session:
        vault, now = world.app.extensions["gateway"].vault, world.clock.now()
        secret = source_store.keep_signing_secret(session, "redmine", "", now, vault, new_token())
    issue = {"id": 7, "subject": "Scale is stuck", "status": {"name": "New"}, "updated_on": NOW}
    body = json.dumps({"payload": {"action": "opened", "issue": issue}}).encode()
    for key, status in ((secret, 202), ("another", 401)):
        headers = {"X-RedmineWebhook-HMAC-Alg": "sha1"}
        headers["X-RedmineWebhook-HMAC-Signature"] = hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
        assert world.client.post("/ingest/redmine", data=body, headers=headers).status_code == status
    assert world.incident().title == "Scale is stuck"
