"""Linear: which issue a webhook is about, and that it was sent lately by what its signed body says."""

import hashlib
import hmac
import json

import pytest

from gateway.outward import signing
from gateway.sources import BadPayload, Heard
from gateway.sources.linear import SIGNING, parse
from tests.doors import BridgeDoor, FlaskDoor, said
from tests.integration.test_senders_signatures import secret_of
from tests.sources.test_samples import HEARD


def sent(kind="Issue", action="create", **data):
    about = {"id": "i-1", "identifier": "WEB-44", "title": "No receipts", "updatedAt": "2026-12-05T00:00:00.000Z"}
    return {"type": kind, "action": action, "data": about | data}


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"type": "Issue"}, {"data": {"id": "1"}}, {"type": "Issue", "data": {"title": "x"}}]
)
def test_what_is_about_no_issue_that_can_be_found_again_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"identifier": "", "number": 7, "team": {"key": "OPS"}}, "OPS-7"),
        ({"identifier": None, "url": "https://linear.app/acme/issue/WEB-9/x"}, "WEB-9"),
        ({"identifier": None}, "i-1"),
    ],
)
def test_the_number_for_people_is_taken_from_wherever_it_is_said(more, key):
    (alert,) = parse(sent(**more), HEARD).alerts
    assert (alert.ticket.key, alert.fingerprint) == (key, key)


@pytest.mark.parametrize(
    ("more", "heard"),
    [({"actor": {"id": "U-1"}}, 0), ({"actor": {"email": "Nabat@example.org"}}, 0), ({"actor": {"id": "u-2"}}, 1),
     ({"actor": {"name": "u-1"}}, 1), ({"data": {"id": "i", "creatorId": "u-1"}}, 0),
     ({"data": {"id": "i", "creatorId": "u-1"}, "action": "update"}, 1)],
)  # fmt: skip
def test_what_our_own_account_did_is_passed_over(more, heard):
    own = Heard("theirs", HEARD.now, own=frozenset({"u-1", "nabat@example.org"}))
    assert len(parse(sent() | more, own).alerts) == heard


@pytest.mark.parametrize("at", [None, "1796428800000", True, 0, -1, 10**400, 1.5, [1], {}])
def test_a_body_that_does_not_say_when_it_was_sent_is_refused(at):
    with pytest.raises(signing.BadSignature):
        signing.check_sent(SIGNING, {"webhookTimestamp": at}, HEARD.now)
    with pytest.raises(signing.BadSignature):
        signing.check_sent(SIGNING, [at], HEARD.now)


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def test_what_is_signed_is_taken_in_within_five_minutes_and_once(world, door):
    secret, token = secret_of(world, "linear", "signs"), world.token("linear", "does not")

    def send(body, seconds=0, key=secret, **more):
        at = {"webhookTimestamp": int((world.clock.now().timestamp() + seconds) * 1000)}
        text = json.dumps({**body, **at}).encode()
        mac = hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
        answer = door.post("/ingest/linear", text, Linear_Signature=mac, **more)
        return answer.status, said(answer).get("accepted")

    assert send(sent()) == (202, 1)
    at = "2026-12-05T00:01:00.000Z"
    remark = {"type": "Comment", "action": "create", "createdAt": at, "data": {"body": "still", "issueId": "i-1"}}
    for seconds, status in ((-300, 202), (300, 202), (-301, 401), (301, 401), (-300, 202)):
        assert send(remark, seconds)[0] == status
    assert world.timeline().count("ticket commented") == 2  # the last is the first, sent again by whoever overheard it
    assert send(remark, key="another secret")[0] == 401
    for _ in range(2):  # without a secret the token decides, and what it says of times is not looked at
        assert send(remark, 999, Authorization=f"Bearer {token}", Linear_Delivery="d-1") == (202, 1)
    assert world.timeline().count("ticket commented") == 3
    text = json.dumps(remark).encode()
    mac = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    untimed = door.post("/ingest/linear", text, Linear_Signature=mac)
    assert (untimed.status, "webhookTimestamp" in said(untimed)["detail"]) == (401, True)
