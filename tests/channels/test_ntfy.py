"""ntfy: push, in every mood of the server; and no way into the private network."""

import dataclasses

import pytest

from gateway.channels import PermanentFailure, ntfy
from rules.texts.text import clean_text
from tests.channels.samples import HOSTILE, MESSAGE, QUICK, endure, every_mood, hostile
from tests.fakes.http import reply
from tests.fakes.ntfy import FakeNtfy

ENV = {"NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}


@pytest.fixture
def server():
    with FakeNtfy() as fake:
        yield fake


@pytest.fixture
def push(server):
    return dataclasses.replace(MESSAGE, address=f"{server.url}/anna")


def test_a_push_can_be_answered_with_one_tap(server, push):
    assert ntfy.send(push, ENV) == "id1"
    assert server.messages == [
        {
            "topic": "anna",
            "title": "🚨 EMERGENCY mail: db01 is down",
            "message": MESSAGE.text,
            "priority": 5,
            "tags": ["emergency", "opened"],
            "click": MESSAGE.url,
            "actions": [
                {"action": "view", "label": "Open", "url": MESSAGE.url},
                {"action": "view", "label": "Acknowledge", "url": MESSAGE.url},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("urgency", "kind", "priority", "emoji"),
    [
        ("emergency", "escalated", 5, "🚨"),
        ("urgent", "opened", 4, "🔴"),
        ("fast", "opened", 3, "🟠"),
        ("ordinary", "opened", 2, "🔵"),
        ("emergency", "resolved", 2, "✅"),
        ("emergency", "acknowledged", 2, "👀"),
    ],
)
def test_urgency_is_heard_and_seen(server, push, urgency, kind, priority, emoji):
    ntfy.send(dataclasses.replace(push, urgency=urgency, kind=kind), ENV)
    assert server.messages[0]["priority"] == priority
    assert server.messages[0]["title"].startswith(emoji)


@every_mood()
def test_every_mood(server, push, mood):
    endure(server, lambda: ntfy.send(push, ENV, deadline=QUICK), mood)


def test_an_unreadable_answer_is_accepted(server, push):
    server.then(reply(200, b"ok"))
    assert ntfy.send(push, ENV) == ""


def test_the_server_s_words_are_not_repeated(server, push):
    server.then(reply(403, b"internal secrets"))
    with pytest.raises(PermanentFailure, match=r"^HTTP 403$"):
        ntfy.send(push, ENV)


def test_a_private_address_gets_nothing(server, push):
    for env in ({}, {"NABAT_ALLOW_PRIVATE_HOSTS": "ntfy.lan"}):
        with pytest.raises(PermanentFailure):
            ntfy.send(push, env)
    assert server.requests == []


@pytest.mark.parametrize(
    "address", ["https://ntfy.sh/anna_1-2", "https://ntfy.example:8443/a/b/topic", "https://ntfy.sh/t/"]
)
def test_good_addresses(address):
    assert ntfy.check(address, {}) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ntfy.sh/t",
        "https://ntfy.sh",
        "https://ntfy.sh/",
        "https://ntfy.sh/a b",
        "https://ntfy.sh/t?x=1",
        "http://ntfy.sh/t",
        "https://u:p@ntfy.sh/t",
        "https://127.0.0.1/t",
        "https://2130706433/t",
        "https://ntfy.sh/" + "x" * 65,
        "https://ntfy.sh/т",
    ],
)
def test_bad_addresses(address):
    assert ntfy.check(address, {})


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_arrives_as_text(server, push, text):
    text = clean_text(text)
    ntfy.send(hostile(text, address=push.address), ENV)
    message = server.messages[0]
    assert len(message["message"].encode()) <= 4096
    assert message["message"].rstrip("…") in text
