"""A topic's subscription is confirmed by a worker, once it is sure who asks; the source's page says what came of it.

The service is a real server on loopback; only its name leads there. Keys and certificates are made here.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from gateway.flows import topics
from gateway.outward.outbound import How, ask, judge
from gateway.outward.topics import Service
from gateway.store.db import db
from gateway.store.tables import Payload, Source, TopicRow
from rules.senders.topics import signed_text
from tests.fakes.http import FakeServer, drop, reply
from tests.integration.test_ticket_pages import signed_in

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
HOST = "https://sns.eu-west-1.amazonaws.com"
TOKEN = "0123456789abcdef" * 8


@cache
def pair():
    """A key, and its certificate for a year."""
    key, at = rsa.generate_private_key(65537, 2048), datetime(2026, 6, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(at).not_valid_after(at + timedelta(days=365)).sign(key, SHA256())
    return key, made.public_bytes(Encoding.PEM)


def asks(topic=TOPIC, version="2", **more):
    """As SNS asks to confirm a subscription."""
    fields = {
        "Type": "SubscriptionConfirmation", "MessageId": "8a14", "TopicArn": topic, "Token": TOKEN,
        "Message": f"You have chosen to subscribe to the topic {topic}.\nVisit the SubscribeURL.",
        "SubscribeURL": f"{HOST}/?Action=ConfirmSubscription&TopicArn={topic}&Token={TOKEN}",
        "Timestamp": "2026-12-05T00:11:00.000Z", "SignatureVersion": version, "SigningCertURL": f"{HOST}/Cert-0a1b.pem",
    }  # fmt: skip
    how = SHA1() if version == "1" else SHA256()
    fields["Signature"] = base64.b64encode(pair()[0].sign(signed_text(fields), padding.PKCS1v15(), how)).decode()
    return fields | more


def send(world, body):
    """As it comes: plain text by its type, the token in the address."""
    place = f"/ingest/sns/{world.token('sns')}"
    return world.client.post(place, data=json.dumps(body), content_type="text/plain; charset=UTF-8")


@pytest.fixture
def aws():
    with FakeServer() as server:
        yield server


@pytest.fixture
def service(aws):
    def get(url):
        assert url.startswith(HOST)
        there = aws.url + url.removeprefix(HOST)
        return judge(ask(there, how=How("GET"), allow_private=("127.0.0.1",), loopback=False)).body

    return Service(get)


def turn(world, service):
    db.session.rollback()
    return topics.turn(world.app.extensions["gateway"], service)


def rows():
    db.session.rollback()
    return [(one.state, one.doubt) for one in db.session.scalars(select(TopicRow).order_by(TopicRow.id))]


def page(world):
    admin = signed_in(world)
    number = db.session.scalar(select(Source.id).where(Source.kind == "sns"))
    return admin.get(f"/sources/{number}").text


def test_a_worker_confirms_what_the_service_has_signed(world, aws, service):
    assert send(world, asks()).status_code == 202
    assert aws.requests == []  # nothing is asked of others while a sender waits
    assert rows() == [("waiting", "")]
    assert world.incidents() == []
    aws.then(drop(), reply(200, pair()[1]), reply(503), reply(200, b"<ConfirmSubscriptionResponse/>"))
    assert turn(world, service) == 1
    assert rows() == [("waiting", "")]
    assert turn(world, service) == 0
    for _ in range(2):
        world.clock.advance(seconds=10)
        assert turn(world, service) == 1
    assert rows() == [("confirmed", "")]
    visited = f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"
    assert [one.path for one in aws.requests] == ["/Cert-0a1b.pem", "/Cert-0a1b.pem", visited, visited]
    assert {one.method for one in aws.requests} == {"GET"}
    assert db.session.scalar(select(TopicRow.fields)) == {}
    shown = page(world)
    assert TOPIC in shown
    assert "Nabat has confirmed it" in shown
    assert f"topic {TOPIC} asks to confirm the subscription" in shown
    aws.then(reply(200))  # another topic of the account: the certificate is known
    send(world, asks(TOPIC.replace(":alarms", ":more"), version="1"))
    send(world, asks(TOPIC.replace("123456789012", "999999999999")))
    assert turn(world, service) == 2
    assert rows() == [("confirmed", ""), ("confirmed", ""), ("refused", "account")]
    assert len(aws.requests) == 5
    assert "belongs to the AWS account that was confirmed first" in page(world)
    send(world, asks(Type="UnsubscribeConfirmation"))
    assert rows()[0] == ("ended", "")
    assert turn(world, service) == 0


# What is decided does not depend on the database.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_else_is_visited(world, aws, service):
    aws.usual = lambda _asked: reply(200, pair()[1])
    cases = {
        "signature": {"Message": "Another"}, "place": {"SubscribeURL": "https://evil.example/"},
        "topic": {"TopicArn": "arn:aws:sns:eu-west-1:1:x"},
    }  # fmt: skip
    for wrong, more in cases.items():
        send(world, asks(**more))
        turn(world, service)
        assert rows()[-1] == ("refused", wrong)
    assert [one.path for one in aws.requests] == ["/Cert-0a1b.pem"]
    world.clock.set(datetime(2027, 7, 1, tzinfo=UTC))
    send(world, asks())
    turn(world, service)
    assert rows()[0] == ("refused", "certificate")
    aws.then(reply(200, b"no certificate"))
    send(world, asks())
    turn(world, Service(service.get))
    assert rows()[0] == ("refused", "certificate")
    assert all(one.path == "/Cert-0a1b.pem" for one in aws.requests)
    assert "The certificate is not valid now" in page(world)
    assert len(list(db.session.scalars(select(Payload.id)))) == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_service_refuses_or_never_answers_is_said(world, aws, service):
    aws.then(reply(200, pair()[1]), reply(404))
    send(world, asks())
    turn(world, service)
    assert rows() == [("failed", "")]
    assert "HTTP 404" in page(world)
    aws.usual = lambda _asked: reply(500)
    send(world, asks())
    turn(world, service)
    assert rows() == [("waiting", "")]
    world.clock.advance(days=2)
    turn(world, service)
    assert rows() == [("failed", "")]
    assert "HTTP 500" in page(world)
