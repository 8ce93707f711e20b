"""GLPI: numbers of status and priority, what is a ticket, whose word it is, and its signatures, which come late."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.flows.housekeeping import KEEP
from gateway.loader import load
from gateway.secrets import new_token
from gateway.sources import BadPayload, Heard
from gateway.sources.glpi import QUEUED, parse
from gateway.store.db import transaction
from gateway.store.senders import sources as source_store
from rules.texts.text import one_line
from tests.conftest import SHARED
from tests.databases import missing

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


def read(event="update", **given):
    (alert,) = parse({"event": event, "item": {"id": 7, "name": "x", "type": 1, **given}}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body", [None, [], {}, {"item": {}}, {"item": []}, {"event": "new", "item": {"id": "{{ item.id }}"}}]
)
def test_what_names_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("status", "firing", "touch"),
    [({"id": 1, "name": "Nouveau"}, True, False), (2, True, False), ("3", True, False), (4, True, True),
     (5, False, False), ({"id": 6}, False, False), (10, True, False), (77, True, True), (None, True, True)],
)  # fmt: skip
def test_a_status_is_a_number_whatever_it_is_called(status, firing, touch):
    alert = read(status=status)
    assert (alert.firing, alert.touch) == (firing, touch)


@pytest.mark.parametrize(
    ("given", "priority", "guessed"),
    [(1, "low", False), (2, "low", False), (3, "normal", False), ("4", "high", False), (5, "critical", False),
     (6, "critical", False), ("Haute", "high", True), (None, "high", True)],
)  # fmt: skip
def test_a_priority_is_a_number(given, priority, guessed):
    alert = read(priority=given)
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


@pytest.mark.parametrize(
    ("event", "status", "firing", "word"),
    [("new", 1, True, "created"), ("update", 2, True, "updated"), ("delete", 2, False, "closed"),
     ("update", 5, False, "updated"), ("new", 6, False, "created")],
)  # fmt: skip
def test_what_happened(event, status, firing, word):
    alert = read(event, status=status)
    assert (alert.firing, alert.ticket.event) == (firing, word)


@pytest.mark.parametrize(
    ("item", "public"),
    [({"is_private": False}, True), ({"is_private": 0}, True), ({"is_private": True}, False), ({}, False)],
)  # fmt: skip
def test_a_comment_is_the_clients_only_where_glpi_says_that_it_is_not_private(item, public):
    body = {"event": "new", "item": {"id": 1, "items_id": 7, "itemtype": "Ticket", "content": "x", **item}}
    (alert,) = parse(body, HEARD).alerts
    assert (alert.fingerprint, alert.ticket.comment["public"], alert.touch) == ("7", public, True)


def test_that_a_comment_was_taken_away_or_changed_is_no_comment():
    item = {"id": 1, "items_id": 7, "itemtype": "Ticket", "content": "x"}
    assert parse({"event": "delete", "item": item}, HEARD).alerts == []
    (alert,) = parse({"event": "update", "item": item}, HEARD).alerts
    assert (alert.ticket.event, alert.ticket.comment) == ("updated", {})


def test_tickets_of_others_are_understood():
    path = SHARED / "payloads/glpi-rest-tickets-response.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    items = load(path.read_bytes())
    assert len(items) > 5
    for item in items:
        (alert,) = parse({"event": "update", "item": item}, HEARD).alerts
        assert (alert.fingerprint, alert.title) == (str(item["id"]), one_line(item["name"]))
        assert (alert.firing, alert.touch) == (item["status"] not in (5, 6), item["status"] == 4)
        assert not any(mark in alert.annotations["description"] for mark in ("<p", "&lt;", "</"))
        assert alert.url.endswith(f"/front/ticket.form.php?id={item['id']}")


def test_a_signature_may_be_a_weekend_old_and_is_taken_once(world):
    with transaction() as session:
        vault, now = world.app.extensions["gateway"].vault, world.clock.now()
        secret = source_store.keep_signing_secret(session, "glpi", "", now, vault, new_token())

    def post(ago, key=secret, event="new"):
        body = json.dumps({"event": event, "item": {"id": 5, "name": "x", "type": 1, "status": {"id": 2}}}, indent=4)
        at = str(int(world.clock.now().timestamp() - ago))
        mac = hmac.new(key.encode(), (body + at).encode(), hashlib.sha256).hexdigest()
        return world.client.post("/ingest/glpi", data=body, headers={"X-GLPI-signature": mac, "X-GLPI-timestamp": at})

    assert [post(ago).status_code for ago in (QUEUED, QUEUED + 1, -300, -301)] == [202, 401, 202, 401]
    assert post(60, "another").status_code == 401
    assert [post(QUEUED, event="update").status_code for _ in range(3)] == [202] * 3
    assert world.timeline().count("ticket updated") == 1


def test_what_was_taken_is_remembered_for_longer_than_it_may_come_again():
    assert KEEP["heard"][1].total_seconds() > QUEUED
