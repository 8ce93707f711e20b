"""E-mail through SendGrid: the same mail as over SMTP, in every mood of the provider, chosen by its key alone."""

import dataclasses
import time

import pytest

from gateway import channels
from gateway.channels import PermanentFailure, TemporaryFailure, email, sendgrid
from tests.channels.samples import HOSTILE, MESSAGE, QUICK, endure, every_mood, hostile
from tests.fakes.http import drip, hang, reply
from tests.fakes.sendgrid import KEY, FakeSendGrid

MAIL = dataclasses.replace(MESSAGE, address="anna@example.org")


@pytest.fixture
def server():
    with FakeSendGrid() as fake:
        yield fake


@pytest.fixture
def env(server):
    return {
        "NABAT_SENDGRID_URL": server.url + "/",
        "NABAT_SENDGRID_API_KEY": KEY,
        "NABAT_MAIL_FROM": "Nabat <alerts@example.com>",
    }


def test_a_mail_is_sent(server, env):
    assert sendgrid.send(MAIL, env) == "sendgrid:message1"
    assert server.mails == [
        {
            "personalizations": [{"to": [{"email": "anna@example.org"}]}],
            "from": {"email": "alerts@example.com", "name": "Nabat"},
            "subject": MESSAGE.title,
            "content": [
                {"type": "text/plain", "value": MESSAGE.text + "\n"},
                {"type": "text/html", "value": MESSAGE.html + "\n"},
            ],
            "headers": {
                "Message-ID": "<nabat-41@example.com>",
                "In-Reply-To": f"<nabat-incident-{MESSAGE.incident_uuid}@example.com>",
                "References": f"<nabat-incident-{MESSAGE.incident_uuid}@example.com>",
                "Auto-Submitted": "auto-generated",
                "X-Nabat-Incident": "17",
            },
            "custom_args": {"nabat_delivery": "41", "nabat_incident": MESSAGE.incident_uuid},
            "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
        }
    ]
    assert "sendgrid" in {name.lower(): value for name, value in server.requests[0].headers.items()}["user-agent"]


def test_without_html_it_is_text_alone(server, env):
    sendgrid.send(dataclasses.replace(MAIL, html=""), env)
    assert [part["type"] for part in server.mails[0]["content"]] == ["text/plain"]


@every_mood()
def test_every_mood(server, env, mood):
    endure(server, lambda: sendgrid.send(MAIL, env, deadline=QUICK), mood)


def test_too_large_is_never(server, env):
    server.then(reply(413, {"errors": []}))
    with pytest.raises(PermanentFailure, match="413"):
        sendgrid.send(MAIL, env)


def test_a_wrong_key_is_never_and_is_not_repeated_in_the_words(env):
    with pytest.raises(PermanentFailure, match="authorization grant") as failure:
        sendgrid.send(MAIL, env | {"NABAT_SENDGRID_API_KEY": "SG.wrong"})
    assert failure.value.status == 401
    assert "SG.wrong" not in str(failure.value)


@pytest.mark.parametrize("step", [hang(), drip(b"HTTP/1.1 202 Accepted\r\nX-Slow: " + b"z" * 900)])
def test_the_deadline_holds_for_the_whole_call(server, env, step):
    server.then(step)
    began = time.monotonic()
    with pytest.raises(TemporaryFailure) as failure:
        sendgrid.send(MAIL, env, deadline=QUICK)
    assert failure.value.ambiguous
    assert time.monotonic() - began < QUICK + 5


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"{" * 70_000])
def test_an_unreadable_202_is_accepted(server, env, body):
    server.then(reply(202, body, {"X-Message-Id": "m"}), reply(202, body))
    assert sendgrid.send(MAIL, env) == "sendgrid:m"
    assert sendgrid.send(MAIL, env) == "sendgrid:"


def test_a_private_address_is_not_called():
    env = {"NABAT_SENDGRID_URL": "https://10.0.0.7", "NABAT_SENDGRID_API_KEY": KEY, "NABAT_MAIL_FROM": "a@example.com"}
    with pytest.raises(PermanentFailure, match="private"):
        sendgrid.send(MAIL, env)


def test_the_key_is_never_logged(env, caplog):
    caplog.set_level("DEBUG")
    sendgrid.send(MAIL, env)
    assert KEY not in caplog.text
    assert MESSAGE.text not in caplog.text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(server, env, text):
    sendgrid.send(hostile(text, address=MAIL.address), env)
    mail = server.mails[0]
    assert len(mail["subject"].splitlines()) == 1
    assert set(mail["headers"]) == set(sendgrid.OWN_HEADERS)
    assert [to["email"] for part in mail["personalizations"] for to in part["to"]] == [MAIL.address]


def test_a_wrong_address_is_not_sent(server, env):
    with pytest.raises(PermanentFailure, match="no"):
        sendgrid.send(dataclasses.replace(MAIL, address="anna@example.org\nBcc: x@example.org"), env)
    assert server.requests == []


def test_the_key_alone_decides_who_carries_mail():
    smtp = {"NABAT_SMTP_URL": "smtp://127.0.0.1:25", "NABAT_MAIL_FROM": "a@example.org"}
    assert channels.carrier("email", smtp) is email
    assert channels.carrier("email", smtp | {"NABAT_SENDGRID_API_KEY": KEY}) is sendgrid
    assert channels.carrier("sms", {"NABAT_SENDGRID_API_KEY": KEY}) is channels.find("sms")
    assert "sendgrid" not in channels.names()
    assert channels.missing("email", {}) == ["NABAT_SMTP_URL", "NABAT_MAIL_FROM"]
    assert channels.missing("email", {"NABAT_SENDGRID_API_KEY": KEY}) == ["NABAT_MAIL_FROM"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_from_the_alert_to_the_mail(world_of, server, env):
    world = world_of(**env)
    world.alert(severity="warning")
    world.delivers()
    (only,) = world.deliveries()
    assert (only.channel, only.status, only.provider_ref) == ("email", "sent", "sendgrid:message1")
    assert server.mails[0]["custom_args"] == {"nabat_delivery": str(only.id), "nabat_incident": world.incident().uuid}
    (line,) = world.entries("sent")
    assert line.detail["reference"] == "sendgrid:message1"
