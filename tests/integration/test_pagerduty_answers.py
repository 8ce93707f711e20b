"""Somebody answers in PagerDuty: scenario E3, and callbacks that are repeated, forged, cut off or of no use."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from gateway import actions
from gateway.flows import housekeeping
from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Fact, Heard
from rules.lifecycle import Given, Signal
from tests.browsing import Browser, everybody_has_a_password

SECRET = "a-webhook-secret-of-the-tests"
OLD = "the-one-before"


def said(kind, uuid, agent="Anna", number="01EV", **data):
    whom = {"type": "user_reference", "summary": agent} if agent else None
    told = {"id": "PGR0VU2", "type": "incident", **({"incident_key": f"nabat-{uuid}"} if uuid else {}), **data}
    body = {
        "event": {"id": number, "event_type": kind, "occurred_at": "2026-12-05T00:14:02Z", "agent": whom, "data": told}
    }
    return json.dumps(body, ensure_ascii=False).encode()


def sign(body, secret=SECRET):
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def world(world_of):
    return world_of(NABAT_PAGERDUTY_WEBHOOK_SECRET=f"{SECRET},{OLD}")


@pytest.fixture
def post(world):
    def send(body, signature=None, **headers):
        headers = {"X-PagerDuty-Signature": sign(body) if signature is None else signature, **headers}
        return world.client.post("/callback/pagerduty", data=body, headers=headers)

    return send


def all_sent():
    """Every page that waits has reached its provider."""
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.status == "queued").values(status="sent"))


def opened(world):
    """An incident that Anna was called about."""
    world.alert()
    all_sent()
    return world.incident()


def test_e3_acknowledged_in_pagerduty(world, post):
    incident = opened(world)
    answer = post(said("incident.acknowledged", incident.uuid))
    assert (answer.status_code, answer.json) == (202, {"result": "acknowledged"})
    incident = world.incident()
    assert (incident.status, incident.ack_by) == ("acknowledged", "Anna")
    (line,) = world.entries("acknowledged")
    assert (line.actor, line.detail["how"]) == ("Anna", "pagerduty")


def test_e3_the_ladder_stops(world, post):
    post(said("incident.acknowledged", opened(world).uuid))
    world.passes(minutes=30)
    assert {one.who for one in world.deliveries()} == {"anna@example.org"}
    assert world.timeline() == ["opened", "acknowledged"]


def test_e3_nothing_is_echoed_to_the_only_key(world, post):
    post(said("incident.acknowledged", opened(world).uuid))
    assert world.deliveries(kind="acknowledged") == []


def test_e3_the_other_persons_key_is_told_and_the_answering_one_is_not(world, post):
    world.alert()
    world.passes(minutes=6)  # Oleg is called too
    all_sent()
    post(said("incident.acknowledged", world.incident().uuid, agent="Anna"))
    assert [(one.channel, one.who) for one in world.deliveries(kind="acknowledged")] == [
        ("pagerduty", "oleg@example.org")
    ]
    post(said("incident.resolved", world.incident().uuid, agent="Oleg", number="02EV"))
    told = {one.who for one in world.deliveries(kind="resolved", channel="pagerduty")}
    assert told == {"anna@example.org"}


def test_e3_the_same_body_again_changes_nothing(world, post):
    body = said("incident.acknowledged", opened(world).uuid)
    post(body, **{"X-Webhook-Id": "first"})
    before = (world.timeline(), [one.status for one in world.deliveries()])
    answer = post(body, **{"X-Webhook-Id": "second"})
    assert (answer.status_code, answer.json["result"]) == (202, "repeated")
    assert (world.timeline(), [one.status for one in world.deliveries()]) == before


def test_e3_one_byte_changed_is_401_and_changes_nothing(world, post):
    body = said("incident.acknowledged", opened(world).uuid)
    answer = post(body.replace(b"Anna", b"Anne"), sign(body))
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert world.incident().status == "triggered"
    assert world.timeline() == ["opened"]
    assert db.session.scalars(select(Heard)).all() == []


def test_e3_of_two_signatures_the_second_is_right(world, post):
    body = said("incident.acknowledged", opened(world).uuid)
    assert post(body, f"{sign(body, 'another')}, {sign(body)}").status_code == 202
    assert world.incident().ack_by == "Anna"


def test_the_older_of_two_secrets_still_counts(world, post):
    body = said("incident.resolved", opened(world).uuid)
    assert post(body, sign(body, OLD)).json == {"result": "resolved"}
    incident = world.incident()
    assert (incident.status, incident.resolved_by, incident.resolve_kind) == ("resolved", "Anna", "person")


def test_wrong_signatures_of_every_kind(post):
    zeros = "0" * 64
    for signature in ("", "v1=", f"v0={zeros}", f"v1={zeros}", "v1=ж", f"v1={zeros},", "," * 200, "v1=a," * 2000):
        answer = post(b"{}", signature.encode().decode("latin-1"))
        assert answer.status_code == 401, signature
        assert SECRET not in answer.text
    assert post(b"{}", sign(b"{}") + "," * 5000).status_code == 401


def test_a_repeat_of_what_is_answered_already_is_no_mistake(world, post):
    uuid = opened(world).uuid
    post(said("incident.acknowledged", uuid))
    assert post(said("incident.acknowledged", uuid, number="02EV")).json == {"result": "already acknowledged"}
    post(said("incident.resolved", uuid, number="03EV"))
    assert post(said("incident.acknowledged", uuid, number="04EV")).json == {"result": "already resolved"}
    assert world.timeline() == ["opened", "acknowledged", "resolved"]


def test_a_note_finds_its_incident_by_what_pagerduty_calls_it(world, post):
    """Notes name PagerDuty's incident only; what it calls ours was heard when it was triggered there."""
    post(said("incident.triggered", opened(world).uuid))
    told = {"id": "PNOTE1", "incident": {"id": "PGR0VU2"}, "content": "Меняю диск\x00 🔧\r\nи иду"}
    assert post(said("incident.annotated", "", number="02EV", **told)).json == {"result": "noted"}
    (line,) = world.entries("note")
    assert (line.actor, line.detail) == ("Anna", {"text": "Меняю диск\ufffd 🔧\nи иду", "how": "pagerduty"})
    assert post(said("incident.annotated", "", number="02EV", **told)).json == {"result": "repeated"}
    assert len(world.entries("note")) == 1


