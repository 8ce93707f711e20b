"""SendGrid's receipts: signed, late, twice, out of order; a bounce starts the fallback."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Heard
from tests.fakes.sendgrid import Signer, events
from tests.samples import BOOK

SIGNER = Signer()
FALLING_BACK = """
urgencies:
  ordinary: {channels: [email], fallback: [push], acknowledge_within: 8h}
"""
NTFY_FOR_IRINA = """
people:
  - {email: irina@example.org, name: Irina, role: admin, timezone: Europe/Moscow,
     contacts: [{channel: email, address: irina@example.org}, {channel: ntfy, address: "https://ntfy.example/irina"}]}
teams: [{name: support, members: [irina@example.org]}, {name: infra, members: [irina@example.org]}]
schedules:
  - {name: infra, team: infra, timezone: Europe/Moscow,
     layers: [{start: "2026-11-02T09:00", every: 1w, members: [irina@example.org]}]}
"""


@pytest.fixture
def world(world_of):
    book = BOOK.replace("version: 1\n", "version: 1\n" + FALLING_BACK.lstrip())
    book = book.replace("person:oleg@example.org", "person:irina@example.org")
    return world_of(book=book, people=NTFY_FOR_IRINA, NABAT_SENDGRID_WEBHOOK_KEY=SIGNER.public)


@pytest.fixture
def post(world):
    def send(body, headers=None):
        signed = SIGNER.headers(body, int(world.clock.now().timestamp()))
        return world.client.post("/callback/sendgrid", data=body, headers=signed if headers is None else headers)

    return send


def mailed(world, status="sent", attempts=1, reference="sendgrid:abc"):
    """An incident whose first e-mail SendGrid has taken."""
    world.alert(severity="warning")
    (delivery,) = world.deliveries()
    with transaction() as session:
        session.execute(update(Delivery).values(status=status, attempts=attempts, provider_ref=reference))
    return delivery


def said(world, kind, number="e1", **more):
    plain = {
        "event": kind, "sg_event_id": number, "sg_message_id": "abc.recvd-5d4-x-1.0", "email": "irina@example.org",
        "timestamp": int(world.clock.now().timestamp()), "nabat_incident": world.incident().uuid,
        "nabat_delivery": str(world.deliveries()[0].id),
    }  # fmt: skip
    return plain | more


def first(world):
    return world.deliveries()[0]


def test_delivered(world, post):
    mailed(world)
    answer = post(events(said(world, "processed", "e0"), said(world, "delivered")))
    assert (answer.status_code, answer.json) == (202, {"result": "taken"})
    assert (first(world).status, first(world).fallback_at) == ("delivered", None)
    (line,) = world.entries("delivered")
    assert (line.detail["way"], line.detail["name"], line.detail["provider"]) == ("email", "Irina", "sendgrid")


@pytest.mark.parametrize("kind", ["bounce", "dropped"])
def test_what_never_arrives_starts_the_fallback(world, post, kind):
    mailed(world)
    post(events(said(world, kind, type="blocked", status="5.7.1", reason="550 5.7.1 \r\nnot\x00 wanted")))
    mail, push = world.deliveries()
    assert mail.status == "failed"
    assert mail.error.startswith("SendGrid: ")
    assert "550 5.7.1 not" in mail.error
    assert (push.channel, push.part, push.status) == ("ntfy", "fallback", "queued")
    assert world.timeline() == ["opened", "delivery failed", "fallback"]


@pytest.mark.parametrize("kind", ["processed", "deferred", "open", "click", "spamreport", "of the future", ""])
def test_the_others_move_nothing(world, post, kind):
    mailed(world)
    assert post(events(said(world, kind))).json == {"result": "ignored"}
    assert first(world).status == "sent"
    assert world.timeline() == ["opened"]


def test_twice_is_once(world, post):
    mailed(world)
    for _again in range(2):
        post(events(said(world, "bounce"), said(world, "bounce")))
    assert len(world.deliveries()) == 2
    assert world.timeline().count("delivery failed") == 1
    assert 'nabat_callbacks_total{provider="sendgrid",result="repeated"}' in world.client.get("/metrics").text


@pytest.mark.parametrize(
    ("order", "end"),
    [
        (("delivered", "bounce"), "delivered"),
        (("bounce", "delivered"), "failed"),
        (("delivered", "deferred"), "delivered"),
    ],
)
def test_a_final_state_is_final(world, post, order, end):
    mailed(world)
    post(events(*[said(world, kind, f"e{number}") for number, kind in enumerate(order)]))
    assert first(world).status == end
    assert len([line for line in world.timeline() if line.startswith("deliver")]) == 1


def test_what_was_called_off_stays_called_off(world, post):
    mailed(world, status="cancelled")
    post(events(said(world, "delivered"), said(world, "bounce", "e2")))
    assert first(world).status == "cancelled"


def test_delivered_though_we_never_heard_the_answer(world, post):
    """The attempt timed out and waits for another: the receipt saves the second mail."""
    mailed(world, status="queued", reference="")
    post(events(said(world, "delivered")))
    assert (first(world).status, first(world).provider_ref) == ("delivered", "sendgrid:abc")
    assert world.delivers() == 0


@pytest.mark.parametrize(
    ("status", "attempts", "end"), [("sending", 1, "failed"), ("sending", 2, "sending"), ("queued", 1, "queued")]
)
def test_a_bounce_counts_only_for_the_attempt_that_counts(world, post, status, attempts, end):
    mailed(world, status=status, attempts=attempts, reference="")
    post(events(said(world, "bounce")))
    assert first(world).status == end


def test_a_bounce_of_an_earlier_attempt_does_not_undo_the_later_one(world, post):
    mailed(world, attempts=2, reference="sendgrid:later")
    post(events(said(world, "bounce")))
    assert first(world).status == "sent"


def test_an_answered_incident_gets_no_fallback(world, post):
    mailed(world)
    world.acknowledges(world.incident().id, "Irina")
    post(events(said(world, "bounce")))
    assert first(world).status == "failed"
    assert world.deliveries(channel="ntfy") == []


STRANGE = [
    {"nabat_delivery": "999999"},
    {"nabat_delivery": "-1"},
    {"nabat_delivery": "1; DROP TABLE delivery"},
    {"nabat_delivery": 1},
    {"nabat_delivery": "9" * 40},
    {"nabat_delivery": "٣"},
    {"nabat_incident": "0c9d3c1e-7a0e-4ad7-9f5e-6d1f7c4c2b11"},
    {"nabat_incident": ""},
    {"nabat_incident": None},
]


@pytest.mark.parametrize("change", STRANGE, ids=str)
def test_mail_that_is_not_ours_is_taken_and_changes_nothing(world, post, change):
    mailed(world)
    assert post(events(said(world, "bounce", **change))).status_code == 202
    assert first(world).status == "sent"


def test_a_receipt_of_an_sms_moves_no_mail(world, post):
    mailed(world)
    with transaction() as session:
        session.execute(update(Delivery).values(channel="sms"))
    post(events(said(world, "bounce")))
    assert first(world).status == "sent"


def test_one_byte_changed_is_refused(world, post):
    mailed(world)
    body = events(said(world, "bounce"))
    headers = SIGNER.headers(body, int(world.clock.now().timestamp()))
    assert post(body.rstrip(), headers).status_code == 401  # the line end at its end is signed too
    assert post(body.replace(b"bounce", b"bounCe"), headers).status_code == 401
    assert post(body, Signer().headers(body, int(world.clock.now().timestamp()))).status_code == 401
    assert first(world).status == "sent"
    assert db.session.scalars(select(Heard)).all() == []
    assert post(body, headers).status_code == 202


def test_signatures_and_times_of_every_kind(world, post):
    body, right = events(), int(world.clock.now().timestamp())
    for signature in ("", "A", "====", "ж", "AAAA" * 18, "A" * 5000, "MEUCIQ==" * 2):
        headers = SIGNER.headers(body, right)
        headers["X-Twilio-Email-Event-Webhook-Signature"] = signature.encode().decode("latin-1")
        assert post(body, headers).status_code == 401, signature
    for stamp in ("", "now", "-5", "1e9", "٣", "9" * 30):
        headers = SIGNER.headers(body, stamp)
        headers["X-Twilio-Email-Event-Webhook-Timestamp"] = stamp.encode().decode("latin-1")
        assert post(body, headers).status_code == 401, stamp


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (timedelta(hours=24, minutes=30), 202),
        (timedelta(hours=26), 401),
        (timedelta(minutes=-4), 202),
        (timedelta(minutes=-6), 401),
    ],
)
def test_late_is_taken_and_too_late_is_not(world, post, age, code):
    mailed(world)
    body = events(said(world, "delivered"))
    headers = SIGNER.headers(body, int((world.clock.now() - age).timestamp()))
    assert post(body, headers).status_code == code
    assert first(world).status == ("delivered" if code == 202 else "sent")


def test_bodies_of_every_kind(world, post):
    mailed(world)
    for body in (b"[]", b"{}", b"null", b'[null, 7, [], "x", {}]', json.dumps([{"event": []}]).encode()):
        assert post(body).status_code == 202, body
    assert post(b"\xff{").status_code == 400
    assert post(b"").status_code == 400
    assert post(b" " * (1024 * 1024 + 1)).status_code == 413
    assert post(events(*[said(world, "delivered", f"e{n}") for n in range(500)])).status_code == 202
    assert world.timeline() == ["opened", "delivered"]


def test_one_receipt_that_cannot_be_taken_in_spoils_no_other_of_its_post(world, post):
    mailed(world)
    bounced = [said(world, "bounce")]
    world.alert(severity="warning", name="Other", fingerprint="other")
    with transaction() as session:
        session.execute(update(Delivery).values(status="sent", attempts=1, provider_ref="sendgrid:abc"))
    spoiled, whole = (one.id for one in world.incidents())
    number, uuid = str(world.deliveries(incident_id=whole)[0].id), world.incidents()[1].uuid
    bounced += [bounced[0] | {"sg_event_id": "e2", "nabat_incident": uuid, "nabat_delivery": number}]
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE incident SET route = '{broken' WHERE id = :id"), {"id": spoiled})
    assert post(events(*bounced)).status_code == 202
    states = [(one.incident_id, one.status) for one in world.deliveries(part="primary")]
    assert states == [(spoiled, "sent"), (whole, "failed")]
    assert [one.incident_id for one in world.deliveries(part="fallback")] == [whole]


def test_without_a_key_nothing_is_taken(world_of):
    world = world_of(book=BOOK)
    answer = world.client.post("/callback/sendgrid", data=b"[]", headers=SIGNER.headers(b"[]", 1))
    assert (answer.status_code, "NABAT_SENDGRID_WEBHOOK_KEY" in answer.json["detail"]) == (404, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_in_a_pem_and_a_key_that_is_none(world_of):
    pem = f"-----BEGIN PUBLIC KEY-----\n{SIGNER.public[:64]}\n{SIGNER.public[64:]}\n-----END PUBLIC KEY-----"
    world = world_of(book=BOOK, NABAT_SENDGRID_WEBHOOK_KEY=pem)
    headers = SIGNER.headers(b"[]", int(world.clock.now().timestamp()))
    assert world.client.post("/callback/sendgrid", data=b"[]", headers=headers).status_code == 202
    for nonsense in (
        "nonsense",
        "AAAA",
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
    ):  # the last: Ed25519
        world = world_of(book=BOOK, NABAT_SENDGRID_WEBHOOK_KEY=nonsense)
        answer = world.client.post("/callback/sendgrid", data=b"[]", headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")


def test_a_crash_in_the_middle_keeps_nothing_and_the_next_try_all(world, post):
    mailed(world)
    broken = []

    def fail(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE delivery") and not broken:  # when it is heard already
            broken.append(statement)
            raise OperationalError(statement, {}, Exception("cut off"))

    sql_event.listen(db.engine, "before_cursor_execute", fail)
    answer = post(events(said(world, "bounce")))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert first(world).status == "sent"
    assert post(events(said(world, "bounce"))).status_code == 202
    sql_event.remove(db.engine, "before_cursor_execute", fail)
    assert first(world).status == "failed"
    assert world.deliveries()[1].channel == "ntfy"
