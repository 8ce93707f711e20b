"""Twilio's receipts: signed over our public address and the form, quick, late, out of order."""

import base64
import hashlib
import hmac

import pytest
from sqlalchemy import update

from gateway.doors.callbacks import twilio
from gateway.store.db import transaction
from gateway.store.tables import Delivery
from tests.samples import BOOK

TOKEN = "a-token-of-the-tests"
PUBLIC = "https://nabat.example.org"
SID = "SM" + "1" * 32
URGENT = BOOK.replace("urgency: emergency", "urgency: urgent")


def sign(url, form, token=TOKEN):
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@pytest.fixture
def world(world_of):
    return world_of(book=URGENT, NABAT_TWILIO_AUTH_TOKEN=TOKEN, NABAT_PUBLIC_URL=PUBLIC)


@pytest.fixture
def post(world):
    def send(status, url=None, signature=None, sid=SID, number=None, **more):
        form = {"MessageSid": sid, "MessageStatus": status, "To": "+79990000001", "From": "+15005550006", **more}
        path = "/callback/twilio" + (f"?delivery={number}" if number is not None else "")
        signature = sign(url or PUBLIC + path, form) if signature is None else signature
        return world.client.post(path, data=form, headers={"X-Twilio-Signature": signature})

    return send


def texted(world, status="sent", attempts=1, reference=SID):
    """An incident whose SMS to Anna Twilio has taken."""
    world.alert()
    (text,) = world.deliveries(channel="sms")
    with transaction() as session:
        session.execute(update(Delivery).values(status=status, attempts=attempts, provider_ref=""))
        values = {"provider_ref": reference}
        session.execute(update(Delivery).where(Delivery.id == text.id).values(**values))
    return text


def text_of(world):
    (text,) = world.deliveries(channel="sms")
    return text


@pytest.mark.parametrize("by_number", [True, False])
def test_delivered(world, post, by_number):
    text = texted(world)
    assert post("delivered", number=text.id if by_number else None).status_code == 204
    assert text_of(world).status == "delivered"
    (line,) = world.entries("delivered")
    assert (line.detail["name"], line.detail["way"]) == ("Anna", "sms")


@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_what_never_arrives_starts_the_fallback(world, post, status):
    text = texted(world)
    post(status, number=text.id, ErrorCode="30003")
    assert (text_of(world).status, text_of(world).error) == (
        "failed",
        f"Twilio: {status}: 30003 the phone is off or out of reach",
    )
    assert [one.channel for one in world.deliveries(part="fallback")] != []
    assert world.timeline() == ["opened", "delivery failed", "fallback"]


@pytest.mark.parametrize("status", ["accepted", "queued", "sending", "sent", "canceled", "of the future", ""])
def test_on_its_way_moves_nothing(world, post, status):
    text = texted(world)
    assert post(status, number=text.id).status_code == 204
    assert text_of(world).status == "sent"
    assert world.timeline() == ["opened"]


def test_out_of_order_and_twice(world, post):
    text = texted(world)
    for status in ("delivered", "sent", "delivered", "undelivered", "queued"):
        post(status, number=text.id)
    assert text_of(world).status == "delivered"
    assert world.timeline() == ["opened", "delivered"]


@pytest.mark.parametrize(
    ("status", "attempts", "receipt", "end"),
    [
        ("sending", 1, "delivered", "delivered"),  # quicker than our worker
        ("sending", 1, "failed", "failed"),
        ("sending", 2, "failed", "sending"),  # whose? another attempt is under way
        ("queued", 1, "delivered", "delivered"),  # we never heard the answer
        ("queued", 1, "failed", "queued"),
    ],
)
def test_quicker_than_the_worker(world, post, status, attempts, receipt, end):
    text = texted(world, status, attempts, reference="")
    post(receipt, number=text.id)
    assert text_of(world).status == end


def test_the_worker_that_comes_later_changes_nothing(world_of, providers):
    """The receipt, sent to the address that Twilio was given, is here before Twilio's answer is."""
    world = world_of(
        book=URGENT, NABAT_TWILIO_URL=providers.twilio.url, NABAT_TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        NABAT_TWILIO_AUTH_TOKEN=TOKEN, NABAT_TWILIO_FROM="+15005550006", NABAT_PUBLIC_URL=PUBLIC,
    )  # fmt: skip
    usual = providers.twilio.usual

    def quick(asked):
        place, told = asked.form()["StatusCallback"], {"MessageSid": SID, "MessageStatus": "delivered"}
        headers = {"X-Twilio-Signature": sign(place, told)}
        with world.app.app_context():
            answer = world.app.test_client().post(place.removeprefix(PUBLIC), data=told, headers=headers)
        assert answer.status_code == 204
        return usual(asked)

    providers.twilio.usual = quick
    world.alert()
    world.delivers()
    assert (text_of(world).status, text_of(world).provider_ref) == ("delivered", SID)
    assert world.timeline().count("delivered") == 1
    assert len(providers.twilio.requests) == 1