def test_who_it_was_is_shown_safely(world, post):
    uuid = opened(world).uuid
    names = [None, "", " \x00\x1b[31mOl\u2028eg\n ", "Я" * 300]
    for number, name in enumerate(names):
        post(said("incident.annotated", uuid, agent=name, number=f"{number}EV", content="x"))
    shown = [line.actor for line in world.entries("note")]
    assert shown == ["PagerDuty", "PagerDuty", "\ufffd\ufffd[31mOl eg", "Я" * 99 + "…"]


USELESS = [
    ("incident.acknowledged", "0f5d0c3e-8a57-4e59-9a44-000000000000", "unknown incident"),
    ("incident.acknowledged", "", "unknown incident"),
    ("incident.acknowledged", "'; DROP TABLE incident; --", "unknown incident"),
    ("incident.priority_updated", None, "ignored"),
    ("incident.unacknowledged", None, "ignored"),
    ("pagey.ping", "", "ignored"),
    ("service.updated", "", "unknown kind"),
    ("incident.of_the_future\u202e", None, "unknown kind"),
]


def test_what_is_of_no_use_is_taken_and_changes_nothing(world, post):
    uuid = opened(world).uuid
    for kind, key, result in USELESS:
        answer = post(said(kind, uuid if key is None else key, id=f"P{len(key or '')}"))
        assert (answer.status_code, answer.json) == (202, {"result": result}), kind
    assert world.timeline() == ["opened"]
    counted = world.client.get("/metrics").text
    for result in ("unknown incident", "ignored", "unknown kind"):
        assert f'nabat_callbacks_total{{provider="pagerduty",result="{result}"}}' in counted


def test_bodies_of_another_shape(post):
    shapes = [b"[]", b"null", b'"x"', b'{"event":[]}', b'{"event":{"data":7,"agent":[],"id":{}}}']
    odd = {"event": {"id": 1, "event_type": "incident.resolved", "data": {"incident_key": {"a": 1}, "incident": "x"}}}
    for body in (*shapes, json.dumps(odd).encode()):
        assert post(body).status_code == 202, body
    assert post(b"\xff{").status_code == 400
    assert post(b"").status_code == 400
    assert post(b" " * (1024 * 1024 + 1)).status_code == 413


def test_without_a_secret_nothing_is_taken(world_of):
    world = world_of()
    body = said("incident.acknowledged", opened(world).uuid)
    answer = world.client.post("/callback/pagerduty", data=body, headers={"X-PagerDuty-Signature": sign(body, "")})
    assert answer.status_code == 404
    assert "NABAT_PAGERDUTY_WEBHOOK_SECRET" in answer.json["detail"]
    assert world.incident().status == "triggered"


def test_an_event_without_an_id_is_told_apart_by_the_header(world, post):
    body = said("incident.annotated", opened(world).uuid, number=None, content="once")
    answers = [post(body, **{"X-Webhook-Id": name}).json["result"] for name in ("a", "a", "b")]
    assert answers == ["noted", "repeated", "noted"]


