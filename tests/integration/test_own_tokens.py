"""A token of one's own: whoever asks with it is that person, and may do what their role may, within its scopes."""

import re

import pytest
from sqlalchemy import select

from gateway.store.db import db, transaction
from gateway.store.tables import Audit, PersonRow, SignIn, Token
from tests.browsing import PASSWORD, Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program, fill, problem

ANNA, OLEG, IRINA = "anna@example.org", "oleg@example.org", "irina@example.org"


@pytest.fixture
def own(world):
    """Somebody's token, with this role."""
    return lambda role, *scopes, who=OLEG: Program(world, *(scopes or ("read", "act")), person=who, role=role)


def made_on_the_page(browser, **more):
    return browser.press("/me/tokens", **{"name": "laptop", "scope": ["read", "act"], "password": PASSWORD, **more})


def test_a_token_is_made_with_the_password_and_ends_with_it(world):
    everybody_has_a_password()
    oleg = Browser(world.app)
    oleg.sign_in(OLEG)
    for wrong in ({"password": "no"}, {"scope": ["read", "admin"]}, {"scope": []}, {"name": " "}):
        assert made_on_the_page(oleg, **wrong).status_code == 422, wrong
    page = made_on_the_page(oleg)
    token = re.search(r'<pre class="code" id="made" tabindex="0">([^<]+)<', page.text)[1]
    assert page.headers["Cache-Control"] == "no-store"
    program = Program.__new__(Program)
    program.client, program.token = world.client, token
    me = program.get("/me").json
    assert (me["email"], me["scopes"]) == (OLEG, ["read", "act"])
    (row,) = program.get("/me/tokens").json["tokens"]
    assert (row["ending"], row["name"]) == (token[-4:], "laptop")
    assert "laptop" in oleg.get("/me/tokens").text
    assert oleg.press(f"/me/tokens/{row['id']}/revoke", confirm="nope").status_code == 422
    anna = Browser(world.app)
    anna.sign_in(ANNA)
    assert anna.press(f"/me/tokens/{row['id']}/revoke", confirm=token[-4:]).status_code == 422  # not hers
    oleg.press("/me/password", old=PASSWORD, new="another horse entirely")
    problem(program.get("/me"), 401)
    page = made_on_the_page(oleg, password="another horse entirely")
    program.token = re.search(r'<pre class="code" id="made" tabindex="0">([^<]+)<', page.text)[1]
    assert program.get("/me").status_code == 200
    (row,) = program.get("/me/tokens").json["tokens"]
    assert oleg.press(f"/me/tokens/{row['id']}/revoke", confirm=program.token[-4:]).status_code == 302
    problem(program.get("/me"), 401)
    actions = db.session.scalars(select(Audit.action).where(Audit.actor == OLEG)).all()
    assert actions.count("token create") == 2
    assert "token revoke" in actions


def test_the_role_of_the_moment_decides(world, own):
    number = fill(world)[0]
    viewer = own("viewer")
    assert viewer.get("/incidents").status_code == 200
    assert viewer.post(f"/incidents/{number}/note", json={"text": "seen"}).status_code == 200  # a viewer may comment
    assert "viewer" in problem(viewer.post(f"/incidents/{number}/acknowledge"), 403)
    problem(viewer.post("/rules/explain", json={"payload": {}}), 403)
    responder = own("responder")
    assert responder.post(f"/incidents/{number}/acknowledge").json["result"] == "acknowledged"
    assert responder.get(f"/incidents/{number}").json["ack_by"] == viewer.get("/me").json["name"]
    window = {"matchers": ["a=b"], "start": "2027-01-05T02:00", "length": "1h", "reason": "x"}
    problem(responder.post("/maintenance", json=window), 403)
    long = {"matchers": ["a=b"], "for": "2d", "reason": "x"}
    assert "scope admin" in problem(responder.post("/silences", json=long), 403)
    theirs = own("dispatcher", who=IRINA).post("/silences", json={**long, "for": "2h"}).json["id"]
    problem(responder.ask("DELETE", f"/silences/{theirs}"), 403)
    mine = responder.post("/silences", json={**long, "for": "1h", "author": "somebody else"}).json
    assert mine["author"] == "Oleg"
    assert responder.ask("DELETE", f"/silences/{mine['id']}").status_code == 200
    swap = {"schedule": "infra", "person": ANNA, "for": "8h", "starts_at": "2026-12-30T12:00:00Z"}
    problem(responder.post("/oncall/overrides", json=swap), 400)  # not Oleg's shift
    assert own("dispatcher").post("/oncall/overrides", json=swap).status_code == 200
    for read_only in ("responder", "admin"):
        problem(own(read_only, "read").post(f"/incidents/{number}/acknowledge"), 403)
    for path in ("/sources", "/deliveries/1/resend"):
        problem(own("responder", "read", "act", "admin").post(path, json={"kind": "alertmanager"}), 403)
    problem(own("responder", "read", "act").get("/audit"), 403)
    assert own("viewer", "read").get("/audit").json["audit"] is not None
    seen = {one["actor"] for one in own("viewer", "read").get("/audit").json["audit"]}
    assert IRINA not in seen or IRINA in _colleagues(world)


