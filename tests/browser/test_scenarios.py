"""Scenarios that end with a press, pressed in a real browser: a verdict, closing what still fires, the desk's steps."""

import json
import re

import pytest
from sqlalchemy import select

from gateway.flows import writeback
from gateway.store.db import db
from gateway.store.tables import Delivery, Source
from tests.browser.test_push import STAND_IN, Worker, switched_on
from tests.browser.test_tickets import BOOK, PEOPLE, TICKET
from tests.fakes.http import FakeServer
from tests.fakes.push import FakePush

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ADMIN = "  - {email: irina@example.org, name: Irina, role: admin, timezone: Europe/Moscow, contacts: []}\n"
WITHIN = 2  # seconds from the ticket to the push


def test_e12_a_call_that_should_not_have_been_one(world, signed_in):
    """Three that were right, then one that was not: 3/3 becomes 3/4 where the noise is shown."""
    numbers = []
    for n in range(4):
        numbers += world.alert(name="DiskFull", fingerprint=f"f{n}", instance=f"db{n}")
        world.clock.advance(minutes=10)
        world.resolves(numbers[-1])

    def judged(some, word):
        page = signed_in()
        for number in some:
            page.goto(f"/incidents/{number}")
            expect(page.locator("#h-call")).to_have_text("Should this have been a call?")
            button = page.locator("#verdict [aria-labelledby=h-call]").get_by_role("button", name=word)
            button.click()
            expect(button).to_have_attribute("aria-pressed", "true")
        page.close()

    def shown():
        """A report is of whole days: that of the day after."""
        world.clock.advance(days=1)
        page = signed_in()
        page.goto("/reports/noise?p=7d&team=*")
        return page.locator("section[aria-labelledby=c-rules] tbody tr")

    judged(numbers[:3], "Yes")
    expect(shown()).to_have_text(re.compile("critical3/3"))
    judged(numbers[3:], "No")
    expect(shown()).to_have_text(re.compile("critical3/4"))


@pytest.mark.parametrize("muted", [True, False])
def test_e13_close_while_firing(world, signed_in, muted):
    """Asked when it is resolved. With yes what repeats pages nobody until it clears; without, it does after a while."""
    (number,) = world.alert()
    page = signed_in("oleg@example.org")
    page.goto(f"/incidents/{number}")
    page.click("#resolve-menu summary")
    expect(page.locator("#resolve")).to_contain_text("1 firing now. What goes on firing comes back in a few minutes")
    answer = "Resolve, and mute until it clears" if muted else "Resolve"
    page.locator("#resolve").get_by_role("button", name=answer, exact=True).click()
    expect(page.locator(".hero .st")).to_have_text("Resolved")
    expect(page.locator(".tl")).to_contain_text("Oleg resolved it after 0 s")
    if muted:
        expect(page.locator(".tl")).to_contain_text("Oleg muted 1 alert until it clears")
    for _ in range(3):
        world.clock.advance(minutes=10)
        world.alert()
    assert len(world.incidents()) == (1 if muted else 2)
    assert {one.incident_id for one in world.deliveries(kind="opened")} == {number} | (set() if muted else {number + 1})
    world.alert("resolved")
    world.clock.advance(minutes=10)
    world.alert(starts="2026-12-05T03:30:00Z")  # it has cleared, and fires anew
    assert len(world.incidents()) == (2 if muted else 3)


class TestD1:
    """The seed's four steps, with no page of the dispatcher open when the ticket comes."""

    pytestmark = pytest.mark.slow

    @pytest.fixture
    def chromium(self, whole_chromium):
        """Only this one knows push."""
        return whole_chromium

    @pytest.fixture
    def world(self, world_of):
        return world_of(
            book=BOOK, people=PEOPLE + ADMIN, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1",
            NABAT_PUBLIC_URL="https://nabat.example.org",
        )  # fmt: skip

    def test_d1_push_card_two_clicks_and_the_desk_hears_it_once(self, world, site, signed_in):
        with FakePush() as service, FakeServer() as desk:
            self.connected(world, signed_in, desk)
            page = signed_in("dana@example.org", permissions=["notifications"], service_workers="allow")
            page.add_init_script(STAND_IN % service.browser().subscription())
            switched_on(page)
            worker = Worker(page, site)
            page.goto("about:blank")  # no tab of ours is open
            came = world.clock.now()
            (number,) = world.post(TICKET, kind="ticket").json["incidents"]
            world.delivers()
            db.session.rollback()
            push = db.session.scalars(select(Delivery).where(Delivery.way == "push")).one()
            assert (push.finished_at - came).total_seconds() <= WITHIN  # by the same clock: it waited for no timer
            (said,) = (message for _, message in service.messages)
            assert "Почта не открывается 🔥" in said["title"] + said["body"]

            worker.push(json.dumps(said, ensure_ascii=False))
            page.goto("/tickets")
            (shown,) = worker.shown()
            assert (shown["title"], shown["body"]) == (said["title"], said["body"])
            page.goto(worker.tap())
            expect(page.locator("h1")).to_have_text("Почта не открывается 🔥")
            page.locator("#assign-to").click()
            page.locator(".desk-person", has_text="Fedor").click()
            page.wait_for_url("**/tickets?*")
            assert [one.detail["to"] for one in world.entries("assigned")] == ["Fedor"]
            for _ in range(2):
                writeback.turn(world.app.extensions["gateway"])
            (told,) = desk.requests
            assert told.json()["id"] == "SD-4711"
            assert told.json()["assignee"]["email"] == "fedor@example.org"
            assert world.incident().id == number

    def connected(self, world, signed_in, desk):
        """An administrator says where the service desk listens."""
        world.token("ticket")
        number = db.session.scalars(select(Source.id).where(Source.kind == "ticket")).one()
        page = signed_in("irina@example.org")
        page.goto(f"/sources/{number}")
        page.fill("#desk-url", f"{desk.url}/hooks/nabat")
        page.fill("#desk-bearer", "a-token-of-the-desk")
        page.locator("form[action$='/desk'] button").first.click()
        expect(page.locator("[name=keep]")).to_be_checked()  # it is kept
        page.close()
