"""What administrators and people on call do by HTTP: people, tokens, settings, shifts, sources, the rule book."""

import pytest
from sqlalchemy import select, update

from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Payload, PersonRow, Source
from tests.browsing import everybody_has_a_password
from tests.integration.test_machine_api import Program, fill, problem

ANNA, OLEG, IRINA = "anna@example.org", "oleg@example.org", "irina@example.org"


@pytest.fixture
def admin(world):
    everybody_has_a_password()
    return Program(world, "read", "act", "admin", person=IRINA, role="admin")


def test_people_teams_and_their_limits(world, admin):
    made = admin.post("/people", json={"email": "New@Example.org", "name": "New", "role": "responder"}).json
    assert (made["email"], made["teams"], made["contacts"][0]["verified"]) == ("new@example.org", [], False)
    path = f"/people/{made['id']}"
    changed = admin.post(path, json={"role": "dispatcher", "teams": ["infra"]}).json
    assert (changed["name"], changed["role"], changed["teams"]) == ("New", "dispatcher", ["infra"])
    assert admin.post(path, json={"name": "Newer"}).json["teams"] == ["infra"]  # what is not named stays
    for wrong in ({"role": "king"}, {"name": ""}, {"timezone": "Mars"}, {"teams": "infra"}):
        problem(admin.post(path, json=wrong), 400)
    problem(admin.post("/people", json={"email": "new@example.org", "name": "Twice"}), 400)
    problem(admin.post(f"{path}/leave", json={}), 409)
    assert admin.post(f"{path}/leave", json={"sure": True}).json["active"] is False
    assert admin.get(path).json["teams"] == []
    assert admin.post(f"{path}/back").json["active"] is True
    with transaction() as session:  # the only one who can be an administrator
        session.execute(update(PersonRow).where(PersonRow.email != IRINA).values(role="responder"))
    me = admin.get("/me").json["id"]
    assert "administrator" in problem(admin.post(f"/people/{me}", json={"role": "viewer"}), 409)
    assert "administrator" in problem(admin.post(f"/people/{me}/leave", json={"sure": True}), 409)
    problem(admin.post("/people/999/back"), 404)
    assert admin.post("/teams", json={"name": "night"}).json == {"name": "night", "members": []}
    problem(admin.post("/teams", json={"name": "night"}), 400)
    problem(admin.post("/teams", json={"name": "a/b"}), 400)
    assert admin.post("/teams/night", json={"members": [OLEG, ANNA]}).json["members"] == [OLEG, ANNA]
    problem(admin.post("/teams/night", json={"members": ["nobody@example.org"]}), 400)
    problem(admin.post("/teams/day", json={"members": []}), 404)
    theirs = f"{path}/contacts"
    found = admin.post(theirs, json={"channel": "sms", "address": "+79990001122"}).json["contacts"][-1]
    assert (found["verified"], found["address"]) == (False, "+7…22")  # nobody but its owner reads it whole
    assert admin.post(f"{theirs}/{found['id']}/confirm").json["contacts"][-1]["verified"] is True
    problem(admin.ask("DELETE", f"{theirs}/999"), 404)
    for role in ("viewer", "responder", "dispatcher"):
        other = Program(world, "read", "act", "admin", person=OLEG, role=role)
        problem(other.post("/people", json={"email": "x@example.org", "name": "X"}), 403)
        problem(other.get("/settings"), 403)
    problem(Program(world, "read", "act", "admin").post("/people", json={"email": "x@example.org", "name": "X"}), 403)