def _colleagues(world):
    directory = world.app.extensions["gateway"].roll.current(db.session())
    return {one for team in directory.teams.values() if OLEG in team.members for one in team.members}


def test_whoever_has_left_has_no_token(world, own):
    oleg = own("responder")
    assert oleg.get("/me").status_code == 200
    with transaction() as session:
        session.scalars(select(PersonRow).where(PersonRow.email == OLEG)).one().active = False
    problem(oleg.get("/me"), 401)
    with transaction() as session:
        person = session.scalars(select(PersonRow).where(PersonRow.email == OLEG)).one()
        person.active, number = True, person.id
    everybody_has_a_password()
    admin = Browser(world.app)
    admin.sign_in(IRINA)
    assert admin.press(f"/people/{number}/sign-out").status_code == 302
    problem(oleg.get("/me"), 401)
    assert db.session.scalar(select(Token.revoked_at).where(Token.person_id == number)) is not None


def test_what_is_a_persons_own_is_no_programs(world):
    program = Program(world, "read", "act", "admin")
    for method, path in (("GET", "/me"), ("POST", "/views"), ("GET", "/me/sessions"), ("POST", "/me/contacts")):
        assert "person's own" in problem(program.ask(method, path), 403), path


def test_how_one_reads_and_is_told(world, own):
    me = own("responder")
    changed = me.post(
        "/me", json={"language": "ru", "timezone": "Asia/Tokyo", "exact_times": True, "weekly": True}
    ).json
    assert [changed[name] for name in ("language", "timezone", "exact_times", "weekly")] == [
        "ru",
        "Asia/Tokyo",
        True,
        True,
    ]
    assert me.post("/me", json={"theme": "dark"}).json["language"] == "ru"
    for wrong in ({"language": "xx"}, {"timezone": "Mars/Base"}, {"exact_times": 1}):
        problem(me.post("/me", json=wrong), 400)
    rules = {"rules": {"fast": ["push", "sms after 5m"]}, "quiet_hours": "22:00-07:00"}
    assert me.post("/me/notifications", json=rules).json == rules
    assert me.get("/me/notifications").json == rules
    for wrong in ({"rules": {"loud": []}}, {"rules": {"fast": ["carrier pigeon"]}}, {"quiet_hours": "22:00-22:00"}):
        problem(me.post("/me/notifications", json=wrong), 400)
    made = me.post("/me/calendar").json["address"]
    assert world.client.get(made.partition("8000")[2]).mimetype == "text/calendar"
    assert me.get("/me").json["calendar_since"]
    assert me.ask("DELETE", "/me/calendar").json == {"ended": True}
    assert world.client.get(made.partition("8000")[2]).status_code == 404


def test_sign_ins_are_ended(world, own):
    everybody_has_a_password()
    for _ in range(3):
        Browser(world.app).sign_in(OLEG)
    me = own("responder")
    found = me.get("/me/sessions").json["sessions"]
    assert len(found) == 3
    assert me.ask("DELETE", f"/me/sessions/{found[0]['id']}").json == {"ended": True}
    problem(me.ask("DELETE", f"/me/sessions/{found[0]['id']}"), 404)
    assert me.post("/me/sessions/end").json == {"ended": True}
    assert db.session.scalars(select(SignIn.id)).all() == []
    assert me.get("/me").status_code == 200


def test_contacts_are_entered_and_given_up(world, own):
    me, other = own("responder"), own("responder", who=ANNA)
    made = me.post("/me/contacts", json={"channel": "email", "address": "oleg.second@example.org"}).json
    assert made["sent"] == "no provider"
    shown = {one["id"]: one for one in me.get("/me/contacts").json["contacts"]}
    assert (shown[made["contact"]]["address"], shown[made["contact"]]["verified_at"]) == (
        "oleg.second@example.org",
        None,
    )
    path = f"/me/contacts/{made['contact']}"
    assert me.post(f"{path}/test").json["result"] == "logged"
    problem(me.post(f"{path}/confirm", json={"did": "arrived"}), 409)  # it stands in the log: nothing can have arrived
    problem(me.post(f"{path}/code"), 409)
    problem(me.post(f"{path}/confirm", json={"code": "123456"}), 409)
    for wrong in ({}, {"code": "1", "did": "rang"}, {"did": "sang"}):
        problem(me.post(f"{path}/confirm", json=wrong), 400)
    for what in ("code", "test", "confirm"):
        problem(other.post(f"{path}/{what}", json={"did": "arrived"}), 404)
    problem(other.ask("DELETE", path), 404)
    assert me.ask("DELETE", path).json["result"] == "removed"
    problem(me.post("/me/contacts", json={"channel": "webpush", "address": "{}"}), 400)