def test_a_crash_between_effect_and_memory_loses_neither(world, post):
    """The database fails in the middle: nothing is kept, PagerDuty comes again, and then it has its effect."""
    body = said("incident.acknowledged", opened(world).uuid)
    broken = []

    def fail(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO fact") and not broken:  # the audit row that is chained last
            broken.append(statement)
            raise OperationalError(statement, {}, Exception("cut off"))

    event.listen(db.engine, "before_cursor_execute", fail)
    answer = post(body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert broken
    assert world.incident().status == "triggered"
    assert post(body).json == {"result": "acknowledged"}
    event.remove(db.engine, "before_cursor_execute", fail)


def test_one_key_gets_no_echo_whoever_answers(world, post):
    post(said("incident.acknowledged", opened(world).uuid, agent="Somebody Else"))
    assert world.incident().ack_by == "Somebody Else"
    assert world.deliveries(kind="acknowledged") == []


def test_the_answering_key_is_found_by_its_service_whatever_people_are_called_there(world, post):
    """Which service has which key is learned from what PagerDuty tells while only one key was called."""
    world.alert()
    all_sent()
    uuid = world.incident().uuid
    post(said("incident.triggered", uuid, agent="", service={"id": "PSANNA"}, number="01EV"))
    world.passes(minutes=6)  # Oleg is called too
    all_sent()
    post(said("incident.acknowledged", uuid, agent="A. Ivanova", service={"id": "PSANNA"}, number="02EV"))
    told = {one.who for one in world.deliveries(kind="acknowledged", channel="pagerduty")}
    assert told == {"oleg@example.org"}
    post(said("incident.resolved", uuid, agent="Support", service={"id": "PSOLEG"}, number="03EV"))
    told = {one.who for one in world.deliveries(kind="resolved", channel="pagerduty")}
    assert told == {"anna@example.org"}


def test_a_service_without_a_plain_id_teaches_nothing(world, post):
    uuid = opened(world).uuid
    for number, service in enumerate((None, {"id": 7}, {"id": "x" * 50}, {"id": "a:b"}, "PSANNA")):
        post(said("incident.triggered", uuid, service=service, number=f"{number}EV"))
    assert db.session.scalars(select(Fact).where(Fact.key.startswith("pagerduty:service:"))).all() == []


PAGE = "https://acme.pagerduty.com/incidents/PGR0VU2"
FOREIGN = (
    "http://acme.pagerduty.com/incidents/P1", "https://acme.pagerduty.com.evil.example/incidents/P1",
    "https://evilpagerduty.com/incidents/P1", "https://a@acme.pagerduty.com/incidents/P1", "javascript:alert(1)",
    "https://acme.pagerduty.com:8443/incidents/P1", 'https://acme.pagerduty.com/"><script>', 7, None,
)  # fmt: skip


def test_its_own_page_of_an_incident_is_one_press_away_if_the_address_is_really_its_own(world, post):
    incident = opened(world)
    everybody_has_a_password()
    anna = Browser(world.app)
    anna.sign_in()
    for number, address in enumerate(FOREIGN):
        post(said("incident.triggered", incident.uuid, number=f"F{number}", html_url=address))
    for place in ("/incidents", f"/incidents/{incident.id}"):
        page = anna.get(place).text
        assert "data-outside" not in page
        assert f'href="{PAGE}"' not in page
        assert "evil" not in page
    assert post(said("incident.triggered", incident.uuid, html_url=PAGE)).json == {"result": "ignored"}
    assert f'<tr id="row-{incident.id}" role=row' in anna.get("/incidents").text
    assert f'data-outside="{PAGE}"' in anna.get("/incidents").text
    page = anna.get(f"/incidents/{incident.id}").text
    assert page.count(f'href="{PAGE}" rel="noreferrer"') == 2  # behind the dots, and among the details
    post(said("incident.triggered", incident.uuid, number="02", html_url=f"{PAGE}9"))  # on another service, as well
    row = anna.press(f"/incidents/{incident.id}/acknowledge", headers={"HX-Request": "true", "HX-Target": "row-1"})
    assert f'data-outside="{PAGE}"' in row.text
    world.clock.advance(days=91)
    housekeeping.tidy(world.clock.now())
    assert "Open in PagerDuty" not in anna.get(f"/incidents/{incident.id}").text


@pytest.mark.parametrize("kind", ["inbound_integration_reference", "events_api_v2_inbound_integration_reference"])
def test_what_we_told_pagerduty_ourselves_comes_back_and_is_nobodys_answer(world, post, kind):
    incident, anna = opened(world), actions.Actor("Anna", "dashboard")

    def comes_back(event_type, number):
        body = json.loads(said(event_type, incident.uuid, agent="Events API V2", number=number))
        body["event"]["agent"]["type"] = kind
        return post(json.dumps(body).encode()).json["result"]

    given = Given(until=world.clock.now() + timedelta(minutes=30))
    actions.act(incident.id, Signal.SNOOZE, anna, world.clock.now(), given)
    all_sent()
    assert comes_back("incident.acknowledged", "01EV") == "ignored"
    world.passes(minutes=31)
    assert (world.incident().status, world.incident().level) == ("triggered", 2)
    now = world.clock.now()
    actions.act(incident.id, Signal.ACKNOWLEDGE, anna, now, Given(until=now + timedelta(minutes=30)))
    assert comes_back("incident.acknowledged", "02EV") == "ignored"
    assert world.incident().phase == "timed"
    assert comes_back("incident.resolved", "03EV") == "ignored"
    assert world.incident().status == "acknowledged"
