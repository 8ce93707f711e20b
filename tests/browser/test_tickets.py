"""The dispatcher's loop in a real browser: a push comes, a tap opens the ticket, two clicks give it to somebody."""

import json

import pytest

from gateway.store.db import db
from tests.browser.test_push import STAND_IN, Worker, switched_on
from tests.fakes.push import FakePush

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BOOK = """
version: 1
timezone: Europe/Moscow
urgencies:
  fast: {channels: [push], fallback: [email], acknowledge_within: 30m}
routes:
  - {name: tickets, match: ['kind="ticket"'], urgency: fast, policy: desk}
  - {name: everything, urgency: fast, policy: desk}
policies:
  desk: {steps: [{notify: ["person:dana@example.org"], wait: 1h}], repeat: 0}
"""
PEOPLE = """
people:
  - {email: dana@example.org, name: Dana, role: dispatcher, timezone: Europe/Moscow, contacts: []}
  - {email: fedor@example.org, name: Fedor, role: responder, timezone: Europe/Moscow, contacts: []}
"""
TICKET = {
    "event": "ticket.created", "id": "SD-4711", "subject": "Почта не открывается 🔥", "priority": "high",
    "site": "kazan", "service": "mail", "url": "https://sd/4711",
    "requester": {"name": "Пётр", "email": "p@client.example", "phone": "+70000000001", "lang": "ru"},
}  # fmt: skip


@pytest.fixture
def chromium(whole_chromium):
    """Only this one knows push."""
    return whole_chromium


@pytest.fixture
def world(world_of):
    return world_of(
        book=BOOK, people=PEOPLE, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL="https://nabat.example.org"
    )  # fmt: skip


def test_d1_the_seeds_four_steps(world, site, signed_in):
    """What the service desk is told of it: tests/integration/test_writeback.py."""
    with FakePush() as service:
        page = signed_in("dana@example.org", permissions=["notifications"], service_workers="allow")
        page.add_init_script(STAND_IN % service.browser().subscription())
        switched_on(page)
        worker = Worker(page, site)
        assert world.post(TICKET, kind="ticket").status_code == 202
        world.delivers()
        said = service.messages[-1][1]
        assert "Почта не открывается 🔥" in said["title"] + said["body"]
        worker.push(json.dumps(said, ensure_ascii=False))
        worker.shown()
        place = worker.tap()
    assert place == "/tickets/SD-4711?source=ticket"
    page.goto(place)
    expect(page.locator("h1")).to_have_text("Почта не открывается 🔥")
    expect(page.locator("#assign-to")).to_be_focused()
    fedor = signed_in("fedor@example.org")
    fedor.goto(place)
    expect(fedor.locator("#looking")).to_have_text("Dana is looking")
    fedor.keyboard.press("r")
    expect(fedor.locator("#note-text")).to_be_focused()
    fedor.keyboard.type("half a note")
    page.bring_to_front()
    page.keyboard.press("i")
    expect(page.locator(".desk-person").first).to_be_focused()
    page.click(".desk-person:has-text('Fedor')")
    page.wait_for_url("**/tickets?*")
    expect(fedor.locator(".clock")).to_contain_text("Fedor", timeout=15_000)  # seen without a reload
    expect(fedor.locator("#note-text")).to_have_value("half a note")
    fedor.close()
    expect(page.locator(".empty h2")).to_have_text("Every ticket is in somebody's hands")
    page.click(".tabs a:has-text('All open')")
    expect(page.locator("#list tbody tr")).to_contain_text("Fedor")
    db.session.rollback()
    assert [one.detail["to"] for one in world.entries("assigned")] == ["Fedor"]
    world.post(TICKET | {"id": "SD-4712", "priority": "critical"}, kind="ticket")  # seen without a reload
    expect(page.locator("#list tbody tr")).to_have_count(2, timeout=15_000)
    page.keyboard.press("j")
    page.keyboard.press("i")
    page.wait_for_url("**#assign-to")
    expect(page.locator("#assign-to")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("take it yourself")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.wait_for_load_state()
    expect(page.locator(".clock")).to_contain_text("Dana")
