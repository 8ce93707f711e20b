"""Sentry: what each of its words means for an issue, by what things are known, and its signature."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.sentry import parse
from gateway.store.db import transaction
from gateway.store.senders import sources as source_store
from tests.doors import BridgeDoor, FlaskDoor, said

HEARD = Heard("errors", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
ADA = {"type": "user", "id": 41, "name": "Ada"}


def issue(action, actor=None, **more):
    return {"action": action, "actor": actor, "data": {"issue": {"id": "7", "title": "T", "level": "error"} | more}}


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {}, {"id": "5"}, {"action": "created"}, {"level": "error", "event": {"title": "no number"}},
     {"action": "created", "data": {"issue": {"title": "T"}}},
     {"data": {"event": {"title": "T", "issue_url": "/issues/"}}},
     {"action": "critical", "data": {"metric_alert": {"id": ""}}}],
)  # fmt: skip
def test_what_names_no_issue_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("action", "firing"),
    [("created", [True]), ("unresolved", [True]), ("resolved", [False]), ("archived", [False]), ("ignored", [False]),
     ("triggered", [True]), ("yet to come", [])],
)  # fmt: skip
def test_what_becomes_of_an_issue(action, firing):
    parsed = parse(issue(action), HEARD)
    assert [one.firing for one in parsed.alerts] == firing
    assert bool(parsed.notes) is (not firing)


@pytest.mark.parametrize(
    ("level", "severity"),
    [("fatal", "critical"), ("ERROR", "error"), ("warning", "warning"), ("info", "info"), ("debug", "info"),
     ("sample", "error"), (None, "error")],
)  # fmt: skip
def test_levels(level, severity):
    assert [one.severity for one in parse(issue("created", level=level), HEARD).alerts] == [severity]


@pytest.mark.parametrize(
    ("actor", "to", "what", "text"),
    [
        (ADA, {"type": "user", "id": "41", "name": "Ada"}, "acknowledged", ""),
        (ADA, {"type": "user", "id": "42", "name": "Bo"}, "note", "→ Bo"),
        (ADA, {"type": "team", "id": "41", "name": "Pumps"}, "note", "→ Pumps"),
        ({"type": "application", "id": "41"}, {"type": "user", "id": "41", "email": "a@b.c"}, "note", "→ a@b.c"),
        (None, None, "note", "→ ?"),
    ],
)
def test_only_who_takes_an_issue_has_acknowledged_it(actor, to, what, text):
    (alert,) = parse(issue("assigned", actor, assignedTo=to), HEARD).alerts
    assert (alert.fingerprint, alert.said.what, alert.said.text) == ("7", what, text)


def test_a_long_number_is_the_same_whoever_says_it():
    comment = {"action": "created", "data": {"comment_id": 1, "issue_id": "7" * 70, "comment": "Mine"}}
    bodies = (issue("created", id="7" * 70), issue("assigned", ADA, id="7" * 70), comment)
    opened, taken, written = (parse(body, HEARD).alerts[0].fingerprint for body in bodies)
    assert opened == taken == written
    assert len(opened) <= 64


def test_an_alert_about_an_issue_is_about_the_same_as_the_issue_and_a_measure_is_not():
    def event(**names):
        return parse({"action": "triggered", "data": {"event": {"title": "T", **names}}}, HEARD).alerts[0].fingerprint

    here = "https://sentry.io/api/0/issues/7/"
    assert event(issue_id=7) == event(issue_url=here) == event(web_url=f"{here}events/b/") == "7"
    (unknown,) = parse({"action": "yet to come", "data": {"metric_alert": {"id": "7"}}}, HEARD).alerts
    assert unknown.firing
    measure = {"action": "warning", "data": {"metric_alert": {"id": "7"}}}
    assert [(one.fingerprint, one.severity) for one in parse(measure, HEARD).alerts] == [("metric_alert:7", "warning")]


@pytest.mark.parametrize("made", [FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def test_its_signature_is_as_good_as_a_token_also_under_nothing(world, made):
    vault, now = world.app.extensions["gateway"].vault, world.clock.now()
    with transaction() as session:
        source_store.keep_signing_secret(session, "sentry", "", now, vault, "the-client-secret-of-it")
    door = made(world.app)

    def post(body, secret="the-client-secret-of-it"):
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        more = {"Sentry_Hook_Signature": mac, "Sentry_Hook_Resource": "issue", "Content_Type": "application/json"}
        return door.post("/ingest/sentry", body, **more)

    assert [post(b"").status, post(b" \n").status, post(b"", "another").status] == [202, 202, 401]
    opened = post(json.dumps(issue("created")).encode())
    assert said(opened)["incidents"] == [world.incident().id]
    assert post(json.dumps(issue("assigned", ADA, assignedTo={"type": "user", "id": 41})).encode()).status == 202
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Ada")
    assert post(json.dumps(issue("resolved")).encode()).status == 202
    assert world.incident().status == "resolved"
    token = world.token()
    assert door.post("/ingest/alertmanager", b"", Authorization=f"Bearer {token}").status == 400
    door.close()
