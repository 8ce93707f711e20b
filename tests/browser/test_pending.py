"""An act without an answer, in a real browser: it waits in words, is then called not confirmed, and can be repeated."""

import re
import threading

import pytest

from gateway.store.db import db
from tests.browser.conftest import STILL
from tests.browsing import PASSWORD

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


# What stands beside the button, one after the other: a slow machine may look too late for the first of it.
SAID = """document.body.dataset.said = ""; new MutationObserver(() => {
  for (const one of document.querySelectorAll("#list .pending")) document.body.dataset.said += one.textContent + "|";
}).observe(document.body, { childList: true, subtree: true, characterData: true })"""


class Held:
    """A server that keeps the answer of one act to itself until it is let go."""

    def __init__(self, app):
        self.app, self.inside, self.go, self.which = app, threading.Event(), threading.Event(), ""
        self.lost = self.late = False  # on the way there, or back when it is done, a proxy has given it up

    def __call__(self, environ, start):
        if environ["REQUEST_METHOD"] == "POST" and self.which and environ["PATH_INFO"].endswith(self.which):
            self.inside.set()
            self.go.wait(30)
            if self.late:
                list(self.app(environ, lambda *_: None))
            elif self.lost:  # a body that nobody reads makes the answer a reset
                environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if self.lost or self.late:
                start("502 Bad Gateway", [("Content-Type", "text/html")])
                return [b"<h1>Bad Gateway</h1>"]
        return self.app(environ, start)


@pytest.fixture
def held(world):
    made = Held(world.app.wsgi_app)
    world.app.wsgi_app = made
    yield made
    made.go.set()


@pytest.fixture
def page(chromium, site):
    """Htmx itself complains of a request that is given up; so this one is not listened to."""
    context = chromium.new_context(base_url=site, locale="en-GB", service_workers="block", **STILL)
    page = context.new_page()
    page.clock.install()
    page.goto("/login")
    page.fill("#username", "anna@example.org")
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/incidents")
    yield page
    context.close()


def test_without_an_answer_nothing_is_said_to_be_done(world, held, page):
    first, second = world.alert() + world.alert(name="Second", fingerprint="s")
    page.reload()
    row = page.locator(f"#row-{first}")
    held.which = "/acknowledge"
    page.evaluate(SAID)
    row.locator("[data-do=acknowledge]").click()
    assert held.inside.wait(20)
    expect(row.locator("[data-do=acknowledge] .busy")).to_be_visible()
    assert row.evaluate("(one) => getComputedStyle(one).opacity") == "0.7"
    expect(row.locator(".st")).to_have_text("Open")
    page.clock.fast_forward(3_000)
    expect(page.locator("body")).to_have_attribute("data-said", re.compile(r"[2-9] s\|"))
    page.clock.fast_forward(8_000)
    expect(row.locator(".unsure")).to_contain_text("Not confirmed. Escalation goes on.")
    expect(row.locator("[data-do=acknowledge]")).to_be_focused()
    held.which = ""
    row.get_by_role("button", name="Try again").click()
    expect(row.locator(".st")).to_have_text("Acknowledged")
    expect(page.locator(".pending")).to_have_count(0)
    held.go.set()  # the first comes late, and changes nothing
    db.session.rollback()
    assert world.timeline().count("acknowledged") == 1

    # what ends no ladder says nothing about one; an answer that comes late is an answer
    page.goto(f"/incidents/{second}")
    held.inside.clear(), held.go.clear()
    held.which = "/notes"
    page.fill("#note-text", "seen")
    page.locator("#note button").click()
    assert held.inside.wait(20)
    page.clock.fast_forward(11_000)
    doubt = page.locator("#note .unsure")
    expect(doubt).to_contain_text("Not confirmed.")
    expect(doubt).not_to_contain_text("Escalation")
    expect(doubt.get_by_role("button")).to_be_focused()
    held.go.set()
    expect(page.locator("#timeline")).to_contain_text("seen")
    expect(page.locator(".pending")).to_have_count(0)

    # what a proxy says in its place is no answer: the doubt stays, and so does the way to try again
    held.inside.clear(), held.go.clear()
    held.lost = True
    page.fill("#note-text", "once more")
    page.locator("#note button").click()
    assert held.inside.wait(20)
    page.clock.fast_forward(11_000)
    expect(doubt).to_contain_text("Not confirmed.")
    with page.expect_response("**/notes"):
        held.go.set()
    expect(page.locator("#note button").first).to_be_enabled()
    expect(doubt).to_contain_text("Not confirmed.")
    held.which = ""
    doubt.get_by_role("button").click()
    expect(page.locator("#timeline")).to_contain_text("once more")
    expect(page.locator(".pending")).to_have_count(0)

    # at once, and after it was done: nobody says that nothing was changed, and to try again adds nothing
    held.which, held.late = "/notes", True
    page.fill("#note-text", "done and lost")
    page.locator("#note button").click()
    expect(page.locator("#flash-err")).to_contain_text("whether it was done is not known")
    expect(page.locator("#note-text")).to_have_value("done and lost")
    held.which = ""
    for text in ("done and lost", "the next one"):
        page.fill("#note-text", text)
        page.locator("#note button").click()
        expect(page.locator("#timeline")).to_contain_text(text)
        expect(page.locator("#note-text")).to_have_value("")
    db.session.rollback()
    notes = [one.detail["text"] for one in world.entries("note")]
    assert (notes.count("done and lost"), notes.count("the next one")) == (1, 1)
