"""Many open pages: one answer for all that ask the same within a moment; who has just acted is told what is so now."""

import gzip
import re
import weakref
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import request_started
from sqlalchemy import delete, update

from dashboard import at_once
from dashboard.shared import FOR, Shared, switch_on
from gateway.store.db import transaction
from gateway.store.tables import PersonRow, SignIn
from tests.browsing import Browser, everybody_has_a_password, token_in
from tests.doors import BridgeDoor
from tests.samples import alert, group


def poll(browser, mark, **more):
    return browser.client.get("/live", query_string={"page": "incidents", "q": "", "since": mark, **more})


def mark_of(answer):
    return re.search(r'data-mark="([^"]*)"', answer.text)[1]


def test_pages_that_ask_the_same_are_told_the_same_for_a_moment(world, anna):
    world.alert()
    switch_on(world.app)
    oleg = Browser(world.app, "192.0.2.2")
    oleg.sign_in("oleg@example.org")
    first = mark_of(anna.get("/incidents"))
    assert poll(anna, first).status_code == 204
    alerts = [alert(name=f"Problem{n}", fingerprint=f"f{n}") for n in range(25)]
    world.post(group(*alerts))
    assert poll(oleg, first).status_code == 204  # what Anna was told a moment ago
    assert poll(oleg, first, fresh="1").status_code == 200
    drawn = poll(anna, first)  # Oleg's list, in which is nobody's token: scripts bring their page's own
    assert drawn.status_code == 200
    assert "Storm: " in drawn.text
    assert "token-" not in drawn.text
    assert 'name="csrf_token" value=""' in drawn.text
    assert token_in(drawn.text + poll(oleg, first).text) == ""
    seen = mark_of(drawn)
    assert poll(anna, seen).status_code == 204
    world.alert(name="One more", fingerprint="more")
    assert poll(anna, seen).status_code == 204
    world.clock.advance(milliseconds=651)  # with the 1.7 seconds between questions below the 2.5 promised
    assert poll(anna, seen).status_code == 200
    with transaction() as session:  # who may less is drawn another list
        session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(role="viewer"))
    assert "Acknowledge all" in drawn.text
    assert "Acknowledge all" not in poll(oleg, seen).text


@pytest.fixture
def bridge(world):
    everybody_has_a_password()
    at_once.switch_on(world.app, switch_on(world.app))
    made = BridgeDoor(world.app)
    yield made
    made.close()


class Page:
    """An open list: asks the web server, and says whether that took a page to answer."""

    def __init__(self, bridge, browser, **headers):
        cookies = "; ".join(f"{one.key}={one.value}" for one in browser.client._cookies.values())
        self.bridge, self.headers = bridge, {"cookie": cookies, "host": "localhost", **headers}
        self.mark = mark_of(browser.get("/incidents"))

    def ask(self, **more):
        asked, drawn = {"page": "incidents", "q": "", "frozen": "0", "since": self.mark, **more}, []

        def listen(_app, **_more):
            drawn.append(1)

        with request_started.connected_to(listen, self.bridge.bridge.app):
            told = self.bridge.get("/live", urlencode(asked), self.headers)
        told.at_once = not drawn
        return told


def test_who_asked_a_moment_ago_is_told_at_once_until_anything_changes(world, bridge):
    """And in the same words, with the same headers, as whoever waits for a page."""
    anna, oleg = (Browser(world.app, "127.0.0.1") for _ in range(2))
    anna.sign_in()
    oleg.sign_in("oleg@example.org")
    page, other = (
        Page(bridge, one, **{"accept-encoding": "gzip", "sec-fetch-site": "same-origin"}) for one in (anna, oleg)
    )
    first = page.ask()
    assert (first.status, first.at_once) == (204, False)
    again = page.ask()
    assert (again.status, again.at_once) == (204, True)
    assert again.headers == first.headers
    world.post(group(*(alert(name=f"Problem{n}", fingerprint=f"f{n}") for n in range(25))))
    world.clock.advance(milliseconds=651)
    drawn = page.ask()
    assert (drawn.status, drawn.at_once) == (200, False)
    again = page.ask()
    assert (again.status, again.at_once, again.body, again.headers) == (200, True, drawn.body, drawn.headers)
    assert b"Storm: " in gzip.decompress(again.body)
    assert not page.ask(fresh="1").at_once
    assert not page.ask(frozen="1").at_once
    assert not other.ask().at_once
    assert other.ask().at_once
    assert page.ask().at_once
    with transaction() as session:
        session.execute(delete(SignIn).where(SignIn.person_id == 2))
    world.clock.advance(milliseconds=651)
    assert page.ask().status == 200  # whoever comes first lets the process see that a sign-in has ended
    ended = other.ask()
    assert (ended.status, ended.at_once) == (286, False)
    assert page.ask().at_once
    world.clock.advance(seconds=5)
    assert not page.ask().at_once


def test_a_question_that_no_browser_asks_is_not_kept(world, bridge):
    """Two thousand of them, each as long as headers may be, would be all the memory that there is."""
    anna = Browser(world.app, "127.0.0.1")
    anna.sign_in()
    for more, kept in (("x" * 2_000, True), ("x" * at_once.LONGEST, False)):
        page = Page(bridge, anna, **{"x-odd": more})
        assert page.ask().status == 204
        assert page.ask().at_once is kept


class Drawn:
    """A list somebody was shown."""


def test_what_was_shared_a_moment_ago_is_let_go(world):
    kept, now = Shared(), world.clock.now()
    lists = [weakref.ref(kept.ask(number, now, Drawn, fresh=False)) for number in range(20)]
    assert all(one() is not None for one in lists)
    kept.ask("another", now + FOR + timedelta(microseconds=1), Drawn, fresh=False)
    assert all(one() is None for one in lists)


def test_a_page_with_a_part_of_its_own_is_never_told_the_list(world, bridge):
    """Though it asks at the same address, and whoever looks at the list has just been shown it."""
    anna = Browser(world.app, "127.0.0.1")
    anna.sign_in()
    listed, others = Page(bridge, anna), {name: Page(bridge, anna) for name in ("overview", "tickets", "first_run")}
    for number in range(2):
        world.alert(name=f"Problem{number}", fingerprint=f"f{number}")
        world.clock.advance(milliseconds=651)
        drawn = listed.ask()
        for name, page in others.items():
            told = page.ask(page=name)
            assert (told.status, told.at_once, told.body == drawn.body) == (200, False, False), name
    page = others["overview"]
    page.mark = mark_of(anna.get("/incidents"))
    assert page.ask(page="overview").status == 204
    again = page.ask(page="overview")
    assert (again.status, again.at_once) == (204, True)
