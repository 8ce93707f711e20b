"""Before a certificate is found right, not one byte of what we have to say is sent. Our own authority, on loopback."""

import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.channels import PermanentFailure, TemporaryFailure, ntfy, pagerduty, sendgrid, sms, webpush
from gateway.channels import email as mail_channel
from gateway.outward import outbound
from gateway.outward.webpush import make_key
from tests.channels.samples import MESSAGE
from tests.fakes.push import FakeBrowser

pytestmark = pytest.mark.slow

PAST, LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
HOST = "127.0.0.1"


class Listener:
    """Speaks TLS with a certificate that is wrong, and keeps whatever was said to it after the handshake."""

    def __init__(self, context, greeting=b""):
        self.context, self.greeting, self.said, self.met = context, greeting, b"", 0
        self.socket = socket.create_server((HOST, 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.met += 1
            link.settimeout(5)
            try:
                self.listen(link)
            except OSError:
                """The other side found our certificate wrong: as it should."""
            finally:
                link.close()

    def listen(self, link):
        if self.greeting:  # a mail server: in clear until STARTTLS
            link.sendall(self.greeting)
            while b"STARTTLS" not in (line := link.recv(1000)).upper():
                if not line:
                    return
                link.sendall(b"250-fake\r\n250 STARTTLS\r\n")
            link.sendall(b"220 go ahead\r\n")
        with self.context.wrap_socket(link, server_side=True) as safe:
            while piece := safe.recv(65536):
                self.said += piece

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


def issued(authority, *names, **more):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(context)
    return context


def self_signed(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), PAST,
                                   datetime(2100, 1, 1, tzinfo=UTC))  # fmt: skip
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    made = made.add_extension(names, critical=False)
    place = tmp_path / "self.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place.write_bytes(secret + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context


@pytest.fixture
def authority():
    """Trusted for once, so that only the certificate itself is wrong."""
    made = trustme.CA()
    made.configure_trust(outbound.trust())
    yield made
    outbound.trust.cache_clear()


@pytest.fixture(params=["expired", "not yet", "another host", "self-signed", "an authority that nobody knows"])
def wrong(request, authority, tmp_path):
    if request.param == "self-signed":
        return self_signed(tmp_path)
    return {
        "expired": lambda: issued(authority, HOST, not_before=LONG_AGO, not_after=PAST),
        "not yet": lambda: issued(authority, HOST, not_before=datetime(2090, 1, 1, tzinfo=UTC),
                                  not_after=datetime(2091, 1, 1, tzinfo=UTC)),
        "another host": lambda: issued(authority, "other.example", "127.0.0.2"),
        "an authority that nobody knows": lambda: issued(trustme.CA(), HOST),
    }[request.param]()  # fmt: skip


def settings(port):
    base = f"https://{HOST}:{port}"
    return {
        "NABAT_PAGERDUTY_EVENTS_URL": base, "NABAT_SENDGRID_URL": base, "NABAT_TWILIO_URL": base,
        "NABAT_SENDGRID_API_KEY": "key", "NABAT_TWILIO_ACCOUNT_SID": "AC0", "NABAT_TWILIO_AUTH_TOKEN": "token",
        "NABAT_TWILIO_FROM": "+15005550006", "NABAT_MAIL_FROM": "nabat@example.org", "NABAT_ALLOW_PRIVATE_HOSTS": HOST,
        "NABAT_PUBLIC_URL": "https://nabat.example", webpush.KEY: make_key(),
    }  # fmt: skip


def addressed(address):
    return replace(MESSAGE, address=address)


CHANNELS = {
    "pagerduty": lambda port: (pagerduty, "R" * 32),
    "sendgrid": lambda port: (sendgrid, "anna@example.org"),
    "sms": lambda port: (sms, "+79990000001"),
    "ntfy": lambda port: (ntfy, f"https://{HOST}:{port}/anna"),
    "webpush": lambda port: (webpush, FakeBrowser(f"https://{HOST}:{port}/x").subscription()),
}


def test_no_channel_says_anything_to_a_wrong_certificate(wrong):
    with Listener(wrong) as listener:
        for number, make in enumerate(CHANNELS.values(), 1):
            channel, address = make(listener.port)
            with pytest.raises(TemporaryFailure, match="TLS") as failure:
                channel.send(addressed(address), settings(listener.port), deadline=5)
            assert not failure.value.ambiguous
            assert listener.met == number
    assert listener.said == b""


@pytest.mark.parametrize("way", ["smtps", "starttls"])
def test_no_mail_is_handed_to_a_wrong_certificate(wrong, way):
    with Listener(wrong, b"220 fake ESMTP\r\n" if way == "starttls" else b"") as listener:
        scheme, query = ("smtps", "") if way == "smtps" else ("smtp", "?starttls=1")
        url = f"{scheme}://me:secret@{HOST}:{listener.port}{query}"
        env = {"NABAT_SMTP_URL": url, "NABAT_MAIL_FROM": "nabat@example.org"}
        with pytest.raises(TemporaryFailure, match="TLS") as failure:
            mail_channel.send(addressed("anna@example.org"), env, deadline=5)
        assert not failure.value.ambiguous
    assert (listener.met, listener.said) == (1, b"")


def test_what_is_right_is_spoken_to(authority):
    """The other tests can fail: with a good certificate the same listener hears us."""
    with Listener(issued(authority, HOST)) as listener, pytest.raises((TemporaryFailure, PermanentFailure)):
        pagerduty.send(addressed("R" * 32), settings(listener.port), deadline=1)
    assert b"POST" in listener.said
