"""Taking back what was just done: from the list, an incident's page, a phone; and when it is refused."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, text

from gateway.access import links
from gateway.actions import Actor
from gateway.acts import several, undo
from gateway.flows import housekeeping, settle
from gateway.store.db import db, transaction
from gateway.store.incidents import undos
from gateway.store.outgoing import outbox
from gateway.store.tables import Audit, UndoRow
from gateway.store.types import micros
from rules.lifecycle import Given, Signal
from rules.telling.undoing import Obstacle
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program
from tests.integration.test_silences import Operator
from tests.samples import BOOK, alert, group

ANNA = Actor("Anna", "dashboard", account="anna@example.org")
LATER = datetime(2026, 12, 5, 4, 0, tzinfo=UTC)
OLEG = Actor("Oleg", "dashboard", account="oleg@example.org")


def does(world, numbers, signal, **given):
    return several.act(numbers, signal, ANNA, world.clock.now(), Given(**given)).token


def back(world, token, actor=ANNA):
    return undo.take_back(token, actor, world.clock.now())


def calls(providers, action="trigger"):
    return [
        event["routing_key"].split("-")[0] for event in providers.pagerduty.events if event["event_action"] == action
    ]


def test_the_ladder_goes_on_where_an_acknowledgement_stopped_it(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    staffed.passes(minutes=2)
    token = does(staffed, [number], Signal.ACKNOWLEDGE)
    staffed.passes(minutes=3)
    assert back(staffed, token, OLEG).obstacle is Obstacle.GONE  # another person's act
    assert back(staffed, token).done == [number]
    found = staffed.incident()
    assert (found.status, found.level, found.ack_at, found.ack_by) == ("triggered", 1, None, None)
    assert (found.next_at - staffed.clock.now()).total_seconds() == 180  # as much as was left
    assert back(staffed, token).obstacle is Obstacle.DONE
    staffed.passes(minutes=3)
    staffed.delivers()
    assert "oleg" in calls(providers)
    assert "undone" in staffed.timeline()
    actions = list(db.session.scalars(select(Audit.action)))
    assert actions == ["acknowledge", "undo acknowledge"]


def test_a_page_that_an_acknowledgement_called_off_goes_out_after_all(staffed, providers):
    (number,) = staffed.alert()
    token = does(staffed, [number], Signal.ACKNOWLEDGE)
    assert staffed.delivers() == 0
    back(staffed, token)
    assert all(one.fallback_at for one in staffed.deliveries(part="primary", status="queued"))
    staffed.delivers()
    assert calls(providers) == ["anna"]
    assert calls(providers, "acknowledge") == []


def under_way(world):
    with transaction() as session:
        return outbox.lease(session, "pagerduty", 5, world.clock.now(), micros(world.clock.now()))


def comes_back(world, taken, outcome, words="HTTP 400"):
    with transaction() as session:
        settle.settle(session, [settle.Result(taken, outcome, words)], world.clock.now())


@pytest.mark.parametrize("signal", [Signal.ACKNOWLEDGE, Signal.RESOLVE])
def test_a_page_that_failed_for_good_while_it_was_acknowledged_takes_its_fallback_after_all(staffed, signal):
    (number,) = staffed.alert()
    (taken,) = under_way(staffed)
    token = does(staffed, [number], signal)
    staffed.clock.advance(seconds=2)
    comes_back(staffed, taken, "never")
    waits = len(staffed.deliveries(status="queued"))
    assert back(staffed, token).done == [number]
    after = staffed.deliveries(status="queued")
    assert len(after) > waits
    assert (staffed.incident().status, "fallback" in staffed.timeline()) == ("triggered", True)


@pytest.mark.parametrize("signal", [Signal.ACKNOWLEDGE, Signal.SNOOZE])
def test_a_page_that_was_under_way_and_did_not_get_through_is_tried_again(staffed, providers, signal):
    (number,) = staffed.alert()
    (taken,) = under_way(staffed)
    until = staffed.clock.now() + timedelta(hours=1) if signal is Signal.SNOOZE else None
    token = does(staffed, [number], signal, until=until)
    staffed.clock.advance(seconds=2)
    comes_back(staffed, taken, "later", "HTTP 503")
    assert [one.status for one in staffed.deliveries(channel="pagerduty", part="primary")] == ["cancelled"]
    assert back(staffed, token).done == [number]
    staffed.delivers()
    assert calls(providers) == ["anna"]


def test_a_page_whose_worker_was_lost_meanwhile_is_sent_again(staffed, providers):
    (number,) = staffed.alert()
    under_way(staffed)
    token = does(staffed, [number], Signal.ACKNOWLEDGE)
    staffed.clock.advance(seconds=16)
    staffed.delivers()
    assert calls(providers) == []
    back(staffed, token)
    staffed.delivers()
    assert calls(providers) == ["anna"]


def test_an_act_that_fails_in_a_later_portion_can_be_taken_back_as_far_as_it_went(staffed):
    """Over the API so many are done while the program waits."""
    alerts = [alert(severity="warning", name=f"A{one}", fingerprint=f"f{one}") for one in range(several.PORTION + 2)]
    numbers = staffed.post(group(*alerts)).json["incidents"]
    program = Program(staffed, "read", "act", person="anna@example.org")
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE incident SET route = '{broken' WHERE id = :id"), {"id": numbers[-1]})
    said = program.post("/incidents/bulk", json={"do": "acknowledge", "incidents": numbers}).json
    done = [one["incident"] for one in said["results"] if one["done"]]
    assert done == numbers[: several.PORTION]
    assert program.post("/undo", json={"undo": said["undo"]}).json["done"] == done
    of_nothing = {"do": "acknowledge", "incidents": numbers[-1:]}
    assert program.post("/incidents/bulk", json=of_nothing).status_code == 500


def test_a_resolve_is_taken_back_before_and_after_somebody_has_heard_of_it(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    token = does(staffed, [number], Signal.RESOLVE)
    back(staffed, token)
    assert staffed.delivers() == 0  # nobody heard that it was over
    found = staffed.incident()
    assert (found.status, found.level, found.resolved_at, found.resolve_kind) == ("triggered", 1, None, None)
    token = does(staffed, [number], Signal.RESOLVE)
    staffed.delivers()
    staffed.clock.advance(minutes=2)
    assert back(staffed, token).done == [number]
    staffed.delivers()
    found = staffed.incident()
    assert (found.status, found.level) == ("triggered", 2)
    assert calls(providers) == ["anna", "anna"]  # told anew: she heard that it was over
    assert calls(providers, "resolve") == ["anna"]


def test_what_was_acknowledged_before_it_was_resolved_is_so_again(staffed):
    (number,) = staffed.alert()
    staffed.delivers()
    does(staffed, [number], Signal.ACKNOWLEDGE)
    staffed.clock.advance(seconds=1)
    token = does(staffed, [number], Signal.RESOLVE)
    staffed.delivers()
    back(staffed, token)
    found = staffed.incident()
    assert (found.status, found.ack_by, found.resolved_by) == ("acknowledged", "Anna", None)
    assert [one.kind for one in staffed.deliveries(status="queued")] == ["reopened"]


def test_what_has_moved_on_is_not_taken_back(staffed):
    first, second, third = (staffed.alert(name=name, fingerprint=name)[0] for name in "ABC")
    token = does(staffed, [first, second, third], Signal.ACKNOWLEDGE)
    does(staffed, [second], Signal.RESOLVE)
    outcome = back(staffed, token)
    assert (outcome.done, outcome.refused) == ([first, third], [(second, Obstacle.MOVED_ON)])
    staffed.clock.advance(seconds=1)
    token = does(staffed, [first, third], Signal.RESOLVE)
    staffed.alert("resolved", name="A", fingerprint="A")
    staffed.clock.advance(minutes=6)
    (again,) = staffed.alert(name="C", fingerprint="C", starts="2026-12-05T00:17:30Z")
    outcome = back(staffed, token)
    assert again != third
    assert dict(outcome.refused) == {first: Obstacle.CLEARED, third: Obstacle.ANOTHER}
    token = does(staffed, [again], Signal.ACKNOWLEDGE)
    staffed.clock.advance(minutes=10, seconds=6)
    assert back(staffed, token).obstacle is Obstacle.TOO_LATE


def test_a_snooze_and_an_assignment(staffed):
    (number,) = staffed.alert()
    now = staffed.clock.now()
    next_at = staffed.incident().next_at
    token = does(staffed, [number], Signal.SNOOZE, until=now.replace(hour=9))
    back(staffed, token)
    assert (staffed.incident().snoozed_until, staffed.incident().next_at) == (None, next_at)
    given = several.assign([number], "oleg@example.org", ANNA, now)
    assert staffed.incident().assignee_id
    staffed.passes(minutes=6)  # the ladder goes on, whoever has it
    assert back(staffed, given.token).done == [number]
    assert (staffed.incident().assignee_id, staffed.incident().level) == (None, 2)
    assert [one.status for one in staffed.deliveries(kind="assigned")] == ["cancelled"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_button_on_a_page_without_javascript_with_it_and_on_a_phone(world):
    everybody_has_a_password()
    anna, oleg = Browser(world.app), Browser(world.app, "192.0.2.7")
    anna.sign_in()
    oleg.sign_in("oleg@example.org")
    (number,) = world.alert()
    place = anna.press(f"/incidents/{number}/acknowledge").headers["Location"]
    token = place.partition("undo=")[2]
    page = anna.get(place).text
    assert f'action="/undo/{token}"' in page
    assert f"Acknowledged: #{number}." in page
    assert "/undo/" not in oleg.get(place).text
    answer = anna.press(f"/undo/{token}", back=f"/incidents/{number}")
    assert answer.headers["Location"] == f"/incidents/{number}"
    assert world.incident().status == "triggered"
    page = anna.get(f"/incidents/{number}").text
    assert "took back the acknowledgement" in page
    world.clock.advance(seconds=1)
    said = anna.press(f"/incidents/{number}/resolve", {"HX-Request": "true"}).headers["HX-Trigger"]
    token = re.search(r'"undo": "(\w+)"', said)[1]
    answer = anna.press(f"/undo/{token}", {"HX-Request": "true"})
    assert (answer.status_code, ": open again" in answer.headers["HX-Trigger"]) == (204, True)
    answer = anna.press(f"/undo/{token}", {"HX-Request": "true"})
    assert "taken back already" in answer.headers["HX-Trigger"]
    secret = world.app.extensions["gateway"].settings.secret_key
    phone, pocket = Browser(world.app, "192.0.2.8"), links.make(secret, world.incident().uuid, "anna@example.org")
    world.clock.advance(seconds=1)
    place = phone.post(f"/p/{pocket}", do="acknowledge").headers["Location"]
    token = re.search(r"undo=(\w+)", place)[1]
    assert f'value="{token}"' in phone.get(place).text
    assert "the steps go on" in phone.post(f"/p/{pocket}", do="undo", undo=token).text
    assert world.incident().status == "triggered"


def test_old_ones_are_let_go(world):
    (number,) = world.alert()
    does(world, [number], Signal.ACKNOWLEDGE)
    housekeeping.tidy(world.clock.now())
    assert undos.offered(db.session(), "anna@example.org", world.clock.now()) is not None
    world.clock.advance(days=2)
    housekeeping.tidy(world.clock.now())
    assert db.session.scalars(select(UndoRow)).all() == []


QUIET = {"matchers": ["alertname=InstanceDown"], "reason": "kernel update", "for": "2h", "page_emergencies": False}


@pytest.mark.parametrize("signal", [Signal.ACKNOWLEDGE, Signal.RESOLVE, Signal.SNOOZE])
def test_what_is_taken_back_within_a_silence_calls_nobody_before_its_end(staffed, providers, signal):
    operator = Operator(staffed)
    (number,) = staffed.alert()
    token = does(staffed, [number], signal, **({"until": LATER} if signal is Signal.SNOOZE else {}))
    assert operator.ask("POST", "silences", QUIET).status_code == 200
    operator.passes(seconds=1)
    assert back(staffed, token).done == [number]
    staffed.delivers()
    assert calls(providers) == []
    assert staffed.incident().suppressed_by == "silence:1"
    operator.passes(hours=2)
    staffed.delivers()
    assert calls(providers) != []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_within_a_silence_many_are_taken_back_as_one_is(staffed):
    """What the database is asked does not grow with their number: everybody waits for whoever holds them."""
    Operator(staffed).silence("alertname=Other")
    asked, counted = [], []
    event.listen(db.engine, "checkout", lambda link, *_: link.set_trace_callback(asked.append))
    for mark, many in (("few", 2), ("many", 12)):
        found = [alert("firing", f"Disk{mark}{n}", fingerprint=f"{mark}{n}") for n in range(many)]
        token = does(staffed, staffed.post(group(*found)).json["incidents"], Signal.ACKNOWLEDGE)
        db.session.rollback()
        asked.clear()
        assert len(back(staffed, token).done) == many
        counted.append(sum(sql.startswith("SELECT") for sql in asked))
    assert counted[1] == counted[0] > 0


def test_what_came_while_it_was_acknowledged_counts_when_that_is_taken_back(world_of):
    world = world_of(book=BOOK.replace("policy: infra}", "policy: infra, at_least: {alerts: 3, within: 10m}}", 1))
    (number,) = world.alert(fingerprint="f1")
    token = does(world, [number], Signal.ACKNOWLEDGE)
    world.alert(fingerprint="f2")
    assert back(world, token).done == [number]
    assert world.incident().phase == "gathering"
    token = does(world, [number], Signal.ACKNOWLEDGE)
    world.alert(fingerprint="f3")
    assert back(world, token).done == [number]
    assert (world.incident().phase, world.incident().level) == ("", 1)


def test_a_snooze_that_is_taken_back_to_wakes_of_what_came_meanwhile(world):
    (number,) = world.alert(fingerprint="f1")
    does(world, [number], Signal.SNOOZE, until=LATER)
    token = does(world, [number], Signal.ACKNOWLEDGE)
    world.alert(fingerprint="f2")
    assert back(world, token).done == [number]
    assert (world.incident().snoozed_until, world.incident().level) == (None, 2)
