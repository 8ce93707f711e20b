"""Push to a browser: only that browser can read it, in every mood of its push service."""

import dataclasses
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.channels import AddressEnded, PermanentFailure, TemporaryFailure, webpush
from gateway.outward import webpush as standard
from rules.texts.text import clean_text
from tests.channels.samples import HOSTILE, MESSAGE, MOODS, QUICK, endure, hostile
from tests.fakes.http import hang, reply
from tests.fakes.push import FakeBrowser, FakePush, decode, encode

PRIVATE = standard.make_key()


@pytest.fixture
def server():
    with FakePush() as fake:
        yield fake


@pytest.fixture
def browser(server):
    return server.browser()


@pytest.fixture
def push(browser):
    return dataclasses.replace(MESSAGE, address=browser.subscription(), links=LINKS, language="ru")


LINKS = (("Принять", MESSAGE.url), ("Открыть", "https://nabat.example/incidents/17"))
ENV = {
    "VAPID_KEY": PRIVATE, "NABAT_PUBLIC_URL": "https://nabat.example", "NABAT_MAIL_FROM": "Nabat <alerts@example.com>",
    "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
}  # fmt: skip


def test_a_push_is_read_by_its_browser(server, push):
    assert webpush.send(push, ENV) == "127.0.0.1"
    ((headers, said),) = server.messages
    assert said == {
        "title": MESSAGE.title,
        "body": MESSAGE.text,
        "tag": "incident-17",
        "url": MESSAGE.url,
        "actions": [{"action": "acknowledge", "title": "Принять"}, {"action": "open", "title": "Открыть"}],
        "requireInteraction": True,
        "renotify": False,
        "silent": False,
        "lang": "ru",
        "done": "Принято",
        "failed": "Ваш ответ не дошёл. Нажмите, чтобы попробовать ещё раз.",
    }
    assert (headers["ttl"], headers["urgency"], len(headers["topic"])) == ("900", "high", 32)
    assert server.senders == {standard.public_key(PRIVATE)}


@pytest.mark.parametrize(
    ("changes", "urgency", "ttl", "stays", "silent"),
    [
        ({"urgency": "fast"}, "high", "900", False, False),
        ({"urgency": "ordinary"}, "normal", "900", False, False),
        ({"kind": "escalated", "urgency": "urgent"}, "high", "900", True, False),
        ({"kind": "acknowledged"}, "normal", "86400", False, True),
        ({"kind": "resolved"}, "normal", "86400", False, True),
    ],
)
def test_good_news_wakes_nobody_and_may_be_late(server, push, changes, urgency, ttl, stays, silent):
    webpush.send(dataclasses.replace(push, **changes), ENV)
    ((headers, said),) = server.messages
    assert (headers["urgency"], headers["ttl"]) == (urgency, ttl)
    assert (said["requireInteraction"], said["silent"]) == (stays, silent)
    assert said["renotify"] is (changes.get("kind") == "escalated")
    acknowledge = [one["action"] for one in said["actions"]] == ["acknowledge", "open"]
    assert acknowledge is not silent


def test_what_is_about_no_incident_has_its_own_place_and_a_silence_its_button(server, push):
    longer = "https://nabat.example/s/7/123.abc"
    links = (("+1 ч", longer), ("Открыть", "https://nabat.example/silences/7"))
    ours = dataclasses.replace(push, incident=0, incident_uuid="silence-7", urgency="fast", url=longer, links=links)
    kinds = {"silence_begins": True, "silence_ends": False, "silence_over": True, "entered": False}
    for kind, silent in kinds.items():
        webpush.send(dataclasses.replace(ours, kind=kind), ENV)
        _headers, said = server.messages[-1]
        assert (said["tag"], said["silent"]) == ("silence-7", silent)
        buttons = ["extend", "open"] if kind == "silence_ends" else ["open"]
        assert [one["action"] for one in said["actions"]] == buttons
        assert ("час" in said["done"]) is (kind == "silence_ends")


def test_of_one_incident_only_the_last_word_waits(server, push):
    webpush.send(push, ENV)
    webpush.send(dataclasses.replace(push, kind="resolved", delivery=42), ENV)
    webpush.send(dataclasses.replace(push, incident=18, incident_uuid=MESSAGE.incident_uuid[::-1]), ENV)
    topics = [headers["topic"] for headers, _said in server.messages]
    assert topics[0] == topics[1] != topics[2]


@pytest.mark.parametrize(
    ("url", "links", "actions"),
    [
        ("https://nabat.example/incidents/17", (("Open", "https://nabat.example/incidents/17"),), ["open"]),
        ("https://nabat.example/incidents/17", (("A", "https://nabat.example/incidents/17"), LINKS[1]), ["open"]),
        (MESSAGE.url, (LINKS[1], ("Runbook", "https://wiki.example")), ["open"]),
        (MESSAGE.url, (), []),
        ("javascript:alert(1)", (("x", "javascript:alert(1)"),), []),
    ],
)
def test_acknowledge_needs_a_pocket_page(server, push, url, links, actions):
    webpush.send(dataclasses.replace(push, url=url, links=links), ENV)
    said = server.messages[0][1]
    assert [one["action"] for one in said["actions"]] == actions
    assert said["url"] in ("", url)
    assert not said["url"].startswith("javascript")


@pytest.mark.parametrize("mood", sorted(set(MOODS) - {"404"}))
def test_every_mood(server, push, mood):
    endure(server, lambda: webpush.send(push, ENV, deadline=QUICK), mood)


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_has_left(server, push, status):
    server.then(reply(status))
    with pytest.raises(AddressEnded, match="no longer subscribed") as failure:
        webpush.send(push, ENV)
    assert isinstance(failure.value, PermanentFailure)
    assert failure.value.status == status


