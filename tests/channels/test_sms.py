"""SMS: short, with its link, in every mood of the provider."""

import dataclasses

import pytest

from gateway.channels import PermanentFailure, TemporaryFailure, sms
from rules.texts.text import clean_text
from tests.channels.samples import HOSTILE, MESSAGE, QUICK, endure, every_mood, hostile
from tests.fakes import twilio
from tests.fakes.http import reply

LINK = MESSAGE.url
TEXT = dataclasses.replace(MESSAGE, address="+79990000001")


@pytest.fixture
def server():
    with twilio.FakeTwilio() as fake:
        yield fake


@pytest.fixture
def env(server):
    return {
        "NABAT_TWILIO_URL": server.url,
        "NABAT_TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
        "NABAT_TWILIO_AUTH_TOKEN": "token",
        "NABAT_TWILIO_FROM": "+15005550006",
        "NABAT_PUBLIC_URL": "https://nabat.example/",
    }


def test_a_text_is_sent(server, env):
    assert sms.send(TEXT, env) == f"SM{1:032}"
    assert server.texts == [
        {
            "To": "+79990000001",
            "From": "+15005550006",
            "Body": f"{MESSAGE.title}\n{MESSAGE.text}",
            "ValidityPeriod": "1800",
            "StatusCallback": "https://nabat.example/callback/twilio?delivery=41",
        }
    ]
    assert server.requests[0].headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(("kind", "ends"), [("escalated", True), ("acknowledged", False), ("resolved", False)])
def test_only_what_wakes_costs_a_link(server, env, kind, ends):
    sms.send(dataclasses.replace(TEXT, kind=kind, text="no link here"), env)
    assert server.texts[0]["Body"].endswith(LINK) is ends


def test_receipts_are_only_asked_for_where_they_can_arrive(server, env):
    sms.send(TEXT, env | {"NABAT_PUBLIC_URL": "http://nabat.example", "NABAT_TWILIO_FROM": "MG1"})
    assert "StatusCallback" not in server.texts[0]
    assert server.texts[0]["MessagingServiceSid"] == "MG1"


@every_mood()
def test_every_mood(server, env, mood):
    endure(server, lambda: sms.send(TEXT, env, deadline=QUICK), mood)


@pytest.mark.parametrize("code", [21211, 21610, 21408, 21614])
def test_a_number_that_cannot_be_reached_is_never(server, env, code):
    server.then(twilio.refusal(code, "no\r\nway"))
    with pytest.raises(PermanentFailure, match=f"^Twilio {code}: no way$"):
        sms.send(TEXT, env)


def test_a_full_queue_is_later(server, env):
    server.then(twilio.refusal(21611, "queue overflow"), twilio.refusal(20429, "too many", status=429))
    for _refusal in range(2):
        with pytest.raises(TemporaryFailure):
            sms.send(TEXT, env)


def test_an_unreadable_201_is_accepted(server, env):
    server.then(reply(201, b"<xml>"))
    assert sms.send(TEXT, env) == ""


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),  # the euro does not straddle the border
        ("[{^}]~\\|", "GSM-7", 1),
        ("я" * 70, "UCS-2", 1),
        ("я" * 71, "UCS-2", 2),
        ("я" * 134, "UCS-2", 2),
        ("я" * 135, "UCS-2", 3),
        ("😀" * 35, "UCS-2", 1),
        ("я" * 66 + "😀" + "я" * 66, "UCS-2", 3),  # nor does the smile
        ("`", "UCS-2", 1),
    ],
)
def test_segments_are_counted_as_the_network_does(text, encoding, count):
    assert sms.segments(text) == (encoding, count)


@pytest.mark.parametrize("text", [*HOSTILE.values(), "a" * 1000, "я" * 1000, "👨‍👩‍👧‍👦" * 200, "€" * 1000])
def test_a_text_always_fits_and_keeps_its_link(text):
    body = sms.fit(clean_text(text), LINK)
    assert sms.segments(body)[1] <= 3
    assert body.endswith(LINK)
    assert body.count(LINK) == 1


def test_what_fits_is_not_touched():
    assert sms.fit(MESSAGE.text, LINK) == MESSAGE.text
    assert sms.fit("short") == "short"
    assert sms.fit("“db01” — down…", LINK) == '"db01" - down...\n' + LINK
    assert sms.segments(sms.fit("я" * 1000, LINK))[1] == 3
    assert len(sms.fit("x" * 1000, "https://nabat.example/" + "y" * 500)) == 459


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_arrives_as_text(server, env, text):
    sms.send(hostile(clean_text(text), address=TEXT.address), env)
    assert server.texts[0]["Body"].endswith(LINK)


@pytest.mark.parametrize(
    ("number", "fine"),
    [
        ("+79990000001", True),
        ("+15005550006", True),
        ("89990000001", False),
        ("+7 999 000", False),
        ("+٧٩٩٩٠٠٠٠٠٠١", False),
        ("", False),
        ("+0123456789", False),
    ],
)
def test_numbers_are_checked(number, fine):
    assert (sms.check(number, {}) == "") is fine
