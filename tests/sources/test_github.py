"""GitHub: which issue a webhook is about, whose word it is, and when it is the same one again."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from gateway.loader import load
from gateway.outward import signing
from gateway.sources import BadPayload, Heard
from gateway.sources.github import SIGNING, parse
from tests.conftest import SHARED
from tests.databases import missing
from tests.doors import BridgeDoor, FlaskDoor, said
from tests.integration.test_senders_signatures import secret_of
from tests.sources.test_samples import HEARD

WHO = {"id": 5, "login": "pyotr"}
PLACE = {"full_name": "octo/shop", "private": False}


def issue(action="opened", **more):
    about = {"id": 900, "number": 7, "title": "No receipts", "state": "open", "updated_at": "2026-12-05T00:00:00Z"}
    return {"action": action, "issue": about | more, "repository": PLACE, "sender": WHO}


def remark(**more):
    comment = {"id": 55, "body": "still", "user": WHO, "author_association": "NONE", **more}
    return {**issue("created"), "comment": comment}


@pytest.mark.parametrize("body", [None, [], "x", {}, {"issue": []}, {"issue": {"title": "x"}}])
def test_what_is_about_no_issue_that_can_be_found_again_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


def test_an_issue_without_a_place_is_known_by_its_number_in_all_of_github():
    (alert,) = parse({"action": "opened", "issue": {"id": 900}}, HEARD).alerts
    assert (alert.fingerprint, alert.ticket.key) == ("900", "900")
    (alert,) = parse(issue(id="not a number"), HEARD).alerts
    assert (alert.fingerprint, alert.ticket.key) == ("octo/shop#7", "octo/shop#7")


@pytest.mark.parametrize(("ours", "heard"), [("", 1), ("pyotr", 0), ("PYOTR", 0), ("5", 0), ("anna", 1)])
def test_what_our_own_account_did_is_passed_over(ours, heard):
    own = Heard("theirs", HEARD.now, own=frozenset({ours.lower()} - {""}))
    assert [len(parse(body, own).alerts) for body in (issue(), remark())] == [heard, heard]


def test_the_example_of_githubs_documents_is_right():
    path = SHARED / "payloads/vector-github-sha256.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    example = load(path.read_bytes())
    given = signing.read_own(SIGNING, example["header_value"], "", HEARD.now)
    assert signing.fitting(given, example["body"].encode(), ["wrong", example["secret"]]) == 1
    with pytest.raises(signing.BadSignature):
        signing.fitting(given, example["body"].encode(), ["wrong"])


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def test_a_delivery_is_taken_in_once_whether_signed_or_not_and_a_ping_is_answered(world, door):
    def send(body, number, **more):
        text = json.dumps(body).encode()
        if secret := more.pop("secret", ""):
            mac = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
            more["X_Hub_Signature_256"] = f"sha256={mac}"
        answer = door.post("/ingest/github", text, X_GitHub_Delivery=number, X_GitHub_Event="issues", **more)
        return answer.status, said(answer).get("accepted")

    token = {"Authorization": f"Bearer {world.token('github')}"}
    assert send({"zen": "x", "hook_id": 1}, "d-0", **token) == (202, 0)
    assert send(issue(), "d-1", **token) == (202, 1)
    for number in ("d-2", "d-2", "d-3"):
        assert send(remark(id=None), number, **token) == (202, 1)
    assert world.timeline().count("ticket commented") == 2  # without a number of its own: by its deliveries
    secret = secret_of(world, "github")
    assert send(remark(id=None), "d-4", secret=secret) == (202, 1)
    assert send(remark(id=None), "d-5", secret=secret) == (202, 1)  # whoever overheard it may change what is not signed
    assert world.timeline().count("ticket commented") == 3
    assert send(remark(), "d-6", secret="another secret") == (401, None)
    form = urlencode({"payload": json.dumps({**issue("closed"), "zen": "a&b=c + ü"})}).encode()
    mac = f"sha256={hmac.new(secret.encode(), form, hashlib.sha256).hexdigest()}"
    kind = "application/x-www-form-urlencoded"
    assert door.post("/ingest/github", form, X_Hub_Signature_256=mac, Content_Type=kind).status == 202
    assert door.post("/ingest/github", form + b"&", X_Hub_Signature_256=mac, Content_Type=kind).status == 401
    bad = door.post("/ingest/github", b"payload=%7Boops", Content_Type=kind, **token)
    assert (bad.status, "payload" in said(bad)["detail"]) == (400, True)
    assert send(remark(author_association="MEMBER", id=1), "d-7", secret=secret) == (202, 1)
    told = [bool(one.detail.get("told")) for one in world.entries("ticket commented")]
    assert told == [True, True, True, False]  # a member's own word is no client's