def test_too_long_is_cut_and_sent_again(server, push):
    server.then(reply(413))
    webpush.send(dataclasses.replace(push, text="я" * 3000), ENV)
    assert len(server.requests) == 2
    assert len(server.messages[0][1]["body"].encode()) <= webpush.SHORT_BODY
    server.then(reply(413), reply(413))
    with pytest.raises(PermanentFailure, match="413"):
        webpush.send(push, ENV)


def test_what_a_stranger_s_server_says_is_quoted_nowhere(server, push):
    server.then(reply(403, b"<b>secret of your network</b>"))
    with pytest.raises(PermanentFailure) as failure:
        webpush.send(push, ENV)
    assert str(failure.value) == "HTTP 403"


def test_the_endpoint_is_a_secret_and_is_in_no_reason(server, push):
    server.then(hang(), reply(400), reply(500), reply(410))
    for _failure in range(4):
        with pytest.raises((PermanentFailure, TemporaryFailure)) as failure:
            webpush.send(push, ENV, deadline=QUICK)
        assert "/push/" not in str(failure.value)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_fits_and_stays_text(server, push, text):
    webpush.send(hostile(text, address=push.address), ENV)
    said = server.messages[0][1]
    assert said["title"] == "" or len(said["title"].splitlines()) == 1
    assert clean_text(said["body"]) == said["body"]


@pytest.mark.parametrize("text", ["я" * 4000, '"' * 4000, "a\n" * 2000, "a" * 4000, "👨‍👩‍👧‍👦" * 900, '"я\\' * 2000])
def test_the_room_is_used(push, text):
    made = webpush.payload(dataclasses.replace(push, title="T" * 500, text=text))
    assert len(made) <= standard.LARGEST
    assert len(made) > standard.LARGEST - 40
    assert len(standard.seal(made, standard.read(push.address))) <= 4096


@pytest.mark.parametrize(
    ("env", "subject"),
    [
        ({"NABAT_VAPID_SUBJECT": "mailto:admin@example.org"}, "mailto:admin@example.org"),
        ({}, "mailto:alerts@example.com"),
        ({"NABAT_MAIL_FROM": ""}, "https://nabat.example"),
        ({"NABAT_MAIL_FROM": "", "NABAT_PUBLIC_URL": "http://127.0.0.1:8000"}, "mailto:nabat@127.0.0.1"),
    ],
)
def test_whom_a_push_service_may_ask(server, push, env, subject):
    webpush.send(push, ENV | env)
    proof = server.requests[0].headers["Authorization"].split("t=")[1].split(",")[0]
    assert json.loads(decode(proof.split(".")[1]))["sub"] == subject


def wrong(**keys):
    good = FakeBrowser("https://push.example/1")
    return json.dumps({"endpoint": good.endpoint, "keys": json.loads(good.subscription())["keys"] | keys})


@pytest.mark.parametrize(
    "address",
    [
        "", "{}", "[]", "null", "https://push.example/1", '{"endpoint": 1, "keys": {}}', '{"endpoint": "https://push.example"}',
        wrong(auth="AAAA"), wrong(auth=None), wrong(auth="ж" * 22), wrong(p256dh=""), wrong(p256dh=[1]),
        wrong(p256dh=encode(b"\4" + b"\1" * 64)),  # beside the curve
        wrong(p256dh=encode(b"\2" + b"\1" * 32)), "[" * 4000,
        FakeBrowser("https://push.example/" + "a" * 4096).subscription(),
    ],
    ids=[f"mistake {number}" for number in range(16)],  # the keys in them are others each time
)  # fmt: skip
def test_what_is_no_subscription_is_refused(address):
    assert webpush.check(address, {}) == "this is no push subscription of a browser"
    with pytest.raises(PermanentFailure):
        webpush.send(dataclasses.replace(MESSAGE, address=address), ENV)


@pytest.mark.parametrize(
    ("endpoint", "fine"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAAAA", True),
        ("http://push.example/1", False),
        ("https://127.0.0.1/1", False),
        ("https://10.0.0.7/1", False),
        ("https://localhost/1", False),
        ("https://[::1]/1", False),
        ("https://me:secret@push.example/1", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
    ],
)
def test_an_endpoint_is_public_and_https(endpoint, fine):
    assert (webpush.check(FakeBrowser(endpoint).subscription(), {}) == "") is fine


def test_the_same_browser_is_always_the_same_address():
    browser = FakeBrowser("https://push.example/ж")
    padded = json.loads(browser.subscription())
    padded["keys"] = {name: value + "=" * (-len(value) % 4) for name, value in reversed(padded["keys"].items())}
    texts = {
        str(standard.read(text)) for text in (browser.subscription(), browser.subscription(a=1), json.dumps(padded))
    }
    assert len(texts) == 1
    assert webpush.check(texts.pop(), {}) == ""


def test_the_example_of_the_standard():
    """RFC 8291, section 5 and appendix A, byte for byte."""

    def key(private):
        return ec.derive_private_key(int.from_bytes(decode(private), "big"), ec.SECP256R1())

    browser = FakeBrowser(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), decode("BTBZMqHH6r4Tts7J_aSIgg"),
    )  # fmt: skip
    sealed = standard.seal(
        b"When I grow up, I want to be a watermelon", standard.read(browser.subscription()),
        own=key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
    )  # fmt: skip
    assert encode(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert browser.read(sealed) == b"When I grow up, I want to be a watermelon"