PLACES = [
    (PUBLIC, f"{PUBLIC}/callback/twilio"),
    (PUBLIC, f"{PUBLIC}:443/callback/twilio"),
    (f"{PUBLIC}:443", f"{PUBLIC}/callback/twilio"),
    (f"{PUBLIC}:443", f"{PUBLIC}:443/callback/twilio"),
    (f"{PUBLIC}:8443", f"{PUBLIC}:8443/callback/twilio"),
    (f"{PUBLIC}/alerts/", f"{PUBLIC}/alerts/callback/twilio"),
    ("http://127.0.0.1", "http://127.0.0.1:80/callback/twilio"),
    ("http://[::1]:80", "http://[::1]/callback/twilio"),
]


@pytest.mark.parametrize(("public", "signed"), PLACES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_public_address_counts_with_or_without_its_usual_port(world_of, public, signed):
    world = world_of(book=URGENT, NABAT_TWILIO_AUTH_TOKEN=TOKEN, NABAT_PUBLIC_URL=public)
    form = {"MessageSid": SID, "MessageStatus": "sent"}
    headers = {"X-Twilio-Signature": sign(signed, form), "Host": "somebody.else"}
    assert world.client.post("/callback/twilio", data=form, headers=headers).status_code == 204


def test_forged_is_refused(world, post):
    text = texted(world)
    for url in ("http://nabat.example.org/callback/twilio", f"{PUBLIC}:8443/callback/twilio", f"{PUBLIC}/callback"):
        assert post("failed", url=url).status_code == 401
    for signature in ("", "=", "A" * 28, "A" * 5000, "ж".encode().decode("latin-1")):
        assert post("failed", signature=signature).status_code == 401
    right = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+79990000001", "From": "+15005550006"}
    assert post("failed", signature=sign(f"{PUBLIC}/callback/twilio", right)).status_code == 401
    assert post("failed", signature=sign(f"{PUBLIC}/callback/twilio", right, "another")).status_code == 401
    other = sign(f"{PUBLIC}/callback/twilio?delivery={text.id + 1}", right)
    assert post("delivered", signature=other, number=text.id).status_code == 401
    assert text_of(world).status == "sent"


def test_messages_that_are_not_ours(world, post):
    text = texted(world)
    mail = world.deliveries()[-1]
    for number in (text.id + 1000, "x", "", "-1", "٣", "9" * 30):
        assert post("failed", sid="SM" + "9" * 32, number=number).status_code in (204, 401)
    if mail.channel != "sms":
        assert post("failed", number=mail.id).status_code == 204
    assert text_of(world).status == "sent"
    assert world.timeline() == ["opened"]


def test_forms_of_every_kind(world):
    def send(body):
        text = PUBLIC + "/callback/twilio"
        fields = twilio._fields(body)
        joined = text + "".join(name + value for name, value in sorted(set(fields)))
        made = hmac.new(TOKEN.encode(), joined.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
        headers = {"X-Twilio-Signature": base64.b64encode(made).decode()}
        return world.client.post("/callback/twilio", data=body, headers=headers).status_code

    for body in (b"", b"=", b"&&&", b"\xff=\xfe", b"MessageStatus=failed", b"MessageSid=a&MessageSid=b", b"%00=%"):
        assert send(body) == 204, body
    many = "&".join(f"f{n}=1" for n in range(201)).encode()
    assert world.client.post("/callback/twilio", data=many).status_code == 400
    assert world.client.post("/callback/twilio", data=b"a" * (1024 * 1024 + 1)).status_code == 413


def test_without_a_token_nothing_is_taken(world_of):
    answer = world_of(book=URGENT).client.post("/callback/twilio", data={"MessageSid": SID})
    assert (answer.status_code, "NABAT_TWILIO_AUTH_TOKEN" in answer.json["detail"]) == (404, True)


def test_the_signature_as_twilio_makes_it():
    """A vector of our own, counted out by another program (openssl dgst -sha1 -hmac)."""
    form = [("To", "+79990000001"), ("MessageStatus", "delivered"), ("MessageSid", "SM1"), ("Body", "да 🔧")]
    url = "https://nabat.example.org/callback/twilio?delivery=41"
    assert twilio.signed(url, form, VECTOR, "12345")
    assert twilio.signed(url, [*form, form[0]], VECTOR, "12345")
    assert not twilio.signed(url, form, VECTOR, "12346")


VECTOR = "sy1dodsDVYQH8g41BaAE/1hDe98="
