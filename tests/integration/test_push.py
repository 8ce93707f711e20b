"""Push, from the button on a person's own page to the browser that reads it, and its end when the browser has left."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from dashboard.assets import FOR_EVER
from gateway.access.vapid import private_key
from gateway.outward import webpush
from gateway.store.db import db, transaction
from gateway.store.directory import browsers, people
from gateway.store.tables import ContactRow, Fact
from rules.reading.people import PeopleFile
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import reply
from tests.fakes.push import FakeBrowser, FakePush

FAST = """
version: 1
timezone: Europe/Moscow
urgencies:
  fast: {channels: [push], fallback: [email], acknowledge_within: 30m}
routes:
  - {name: everything, urgency: fast, policy: irina}
policies:
  irina: {steps: [{notify: ["person:irina@example.org"], wait: 1h}], repeat: 0}
"""


@pytest.fixture
def service():
    with FakePush() as fake:
        yield fake


@pytest.fixture
def world(world_of):
    made = world_of(book=FAST, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL="https://nabat.example.org")
    everybody_has_a_password()
    return made


def signed_in(world, email="irina@example.org"):
    browser = Browser(world.app)
    browser.sign_in(email)
    return browser


@pytest.fixture
def page(world):
    return signed_in(world)


def subscribe(page, subscription):
    headers = {"X-CSRF-Token": page.csrf(), "Content-Type": "application/json"}
    return page.client.post("/me/push", data=subscription, headers=headers, environ_overrides=page.environ)


def subscribed(world):
    db.session.rollback()
    return list(db.session.scalars(select(ContactRow).where(ContactRow.channel == "webpush").order_by(ContactRow.id)))


def test_from_the_button_to_the_browser(world, page, service):
    browser = service.browser()
    assert subscribe(page, browser.subscription()).status_code == 201
    world.alert()
    world.delivers()
    (_headers, said) = service.messages[0]
    number = world.incident().id
    assert said["title"] == "🟠 FAST · InstanceDown on db01"
    assert said["tag"] == f"incident-{number}"
    assert f"#{number}" in said["body"]
    assert [one["action"] for one in said["actions"]] == ["acknowledge", "open"]
    place = said["url"].removeprefix("https://nabat.example.org")
    assert Browser(world.app).post(place, do="acknowledge").status_code == 302
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Irina")
    (delivery,) = world.deliveries(channel="webpush")
    assert (delivery.status, delivery.way, delivery.provider_ref) == ("sent", "push", "127.0.0.1")


def test_the_end_is_told_too(world, page, service):
    subscribe(page, service.browser().subscription())
    world.alert()
    world.delivers()
    world.alert("resolved")
    world.delivers()
    assert [said["silent"] for _headers, said in service.messages] == [False, True]
    assert service.messages[1][1]["title"].startswith("✅")


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_has_left_is_forgotten_and_another_way_is_tried(world, page, service, status):
    subscribe(page, service.browser().subscription())
    service.then(reply(status))
    world.alert()
    world.delivers()
    push, mail = world.deliveries()
    assert (push.status, push.error) == ("failed", "this browser is no longer subscribed")
    assert (mail.channel, mail.part) == ("email", "fallback")
    (gone,) = subscribed(world)
    assert (gone.failed_at, gone.failure) == (world.clock.now(), "this browser is no longer subscribed")
    assert world.timeline()[:4] == ["opened", "delivery failed", "subscription ended", "fallback"]
    assert world.entries("subscription ended")[0].detail["name"] == "Irina"
    world.alert(name="Another", fingerprint="b2")
    assert world.deliveries(channel="webpush") == [push]
    assert subscribe(page, service.browser().subscription()).status_code == 201
    (fresh,) = subscribed(world)  # the old one goes with it
    assert fresh.failed_at is None


def test_other_failures_keep_the_subscription(world, page, service):
    subscribe(page, service.browser().subscription())
    service.then(reply(429, headers={"Retry-After": "30"}), reply(500), reply(403))
    world.alert()
    for _attempt in range(3):
        world.delivers()
        world.passes(seconds=31)
    assert [one.status for one in world.deliveries(channel="webpush")] == ["failed"]
    assert len(subscribed(world)) == 1


def test_a_subscription_is_a_secret(world, page, service):
    browser = service.browser()
    subscribe(page, browser.subscription())
    world.alert()
    world.delivers()
    (row,), (delivery,) = subscribed(world), world.deliveries()
    for kept in (row.address, delivery.address):
        assert browser.endpoint not in kept
    shown = (
        page.get("/me/phone").text + page.get("/deliveries").text + page.get(f"/incidents/{world.incident().id}").text
    )
    assert browser.endpoint not in shown
    assert json.loads(browser.subscription())["keys"]["auth"] not in shown


def test_one_browser_once_and_for_one_person(world, page, service):
    browser = service.browser()
    for more in ({}, {"expirationTime": 5}):
        assert subscribe(page, browser.subscription(**more)).status_code == 201
    assert len(subscribed(world)) == 1
    other = signed_in(world, "anna@example.org")
    assert subscribe(other, browser.subscription()).status_code == 201
    (row,) = subscribed(world)
    assert row.person_id == world.app.extensions["gateway"].roll.current(db.session()).people["anna@example.org"].id


def test_what_is_no_subscription_is_refused(world, page):
    for text in (
        "",
        "{}",
        FakeBrowser("https://10.0.0.7/1").subscription(),
        FakeBrowser("http://push.example/1").subscription(),
    ):
        answer = subscribe(page, text)
        assert answer.status_code == 422
        assert answer.json["wrong"]
    assert subscribed(world) == []


def test_there_is_an_end_to_the_number_of_browsers(world, page):
    answers = [subscribe(page, FakeBrowser(f"https://push.example/{n}").subscription()).status_code for n in range(22)]
    assert answers == [201] * 20 + [422] * 2


def test_trying_it_out(world, page, service):
    subscribe(page, service.browser().subscription())
    (row,) = subscribed(world)
    answer = page.press(f"/me/push/{row.id}/test", {"HX-Request": "true"})
    assert "Sent." in answer.text
    assert service.messages[0][1]["title"] == "🔔 Test message"
    assert service.messages[0][1]["tag"] == "test"
    assert page.press(f"/me/push/{row.id}/test").location == "/me/phone#push"
    service.then(reply(500))
    assert "Not sent: HTTP 500" in page.press(f"/me/push/{row.id}/test", {"HX-Request": "true"}).text
    for _more in range(2):
        page.press(f"/me/push/{row.id}/test")
    assert "Wait a little" in page.press(f"/me/push/{row.id}/test", {"HX-Request": "true"}).text
    assert len(service.requests) == 5
    world.clock.advance(hours=2)
    service.then(reply(410))
    assert "no longer subscribed" in page.press(f"/me/push/{row.id}/test", {"HX-Request": "true"}).text
    assert subscribed(world) == []


def test_of_two_tests_at_once_the_one_that_fails_takes_nothing_from_the_other(world, page, service):
    subscribe(page, service.browser().subscription())
    (row,) = subscribed(world)
    test, other = f"/me/push/{row.id}/test", signed_in(world)

    def fails_once_another_has_arrived(handler):
        world.clock.advance(seconds=1)
        other.press(test)
        reply(500)(handler)

    service.then(fails_once_another_has_arrived)
    assert "Not sent: HTTP 500" in page.press(test, {"HX-Request": "true"}).text
    assert len(service.requests) == 2
    assert subscribed(world)[0].tested_at == world.clock.now()
    service.then(reply(500))
    page.press(test)
    assert subscribed(world)[0].tested_at is None


def test_nobody_touches_another_person_s_browser(world, page, service):
    subscribe(page, service.browser().subscription())
    (row,) = subscribed(world)
    other = signed_in(world, "anna@example.org")
    for what in ("test", "delete"):
        assert other.press(f"/me/push/{row.id}/{what}").status_code == 404
    assert service.requests == []
    assert len(subscribed(world)) == 1
    assert page.press(f"/me/push/{row.id}/delete").status_code == 302
    assert subscribed(world) == []


def test_all_processes_have_one_key(world, page):
    vault = world.app.extensions["gateway"].vault
    with transaction() as session:
        first = private_key(session, vault, world.clock.now())
        assert private_key(session, vault, world.clock.now()) == first
        assert vault.open(browsers.keep_key(session, vault.seal("another"), world.clock.now())) == first
    kept = db.session.scalar(select(Fact.value).where(Fact.key == "vapid"))
    assert "PRIVATE" not in kept
    assert f'data-key="{webpush.public_key(first)}"' in page.get("/me/phone").text


def test_a_lost_secret_key_is_said_and_stops_nobody_else(world_of, world, page, service):
    page.get("/me/phone")  # makes the key
    subscribe(page, service.browser().subscription())
    with transaction() as session:
        session.get_one(Fact, "vapid").value = "sealed with another key"
    world.alert()
    world.delivers()
    assert world.deliveries(channel="webpush")[0].status in ("queued", "logged", "failed")
    assert world.deliveries(channel="email") != []
    assert page.get("/me/phone").status_code == 200


def test_a_file_of_people_does_not_take_browsers_away(world, page, service):
    subscribe(page, service.browser().subscription())
    vault = world.app.extensions["gateway"].vault
    exported = people.export_people(db.session(), vault)
    bare = PeopleFile(tuple(_without_push(person) for person in exported.people), exported.teams, exported.schedules)
    for listed in (bare, exported):
        with transaction() as session:
            done = people.import_people(session, listed, vault, world.clock.now())
        assert (done.added, done.changed) == (0, 0)
        assert len(subscribed(world)) == 1


def _without_push(person):
    return replace(person, contacts=tuple(one for one in person.contacts if one.channel != "webpush"))


def test_the_worker_and_the_manifest_are_at_the_root(world):
    stranger = Browser(world.app)
    worker, manifest = stranger.get("/sw.js"), stranger.get("/manifest.webmanifest")
    assert worker.mimetype == "text/javascript"
    assert "worker-src 'self'" in worker.headers["Content-Security-Policy"]
    assert manifest.mimetype == "application/manifest+json"
    said = manifest.json or json.loads(manifest.text)
    assert (said["display"], said["start_url"]) == ("standalone", "/incidents?view=mine")
    sizes = {(one["sizes"], one["purpose"]) for one in said["icons"]}
    assert {("192x192", "any"), ("512x512", "maskable")} < sizes
    assert {stranger.get(one["src"]).mimetype for one in said["icons"]} == {"image/svg+xml", "image/png"}
    assert {one["url"] for one in said["shortcuts"]} >= {"/incidents", "/me/phone"}
    kept = json.loads(worker.text.partition(";\n")[0].removeprefix("self.NABAT="))
    assert any(one.startswith("/static/page.js?v=") for one in kept["files"])
    assert {stranger.get(one).headers["Cache-Control"] for one in kept["files"]} == {FOR_EVER}
    assert "anna" not in stranger.get("/offline").text.lower()
    assert 'rel="manifest"' in stranger.get("/login").text


def test_a_viewer_is_never_told_and_has_no_card(world):
    world.people("people: [{email: vera@example.org, name: Vera, role: viewer}]")
    everybody_has_a_password()
    viewer = signed_in(world, "vera@example.org")
    assert 'id="push"' not in viewer.get("/me/phone").text
    assert subscribe(viewer, FakeBrowser("https://push.example/1").subscription()).status_code == 403
