"""PagerDuty: the voice call, in every mood of the provider."""

import dataclasses
import time

import pytest

from gateway.channels import PermanentFailure, TemporaryFailure, pagerduty
from rules.texts.text import clean_text
from tests.channels.samples import HOSTILE, MESSAGE, QUICK, endure, every_mood, hostile, unused_port
from tests.fakes.http import raw, reply
from tests.fakes.pagerduty import FakePagerDuty

KEY = "0123456789abcdef0123456789ABCDEF"
DEDUP = f"nabat-{MESSAGE.incident_uuid}"
PAGE = dataclasses.replace(MESSAGE, address=KEY)


@pytest.fixture
def server():
    with FakePagerDuty() as fake:
        yield fake


@pytest.fixture
def env(server):
    return {"NABAT_PAGERDUTY_EVENTS_URL": server.url, "NABAT_PUBLIC_URL": "https://nabat.example"}


def test_a_page_carries_what_the_person_must_hear(server, env):
    assert pagerduty.send(PAGE, env) == DEDUP
    assert server.events == [
        {
            "routing_key": KEY,
            "event_action": "trigger",
            "dedup_key": DEDUP,
            "payload": {
                "summary": "EMERGENCY mail: db01 is down",
                "source": "db01",
                "severity": "critical",
                "component": "mail",
                "group": "kazan",
                "class": "emergency",
                "custom_details": {"alertname": "HostDown", "instance": "db01"},
            },
            "links": [
                {"href": "https://nabat.example/p/abc", "text": "Open"},
                {"href": "https://nabat.example/p/abc", "text": "Acknowledge"},
            ],
            "client": "Nabat",
            "client_url": "https://nabat.example/p/abc",
        }
    ]


def test_the_life_of_an_incident_is_one_incident_there(server, env):
    for kind, state in [
        ("opened", "triggered"),
        ("escalated", "triggered"),
        ("acknowledged", "acknowledged"),
        ("resolved", "resolved"),
    ]:
        pagerduty.send(dataclasses.replace(PAGE, kind=kind), env)
        assert server.incidents == {(KEY, DEDUP): state}
    assert server.events[2] == {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": DEDUP}


@every_mood()
def test_every_mood(server, env, mood):
    endure(server, lambda: pagerduty.send(PAGE, env, deadline=QUICK), mood)


def test_a_refused_connection_comes_back_at_once():
    env = {"NABAT_PAGERDUTY_EVENTS_URL": f"http://127.0.0.1:{unused_port()}"}
    started = time.monotonic()
    with pytest.raises(TemporaryFailure, match="refused") as failure:
        pagerduty.send(PAGE, env)
    assert not failure.value.ambiguous
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "step",
    [reply(202, b"not JSON"), reply(202, b"[]"), reply(202, b"["), raw(b"HTTP/1.1 202 \r\nContent-Length: 9\r\n\r\n")],
)
def test_an_unreadable_202_is_accepted(server, env, step):
    server.then(step)
    assert pagerduty.send(PAGE, env) == DEDUP
    assert len(server.requests) == 1


def test_a_plain_connection_is_only_for_this_machine_and_named_hosts():
    with pytest.raises(PermanentFailure, match="https"):
        pagerduty.send(PAGE, {"NABAT_PAGERDUTY_EVENTS_URL": "http://events.example"})
    with pytest.raises(PermanentFailure, match="private"):
        pagerduty.send(PAGE, {"NABAT_PAGERDUTY_EVENTS_URL": "https://10.0.0.1"})


def test_an_event_that_is_too_large_goes_without_its_details(server, env):
    huge = dataclasses.replace(PAGE, details={str(n): "я" * 1000 for n in range(400)}, title="ж" * 5000)
    pagerduty.send(huge, env)
    payload = server.events[0]["payload"]
    assert payload["custom_details"] == {"note": pagerduty.NOTE}
    assert len(payload["summary"]) == 1024


def test_a_413_is_answered_with_less(server, env):
    server.then(reply(413))
    pagerduty.send(PAGE, env)
    assert server.events[1]["payload"]["custom_details"] == {"note": pagerduty.NOTE}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_arrives_as_text(server, env, text):
    text = clean_text(text)
    pagerduty.send(hostile(text, address=KEY, source=text, component=text, group=text), env)
    assert server.events[0]["payload"]["custom_details"] == {"label": text}


@pytest.mark.parametrize(("address", "fine"), [(KEY, True), ("", False), (KEY + "0", False), ("x" * 31 + " ", False)])
def test_keys_are_checked(address, fine):
    assert (pagerduty.check(address, {}) == "") is fine


def test_another_service_may_have_other_keys():
    env = {"NABAT_PAGERDUTY_EVENTS_URL": "http://127.0.0.1:1"}
    assert pagerduty.check("key-of-anna", env) == ""
    assert pagerduty.check("key of anna", env)
