"""Push in a real Chromium: the card, the service worker, what it shows, and what a tap on it does.

Chromium subscribes only at its maker's service, so the subscription is a stand-in here, and what our push service was
sent is handed to the browser by its own developer tools. The rest is as it is in life.
"""

import json
import re
from datetime import timedelta

import pytest

from gateway.access import links
from gateway.actions import Actor
from gateway.acts import silencing
from gateway.store.db import db, transaction
from gateway.store.tables import SilenceRow
from gateway.store.types import micros
from rules.words import Suppressor
from tests.conftest import KEY
from tests.fakes.push import FakePush
from tests.integration.test_push import FAST, subscribed

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

STAND_IN = """
(() => {
  const said = %s, key = "subscribed";
  const made = (options) => ({ endpoint: said.endpoint, options, toJSON: () => said,
    unsubscribe: async () => { localStorage.removeItem(key); return true; } });
  PushManager.prototype.subscribe = async (options) => { localStorage.setItem(key, "1"); return made(options); };
  PushManager.prototype.getSubscription = async () => localStorage.getItem(key)
    ? made({ applicationServerKey: null }) : null;
})();
"""
# What is asked for while it is about to be shown, Chromium forgets: nobody asks before it is.
COUNTING = """() => {
  const show = self.registration.showNotification.bind(self.registration);
  self.seen = 0;
  self.registration.showNotification = async (...said) => { await show(...said); self.seen += 1; };
}"""


@pytest.fixture
def chromium(whole_chromium):
    """Only this one knows push."""
    return whole_chromium


@pytest.fixture
def service():
    with FakePush() as fake:
        yield fake


