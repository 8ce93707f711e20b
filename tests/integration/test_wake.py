"""Woken before its time: what somebody snoozed calls again because somebody says so."""

import re

from sqlalchemy import select

from gateway import actions
from gateway.access import links
from gateway.store.db import db
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Audit
from gateway.world import world as here
from rules.lifecycle import Reason, Signal, State
from rules.phases import decide
from rules.timing import Phase
from rules.words import Status
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program
from tests.integration.test_snooze_and_assign import ANNA, calls, snooze


def wake(world, number):
    return actions.act(number, Signal.WAKE, ANNA, world.clock.now())


def test_its_steps_go_on_as_at_its_end(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    assert wake(staffed, number) is Reason.NOT_SNOOZED
    now, route = staffed.clock.now(), route_of(staffed.incident().route)
    hidden = State(Status.TRIGGERED, 1, now, now, suppressed_by="silence:1")  # that is ended, not woken
    assert decide(hidden, Signal.WAKE, route, now).reason is Reason.NOT_SNOOZED
    flapping = State(Status.TRIGGERED, 1, now, now, phase=Phase.FLAPPING)
    assert decide(flapping, Signal.WAKE, route, now).after.phase is Phase.NONE
    snooze(staffed, number, hours=8)
    staffed.delivers()
    staffed.passes(minutes=3)
    assert wake(staffed, number) is Reason.WOKEN_BY_HAND
    staffed.delivers()
    found = staffed.incident()
    assert (found.status, found.level, found.snoozed_until) == ("triggered", 2, None)
    assert calls(providers) == ["anna", "oleg"]
    assert wake(staffed, number) is Reason.NOT_SNOOZED
    assert staffed.incident().next_at == found.next_at
    (line,) = staffed.entries("woken by hand")
    assert (line.actor, [one["who"] for one in line.detail["told"]]) == ("Anna", ["oleg@example.org"])
    staffed.acknowledges(number)
    snooze(staffed, number, hours=1)
    wake(staffed, number)
    assert (staffed.incident().status, staffed.incident().level) == ("triggered", 3)  # an acknowledgement ends with it
    staffed.resolves(number)
    assert wake(staffed, number) is Reason.ALREADY_RESOLVED
    assert list(db.session.scalars(select(Audit.action))).count("wake") == 2


def test_list_page_many_programs_and_phone_offer_it(world):
    everybody_has_a_password()
    anna = Browser(world.app)
    anna.sign_in()
    numbers = [world.alert(name=name, fingerprint=name)[0] for name in "abcd"]
    one, two, three, _four = numbers
    for number in numbers[:3]:
        snooze(world, number, hours=2)
    listed = anna.get("/incidents").text
    assert sorted(re.findall(r'formaction="/incidents/(\d+)/wake"', listed)) == [str(number) for number in numbers[:3]]
    page = anna.get(f"/incidents/{one}").text
    assert f'action="/incidents/{one}/wake"' in page
    assert f'action="/incidents/{_four}/wake"' not in anna.get(f"/incidents/{_four}").text
    said = anna.press(f"/incidents/{one}/wake", headers={"HX-Request": "true", "HX-Target": f"row-{one}"})
    assert f"Woken: step 2 of #{one} begins now." in said.headers["HX-Trigger"]
    assert "/wake" not in said.text
    assert "woke it: step 2 begins" in anna.get(f"/incidents/{one}").text
    program = Program(world, "read", "act")
    assert program.post(f"/incidents/{two}/wake").json["result"] == "woken by hand"
    assert program.post(f"/incidents/{two}/wake").json == {
        "result": "not snoozed", "incident": two, "status": "triggered", "undo": None,
    }  # fmt: skip
    many = anna.press("/incidents/bulk", headers={"HX-Request": "true"}, do="wake", n=[str(two), str(three)])
    assert f"Woken: #{three}." in many.headers["HX-Trigger"]
    assert f"Skipped: #{two} (not snoozed)." in many.headers["HX-Trigger"]
    snooze(world, one, hours=1)
    answer = program.post("/incidents/bulk", json={"do": "wake", "incidents": [one]}).json
    assert [found["done"] for found in answer["results"]] == [True]
    snooze(world, one, hours=1)
    uuid = next(found.uuid for found in world.incidents() if found.id == one)
    phone = "/p/" + links.make(here().settings.secret_key, uuid, "oleg@example.org")
    assert 'value="wake"' in world.app.test_client().get(phone).text
    done = world.app.test_client().post(phone, data={"do": "wake"}, follow_redirects=True).text
    assert "Woken: the next step has begun." in done
    assert 'value="wake"' not in done
