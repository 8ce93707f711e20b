"""GitLab: which issue a webhook is about, and that it is known by its signature, by a secret or by a token."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.acts import sourcing
from gateway.loader import load
from gateway.outward import signing
from gateway.sources import BadPayload, Heard
from gateway.sources.gitlab import SIGNING, parse
from tests.conftest import SHARED
from tests.databases import missing
from tests.doors import BridgeDoor, FlaskDoor, said
from tests.integration.test_senders_signatures import secret_of
from tests.sources.test_samples import HEARD

WHO = {"id": 5, "name": "Pyotr", "username": "pyotr", "email": "[REDACTED]"}
SENT = {"X_Gitlab_Event": "Note Hook"}


def issue(action="open", **more):
    about = {"id": 900, "iid": 7, "title": "No receipts", "state": "opened", "updated_at": "2026-12-05T00:00:00Z"}
    place = {"path_with_namespace": "group/shop"}
    return {
        "object_kind": "issue",
        "object_attributes": about | {"action": action} | more,
        "user": WHO,
        "project": place,
    }


def note(**more):
    about = {"note": "still", "noteable_type": "Issue", "author_id": 5, "updated_at": "2026-12-05T00:01:00Z"}
    open_ = issue()
    return open_ | {
        "object_kind": "note", "event_type": "note", "object_attributes": about | more,
        "issue": open_["object_attributes"] | {"author_id": 5},
    }  # fmt: skip


@pytest.mark.parametrize("body", [None, [], "x", {}, {"object_kind": "issue"}, {"object_kind": None}])
def test_what_is_about_no_issue_that_can_be_found_again_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(("ours", "heard"), [("", 1), ("PYOTR", 0), ("5", 0), ("anna", 1)])
def test_what_our_own_account_did_is_passed_over(ours, heard):
    own = Heard("theirs", HEARD.now, own=frozenset({ours.lower()} - {""}))
    assert [len(parse(body, own).alerts) for body in (issue(), note())] == [heard, heard]


@pytest.mark.parametrize(
    ("labels", "severity", "priority"),
    [(["P1"], "low", "high"), ([], "low", "low"), ([], "unknown", "high"), ([], None, "high"), (["x"], "HIGH", "high")],
)
def test_labels_go_before_the_severity_of_an_incident(labels, severity, priority):
    body = issue(severity=severity) | {"labels": [{"title": one} for one in labels]}
    (alert,) = parse(body, HEARD).alerts
    assert alert.ticket.priority == priority


def test_the_example_of_standard_webhooks_is_right():
    path = SHARED / "payloads/vector-standard-webhooks.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    example = load(path.read_bytes())
    sent, body = example["headers"], example["body"].encode()
    at = datetime.fromtimestamp(int(sent["webhook-timestamp"]), UTC)
    for several in ("{0}", "v1,AAAA {0} v2,BBBB"):
        text = several.format(sent["webhook-signature"])
        given = signing.read_own(SIGNING, text, sent["webhook-timestamp"], at, sent["webhook-id"])
        assert signing.fitting(given, body, ["whsec_AAAA", example["secret"]]) == 1
    for secret, content in ((example["secret"], body + b" "), (example["secret"].removeprefix("whsec_"), body)):
        with pytest.raises(signing.BadSignature):
            signing.fitting(given, content, [secret])


def test_a_secret_of_ours_is_written_as_gitlab_wants_it():
    secret = sourcing.new_signing_secret("gitlab")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert sourcing.new_signing_secret("jira").startswith("nabat_")


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def signed(world, secret, text, number, seconds=0):
    at = str(int(world.clock.now().timestamp()) + seconds)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{number}.{at}.".encode() + text, hashlib.sha256).digest()
    mac = f"v1,{base64.b64encode(made).decode()}"
    return {"webhook_id": number, "webhook_timestamp": at, "webhook_signature": mac}


def test_it_is_known_by_its_signature_a_secret_or_a_token(world, door):
    def send(body, path="", **more):
        answer = door.post(f"/ingest/gitlab{path}", json.dumps(body).encode(), **SENT, **more)
        return answer.status, said(answer).get("accepted")

    token, text = world.token("gitlab"), json.dumps(note()).encode()
    assert send(issue(), X_Gitlab_Token=token) == (202, 1)
    assert send(issue(), path=f"/{token}", X_Gitlab_Token="their own") == (202, 1)
    assert send(issue(), X_Gitlab_Token="another")[0] == 401
    secret = secret_of(world, "gitlab", given=sourcing.new_signing_secret("gitlab"))
    plain = secret_of(world, "gitlab", given="a secret of theirs, shown")
    jira = secret_of(world, "jira", given="shown by nobody: it signs")
    for shown in (secret, plain):
        assert send(issue(), X_Gitlab_Token=shown) == (202, 1)
    assert send(issue(), X_Gitlab_Token=jira)[0] == 401
    assert door.post("/ingest/jira", b"{}", Authorization=f"Bearer {jira}").status == 401
    for seconds in (0, 60, -60):  # tried again: the number stays, the time does not
        assert send(note(), **signed(world, secret, text, "m-1", seconds)) == (202, 1)
    assert world.timeline().count("ticket commented") == 1
    for wrong in (signed(world, secret, text, "m-2", 301), signed(world, "whsec_AAAA", text, "m-3")):
        assert send(note(), X_Gitlab_Token=token, **wrong)[0] == 401
    unknown = signed(world, sourcing.new_signing_secret("gitlab"), text, "m-0")
    other = world.token("gitlab", "another source")  # whose secret nobody has told us
    assert send(note(), X_Gitlab_Token=other, **unknown) == (202, 1)
    right = signed(world, secret, text, "m-4")
    assert send(note(), **{**right, "webhook_id": "m-5"})[0] == 401
    assert send(note(), **{name: value for name, value in right.items() if name != "webhook_id"})[0] == 401
    for _ in range(2):
        assert send(note(), X_Gitlab_Token=plain, Idempotency_Key="k-1") == (202, 1)
    assert world.timeline().count("ticket commented") == 3