@pytest.fixture
def world(world_of):
    return world_of(book=FAST, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1")


@pytest.fixture
def page(signed_in):
    return signed_in("irina@example.org", permissions=["notifications"], service_workers="allow")


@pytest.fixture
def browser(service, page):
    """Its stand-in subscription is at our push service."""
    made = service.browser()
    page.add_init_script(STAND_IN % made.subscription())
    return made


def switched_on(page):
    page.goto("/me/phone")
    page.click("#push-on")
    expect(page.locator("#push-state")).to_have_text("This browser is told by push.")


class Worker:
    """Our service worker in this browser, as developer tools see it."""

    def __init__(self, page, site):
        self.page, self.site = page, site
        self.tools, versions = page.context.new_cdp_session(page), []
        self.tools.on("ServiceWorker.workerVersionUpdated", lambda told: versions.extend(told["versions"]))
        self.tools.send("ServiceWorker.enable")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        while not (ours := [one for one in versions if one["status"] == "activated"]):
            page.wait_for_timeout(20)
        self.registration = ours[-1]["registrationId"]
        (self.inside,) = page.context.service_workers
        self.inside.evaluate(COUNTING)
        self.shown(0)  # asked for the first time, Chromium forgets what is just about to be shown

    def push(self, data):
        order = {"origin": self.site, "registrationId": self.registration, "data": data}
        before = self.inside.evaluate("self.seen")
        for _try in range(10):  # a worker that is active but not yet written down is not found: nothing is delivered
            self.tools.send("ServiceWorker.deliverPushMessage", order)
            for _look in range(80):
                if self.inside.evaluate("self.seen") > before:
                    return
                self.page.wait_for_timeout(25)
        raise AssertionError("the push did not arrive")

    def shown(self, count=1):
        look = """navigator.serviceWorker.ready
            .then((worker) => worker.getNotifications()).then((all) => all.map((one) => ({
            title: one.title, body: one.body, tag: one.tag, lang: one.lang, silent: one.silent, data: one.data,
            stays: one.requireInteraction, actions: one.actions.map((action) => action.action)})))"""
        for _try in range(200):
            found = self.page.evaluate(look)
            if len(found) == count:
                return found
            self.page.wait_for_timeout(25)
        raise AssertionError(found)

    def tap(self, action=""):
        """As a finger on the notification would; returns what it opened."""
        return self.inside.evaluate(
            """async (action) => {
                self.opened = "";
                self.clients.openWindow = async (place) => { self.opened = place; };
                const [one] = await self.registration.getNotifications();
                const tapped = new NotificationEvent("notificationclick", { notification: one, action });
                const work = [];
                tapped.waitUntil = (promise) => work.push(promise);
                self.dispatchEvent(tapped);
                await Promise.all(work);
                return self.opened;
            }""",
            action,
        )


@pytest.fixture
def worker(page, site, browser):
    switched_on(page)
    return Worker(page, site)


def pushed(world, service):
    """What the browser of an incident's responder is sent."""
    world.alert()
    world.delivers()
    return service.messages[-1][1]


def test_the_card_subscribes_tests_and_removes(world, page, service, browser, site):
    page.goto("/me/phone")
    expect(page.locator("#push-state")).to_have_text("This browser is not told by push yet.")
    page.click("#push-on")
    expect(page.locator("#push-state")).to_have_text("This browser is told by push.")
    expect(page.locator("#push-on")).to_be_hidden()
    expect(page.locator("#push .here")).to_be_visible()
    assert len(subscribed(world)) == 1
    page.click("#push .push form:has-text('Test') button")
    expect(page.locator("#push .banner")).to_have_text("Sent. It should be on your screen by now.")
    assert service.messages[0][1]["title"] == "🔔 Test message"
    expect(page.locator("#push-seen")).to_be_hidden()  # not before it is on the screen
    expect(page.locator("#push .push")).to_contain_text("not confirmed yet")
    Worker(page, site).push(json.dumps(service.messages[0][1]))
    expect(page.locator("#push-seen")).to_have_text(re.compile(r"Seen on this device after \d+\.\d s\."))
    expect(page.locator("#push .push")).not_to_contain_text("not confirmed yet")  # nobody need be asked
    page.reload()
    expect(page.locator("#push-state")).to_have_text("This browser is told by push.")
    page.click("#push .push form:has-text('Remove') button")
    expect(page.locator("#push .banner")).to_have_text("Removed: that browser is told nothing any more.")
    expect(page.locator("#push-on")).to_be_visible()
    assert subscribed(world) == []
    assert page.evaluate("localStorage.getItem('subscribed')") is None


def test_without_javascript_there_is_no_card(world, signed_in):
    page = signed_in(java_script_enabled=False)
    page.goto("/me/phone")
    expect(page.locator("#push")).to_be_hidden()


def test_blocked_notifications_are_said(world, signed_in, service):
    page = signed_in("irina@example.org", permissions=[], service_workers="allow")
    page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    page.goto("/me/phone")
    expect(page.locator("#push-state")).to_contain_text("Notifications are blocked for this site.")
    expect(page.locator("#push-on")).to_be_hidden()


def test_what_is_pushed_is_shown(world, service, worker):
    said = pushed(world, service)
    worker.push(json.dumps(said, ensure_ascii=False))
    (shown,) = worker.shown()
    assert (shown["title"], shown["body"], shown["tag"]) == (said["title"], said["body"], said["tag"])
    assert shown["title"].startswith("🟠 FAST")
    assert (shown["actions"], shown["lang"], shown["silent"]) == (["acknowledge", "open"], "en", False)


def test_of_one_incident_there_is_one_notification(world, service, worker):
    worker.push(json.dumps(pushed(world, service)))
    worker.shown()
    world.alert("resolved")
    world.delivers()
    worker.push(json.dumps(service.messages[-1][1]))
    worker.page.wait_for_timeout(300)
    (shown,) = worker.shown()
    assert (shown["title"][:1], shown["silent"]) == ("✅", True)


def test_a_tap_on_acknowledge_answers(world, service, worker):
    said = pushed(world, service)
    worker.push(json.dumps(said))
    worker.shown()
    assert worker.tap("acknowledge") == ""
    (shown,) = worker.shown()
    assert (shown["title"], shown["body"], shown["tag"]) == ("✓ Acknowledged", said["title"], said["tag"])
    db.session.rollback()
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Irina")


def test_a_tap_makes_a_silence_an_hour_longer(world, worker):
    now = world.clock.now()
    wanted = silencing.silence(['alertname="Disk"'], now, now + timedelta(hours=1), "new disks")
    with transaction() as session:
        irina = Actor("Irina", "dashboard", account="irina@example.org")
        number = silencing.add(session, Suppressor.SILENCE, wanted, irina, now).id
        ends = micros(now + timedelta(hours=1))
    said = {"title": "Silence ends soon", "url": f"/s/{number}/{links.make_longer(KEY, number, ends)}", "tag": "s"}
    for _ in range(2):  # the second changes nothing
        worker.push(json.dumps(said | {"done": "An hour longer"}))
        worker.shown()
        assert worker.tap("extend") == ""
        (shown,) = worker.shown()
        assert shown["title"] == "✓ An hour longer"
        db.session.rollback()
        assert db.session.get(SilenceRow, number).ends_at == now + timedelta(hours=2)


def test_a_tap_opens_the_pocket_page(world, service, worker, site):
    said = pushed(world, service)
    worker.push(json.dumps(said))
    worker.shown()
    place = worker.tap()
    assert place.startswith("/p/")
    assert said["url"].endswith(place)
    worker.page.goto(place)
    expect(worker.page.locator("button.big")).to_contain_text("Acknowledge")
    assert world.incident().status == "triggered"


def test_an_answer_that_does_not_get_through_is_not_taken_for_one(world, service, worker):
    worker.push(json.dumps({**pushed(world, service), "url": "/healthz"}))  # answers a POST with 405
    worker.shown()
    assert worker.tap("acknowledge") == ""
    (shown,) = worker.shown()
    assert shown["body"].startswith("Your answer did not get through.")
    assert shown["stays"] is True
    assert shown["actions"] == ["acknowledge", "open"]


STRANGE = [  # what comes, the title that is shown, where a tap leads
    ("not JSON", "Nabat", "/incidents"),
    ("", "Nabat", "/incidents"),
    ("null", "Nabat", "/incidents"),
    ('{"title": "<b>x</b>", "url": "https://evil.example/p/1?a=b", "actions": 7}', "<b>x</b>", "/p/1?a=b"),
    ('{"title": "x", "url": "javascript:alert(1)"}', "x", "/incidents"),
    ('{"title": "y", "url": "//evil.example"}', "y", "/"),
]


def test_strange_pushes_are_shown_and_lead_nowhere_else(worker):
    for data, title, place in STRANGE:
        worker.push(data)
        (shown,) = worker.shown()
        assert shown["title"] == title, data
        opened = worker.tap()  # which takes it away
        assert opened == place, data
        assert "evil.example" not in opened
        worker.shown(0)