def test_a_token_makes_none_that_is_wider_or_lasts_longer(world, admin):
    narrow = Program(world, "admin", person=IRINA)
    assert "no more than" in problem(narrow.post("/tokens", json={"name": "ci", "scopes": ["act"]}), 403)
    with transaction() as session:
        row = session.scalars(select(Source)).first()
        assert row is not None
    made = admin.post("/tokens", json={"name": "ci", "scopes": ["read"], "days": 5}).json["token"]
    program = Program.__new__(Program)
    program.client, program.token = world.client, made
    assert program.get("/incidents").status_code == 200
    problem(program.get("/me"), 403)
    for wrong in (
        {"scopes": []},
        {"scopes": ["read"], "days": 0},
        {"scopes": ["read"], "days": "7"},
        {"scopes": "read"},
    ):
        problem(admin.post("/tokens", json={"name": "x", **wrong}), 400)
    rows = {one["name"]: one for one in admin.get("/tokens").json["tokens"]}
    assert (rows["ci"]["person"], rows["ci"]["ending"]) == (None, made[-4:])
    assert IRINA in {one["person"] for one in rows.values()}
    problem(admin.post(f"/tokens/{rows['ci']['id']}/revoke", json={"confirm": "nope"}), 409)
    assert admin.post(f"/tokens/{rows['ci']['id']}/revoke", json={"confirm": made[-4:]}).status_code == 200
    problem(program.get("/incidents"), 401)
    first = admin.get("/tokens", limit=1).json
    assert first["next"]
    assert admin.get("/tokens", limit=1, after=first["next"]).json["tokens"] != first["tokens"]


def test_settings_show_no_secret(world, admin):
    found = admin.get("/settings").json
    shown = {one["name"]: one for one in found["settings"]}
    assert shown["NABAT_SECRET_KEY"]["secret"]
    assert world.app.extensions["gateway"].settings.secret_key not in str(found)
    assert {"email", "sms"} <= {one["name"] for one in found["channels"]}
    assert found["checks"]
    problem(admin.post("/settings/test", json={"channel": "pigeon"}), 400)
    assert admin.post("/settings/test", json={"channel": "sms"}).json["well"] is False


def test_shifts_and_swaps(world, admin):
    shifts = admin.get("/oncall/shifts", schedule="infra").json["shifts"]
    assert {one["person"] for one in shifts} == {ANNA}
    stand_in = {"schedule": "infra", "person": OLEG, "starts_at": "2026-12-08T12:00:00Z", "for": "6h"}
    seen = admin.post("/oncall/overrides/preview", json=stand_in).json
    assert [one["person"] for one in seen["before"]] == [ANNA]
    assert [one["person"] for one in seen["after"]] == [OLEG]
    assert admin.get("/oncall/overrides").json["overrides"] == []
    anna, oleg = (Program(world, "read", "act", person=who) for who in (ANNA, OLEG))
    swap = {
        "schedule": "infra",
        "person": OLEG,
        "gives_from": "2026-12-08T12:00:00Z",
        "gives_to": "2026-12-08T18:00:00Z",
    }
    problem(oleg.post("/oncall/swaps", json={**swap, "person": ANNA}), 400)  # it is not Oleg's to give
    asked = anna.post("/oncall/swaps", json=swap).json
    assert (asked["state"], asked["schedule"]) == ("requested", "infra")
    assert [one["id"] for one in oleg.get("/oncall/swaps").json["swaps"]] == [asked["id"]]
    problem(anna.post(f"/oncall/swaps/{asked['id']}/accept"), 404)  # she was not asked
    problem(admin.post(f"/oncall/swaps/{asked['id']}/withdraw"), 404)
    assert oleg.post(f"/oncall/swaps/{asked['id']}/accept").json["state"] == "accepted"
    problem(anna.post(f"/oncall/swaps/{asked['id']}/withdraw"), 409)
    at = {"schedule": "infra", "at": "2026-12-08T13:00:00Z"}
    assert admin.get("/oncall", **at).json["oncall"][0]["person"]["email"] == OLEG
    times = {"from": "2026-12-20T12:00:00Z", "to": "2026-12-20T13:00:00Z", "person": OLEG}
    assert [one["asked"] for one in anna.post("/oncall/away", json=times).json["swaps"]] == [OLEG]
    problem(oleg.post("/oncall/away", json={**times, "person": ANNA}), 400)
    (schedule,) = admin.get("/schedules").json["schedules"]
    problem(oleg.post(f"/schedules/{schedule['id']}/calendar"), 403)  # for those who plan
    address = admin.post(f"/schedules/{schedule['id']}/calendar").json["address"]
    assert world.client.get(address.partition("8000")[2]).mimetype == "text/calendar"


