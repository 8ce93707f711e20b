"""Without a network: the saved list with its time, an acknowledgement that waits, and what a sign-out leaves behind."""

import threading
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from gateway.store.db import db
from tests.browsing import PASSWORD, everybody_has_a_password
from tests.integration.test_when_to_tell import BACK, Sender

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

KEPT = """async (place) => {
  await navigator.serviceWorker.ready;
  for (let n = 0; n < 200; n += 1) {
    if (navigator.serviceWorker.controller && await caches.match(place)) return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
}"""


@contextmanager
def serving(app, port=0):
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def context(chromium):
    made = chromium.new_context(locale="en-GB")
    made.set_default_timeout(20_000)
    yield made
    made.close()


def signs_in(page, root):
    """Anna, and the list is kept for when there is no network."""
    page.goto(f"{root}/login")
    page.fill("#username", "anna@example.org")
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/incidents")
    assert page.evaluate(KEPT, "/incidents")


def test_the_saved_list_and_an_acknowledgement_that_waits(world, context):
    everybody_has_a_password()
    (number,) = world.alert()
    page = context.new_page()
    with serving(world.app) as port:
        root = f"http://127.0.0.1:{port}"
        signs_in(page, root)
        assert page.evaluate(KEPT, "/offline")
        page.goto(f"{root}/me")  # never kept
    page.goto(f"{root}/incidents")
    expect(page.locator("#saved")).to_contain_text("Saved copy from ")
    expect(page.locator(f"#row-{number}")).to_be_visible()
    page.click(f"#row-{number} [data-do=acknowledge]")
    expect(page.locator("#unsent")).to_contain_text(f"NOT SENT YET: your acknowledgement #{number}")
    expect(page.locator(f"#row-{number} .st")).to_have_text("Open")
    db.session.rollback()
    assert world.incident().status == "triggered"
    page.goto(f"{root}/me")
    expect(page.locator("h1")).to_have_text("No connection")
    expect(page.locator("#unsent")).to_contain_text("NOT SENT YET")
    with serving(world.app, port):
        page.goto(f"{root}/incidents")
        expect(page.locator("#unsent")).to_contain_text(f"Your acknowledgement #{number} has been sent.")
        expect(page.locator(f"#row-{number} .st")).to_have_text("Acknowledged")
        expect(page.locator("#saved")).to_be_hidden()
        db.session.rollback()
        assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Anna")
        page.goto(f"{root}/me")
        page.click("main form[action='/logout'] button")
        expect(page.locator("h1")).to_have_text("Sign in")
        assert page.evaluate("caches.match('/incidents').then((found) => !found)")


def test_an_acknowledgement_that_waits_is_not_for_what_has_come_back(staffed_of, context):
    world = staffed_of(BACK)
    everybody_has_a_password()
    sender = Sender(world)
    (number,) = sender.fires()
    page = context.new_page()
    with serving(world.app) as port:
        root = f"http://127.0.0.1:{port}"
        signs_in(page, root)
    page.goto(f"{root}/incidents")
    expect(page.locator("#saved")).to_contain_text("Saved copy from ")
    world.clock.advance(minutes=10)
    sender.clears()
    world.clock.advance(minutes=10)
    assert sender.fires() == [number]
    world.clock.advance(minutes=1)
    page.click(f"#row-{number} [data-do=acknowledge]")  # on the copy, which knows nothing of it
    expect(page.locator("#unsent")).to_contain_text("NOT SENT YET")
    with serving(world.app, port):
        page.goto(f"{root}/incidents")
        expect(page.locator("#unsent")).to_contain_text(f"Your acknowledgement #{number} was NOT taken: it has")
        db.session.rollback()
        assert world.incident().status == "triggered"


def test_what_another_site_asks_for_travels_as_it_is_though_the_service_worker_fetches_it(world, context):
    """Who chooses a part of a page must not learn from its size what else stands in it (dashboard/packing.py)."""
    everybody_has_a_password()
    world.alert()
    seen = []

    def watched(environ, start_response):
        def started(status, headers, *more):
            if environ["PATH_INFO"] == "/incidents":
                seen.append((environ.get("HTTP_SEC_FETCH_SITE"), dict(headers).get("Content-Encoding")))
            return start_response(status, headers, *more)

        return world.app(environ, started)

    page = context.new_page()
    with serving(watched) as port:
        signs_in(page, f"http://127.0.0.1:{port}")
        seen.clear()
        page.reload()
        assert page.evaluate("Boolean(navigator.serviceWorker.controller)")
        page.goto(f"http://localhost:{port}/login")  # to a browser another site
        page.evaluate("place => { location = place; }", f"http://127.0.0.1:{port}/incidents?q=guess")
        expect(page.locator("#f-q")).to_have_value("guess")
        context.close()
    assert seen[0] == ("same-origin", "gzip")
    assert seen[-1] == ("cross-site", None)
