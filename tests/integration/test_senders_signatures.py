"""Signatures that Grafana, Jira and Zendesk make in their own way, instead of a token; through both doors."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gateway import sources
from gateway.outward import signing
from gateway.secrets import new_token
from gateway.sources import glpi, grafana, jira, zammad, zendesk
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertRow
from tests.doors import BridgeDoor, FlaskDoor, said

GRAFANA = {"orgId": 1, "version": "1", "alerts": [{"status": "firing", "labels": {"alertname": "Cold store is warm"}}]}
JIRA = {"webhookEvent": "jira:issue_created", "timestamp": 1, "issue": {"id": "61", "key": "OPS-61", "fields": {}}}
ZENDESK = {"id": "62", "title": "Почта молчит 🔥", "status": "New"}
BODIES = {"grafana": GRAFANA, "jira": JIRA, "zendesk": ZENDESK}
WAYS = ["grafana", "grafana with a time", "jira", "zendesk", "zendesk the other way round"]
TIMED = [way for way in WAYS if way not in ("grafana", "jira")]
PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def secret_of(world, kind, name="", given=""):
    vault, now = world.app.extensions["gateway"].vault, world.clock.now()
    with transaction() as session:
        return source_store.keep_signing_secret(session, kind, name, now, vault, given or new_token())


def headers(way, secret, body, at):
    """As the sender would write them, made here anew and not by what is tested."""
    unix, text = str(int(at.timestamp())), at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def mac(content):
        return hmac.new(secret.encode(), content, hashlib.sha256)

    if way == "grafana":
        return {"X_Grafana_Alerting_Signature": mac(body).hexdigest()}
    if way == "grafana with a time":
        made = mac(f"{unix}:".encode() + body).hexdigest()
        return {"X_Grafana_Alerting_Signature": made, "X_Grafana_Alerting_Signature_Timestamp": unix}
    if way == "jira":
        return {"X_Hub_Signature": f"sha256={mac(body).hexdigest()}"}
    content = text.encode() + body if way == "zendesk" else body + text.encode()
    made = base64.b64encode(mac(content).digest()).decode()
    return {"X_Zendesk_Webhook_Signature": made, "X_Zendesk_Webhook_Signature_Timestamp": text}


def kind_of(way):
    return way.partition(" ")[0]


def signed(world, door, way, secret, change=None, seconds=0, **more):
    kind = kind_of(way)
    body = json.dumps({**BODIES[kind], **(change or {})}, ensure_ascii=False).encode()
    at = datetime.fromtimestamp(world.clock.now().timestamp() + seconds, UTC)
    return door.post(f"/ingest/{kind}", body, **{**headers(way, secret, body, at), **more})


@pytest.mark.parametrize("way", WAYS)
def test_a_right_signature_is_enough(world, door, way):
    answer = signed(world, door, way, secret_of(world, kind_of(way)))
    assert (answer.status, said(answer)["incidents"]) == (202, [world.incident().id])


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_one_is_refused_even_beside_the_token_of_the_source(world, door, way):
    kind = kind_of(way)
    token = world.token(kind)
    secret_of(world, kind)
    answer = signed(world, door, way, "another secret", Authorization=f"Bearer {token}")
    assert answer.status == 401
    assert "fits this body and a secret of this source" in said(answer)["detail"]
    assert world.incidents() == []
    unsigned = door.post(f"/ingest/{kind}", json.dumps(BODIES[kind]).encode(), Authorization=f"Bearer {token}")
    assert unsigned.status == 202


@pytest.mark.parametrize("way", WAYS)
def test_a_source_without_a_secret_goes_by_its_token(world, door, way):
    """Zendesk signs always, with a secret that we need not know; and another source has one."""
    kind = kind_of(way)
    theirs = secret_of(world, kind, "other")
    token = world.token(kind, "mine")
    for seconds in (0, 10**6):
        answer = signed(world, door, way, "unknown to us", {}, seconds, Authorization=f"Bearer {token}")
        assert answer.status == 202
    assert signed(world, door, way, "unknown to us").status == 401
    assert signed(world, door, way, theirs, Authorization="Bearer wrong").status == 202


@pytest.mark.parametrize("way", TIMED)
@pytest.mark.parametrize(("seconds", "status"), [(-300, 202), (300, 202), (-301, 401), (301, 401)])
def test_the_time_may_differ_by_five_minutes(world, door, way, seconds, status):
    assert signed(world, door, way, secret_of(world, kind_of(way)), seconds=seconds).status == status


def test_a_time_belongs_to_what_is_signed(world, door):
    secret, body = secret_of(world, "zendesk"), json.dumps(ZENDESK).encode()
    right = headers("zendesk", secret, body, world.clock.now())
    later = {**right, "X_Zendesk_Webhook_Signature_Timestamp": "2026-12-05T00:12:01Z"}
    none = {"X_Zendesk_Webhook_Signature": right["X_Zendesk_Webhook_Signature"]}
    for given, word in (
        (later, "fits"),
        (none, "missing"),
        (none | {"X_Zendesk_Webhook_Signature_Timestamp": "noon"}, "no time"),
    ):
        answer = door.post("/ingest/zendesk", body, **given)
        assert answer.status == 401
        assert word in said(answer)["detail"]
    secret, body = secret_of(world, "grafana"), json.dumps(GRAFANA).encode()
    timed = headers("grafana with a time", secret, body, world.clock.now())
    del timed["X_Grafana_Alerting_Signature_Timestamp"]
    assert door.post("/ingest/grafana", body, **timed).status == 401


@pytest.mark.parametrize("way", WAYS)
def test_each_byte_of_the_body_counts(world, door, way):
    kind = kind_of(way)
    body = json.dumps(BODIES[kind]).encode()
    given = headers(way, secret_of(world, kind), body, world.clock.now())
    assert door.post(f"/ingest/{kind}", body + b" ", **given).status == 401
    assert door.post(f"/ingest/{kind}", body, **given).status == 202


JUNK = {
    "grafana": ["", "junk", "{0}0", "sha256={0}", "{0},{0}", "v1={0}", "٣" * 64],
    "jira": ["", "sha256=", "{0}", "sha1={0}", "SHA256={0}", "sha256={0}0", "sha256=sha256={0}"],
    "zendesk": ["", "====", "{0}", "é" * 44, "A" * 2000, "AAAA"],
}


@pytest.mark.parametrize("kind", JUNK)
def test_junk_is_refused_with_the_reason(world, door, kind):
    body, secret = json.dumps(BODIES[kind]).encode(), secret_of(world, kind)
    how = sources.habits(kind).signing
    name, time_name = how.header, how.time_header
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    for form in JUNK[kind]:
        text = form.format(right).encode().decode("latin-1")
        given = {name: text} | (
            {time_name: world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")} if kind == "zendesk" else {}
        )
        answer = door.post(f"/ingest/{kind}", body, **given)
        assert (answer.status, answer.body[:1]) == (401, b"{"), form
        assert name.title() in said(answer)["detail"]
    assert world.incidents() == []


@pytest.mark.parametrize("way", WAYS)
def test_a_header_of_one_kind_says_nothing_to_another(world, door, way):
    others = {"grafana": "jira", "jira": "zendesk", "zendesk": "grafana"}
    secret, other = secret_of(world, kind_of(way)), others[kind_of(way)]
    body = json.dumps(BODIES[other]).encode()
    assert door.post(f"/ingest/{other}", body, **headers(way, secret, body, world.clock.now())).status == 401
    assert door.post("/ingest/alertmanager", body, **headers(way, secret, body, world.clock.now())).status == 401


@pytest.mark.parametrize("way", ["grafana with a time", "jira", "zendesk"])
def test_a_request_that_is_sent_again_has_no_second_effect(world, door, way):
    secret = secret_of(world, kind_of(way))
    first = said(signed(world, door, way, secret))
    before = (world.timeline(), len(world.deliveries()))
    for _ in range(2):
        again = signed(world, door, way, secret)
        assert (again.status, said(again)) == (202, first)
    assert (world.timeline(), len(world.deliveries())) == before


def test_grafana_that_names_no_time_may_say_the_same_again(world, door):
    """It repeats what still fires, word for word: that has to count as heard."""
    secret = secret_of(world, "grafana")
    for _ in range(2):
        assert said(signed(world, door, "grafana", secret))["accepted"] == 1
    (alert,) = db.session.scalars(select(AlertRow))
    assert alert.seen == 2


def test_a_secret_that_everybody_knows_is_never_right(world, door):
    secret_of(world, "zendesk", given=PUBLIC)  # however it came into the database
    assert signed(world, door, "zendesk", PUBLIC).status == 401
    assert signed(world, door, "zendesk the other way round", PUBLIC).status == 401
    secret_of(world, "zendesk", "other")
    assert signed(world, door, "zendesk", PUBLIC).status == 401
    assert world.incidents() == []


def test_a_large_body_is_checked_too(world, door):
    secret, more = secret_of(world, "jira"), {"text": "x" * 300_000}
    assert signed(world, door, "jira", secret, more).status == 202
    assert signed(world, door, "jira", "wrong secret", more).status == 401
    assert signed(world, door, "zendesk", "nobody has one", more).status == 401
    token = world.token("zendesk")
    assert signed(world, door, "zendesk", "unknown", more, Authorization=f"Bearer {token}").status == 202


def test_somebody_hears_of_a_body_over_the_limit_that_was_signed_for_nobody(world, door):
    token, body = world.token("zendesk"), b" " * (16 * 1024 * 1024 + 1)
    given = {**headers("zendesk", "s" * 20, body, world.clock.now()), "Authorization": f"Bearer {token}"}
    assert door.post("/ingest/zendesk", body, **given).status == 413
    if isinstance(door, BridgeDoor):
        door.bridge.inbox.wait_until_stored()
    assert world.incident().title == "zendesk sends what cannot be read"


def test_our_own_signature_goes_before_theirs(world, door):
    secret, body = secret_of(world, "jira"), json.dumps(JIRA).encode()
    at = int(world.clock.now().timestamp())
    ours = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert door.post("/ingest/jira", body, X_Nabat_Signature=f"t={at},v1={ours}", X_Hub_Signature="x").status == 202
    right = headers("jira", secret, body, world.clock.now())
    assert door.post("/ingest/jira", body, X_Nabat_Signature=f"t={at},v1={'0' * 64}", **right).status == 401


EXAMPLES = [
    (grafana.SIGNING, "e5bcb64a1d11f8ba32dc8e31e2858ef7621dd6d907976437d1eece310b64bd3f", ""),
    (grafana.SIGNING, "2a2e74e8c13ed88da3901c5cc3d250961fda3137c0417ea2ad82da93154e03a0", "1796429100"),
    (jira.SIGNING, "sha256=e5bcb64a1d11f8ba32dc8e31e2858ef7621dd6d907976437d1eece310b64bd3f", ""),
    (glpi.SIGNING, "a1f0f1f59f2aea88fadc49ba0854389dd9f198740352780533bfca862dd2fa04", "1796429100"),
    (zammad.SIGNING, "sha1=5cbb12d551413c50952816fdeed4ca50affd0aa3", ""),
    (zendesk.SIGNING, "lqRe8Gf3yWcRKEjchUP6jhFdz0jgVeUTCiZyqzHW+9I=", "2026-12-05T00:05:00Z"),
]


def test_examples_that_were_made_by_another_program():
    """By `openssl dgst -sha256 -hmac KEY` (or -sha1), over "alert", "1796429100:alert", "alert1796429100" …"""
    at = datetime(2026, 12, 5, 0, 5, tzinfo=UTC)
    for how, text, time in EXAMPLES:
        given = signing.read_own(how, text, time, at)
        assert signing.fitting(given, b"alert", ["wrong", "a-secret-of-ours"]) == 1
        with pytest.raises(signing.BadSignature):
            signing.fitting(given, b"alert!", ["wrong", "a-secret-of-ours"])
