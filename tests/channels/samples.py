"""One message to send, hostile texts to send it with, and what every HTTP channel must make of a provider's moods."""

import dataclasses
import socket

import pytest

from gateway.channels import Message, PermanentFailure, TemporaryFailure
from tests.fakes.http import drip, drop, hang, raw, reply

QUICK = 0.6  # seconds: the deadline in tests where nobody answers

MESSAGE = Message(
    delivery=41,
    incident=17,
    incident_uuid="0c9d3c1e-7a0e-4ad7-9f5e-6d1f7c4c2b11",
    kind="opened",
    address="",
    title="EMERGENCY mail: db01 is down",
    text="db01 is down\nsince 03:12\nhttps://nabat.example/p/abc",
    html="<p>db01 is down</p>",
    url="https://nabat.example/p/abc",
    urgency="emergency",
    severity="critical",
    source="db01",
    component="mail",
    group="kazan",
    details={"alertname": "HostDown", "instance": "db01"},
    links=(("Open", "https://nabat.example/p/abc"), ("Acknowledge", "https://nabat.example/p/abc")),
)

HOSTILE = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b\udfff",
    "family": "👨‍👩‍👧‍👦 and 🇷🇺",
    "right to left": "שרת \u202eevil\u202c نزل",
    "ten thousand marks": "Z" + "\u0301" * 10_000,
    "mail header": "down\r\nBcc: victim@example.org\r\n\r\nbody\u2028X-A: b\x0bX-B: c\x85X-C: d",
    "template": "{{7*7}} ${7*7} {% raw %}",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "TwiML": "<Response><Say>hello</Say></Response>",
    "null bytes in JSON": '"}],"\\u0000\ufeff',
    "long": "я" * 100_000,
    "empty": "",
}

# (what the provider does, what the channel raises, whether it may have acted, the wish)
MOODS = {
    "400": (reply(400), PermanentFailure, None, None),
    "401": (reply(401), PermanentFailure, None, None),
    "403": (reply(403), PermanentFailure, None, None),
    "404": (reply(404), PermanentFailure, None, None),
    "302": (reply(302, headers={"Location": "/elsewhere"}), PermanentFailure, None, None),
    "429": (reply(429, headers={"Retry-After": "9"}), TemporaryFailure, False, 9),
    "500": (reply(500, b"<html>"), TemporaryFailure, False, None),
    "503": (reply(503, headers={"Retry-After": "4"}), TemporaryFailure, False, 4),
    "hang": (hang(), TemporaryFailure, True, None),
    "drop": (drop(), TemporaryFailure, True, None),
    "garbage": (raw(), TemporaryFailure, True, None),
    "drip": (drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 900), TemporaryFailure, True, None),
}


def every_mood():
    return pytest.mark.parametrize("mood", list(MOODS))


def endure(server, send, mood):
    """Sends while the provider is in this mood; the failure must say what it is, once, and a repeat must succeed."""
    step, kind, ambiguous, wish = MOODS[mood]
    server.then(step)
    with pytest.raises(kind) as failure:
        send()
    if kind is TemporaryFailure:
        assert (failure.value.ambiguous, failure.value.retry_after) == (ambiguous, wish)
    assert len(server.requests) == 1, "a channel never repeats by itself"
    send()
    assert len(server.requests) == 2


def hostile(text, **changes):
    return dataclasses.replace(MESSAGE, title=text, text=text, html=text, details={"label": text}, **changes)


def unused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
