"""Senders that can only speak to another alerting service speak to us: in its words, by its clients."""

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from pagerduty import EventsApiV2Client, HttpError
from sqlalchemy import select
from werkzeug.serving import make_server

from gateway import metrics
from gateway.actions import Actor
from gateway.acts import sourcing
from gateway.disk import MEGABYTE, Disk
from gateway.doors.astray import beginning
from gateway.doors.dialects import EVENT
from gateway.doors.replay import body_of
from gateway.store.db import db, reading
from gateway.store.tables import Payload, Token
from gateway.store.upkeep import ledger
from tests.doors import BridgeDoor, FlaskDoor, said

V1 = "/generic/2010-04-15/create_event.json"
# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


@contextmanager
def served(app):
    """On loopback, for clients that dial."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def event(world, action="trigger", key="mail/03", **more):
    payload = {"payload": {"summary": "Mail is down", "source": "mail-03", "severity": "critical"}}
    said = {"routing_key": world.token("pagerduty"), "event_action": action, "dedup_key": key}
    return said | (payload if action == "trigger" else {}) | more


def send(door, path, body, **headers):
    return door.post(path, body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)


def settle(door):
    """What is kept of refused requests is stored after the answer."""
    if isinstance(door, BridgeDoor):
        door.bridge.inbox.wait_until_stored()


def bodies():
    db.session.rollback()
    return [body_of(one) for one in db.session.query(Payload).order_by(Payload.id)]


def test_the_client_of_pagerduty_triggers_acknowledges_and_resolves(world):
    with served(world.app) as address, EventsApiV2Client(world.token("pagerduty"), trust_env=False) as client:
        client._url = address
        assert (
            client.trigger("Mail is down", "mail-03", dedup_key="mail/03", custom_details={"env": "prod"}) == "mail/03"
        )
        assert (world.incident().title, world.incident().urgency) == ("Mail is down", 0)
        world.clock.advance(minutes=1)
        assert client.acknowledge("mail/03") == "mail/03"
        assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "pagerduty")
        assert client.resolve("mail/03") == "mail/03"
        assert world.incident().status == "resolved"
        world.clock.advance(minutes=1)
        made = client.trigger("Mail is down", "mail-03")
        assert made
        assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
        client.resolve(made)
        assert [one.status for one in world.incidents()] == ["resolved", "resolved"]
        client.submit("Release 14", source="pipeline", timestamp="2026-12-05T00:00:00Z")
        assert len(world.incidents()) == 2
        assert client.resolve("never heard of") == "never heard of"
        client.auth_method.secret = "wrong"
        with pytest.raises(HttpError) as wrong:
            client.trigger("Mail is down", "mail-03")
        assert wrong.value.response.status_code == 400
    with reading() as session:
        assert ledger.read(session).balanced


def test_an_event_is_answered_as_pagerduty_does_and_its_key_is_not_kept(world, door):
    answer = send(door, "/v2/enqueue", event(world))
    assert answer.status == 202
    assert said(answer) == {"status": "success", "message": "Event processed", "dedup_key": "mail/03"}
    older = {"service_key": world.token("pagerduty"), "event_type": "resolve", "incident_key": "mail/03"}
    answer = send(door, V1, older)
    assert answer.status == 200
    assert said(answer) == {"status": "success", "message": "Event processed", "incident_key": "mail/03"}
    answer = send(door, "/v2/change/enqueue", event(world))
    assert said(answer) == {"status": "success", "message": "Change event processed"}
    assert [one.status for one in world.incidents()] == ["resolved"]
    world.clock.advance(seconds=1)
    assert send(door, f"/ingest/pagerduty/{world.token('pagerduty')}", event(world)).status == 202
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
    kept = bodies()
    assert len(kept) == 4
    assert all(world.token("pagerduty").encode() not in one for one in kept)


WRONG = "the key is no token of a source of the kind pagerduty"
REFUSED = [  # what is said beside a good event, or instead of one
    ("/v2/enqueue", {"routing_key": "wrong"}, 400, WRONG),
    ("/v2/enqueue", {"routing_key": ""}, 400, "'routing_key' is missing or blank"),
    ("/v2/enqueue", {"routing_key": ["x"]}, 400, "'routing_key' is missing or blank"),
    ("/v2/enqueue", b"[]", 400, "the body is not a JSON object"),
    ("/v2/enqueue", b"{", 400, "the body is not a JSON object"),
    ("/v2/enqueue", {"event_action": ""}, 400, "event_action: is missing or blank"),
    ("/v2/enqueue", {"payload": {}}, 400, "payload.summary: is missing or blank"),
    ("/v2/enqueue", b" " * (EVENT + 1), 413, f"the body is larger than {EVENT} bytes"),
    (V1, {"service_key": "wrong"}, 400, WRONG),
    (V1, {}, 400, "'service_key' is missing or blank"),
]


@sqlite
def test_what_is_wrong_is_told_in_pagerdutys_words(world, door):
    for path, body, status, words in REFUSED:
        answer = send(door, path, event(world) | body if isinstance(body, dict) else body)
        assert answer.status == status
        assert said(answer) == {"status": "invalid event", "message": "Event object is invalid", "errors": [words]}
    settle(door)
    assert len(bodies()) == 2  # those of which we know whose they are
    assert all(world.token("pagerduty").encode() not in one for one in bodies())
    assert world.incident().title == "pagerduty sends what cannot be read"


@sqlite
def test_where_there_is_no_room_a_client_comes_again(world, door):
    here = world.app.extensions["gateway"]
    full = replace(here, disk=Disk(here.disk.place, MEGABYTE, lambda _: 0))
    world.app.extensions["gateway"] = full
    if isinstance(door, BridgeDoor):
        door.bridge.inbox._world = full
    answer = send(door, "/v2/enqueue", event(world))
    assert (answer.status, said(answer)["status"]) == (503, "unavailable")
    assert {name.lower(): value for name, value in answer.headers.items()}["retry-after"] == "5"


def test_a_key_of_32_characters_is_taken_and_one_that_follows_it(world, door):
    made = sourcing.add("pagerduty", "", Actor("Irina", "test"), world.clock.now())
    with reading() as session:
        (row,) = session.scalars(select(Token.id))
    next_ = sourcing.rotate(row, Actor("Irina", "test"), world.clock.now())
    for number, key in enumerate((made.token, next_.token)):
        assert re.fullmatch("[a-z0-9]{32}", key)
        assert send(door, "/v2/enqueue", event(world, key=str(number), routing_key=key)).status == 202
        assert send(door, f"/ingest/pagerduty/{key}", event(world, key=f"path {number}")).status == 202


@sqlite
def test_a_slash_at_the_end_makes_no_difference(world, door):
    bearer = {"Authorization": f"Bearer {world.token()}"}
    assert send(door, "/v2/enqueue/", event(world)).status == 202
    assert send(door, "/v2/change/enqueue/", event(world)).status == 202
    older = {"service_key": world.token("pagerduty"), "event_type": "resolve", "incident_key": "mail/03"}
    assert send(door, f"{V1}/", older).status == 200
    assert send(door, f"/ingest/pagerduty/{world.token('pagerduty')}/", event(world, key="b")).status == 202
    assert send(door, "/ingest/alertmanager/", {"alerts": []}, **bearer).status == 202
    assert send(door, "/api/v2/alerts/", [], **bearer).status == 200
    assert genie(world, door, "/v2/alerts/", {"message": "Disk is full", "alias": "disk/"}).status == 202
    assert genie(world, door, "/v2/alerts/disk%2F/close/", b"").status == 202
    assert [one.status for one in world.incidents()] == ["resolved", "triggered", "resolved"]


@sqlite
def test_what_is_sent_where_nothing_is_taken_is_counted(world, door):
    def counted():
        return metrics.rejected.labels("", "address")._value.get()

    before = counted()
    for path in ("/v2/enqeue", "/v2/alerts/a", "/ingest", "/api/v1/alerts", "/generic/2010-04-15/create_event"):
        assert send(door, path, event(world)).status in (404, 405)
    assert counted() - before == 5
    assert send(door, "/wp-login.php", event(world)).status == 404
    assert counted() - before == 5


def test_an_address_is_told_without_what_may_be_a_token():
    assert beginning("/v2/enqeue") == "/v2/enqeue"
    assert beginning("/v2/alerts/host-7/ack/x") == "/v2/alerts"
    assert beginning("/ingest/alertmanager/secret/x") == "/ingest/alertmanager"
    assert beginning("/ingest") == "/ingest"
    assert beginning("/api/v1/alerts") == "/api/v1/alerts"
    assert beginning("/integration/0123456789abcdef/enqueue") == "/integration"


def genie(world, door, path, body, **headers):
    return send(door, path, body, **{"Authorization": f"GenieKey {world.token('opsgenie')}", **headers})


def test_an_alert_of_opsgenies_is_created_acknowledged_noted_and_closed(world, door):
    created = genie(world, door, "/v2/alerts", {"message": "Mail is down", "alias": "mail/03", "priority": "P1"})
    assert created.status == 202
    assert set(said(created)) == {"result", "took", "requestId"}
    assert said(created)["result"] == "Request will be processed"
    assert world.incident().title == "Mail is down"
    about = "/v2/alerts/mail%2F03"
    assert genie(world, door, f"{about}/notes?identifierType=alias", {"user": "Oleg", "note": "the fan"}).status == 202
    assert genie(world, door, f"{about}/acknowledge?identifierType=alias", {"user": "Anna"}).status == 202
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Anna")
    assert [(one.actor, one.detail["text"]) for one in world.entries("note")] == [("Oleg", "the fan")]
    assert genie(world, door, f"{about}/snooze", {"endTime": "2026-12-06T00:00:00Z"}).status == 202
    assert genie(world, door, f"{about}/close?identifierType=alias", b"").status == 202
    assert world.incident().status == "resolved"
    assert genie(world, door, "/v2/alerts/unknown/close", {}).status == 202
    nameless = said(genie(world, door, "/v2/alerts", {"message": "Disk is full"}))["requestId"]
    assert world.incidents()[-1].status == "triggered"
    genie(world, door, f"/v2/alerts/{nameless}/close", {})
    assert [one.status for one in world.incidents()] == ["resolved", "resolved"]
    with reading() as session:
        assert ledger.read(session).balanced


def test_what_opsgenies_clients_ask_after_they_have_sent(world):
    key = {"Authorization": f"GenieKey {world.token('opsgenie')}"}

    def ask(path):
        answer = world.client.get(f"/v2/alerts/{path}", headers=key)
        assert {"took", "requestId"} <= set(answer.json)
        return answer.status_code, answer.json.get("data")

    def sent(path, body):
        number = world.client.post(f"/v2/alerts{path}", json=body, headers=key).json["requestId"]
        status, data = ask(f"requests/{number}")
        assert (status, data["isSuccess"]) == (200, data["success"])
        return data

    body = {"message": "Mail is down", "alias": "mail/03", "priority": "P1", "description": "again"}
    made = sent("/", body)
    assert (made["success"], made["action"], made["status"]) == (True, "Create", "Created alert")
    assert made["alertId"] == made["alias"] == "mail/03"
    told = ask("mail%2F03?identifierType=alias")[1]
    assert (told["id"], told["message"]) == (made["alertId"], "Mail is down")
    assert (told["status"], told["acknowledged"]) == ("open", False)
    assert (told["priority"], told["description"], told["createdAt"]) == ("P1", "again", "2026-12-05T00:12:00.000Z")
    assert sent("/mail%2F03/acknowledge", {"user": "Anna"})["status"] == "Acknowledged alert"
    assert [ask("mail%2F03")[1][name] for name in ("acknowledged", "owner")] == [True, "Anna"]
    assert sent(f"/{made['alertId']}/close?identifierType=id", {})["status"] == "Closed alert"
    assert ask("mail%2F03")[1]["status"] == "closed"
    nameless = sent("", {"message": "Disk is full"})
    assert ask(nameless["alertId"])[1]["message"] == "Disk is full"
    unknown = sent("/unheard-of/notes", {"note": "?"})
    assert (unknown["success"], unknown["status"]) == (False, "There is no open alert with alias [unheard-of]")
    assert ask("unheard-of") == (404, None)
    other = {"Authorization": f"GenieKey {world.token('opsgenie', 'theirs')}"}
    assert world.client.get("/v2/alerts/mail%2F03", headers=other).status_code == 404
    assert world.client.get("/v2/alerts/mail%2F03").status_code == 401


def test_opsgenies_clients_list_what_they_have_sent(world):
    key = {"Authorization": f"GenieKey {world.token('opsgenie')}"}
    for alias, priority in (("mail", "P1"), ("disk", "P3"), ("cert", "P4"), ("dns", "P1")):
        body = {"message": f"{alias.title()} is bad", "alias": alias, "priority": priority, "tags": ["env:prod", alias]}
        world.client.post("/v2/alerts", json=body, headers=key)
        world.clock.advance(minutes=1)
    world.client.post("/v2/alerts/dns/close", json={}, headers=key)

    def ask(**asked):
        answer = world.client.get("/v2/alerts", query_string=asked, headers=key)
        assert answer.status_code == 200, answer.json
        return answer.json

    def aliases(query, **more):
        return [one["alias"] for one in ask(query=query, **more)["data"]]

    assert aliases("") == ["dns", "cert", "disk", "mail"]
    assert aliases("status: open") == ["cert", "disk", "mail"]
    assert aliases("status: closed AND priority: P1") == ["dns"]
    assert aliases("priority: (P1 OR P4) tag: env:prod", sort="alias", order="asc") == ["cert", "dns", "mail"]
    assert [(one["priority"], one["tags"]) for one in ask(query="alias: cert")["data"]] == [("P4", ["cert"])]
    second = ask(limit=2, offset=1)
    assert [one["alias"] for one in second["data"]] == ["cert", "disk"]
    assert second["paging"]["last"].endswith("/v2/alerts?limit=2&offset=2&sort=createdAt&order=desc")
    assert "next" not in second["paging"]
    first = ask(limit=2)["paging"]["next"].partition("/v2/")[2]
    assert [one["alias"] for one in world.client.get(f"/v2/{first}", headers=key).json["data"]] == ["disk", "mail"]
    other = {"Authorization": f"GenieKey {world.token('opsgenie', 'theirs')}"}
    assert world.client.get("/v2/alerts/", headers=other).json["data"] == []
    assert world.client.get("/v2/alerts?query=what").status_code == 401
    for asked in ("query=owner:anna", "limit=101", "limit=none", "sort=owner", "order=up", "searchIdentifier=mine"):
        refused = world.client.get(f"/v2/alerts?{asked}", headers=key)
        assert (refused.status_code, set(refused.json)) == (400, {"message", "took", "requestId"}), asked


@sqlite
def test_what_is_wrong_is_told_in_opsgenies_words(world, door):
    wrong = genie(world, door, "/v2/alerts", {"message": "x"}, Authorization="GenieKey wrong")
    assert (wrong.status, said(wrong)["message"]) == (401, "a valid token is needed")
    assert set(said(wrong)) == {"message", "took", "requestId"}
    empty = genie(world, door, "/v2/alerts", {})
    assert (empty.status, said(empty)["message"]) == (400, "message: is missing")
    assert genie(world, door, "/v2/alerts/a/close", b'{"user":').status == 400
    # Nothing that stands in the body says more than the address.
    genie(world, door, "/v2/alerts/a/close", b'{},"action":"acknowledge","identifier":"b"')
    settle(door)
    assert [one.title for one in world.incidents()] == ["opsgenie sends what cannot be read"]


def test_prometheus_posts_straight_to_us(world, door):
    labels = {"alertname": "InstanceDown", "severity": "critical", "instance": "db01"}
    now = world.clock.now()
    one = {"labels": labels, "annotations": {"summary": "db01 is down"}, "startsAt": now.isoformat()}
    bearer = {"Authorization": f"Bearer {world.token()}"}
    answer = send(door, "/api/v2/alerts", [one | {"endsAt": (now + timedelta(minutes=4)).isoformat()}], **bearer)
    assert answer.status == 200
    assert (world.incident().title, world.incident().status) == ("db01 is down", "triggered")
    world.clock.advance(minutes=2)
    send(door, "/api/v2/alerts", [one | {"endsAt": world.clock.now().isoformat()}, "odd"], **bearer)
    assert world.incident().status == "resolved"
    assert send(door, "/api/v2/alerts", [one]).status == 401
    assert send(door, "/api/v2/alerts", {"alerts": []}, **bearer).status == 400
