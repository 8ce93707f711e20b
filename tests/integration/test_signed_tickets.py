"""A signature instead of a token: right, wrong, old, of the secret before, and sent twice; through both doors."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import select

from gateway.flows import own_alerts
from gateway.secrets import new_token
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import Payload, Token
from tests.doors import BridgeDoor, FlaskDoor, said
from tests.samples import webhook

KINDS = ("alertmanager", "ticket")
TICKET = {"event": "created", "id": "SD-4711", "subject": "Почта не открывается 🔥", "priority": "critical"}


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def secret_of(world, kind="ticket", name="helpdesk"):
    vault = world.app.extensions["gateway"].vault
    with transaction() as session:
        return source_store.keep_signing_secret(session, kind, name, world.clock.now(), vault, new_token())


def mac(secret, body, at):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def send(world, door, header, body, kind="ticket", **headers):
    return door.post(f"/ingest/{kind}", body, X_Nabat_Signature=header, **headers)


def signed(world, door, secret, ticket=TICKET, seconds=0, **more):
    body, at = json.dumps(ticket).encode(), int(world.clock.now().timestamp()) + seconds
    return send(world, door, f"t={at},v1={mac(secret, body, at)}", body, **more)


def settle(door):
    if isinstance(door, BridgeDoor):
        door.bridge.inbox.wait_until_stored()


def test_a_right_signature_is_enough(world, door):
    answer = signed(world, door, secret_of(world))
    assert (answer.status, said(answer)["incidents"]) == (202, [world.incident().id])
    (used,) = db.session.scalars(select(Token))
    assert used.last_used_at == world.clock.now()


def test_the_secret_is_kept_sealed_and_opens_no_door_by_itself(world, door):
    secret = secret_of(world)
    (kept,) = db.session.scalars(select(Token))
    assert secret not in repr(vars(kept))
    assert world.app.extensions["gateway"].vault.open(kept.sealed) == secret
    assert door.post("/ingest/ticket", b"{}", Authorization=f"Bearer {secret}").status == 401
    assert door.post(f"/ingest/ticket/{secret}", b"{}").status == 401


def test_a_wrong_signature_is_refused_whatever_token_comes_with_it(world, door):
    secret_of(world)
    token = world.token("ticket")
    assert signed(world, door, "another secret", Authorization=f"Bearer {token}").status == 401
    assert world.incidents() == []
    assert door.post("/ingest/ticket", json.dumps(TICKET).encode(), Authorization=f"Bearer {token}").status == 202


@pytest.mark.parametrize(("seconds", "status"), [(-300, 202), (300, 202), (-301, 401), (301, 401), (-(10**9), 401)])
def test_the_time_may_differ_by_five_minutes(world, door, seconds, status):
    assert signed(world, door, secret_of(world), seconds=seconds).status == status


def test_while_the_secret_changes_the_old_and_the_new_one_are_right(world, door):
    old, new = secret_of(world), secret_of(world)
    body, at = json.dumps(TICKET).encode(), int(world.clock.now().timestamp())
    for secret in (old, new):
        assert signed(world, door, secret, {**TICKET, "id": secret}).status == 202
    both = f"t={at}, v1={mac('forgotten', body, at)}, v1={mac(new, body, at)}"
    assert send(world, door, both, body).status == 202


def test_a_revoked_secret_signs_nothing(world, door):
    old, new = secret_of(world), secret_of(world)
    with transaction() as session:
        source_store.revoke(session, old[-source_store.ENDING :], world.clock.now())
    assert signed(world, door, old).status == 401
    assert signed(world, door, new).status == 202


def test_a_secret_of_another_kind_signs_nothing(world, door):
    assert signed(world, door, secret_of(world, "alertmanager", "prod")).status == 401
    body = json.dumps(webhook()).encode()
    at = int(world.clock.now().timestamp())
    good = f"t={at},v1={mac(secret_of(world, 'alertmanager', 'test'), body, at)}"
    assert send(world, door, good, body, "alertmanager").status == 202
    assert send(world, door, good, body, "nothing-like-it").status == 401
    assert send(world, door, good, body, "%00").status == 401


def test_a_body_that_was_read_and_written_again_no_longer_fits(world, door):
    secret, at = secret_of(world), int(world.clock.now().timestamp())
    header = f"t={at},v1={mac(secret, json.dumps(TICKET).encode(), at)}"
    same = json.dumps(TICKET, ensure_ascii=False, separators=(",", ":")).encode()
    assert send(world, door, header, same).status == 401


def test_the_signature_may_be_written_in_capitals(world, door):
    body, at = json.dumps(TICKET).encode(), int(world.clock.now().timestamp())
    assert send(world, door, f"t={at},v1={mac(secret_of(world), body, at).upper()}", body).status == 202


def junk(at, right):
    return [
        "", "junk", f"t={at}", f"v1={right}", f"t={at},v0={right}", f"t=NaN,v1={right}", f"t=-{at},v1={right}",
        f"t={at}.0,v1={right}", f"t=1e9,v1={right}", f"t={'9' * 13},v1={right}", f"t= {at},v1={right}",
        f"t={at},t={at},v1={right}", f"t={at},v1={right[:-1]}", f"t={at},v1={right}0", f"t={at},v1= {right}",
        f"t={at},v1={right[:-2]}zz", f"t={at},v1=", f"T={at},V1={right}", f"t={at};v1={right}",
        f"t={at},v1={right[:-1]}é", f"t=١٢٣,v1={right}".encode().decode("latin-1"), "," * 5000,
        f"t={at},v1={right}" + f",v1={right}" * 20,
    ]  # fmt: skip


def test_junk_is_refused(world, door):
    body, at = json.dumps(TICKET).encode(), int(world.clock.now().timestamp())
    right = mac(secret_of(world), body, at)
    for header in junk(at, right):
        answer = send(world, door, header, body)
        assert (answer.status, answer.body[:1]) == (401, b"{"), header
    settle(door)
    assert db.session.scalars(select(Payload)).all() == []
    assert send(world, door, f"t={at},v1={right},v9=later,x", body).status == 202  # what is to come is passed over


def test_many_wrong_signatures_in_a_minute_raise_one_ordinary_incident(world, door):
    for _ in range(own_alerts.REFUSALS + 2):
        signed(world, door, "guess")
    settle(door)
    assert world.incident().title == "Many requests to /ingest/ticket with a wrong token"


@pytest.mark.parametrize("event", ["created", "commented"])
def test_a_request_that_is_sent_again_has_no_second_effect(world, door, event):
    secret = secret_of(world)
    ticket = {**TICKET, "event": event, "comment": {"author": "Пётр", "text": "всё ещё"}}
    first = said(signed(world, door, secret, ticket))
    before = (world.timeline(), len(world.deliveries()))
    for _ in range(3):
        again = signed(world, door, secret, ticket)
        assert (again.status, said(again)) == (202, first)
    assert (world.timeline(), len(world.deliveries())) == before


def test_what_was_overheard_does_not_open_again_what_is_closed(world, door):
    secret = secret_of(world)
    signed(world, door, secret)
    signed(world, door, secret, {**TICKET, "event": "solved"})
    world.clock.advance(seconds=5)
    assert signed(world, door, secret, seconds=-5).status == 202
    assert [one.status for one in world.incidents()] == ["resolved"]
    signed(world, door, secret)  # said anew, it is a new word
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_a_secret_sealed_with_a_lost_key_harms_no_other(world, door):
    good = secret_of(world)
    secret_of(world)
    with transaction() as session:
        lost = session.scalars(select(Token).order_by(Token.id.desc())).first()
        lost.sealed = "gAAAAAB" + "x" * 100
    assert signed(world, door, good).status == 202


def test_a_large_body_is_checked_too(world, door):
    secret = secret_of(world)
    assert signed(world, door, secret, {**TICKET, "description": "x" * 300_000}).status == 202
    assert signed(world, door, "wrong", {**TICKET, "description": "x" * 300_000}).status == 401
    body, at = b'"' + b"x" * (16 * 1024 * 1024) + b'"', int(world.clock.now().timestamp())
    assert send(world, door, f"t={at},v1={mac(secret, body, at)}", body).status == 413
