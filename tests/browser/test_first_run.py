"""A new user with a browser: from the set-up link on an empty database to a test alert that they have acknowledged."""

import re

import pytest

from gateway.access import auth
from gateway.demo.fill import BOOK
from gateway.store.db import db, transaction
from tests.browsing import PASSWORD
from tests.samples import webhook

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHIPPED = BOOK.parent / "book" / "book.yaml"  # of a fresh install


@pytest.fixture
def world(staffed_of):
    return staffed_of(SHIPPED.read_text(), people="")


def mail(providers, about):
    """The newest one about this: those of one round leave in any order."""
    (*_, found) = (one for one in providers.mail.mails if about in one["Subject"])
    return found.get_body(("plain",)).get_content()


def test_from_the_set_up_link_to_an_acknowledged_test_alert(world, providers, open_page):
    """Nothing is known here but the link: all else stands on the pages, or in the mails that they send for."""
    with transaction() as session:
        link = auth.new_setup_link(session, world.clock.now())
    page = open_page(timezone_id="Europe/Berlin")
    steps = page.locator(".setupstep")

    page.goto(f"/setup?token={link}")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(steps.nth(0)).to_contain_text("done")

    expect(page.locator("#timezone")).to_have_value("Europe/Berlin")
    steps.nth(1).get_by_role("button", name="Save").click()
    expect(steps.nth(1)).to_contain_text("done")

    page.get_by_role("link", name="Connect a source").click()
    page.get_by_label("Name").fill("prometheus")
    page.get_by_role("button", name="Add source").click()
    told = page.locator("pre", has_text="webhook_configs").text_content()
    token, place = re.search(r"credentials: ([\w-]+)", told)[1], re.search(r"url: \S*(/ingest/\S+)", told)[1]
    heard = world.client.post(place, json=webhook(), headers={"Authorization": f"Bearer {token}"})
    assert heard.status_code == 202
    expect(page.locator("#listen")).to_contain_text("Heard it.")
    page.get_by_role("link", name="Back to the first steps").click()
    expect(steps.nth(2)).to_contain_text("Heard from prometheus.")

    steps.nth(3).get_by_role("button", name="Test").click()
    assert "It works" in mail(providers, "Test message")
    page.get_by_role("button", name="Yes, it is there").click()
    expect(steps.nth(3)).to_contain_text("done")

    steps.nth(4).get_by_role("button", name="Put on call").click()
    expect(steps.nth(4)).to_contain_text("done")

    page.get_by_role("button", name="Send a test alert").click()
    end = page.locator("#ending")
    expect(end).to_contain_text("Nobody has been told yet.")
    db.session.rollback()
    world.clock.advance(seconds=3)
    world.delivers()  # as the worker does
    expect(end).to_contain_text("Accepted by the provider 3.0 s after the alert. Did it arrive?")
    pocket = re.search(r"https://nabat\.example\.org(/p/\S+)", mail(providers, "Test alert"))[1]
    letter = page.context.new_page()
    letter.goto(pocket)
    letter.locator("button[value=acknowledge]").first.click()
    expect(end).to_contain_text("Acknowledged in the message itself, 3.0 s after the alert: it works from end to end.")
    assert world.incidents()[-1].ack_by == "Ada"
    page.get_by_role("button", name="Done: go to the incidents").click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(page.get_by_text("Back to the first steps")).to_have_count(0)
