"""Services under /api/v1: what their pages tell, by the same functions, whatever senders call them."""

from datetime import timedelta

import pytest

from gateway.actions import Actor
from gateway.acts import silencing
from gateway.acts.service_address import slug
from gateway.flows import rollups as keeping
from gateway.store.db import transaction
from rules.words import Suppressor, Urgency
from tests.browsing import Browser
from tests.integration.test_machine_api import Program, problem
from tests.integration.test_services_pages import MOSCOW, RUNBOOK, fires, world  # noqa: F401 - the fixture

ODD = ("web/shop <b>", "..", "~x", "a//b", "q?x=1#y", "/", 'Печать "И" 100%', "🔥" * 200)


@pytest.fixture
def program(world):  # noqa: F811 - the fixture
    return Program(world, "read")


def walk(program, **asked):
    names, after = [], ""
    while after is not None:
        page = program.get("/services", after=after, **asked).json
        names += [one["name"] for one in page["services"]]
        after = page["next"]
    return names


def test_a_program_is_told_what_the_pages_show(world, program):  # noqa: F811
    old = fires(world, "billing", annotations=RUNBOOK)
    world.resolves(old)
    open_ = fires(world, "crm", 2)
    now, actor = world.clock.now(), Actor("Irina", "dashboard", None, "irina@example.org")
    keeping.turn(now, MOSCOW)
    with transaction() as session:
        made = silencing.silence(['service="billing"'], now, now + timedelta(hours=2), "<b>ours</b>")
        silencing.add(session, Suppressor.SILENCE, made, actor, now)

    listed = program.get("/services").json
    crm, billing, ledger, _ = listed["services"]
    assert [one["name"] for one in (crm, billing, ledger)] == ["crm", "billing", "ledger"]
    assert (listed["all"], listed["next"], listed["days_counted_at"] is not None) == (4, None, True)
    assert crm["open"] == {"emergency": 1, "urgent": 0, "fast": 0, "ordinary": 0}
    assert (billing["incidents"], billing["runbook"], billing["open_is_at_least"]) == (1, RUNBOOK["runbook_url"], False)
    assert billing["days"] == [{"day": "2026-12-05", "incidents": crm["open"]}]
    assert (billing["policy"], billing["team"], billing["policy_in_book"]) == ("infra", "infra", True)
    assert billing["told_first"] == [{"who": "anna@example.org", "name": "Anna"}]
    assert (ledger["named_in_book"], ledger["days"], ledger["runbook"]) == (True, [], None)

    one = program.get("/services/billing").json
    assert {name: one[name] for name in billing} == billing
    assert [each["id"] for each in one["resolved_incidents"]] == [old]
    assert (one["open_incidents"], one["oldest_open_at"]) == ([], None)
    assert [(each["reason"], each["matchers"], each["now"]) for each in one["quiet"]] == [
        ("<b>ours</b>", ['service="billing"'], True)
    ]
    assert [(each["name"], each["incidents"]) for each in one["noisy"]] == [("Alert1", 1)]
    (way,) = one["ways"]
    assert (way["urgency"], way["rule"], way["policy"]) == ("emergency", "critical", "infra")
    told = [told["name"] for rung in way["ladder"] for told in rung["told"]]
    assert list(dict.fromkeys(told))[:2] == ["Anna", "Oleg"]
    assert "key-0123" not in program.get("/services/billing").text  # nobody's address
    assert program.get("/services/crm").json["open_incidents"][0]["id"] == open_
    later = program.get("/services/billing", at="2027-01-01T03:00:00Z").json["ways"][0]["ladder"][0]
    assert later["at"].startswith("2027-01-01T06:00")  # by the rule book's zone

    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    page = irina.get("/services/billing").text
    assert all(part in page for part in (f'href="/incidents/{old}"', "&lt;b&gt;ours", "Alert1", RUNBOOK["runbook_url"]))
    told = page.partition('id="h-told"')[2]
    assert told.index("Anna") < told.index("Oleg")


def test_services_are_asked_for_walked_and_found_whatever_they_are_called(world, program, monkeypatch):  # noqa: F811
    for number, name in enumerate(ODD):
        fires(world, name, number)
    world.resolves(fires(world, "calm", 20))
    keeping.turn(world.clock.now(), MOSCOW)
    every = [*sorted(ODD), "calm", "ledger", "vault"]
    assert walk(program, limit=2) == walk(program) == every
    assert walk(program, sort="name", limit=3) == sorted(every)
    assert walk(program, sort="-incidents", limit=1)[-2:] == ["ledger", "vault"]
    assert walk(program, status="open", urgency="emergency", limit=5) == sorted(ODD)
    assert walk(program, urgency="fast,ordinary") == []
    assert walk(program, q="пЕЧАТЬ") == ['Печать "И" 100%']
    assert walk(program, team="support") == []
    monkeypatch.setattr("gateway.acts.services.TRIED", 2)
    assert walk(program, team="infra", sort="name", limit=3) == sorted(every)
    first = program.get("/services", team="support", limit=3).json
    assert (first["services"], first["next"] is not None) == ([], True)

    for one in program.get("/services").json["services"]:
        there = program.client.get(
            one["api_url"].partition("/api/v1")[1] + one["api_url"].partition("/api/v1")[2],
            headers={"Authorization": f"Bearer {program.token}"},
        )
        assert there.json["name"] == one["name"], one["api_url"]
    assert program.get("/services/web%2Fshop%20%3Cb%3E").json["name"] == "web/shop <b>"
    assert program.get("/services/web/shop <b>").json["name"] == "web/shop <b>"
    for nothing in ("none", "~%%%", "~", "a%00b", "~AA", "~7aCA", "%ED%A0%80", slug("no such")):
        problem(program.get(f"/services/{nothing}"), 404)
    for wrong in (
        {"sort": "x"}, {"status": "resolved"}, {"urgency": "9"}, {"after": "1.2"}, {"after": "x"}, {"limit": "0"},
        {"service": "x"}, {"team": ["a", "b"]}, {"sort": "name,-urgency"},
    ):  # fmt: skip
        problem(program.get("/services", **wrong), 400)
    problem(program.get("/services/calm", at="soon"), 400)
    problem(program.get("/services/calm", q="x"), 400)
    problem(Program(world, "act").get("/services"), 403)
    assert list(program.get("/services/calm").json["open"]) == list(Urgency)
