"""An acknowledgement that waited for a network, or a worker: not for what has come back, or grown worse, since."""

import json

import pytest

from gateway.access import links
from gateway.actions import Actor
from gateway.acts import jobs
from gateway.flows import jobs as flow
from rules.lifecycle import Given
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_pagerduty_answers import SECRET, said, sign
from tests.integration.test_when_to_tell import BACK, Sender


@pytest.fixture
def back(staffed_of):
    """It was over and has come back: opened at the beginning, over after ten minutes, back after twenty."""
    world = staffed_of(BACK)
    everybody_has_a_password()
    sender = Sender(world)
    (world.number,) = sender.fires()
    world.began = int(world.clock.now().timestamp() * 1000)
    world.clock.advance(minutes=10)
    sender.clears()
    world.clock.advance(minutes=10)
    assert sender.fires() == [world.number]
    world.clock.advance(minutes=10)
    return world


def waited(minutes, seen=None):
    return {"X-Waited": str(minutes * 60_000), **({"X-Seen": str(seen)} if seen is not None else {})}


def test_what_was_sent_before_it_came_back_is_refused(back):
    anna = Browser(back.app)
    anna.sign_in()
    place = f"/incidents/{back.number}/acknowledge"
    assert anna.press(place, waited(25)).status_code == 409
    assert anna.press(place, waited(1, back.began)).status_code == 409  # the copy was older than the press
    assert anna.press(place, waited(10**10)).status_code == 409
    assert anna.press(place, {**waited(1), "X-Seen": "9" * 14}).status_code == 302
    assert back.incident().status == "acknowledged"


def test_what_was_sent_after_it_came_back_is_taken_and_so_is_what_did_not_wait(back):
    anna = Browser(back.app)
    anna.sign_in()
    place = f"/incidents/{back.number}/acknowledge"
    now = int(back.clock.now().timestamp() * 1000)
    assert anna.press(place, waited(5, now - 9 * 60_000)).status_code == 302
    assert back.incident().status == "acknowledged"
    anna.press(f"/incidents/{back.number}/wake")
    back.clock.advance(minutes=1)
    anna.press(place, {"X-Seen": str(back.began)})
    assert back.incident().status == "acknowledged"


def test_the_pocket_page_says_when_it_was_drawn(back):
    phone, secret = Browser(back.app), back.app.extensions["gateway"].settings.secret_key
    place = f"/p/{links.make(secret, back.incident().uuid, 'anna@example.org')}"
    drawn = int(back.clock.now().timestamp() * 1000)
    assert f'name="seen" value="{drawn}"' in phone.get(place).text
    assert phone.post(place, {"do": "acknowledge", "seen": back.began}, waited(1)).status_code == 409
    assert back.incident().status == "triggered"
    assert phone.post(place, {"do": "acknowledge", "seen": drawn}, waited(1)).status_code == 302
    assert back.incident().status == "acknowledged"


def test_an_act_on_many_passes_over_what_has_come_back_since_it_was_asked_for(staffed_of):
    world = staffed_of(BACK.replace("group_by: [alertname, service]", "group_by: [fingerprint]"))
    sender = Sender(world)
    (first,) = sender.fires()
    (second,) = world.alert(name="Other", fingerprint="b2")
    actor = Actor("Anna", "dashboard", world.directory().people["anna@example.org"].id, "anna@example.org")
    jobs.promise([first, second], "acknowledge", Given(), "", actor, world.clock.now())
    world.clock.advance(minutes=2)
    sender.clears()
    world.clock.advance(minutes=2)
    assert sender.fires() == [first]
    flow.turn(world.app.extensions["gateway"])
    assert [one.status for one in world.incidents()] == ["triggered", "acknowledged"]


def test_an_answer_in_pagerduty_that_was_long_on_its_way(staffed_of):
    world = staffed_of(BACK, NABAT_PAGERDUTY_WEBHOOK_SECRET=SECRET)
    sender = Sender(world)
    (number,) = sender.fires()
    at = [world.clock.now()]
    for turn in (sender.clears, sender.fires):
        world.clock.advance(minutes=10)
        turn()
    at.append(world.clock.now())
    world.clock.advance(minutes=1)
    came = []
    for count, moment in enumerate([at[0], at[0], at[1]]):
        kind = "incident.resolved" if count == 1 else "incident.acknowledged"
        body = json.loads(said(kind, world.incident().uuid, number=f"{count}EV"))
        body["event"]["occurred_at"] = moment.isoformat()
        raw = json.dumps(body).encode()
        headers = {"X-PagerDuty-Signature": sign(raw)}
        came.append(world.client.post("/callback/pagerduty", data=raw, headers=headers).json["result"])
    assert came == ["overtaken", "overtaken", "acknowledged"]
    assert (world.incident().id, world.incident().status) == (number, "acknowledged")
