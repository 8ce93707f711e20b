"""Zammad: states and priorities by name or number, whose article it is, and what of people is kept."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.secrets import new_token
from gateway.sources import BadPayload, Heard
from gateway.sources.zammad import parse
from gateway.store.db import transaction
from gateway.store.senders import sources as source_store

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
PERSON = {"id": 9, "login": "olga", "firstname": "Olga", "lastname": "Owl", "email": "olga@client.example"}


def read(article=None, **given):
    (alert,) = parse({"ticket": {"id": 81, "number": "10081", **given}, "article": article}, HEARD).alerts
    return alert


@pytest.mark.parametrize("body", [None, [], {}, {"ticket": {}}, {"ticket": {"id": "#{ticket.id}"}}, {"ticket": []}])
def test_what_names_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("state", "number", "firing", "touch"),
    [("new", None, True, False), ({"name": "Open"}, None, True, False), ("closed", None, False, False),
     ("merged", 5, False, False), ("in arbeit", 2, True, False), ("erledigt", 4, False, False),
     ("open", 4, True, False), ("pending reminder", 3, True, True), ("pending close", 7, True, True),
     ("sonst", 99, True, True), (None, None, True, True), ([], {}, True, True)],
)  # fmt: skip
def test_a_state_is_known_by_its_name_else_by_its_number(state, number, firing, touch):
    alert = read(state=state, state_id=number)
    assert (alert.firing, alert.touch) == (firing, touch)


@pytest.mark.parametrize(
    ("given", "number", "priority", "guessed"),
    [({"name": "1 low"}, 1, "low", False), ("2 normal", None, "normal", False), ("3 hoch", None, "high", False),
     ("4 very high", None, "critical", False), ("urgent", 9, "critical", False), ("sofort", 3, "high", False),
     ("sofort", 9, "low", True), (None, None, "low", True)],
)  # fmt: skip
def test_a_priority_is_known_by_its_word_or_its_number(given, number, priority, guessed):
    body = {"ticket": {"id": 1, "priority": given, "priority_id": number}}
    (alert,) = parse(body, Heard("desk", HEARD.now, default_priority="low")).alerts
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


def test_of_people_only_names_and_addresses_are_kept():
    person = {**PERSON, "phone": "+49 30 1", "note": "difficult", "address": "Hidden Street", "login": "secret-login"}
    article = {"id": 2, "body": "hello", "from": "Olga Owl <olga@client.example>", "created_by": person}
    alert = read(article, customer=person, owner=person, created_by=person, updated_by=person, article_ids=[1, 2])
    assert alert.ticket.requester == {"name": "Olga Owl", "email": "olga@client.example"}
    assert alert.ticket.assignee == "olga@client.example"
    assert not any(text in str(alert) for text in ("+49", "difficult", "Hidden", "secret-login"))


@pytest.mark.parametrize(
    ("said", "author"),
    [("Olga Owl <olga@client.example>", "Olga Owl"), ("olga@client.example", "olga@client.example"),
     ("Olga Owl", "Olga Owl"), ("", "Ann Ant"), (None, "Ann Ant")],
)  # fmt: skip
def test_what_was_told_on_the_phone_is_the_callers(said, author):
    article = {"id": 2, "body": "x", "from": said, "created_by": {"firstname": "Ann", "lastname": "Ant"}}
    assert read(article, article_ids=[1, 2]).ticket.comment["author"] == author


@pytest.mark.parametrize(("internal", "public"), [(False, True), (True, False), (None, False), ("no", False)])
def test_only_what_is_said_to_be_no_internal_note_is_public(internal, public):
    article = {"id": 2, "body": "x", "internal": internal}
    assert read(article, article_ids=[1, 2]).ticket.comment["public"] is public


def test_what_we_closed_there_is_over_whatever_that_is_called():
    said = {"id": 1, "state": "erledigt", "state_id": 4, "updated_by": PERSON}
    ours = Heard("desk", HEARD.now, own=frozenset(["olga@client.example"]))
    (alert,) = parse({"ticket": said}, ours).alerts
    assert (alert.firing, alert.ticket.event) == (False, "solved")
    assert parse({"ticket": {**said, "state_id": 2}}, ours).alerts == []


def test_its_signature_is_enough_and_the_same_one_again_has_no_effect(world):
    with transaction() as session:
        vault, now = world.app.extensions["gateway"].vault, world.clock.now()
        secret = source_store.keep_signing_secret(session, "zammad", "", now, vault, new_token())

    def post(key, **more):
        body = json.dumps({"ticket": {"id": 5, "title": "Network", "state": "open", **more}}).encode()
        mac = hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
        return world.client.post("/ingest/zammad", data=body, headers={"X-Hub-Signature": f"sha1={mac}"})

    dated = {"updated_at": "2026-12-05T00:00:00Z", "article": {}}
    assert [post(key, **dated).status_code for key in (secret, secret, "another")] == [202, 202, 401]
    assert world.timeline().count("ticket updated") == 1
    for state in ("open", "closed", "open", "closed"):  # in a payload that names no time each word counts
        assert post(secret, id=6, state=state).status_code == 202
    assert [one.status for one in world.incidents()] == ["triggered", "resolved"]
    world.clock.advance(minutes=1)
    post(secret, id=6, state="open")
    assert world.incidents()[-1].status == "triggered"
