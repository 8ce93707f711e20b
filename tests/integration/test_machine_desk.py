"""/api/v1 beside incidents: sources and keys, what could not be read, tickets, people, audit log, rules explained."""

import pytest
from sqlalchemy import select, update

from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Payload, PersonRow, SavedView, Source
from tests.integration.test_machine_api import Program, fill, problem
from tests.samples import alert, group


@pytest.fixture
def admin(world):
    return Program(world, "read", "act", "admin", name="terraform")


def test_sources_and_their_keys(world, admin):
    made = admin.post("/sources", json={"kind": "alertmanager", "name": "berlin"}).json
    number, first = made["source"], made["token"]
    assert "already" in problem(admin.post("/sources", json={"kind": "alertmanager", "name": "berlin"}), 400)
    problem(admin.post("/sources", json={"kind": "carrier pigeon"}), 400)

    def posts(token):
        return world.client.post(
            "/ingest/alertmanager", json=group(alert()), headers={"Authorization": f"Bearer {token}"}
        ).status_code

    assert posts(first) == 202
    (shown,) = (one for one in admin.get("/sources").json["sources"] if one["name"] == "berlin")
    assert [one["ending"] for one in shown["tokens"]] == [first[-4:]]
    old = shown["tokens"][0]["id"]
    second = admin.post(f"/sources/{number}/token", json={"old": old}).json["token"]
    assert (posts(first), posts(second)) == (202, 202)  # the old one goes on for a day
    assert "last four" in problem(admin.post(f"/sources/{number}/revoke", json={"token": old, "confirm": "x"}), 409)
    assert admin.post(f"/sources/{number}/revoke", json={"token": old, "confirm": first[-4:]}).json == {"token": old}
    world.clock.advance(seconds=6)  # so long a process remembers a key
    assert (posts(first), posts(second)) == (401, 202)
    problem(admin.post(f"/sources/{number + 1}/revoke", json={"token": old, "confirm": first[-4:]}), 404)
    problem(admin.post("/sources/99/token"), 404)
    desk = f"/sources/{admin.post('/sources', json={'kind': 'ticket', 'name': 'desk'}).json['source']}"
    kept = admin.post(f"{desk}/settings", json={"account": "nabat", "default_priority": "low"}).json
    assert (kept["account"], kept["default_priority"]) == ("nabat", "low")
    assert admin.post(f"{desk}/settings", json={"default_priority": ""}).json["account"] == "nabat"
    names, after = [], ""
    while after is not None:
        page = admin.get("/sources", limit=1, **({"after": after} if after else {})).json
        names += [one["name"] for one in page["sources"]]
        after = page["next"]
    assert names == [one["name"] for one in admin.get("/sources").json["sources"]]


def test_what_could_not_be_read_and_what_is_read_again(world, admin):
    world.post(group(alert(), {"status": "firing", "labels": 7}, {"status": 3}))
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    first = admin.get(f"/sources/{number}/quarantine", limit=1).json
    second = admin.get(f"/sources/{number}/quarantine", limit=1, after=first["next"]).json
    kept = [*first["quarantine"], *second["quarantine"]]
    assert len({one["id"] for one in kept}) == 2
    assert all(one["reason"] for one in kept)
    assert second["next"] is None
    payload = kept[0]["payload_id"]
    assert admin.post(f"/sources/{number}/replay", json={"payload": payload}).json == {"incidents": [1]}
    problem(admin.post(f"/sources/{number}/replay", json={"payload": 999}), 404)
    problem(admin.post(f"/sources/{number}/replay", json={"payload": "1"}), 400)
    other = admin.post("/sources", json={"kind": "alertmanager", "name": "other"}).json["source"]
    problem(admin.post(f"/sources/{other}/replay", json={"payload": payload}), 404)  # not of this source
    assert db.session.scalar(select(Payload.id).where(Payload.source_id == other)) is None