def test_saved_views(world, own):
    a, b, _, _ = fill(world)
    me, other = own("responder"), own("responder", who=ANNA)
    made = me.post("/views", json={"name": "Loud", "query": "urgency=emergency&nonsense=1"}).json
    assert made["query"] == "urgency=emergency"
    path = f"/views/{made['id']}"
    assert [one["id"] for one in me.get(f"{path}/incidents").json["incidents"]] == [a]
    assert me.post(path, json={"name": "Louder", "query": "status=all"}).json["name"] == "Louder"
    first = me.get(f"{path}/incidents", limit=3).json
    rest = me.get(f"{path}/incidents", after=first["next"]).json
    assert (len(first["incidents"]), len(rest["incidents"]), rest["next"]) == (3, 1, None)
    assert me.post("/me/home", json={"view": str(made["id"])}).status_code == 200
    assert [one["home"] for one in me.get("/views").json["views"] if one["id"] == made["id"]] == [True]
    for ask in (
        lambda: other.post(path, json={"name": "x"}),
        lambda: other.ask("DELETE", path),
        lambda: other.get(f"{path}/incidents"),
        lambda: other.post("/me/home", json={"view": str(made["id"])}),
    ):
        problem(ask(), 404)  # fmt: skip
    assert me.ask("DELETE", path).json["name"] == "Louder"
    assert me.post("/views/undo").json["name"] == "Louder"
    problem(me.post("/views/undo"), 409)
    problem(me.post("/views", json={"name": " ", "query": ""}), 400)
    problem(me.post("/views", json={"name": "x", "query": "", "team": "nobody's"}), 403)
    assert me.post("/views/watch", json={"view": "assigned", "on": False}).json == {
        "view": "assigned",
        "watched": False,
    }
    problem(me.post("/views/watch", json={"view": "99"}), 404)
    me.post(f"/incidents/{b}/assign", json={"to": OLEG})
    assert [one["id"] for one in me.get("/views/assigned/incidents").json["incidents"]] == [b]
    found = Program(world, "read").get("/incidents/search", query="status=all&q=Gone").json["incidents"]
    assert [one["title"][:4] for one in found] == ["Gone"]
    assert "team" in problem(me.get("/incidents/search", query="team=nowhere"), 400)


def test_many_at_once_and_taken_back(world, own):
    a, b, c, d = fill(world)
    me = own("responder")
    done = me.post("/incidents/bulk", json={"do": "acknowledge", "incidents": [a, b, d, 999, a]}).json
    assert [(one["incident"], one["done"], one["why"]) for one in done["results"]] == [
        (a, True, None), (b, True, None), (d, False, "already resolved"), (999, False, "no such incident"),
    ]  # fmt: skip
    assert me.post("/incidents/bulk", json={"do": "acknowledge", "incidents": [a]}).json["undo"] is None
    other = own("responder", who=ANNA)
    assert "nothing of yours" in problem(other.post("/undo", json={"undo": done["undo"]}), 404)  # it was not hers
    assert me.post("/undo", json={"undo": done["undo"]}).json == {"act": "acknowledge", "done": [a, b], "refused": []}
    problem(me.post("/undo", json={"undo": done["undo"]}), 409)
    assert me.get(f"/incidents/{a}").json["status"] == "triggered"
    single = me.post(f"/incidents/{a}/snooze", json={"for": "30m"}).json["undo"]
    world.clock.advance(minutes=11)
    assert "too late" in problem(me.post("/undo", json={"undo": single}), 409)
    snoozed = me.post("/incidents/bulk", json={"do": "snooze", "query": "urgency=ordinary", "for": "1h"}).json
    assert {one["incident"] for one in snoozed["results"] if one["done"]} == {b, c}
    given = me.post("/incidents/bulk", json={"do": "assign", "incidents": [b, c]}).json
    assert all(one["done"] for one in given["results"])
    assert me.get(f"/incidents/{b}").json["assignee"] == OLEG
    many = {"do": "resolve", "incidents": list(range(1, 30))}
    assert "29" in problem(me.post("/incidents/bulk", json=many), 409)
    assert len(me.post("/incidents/bulk", json=many | {"sure": True}).json["results"]) == 29
    for wrong in ({"do": "burn", "incidents": [a]}, {"do": "resolve"}, {"do": "resolve", "incidents": ["1"]},
                  {"do": "snooze", "incidents": [a]}, {"do": "assign", "incidents": [a], "to": "nobody"},
                  {"do": "resolve", "query": "team=nowhere"}):  # fmt: skip
        problem(me.post("/incidents/bulk", json=wrong), 400)
