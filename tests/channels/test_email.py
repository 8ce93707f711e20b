"""E-mail: every step of the conversation may fail; accepted is what got its 250 after the text."""

import dataclasses
import email
import email.policy
import ssl
import time

import pytest
import trustme

from gateway.channels import PermanentFailure, TemporaryFailure
from gateway.channels import email as channel
from gateway.outward import letter, outbound
from tests.channels.samples import HOSTILE, MESSAGE, QUICK, hostile, unused_port
from tests.fakes.smtp import DROP, HANG, FakeSmtp

MAIL = dataclasses.replace(MESSAGE, address="anna@example.org")
HOST = "example.com"
HOST_MAIL = f"Nabat <alerts@{HOST}>"
KNOWN_HEADERS = {
    "Subject",
    "From",
    "To",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Nabat-Incident",
    "MIME-Version",
    "Content-Type",
}


@pytest.fixture
def server():
    with FakeSmtp() as fake:
        yield fake


def settings(server, user="", query=""):
    return {"NABAT_SMTP_URL": server.url(user, query), "NABAT_MAIL_FROM": HOST_MAIL}


@pytest.fixture
def tls(monkeypatch):
    """A server's certificate from an authority that we trust for once."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    monkeypatch.setattr(channel, "trust", lambda: trusted)
    return context


def test_a_mail_is_sent_and_can_be_threaded(server):
    assert channel.send(MAIL, settings(server)) == f"<nabat-41@{HOST}>"
    mail = server.mails[0]
    assert server.envelopes[0][:2] == (f"alerts@{HOST}", ["anna@example.org"])
    assert mail["Subject"] == MESSAGE.title
    assert mail["From"] == f"Nabat <alerts@{HOST}>"
    assert mail["Message-ID"] == f"<nabat-41@{HOST}>"
    assert mail["References"] == mail["In-Reply-To"] == f"<nabat-incident-{MESSAGE.incident_uuid}@{HOST}>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Nabat-Incident"] == "17"
    assert mail.get_body(("plain",)).get_content().splitlines() == MESSAGE.text.splitlines()
    assert mail.get_body(("html",)).get_content().strip() == MESSAGE.html


@pytest.mark.parametrize("step", ["connect", "mail", "rcpt", "data", "body"])
@pytest.mark.parametrize(
    ("answer", "kind"), [("451 4.3.0 later", TemporaryFailure), ("554 5.7.1 no", PermanentFailure)]
)
def test_four_is_later_and_five_is_never(server, step, answer, kind):
    server.at(step, answer)
    with pytest.raises(kind) as failure:
        channel.send(MAIL, settings(server))
    assert server.mails == []
    assert not getattr(failure.value, "ambiguous", False)
    channel.send(MAIL, settings(server))
    assert len(server.mails) == 1


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data", "body"])
@pytest.mark.parametrize("answer", [HANG, DROP])
def test_silence_is_ambiguous_only_after_the_text(server, step, answer):
    server.at(step, answer)
    started = time.monotonic()
    with pytest.raises(TemporaryFailure) as failure:
        channel.send(MAIL, settings(server), deadline=QUICK)
    assert failure.value.ambiguous is (step in ("data", "body"))
    assert time.monotonic() - started < QUICK + 5


@pytest.mark.parametrize("answer", ["\x00\x01garbage", "999 what", "", "220-" + "x" * 10_000])
def test_garbage_is_later(server, answer):
    server.at("connect", answer)
    with pytest.raises(TemporaryFailure) as failure:
        channel.send(MAIL, settings(server), deadline=QUICK)
    assert not failure.value.ambiguous


def test_nobody_there_is_later():
    env = {"NABAT_SMTP_URL": f"smtp://127.0.0.1:{unused_port()}", "NABAT_MAIL_FROM": f"a@{HOST}"}
    with pytest.raises(TemporaryFailure, match="refused") as failure:
        channel.send(MAIL, env)
    assert not failure.value.ambiguous


def test_a_password_goes_over_an_encrypted_connection(tls):
    with FakeSmtp(tls) as server:
        channel.send(MAIL, settings(server, "me%40x:p%3Aw@", "?starttls=1"))
        assert server.logins == [("me@x", "p:w")]
        assert [
            encrypted for command, encrypted in server.commands if command.upper().startswith(("AUTH", "MAIL"))
        ] == [
            True,
            True,
        ]
        server.at("auth", "535 5.7.8 wrong password")
        with pytest.raises(PermanentFailure, match="535"):
            channel.send(MAIL, settings(server, "me:wrong@", "?starttls=1"))


def test_an_encrypted_connection_from_the_start(tls):
    with FakeSmtp(tls, implicit=True) as server:
        channel.send(MAIL, settings(server))
        assert len(server.mails) == 1


def test_there_is_no_way_back_to_plain(server):
    with pytest.raises(PermanentFailure, match="STARTTLS"):
        channel.send(MAIL, settings(server, "me:secret@", "?starttls=1"))
    assert not any(command.upper().startswith(("AUTH", "MAIL")) for command, _encrypted in server.commands)


def test_an_unverified_certificate_gets_nothing(tls, monkeypatch):
    monkeypatch.setattr(channel, "trust", outbound.trust)
    for implicit, query in ((False, "?starttls=1"), (True, "")):
        with FakeSmtp(tls, implicit=implicit) as server:
            with pytest.raises(TemporaryFailure, match="TLS") as failure:
                channel.send(MAIL, settings(server, "me:secret@", query))
            assert not failure.value.ambiguous
            assert not any(command.upper().startswith(("AUTH", "MAIL")) for command, _encrypted in server.commands)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_becomes_a_header(server, text):
    channel.send(hostile(text, address=MAIL.address), settings(server))
    _sender, recipients, raw = server.envelopes[0]
    assert recipients == ["anna@example.org"]
    read = email.message_from_bytes(raw)
    assert set(read.keys()) - {"Content-Transfer-Encoding"} == KNOWN_HEADERS
    assert len(read.keys()) == len(set(read.keys()))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\x00" not in raw


def test_a_long_subject_of_another_script_keeps_its_spaces():
    words = "Подтвердите: сообщения страницы Сервисы Акме, и ещё много слов, чтобы было длинно 🔥 db01 не отвечает"
    for length in range(1, len(words)):
        subject = words[:length].strip()
        mail = letter.write(dataclasses.replace(MAIL, title=subject), {"NABAT_MAIL_FROM": HOST_MAIL})
        read = email.message_from_bytes(mail.as_bytes(policy=email.policy.SMTP), policy=email.policy.default)
        assert read["Subject"] == str(mail["Subject"]) == subject


@pytest.mark.parametrize("address", ["anna@example.org", "a.b+c@mail.example.org", "anna@localhost", "anna@почта.рф"])
def test_good_addresses(address, server):
    assert channel.check(address, {}) == ""
    channel.send(dataclasses.replace(MAIL, address=address), settings(server))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "anna@@example.org",
        "a b@example.org",
        "anna@example.org\nBcc: x@y.z",
        "anna@example..org",
        "a..b@example.org",
        "<anna@example.org>",
        "anna@exa_mple.org",
        "anna@[127.0.0.1]",
        "анна@example.org",
        "anna@example.org,x@y.z",
        "a" * 65 + "@example.org",
        "anna@" + "a" * 64 + ".org",
        "anna@example.org ",
    ],
)
def test_bad_addresses(address, server):
    assert channel.check(address, {})
    with pytest.raises(PermanentFailure):
        channel.send(dataclasses.replace(MAIL, address=address), settings(server))
    assert server.envelopes == []