def test_messages_are_sent_again_and_incidents_opened_by_hand(world, admin):
    (number,) = world.alert()
    message = db.session.scalar(select(Delivery.id).where(Delivery.incident_id == number).limit(1))
    assert "did not fail" in problem(admin.post(f"/deliveries/{message}/resend"), 409)
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id == message).values(status="failed"))
    assert admin.post(f"/deliveries/{message}/resend").json == {"delivery": message}
    assert db.session.scalar(select(Delivery.status).where(Delivery.id == message)) == "queued"
    problem(admin.post("/deliveries/99999/resend"), 404)
    opened = admin.post("/incidents", json={"title": "Smoke in the cellar", "urgency": "emergency"}).json["incident"]
    shown = admin.get(f"/incidents/{opened}").json
    assert (shown["title"], shown["urgency"], shown["source"]) == ("Smoke in the cellar", "emergency", "people")
    problem(admin.post("/incidents", json={"title": " ", "urgency": "fast"}), 400)
    problem(admin.post("/incidents", json={"title": "x", "urgency": ["fast"]}), 400)
    done = admin.get("/audit", action="incident opened").json["audit"]
    assert [one["actor"].startswith("token terraform #") for one in done] == [True]
    (by_hand,) = db.session.scalars(select(Payload).join(Source).where(Source.kind == "people"))
    again = admin.post(f"/sources/{by_hand.source_id}/replay", json={"payload": by_hand.id})
    assert "by hand" in problem(again, 409)  # there is no sender's form to read it by


def test_tickets(world, admin):
    for key in ("SD-1", "SD-2", "SD-3"):
        world.post({"event": "created", "id": key, "subject": f"About {key}"}, kind="ticket")
    world.post({"event": "solved", "id": "SD-2"}, kind="ticket")
    fill(world)
    listed = admin.get("/tickets", limit=1).json
    assert [one["title"] for one in listed["tickets"]] == ["About SD-3"]
    assert [one["title"] for one in admin.get("/tickets", after=listed["next"]).json["tickets"]] == ["About SD-1"]
    assert len(admin.get("/tickets", status="all").json["tickets"]) == 3
    one = admin.get("/tickets/SD-1").json
    assert (one["title"], one["kind"], one["assignee"]) == ("About SD-1", "ticket", None)
    assert admin.post(f"/incidents/{one['id']}/assign", json={"to": "oleg@example.org"}).status_code == 200
    assert admin.get("/tickets/SD-1", source="ticket").json["assignee"] == "oleg@example.org"
    problem(admin.get("/tickets/SD-1", source="nobody"), 404)
    problem(admin.get("/tickets/SD-9"), 404)


def test_people_teams_views_and_the_audit_log(world, admin):
    names, after = [], ""
    while after is not None:
        page = admin.get("/people", limit=1, **({"after": after} if after else {})).json
        names += [one["email"] for one in page["people"]]
        after = page["next"]
    with db.session() as session:
        assert sorted(names) == sorted(session.scalars(select(PersonRow.email)))
    anna = next(one for one in admin.get("/people").json["people"] if one["email"] == "anna@example.org")
    assert {tuple(sorted(one)) for one in anna["contacts"]} == {("channel", "failing", "verified")}
    teams = {one["name"]: one for one in admin.get("/teams").json["teams"]}
    assert "infra" in [name for one in teams.values() for name in one["schedules"]]
    with transaction() as session:
        who = session.scalar(select(PersonRow.id).limit(1))
        for team in ("infra", ""):
            session.add(SavedView(person_id=who, team=team, name="v", query="status=all", created_at=world.clock.now()))
    assert [one["team"] for one in admin.get("/views").json["views"]] == ["infra"]  # not somebody's own
    (number,) = world.alert()
    for what in ("acknowledge", "resolve"):
        admin.post(f"/incidents/{number}/{what}")
    rows = admin.get("/audit", limit=1).json
    assert [one["action"] for one in rows["audit"]] == ["resolve"]
    assert admin.get("/audit", after=rows["next"], limit=1).json["audit"][0]["action"] == "acknowledge"
    assert len(admin.get("/audit", actor=rows["audit"][0]["actor"]).json["audit"]) == 2
    assert admin.get("/audit", actor="nobody").json == {"audit": [], "next": None}


def test_what_the_rules_would_do(world, admin):
    said = admin.post("/rules/explain", json={"payload": group(alert()), "at": "2026-12-05T03:12:00+03:00"}).json
    assert (said["alerts"], said["problem"]) == (1, "")
    (one,) = said["tried"]
    assert one["explanation"]["urgency"] == "emergency"
    assert one["joins"] is None
    told = one["explanation"]["ladder"][0]["told"]
    assert [way["channel"] for way in told] == ["pagerduty", "ntfy"]
    assert not any("address" in way for way in told)  # a topic of ntfy is as good as a key
    assert world.incidents() == []
    (number,) = world.alert()
    assert admin.post("/rules/explain", json={"payload": group(alert())}).json["tried"][0]["joins"] == number
    assert admin.post("/rules/explain", json={"payload": {"alerts": 7}}).json["problem"]
    problem(admin.post("/rules/explain", json={"payload": {}, "kind": "pigeon"}), 400)
    problem(admin.post("/rules/explain", json={"payload": "x"}), 400)
