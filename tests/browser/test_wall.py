"""The wallboard in a browser: it turns its pages, says when it is not live, goes on, and ends when it is revoked."""

import re

import pytest
from sqlalchemy import update

from gateway.store.db import transaction
from gateway.store.senders import sources
from gateway.store.tables import Token

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
FRAME = "getComputedStyle(document.body).borderTopColor"
SIZE = "parseFloat(getComputedStyle(document.body).fontSize)"


def test_a_screen_turns_says_when_it_is_not_live_goes_on_and_ends_when_revoked(world, site, chromium):
    world.alert(name="Disk full", service="billing")
    with transaction() as session:
        token = sources.create_api_token(session, "office", ["wall"], world.clock.now())
    context = chromium.new_context(
        base_url=site, viewport={"width": 1280, "height": 720}, locale="en-GB", service_workers="block"
    )
    page = context.new_page()
    page.clock.install()  # the browser's own time is in our hand
    page.goto(f"/wall?k={token}")
    assert page.url == f"{site}/wall"
    assert page.evaluate(SIZE) >= 28
    calm = page.evaluate(FRAME)
    expect(page.locator("#w-now")).to_contain_text("Disk full")
    expect(page.locator(".w-hot")).to_be_hidden()  # its tile says so
    page.clock.fast_forward(20_000)
    expect(page.locator("#w-services")).to_be_visible()
    expect(page.locator("#w-now")).to_be_hidden()
    expect(page.locator(".w-hot")).to_contain_text("1 emergency is open, unanswered for")
    expect(page.locator("#w-place")).to_have_text("2 / 5")
    page.route("**/wall/live?*", lambda route: route.fulfill(status=204))  # a proxy's answer, not ours
    page.clock.fast_forward(11_000)
    expect(page.locator("#w-dead")).to_contain_text("NOT LIVE")
    assert page.evaluate(FRAME) != calm
    page.unroute("**/wall/live?*")
    world.alert(name="Second", fingerprint="s", service="crm")
    page.clock.fast_forward(3_000)
    expect(page.locator("#w-dead")).to_be_hidden()
    expect(page.locator("#w-services")).to_contain_text("crm")  # the page that was shown stays
    expect(page.locator("#w-age")).to_have_text(re.compile("^data [0-4] s old$"))
    assert page.evaluate(FRAME) == calm
    with transaction() as session:
        session.execute(update(Token).values(revoked_at=world.clock.now()))
    page.clock.fast_forward(3_000)
    expect(page.locator("h1")).to_have_text("This screen no longer has access")
    context.close()