def test_one_source_and_what_it_sent(world, admin):
    (incident,) = world.alert()
    number = db.session.scalar(select(Source.id).where(Source.name == "alertmanager"))
    path = f"/sources/{number}"
    assert admin.post(f"{path}/settings", json={"stale_after": "24h"}).json["stale_after"] == 86400
    assert admin.post(f"{path}/settings", json={}).json["stale_after"] == 86400
    problem(admin.post(f"{path}/settings", json={"stale_after": "1s"}), 400)
    problem(admin.post(f"{path}/settings", json={"account": "nabat@example.org"}), 400)  # it is no service desk
    kept = admin.post(f"{path}/alertmanagers", json={"urls": ["https://am.example"], "bearer": "hush-hush"})
    assert kept.json["alertmanagers"][0]["secret"] is True
    assert "hush-hush" not in kept.text
    for wrong in ({"urls": ["ftp://x"]}, {"urls": [], "user": "x"}, {"urls": [], "bearer": "x", "keep": True}):
        problem(admin.post(f"{path}/alertmanagers", json=wrong), 400)
    made = admin.post(f"{path}/test").json["incidents"]
    assert admin.get(f"/incidents/{made[0]}").json["is_test"] is True
    (came,) = [one for one in admin.get(f"{path}/requests").json["requests"] if one["size"]]
    before = db.session.scalar(select(Payload.id).order_by(Payload.id.desc()).limit(1))
    dry = admin.get(f"{path}/requests/{came['id']}").json
    assert (dry["alerts"], dry["wrong"], dry["explained"][0]["urgency"]) == (1, "", "emergency")
    assert "address" not in str(dry["explained"])
    assert db.session.scalar(select(Payload.id).order_by(Payload.id.desc()).limit(1)) == before
    kept = admin.get(f"/incidents/{incident}/payloads").json["payloads"]
    assert any("InstanceDown" in one["body"] for one in kept)
    problem(Program(world, "read", person=OLEG, role="viewer").get(f"/incidents/{incident}/payloads"), 403)
    assert Program(world, "read", person=OLEG, role="responder").get(f"{path}/requests").status_code == 200
    problem(admin.get(f"{path}/requests/999"), 404)
    assert admin.get(path).json["tokens"] != []
    seen = Program(world, "read", person=OLEG, role="responder").get(path).json
    assert (seen["tokens"], seen["alertmanagers"]) == ([], None)  # as on the page


def a_policy_shows_its_ladder(world, admin):
    """Whom each step reaches now, how, after how long, and how often it is walked: as the pages say it."""
    one = admin.get("/policies/infra").json
    assert one in admin.get("/policies").json["policies"]
    assert (one["repeat"], one["lasts_seconds"]) == (0, 30 * 60)
    assert one["told_first"] == [{"who": "anna@example.org", "name": "Anna"}]
    emergency = next(way for way in one["ladders"] if way["urgency"] == "emergency")
    assert emergency["goes_on"] is True
    assert [(rung["after_seconds"], rung["wait_seconds"], rung["notify"]) for rung in emergency["ladder"]] == [
        (0, 300, ["schedule:infra"]), (300, 600, ["person:oleg@example.org"]), (900, 900, ["person:irina@example.org"]),
    ]  # fmt: skip
    assert {(told["who"], told["way"]) for told in emergency["ladder"][0]["told"]} == {
        ("anna@example.org", "voice"), ("anna@example.org", "push"),
    }  # fmt: skip
    assert not any(way["goes_on"] for way in one["ladders"] if way is not emergency)
    assert "address" not in str(one["ladders"])


def test_the_book_its_tests_and_what_it_said(world, admin):
    incident = fill(world)[0]
    book = admin.get("/rules").json
    assert [one["number"] for one in book["rules"]] == list(range(1, book["routes"] + 1))
    policy = book["rules"][0]["policy"]
    assert book["rules"][0]["name"] in admin.get(f"/policies/{policy}").json["used_by"]
    assert policy in [one["name"] for one in admin.get("/policies").json["policies"]]
    problem(admin.get("/policies/none"), 404)
    a_policy_shows_its_ladder(world, admin)
    place = world.app.extensions["gateway"].shelf.place
    ran = admin.post("/rules/test")
    assert ran.json["count"] == 0
    if place.is_dir():
        (place / "tests").mkdir()
        case = "tests:\n  - name: a\n    at: 2026-12-05T03:12:00+03:00\n"
        case += '    payload: {"alerts": []}\n    expect: {alerts: 3}\n'
        (place / "tests" / "a.yaml").write_text(case)
        ran = admin.post("/rules/test").json
        assert (ran["count"], ran["failed"]) == (1, 1)
        (place / "tests" / "a.yaml").write_text("tests: 7")
        problem(admin.post("/rules/test"), 409)
    why = admin.get(f"/incidents/{incident}/why").json
    assert book["version"] == why["asked"][0]["book_version"]
    assert any("Anna" in line for one in why["told"] for line in one["lines"])
    world.resolves(incident)
    Program(world, "act").post(f"/incidents/{incident}/verdict", json={"person": ANNA, "verdict": "useful"})
    problem(admin.post(f"/incidents/{incident}/verdict", json={"person": ANNA, "verdict": "useful"}), 403)
    assert admin.post(f"/incidents/{incident}/verdict", json={"verdict": "useful"}).json["result"] == "judged"
    assert admin.get(f"/incidents/{incident}/related").json["verdicts"][0]["verdict"] == "useful"
    problem(admin.get("/incidents/999/why"), 404)


def test_messages_and_who_sees_them(world, admin):
    fill(world)
    number = db.session.scalar(select(Delivery.id).where(Delivery.who == ANNA).limit(1))
    one = admin.get(f"/deliveries/{number}").json
    assert (one["who"], bool(one["title"])) == (ANNA, True)
    stranger = Program(world, "read", person=OLEG, role="responder")
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id == number).values(who="nobody@example.org", status="failed"))
    problem(stranger.get(f"/deliveries/{number}"), 404)  # to nobody of his team
    assert number not in stranger.ids("deliveries")
    assert number in admin.ids("deliveries")
    done = admin.post("/deliveries/resend", json={"deliveries": [number, 99999]}).json["results"]
    assert [(one["done"], one["why"]) for one in done][1] == (False, "no such message")
    for wrong in ({}, {"deliveries": []}, {"deliveries": ["1"]}, {"deliveries": list(range(1, 200))}):
        problem(admin.post("/deliveries/resend", json=wrong), 400)


def test_silences_foreseen_and_taken_back(world, admin):
    fill(world)
    seen = admin.post("/silences/preview", json={"matchers": ["alertname=Slow"]}).json
    assert (seen["firing_alerts"], seen["incidents"], seen["everything"]) == (1, 1, False)
    problem(admin.post("/silences/preview", json={"matchers": ["=~"]}), 400)
    window = {"matchers": ["env=test"], "start": "2027-01-05T02:00", "length": "2h", "rule": "FREQ=WEEKLY"}
    assert len(admin.post("/maintenance/preview", json=window).json["coming"]) == 6
    made = admin.post("/silences", json={"matchers": ["env=test"], "for": "1h", "reason": "x"}).json["id"]
    other = Program(world, "act", person=ANNA)
    problem(other.post(f"/silences/{made}/undo"), 409)
    assert admin.ask("DELETE", f"/silences/{made}").json["state"] == "expired"
    assert admin.post(f"/silences/{made}/undo").json == {"act": "ended", "id": made}
    assert admin.get(f"/silences/{made}").json["state"] == "active"
    problem(admin.post(f"/silences/{made}/undo"), 409)
