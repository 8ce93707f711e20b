"""One incident on paper: its whole course with dates, who was told and what came of it, and nothing to press."""

import re

import pytest

from dashboard.incident import printed
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_status_pages import Site
from tests.integration.test_ticket_pages import CLIENT, signed_in
from tests.integration.test_tickets import post, ticket
from tests.samples import alert, group

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it asks what the pages ask
HOSTILE = '<img src=x onerror=alert(1)> "{{7*7}}"'


def plain(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.fixture
def anna(world):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in()
    return browser


def test_all_of_an_incident_is_on_paper_the_oldest_first_each_line_by_itself(world, anna, monkeypatch):
    (number,) = world.alert(name=HOSTILE, service="billing")
    for one in ("b1", "b2"):
        world.post(group(alert(name=HOSTILE, fingerprint=one, service="billing")))
    world.clock.advance(days=1)
    anna.sign_in()
    anna.press(f"/incidents/{number}/notes", text=f"**seen** {HOSTILE}")
    world.acknowledges(number)
    shown = anna.get(f"/incidents/{number}").text
    assert f'href="/incidents/{number}/print"' in shown
    assert "2 more alerts" in shown  # folded there …
    page = anna.get(f"/incidents/{number}/print").text
    course = plain(page.partition('id="h-tl"')[2].partition("</section>")[0])
    assert course.count("1 more alert joined") == 2  # … and not here
    assert course.index("Opened") < course.index("Anna wrote") < course.index("Anna acknowledged after 1 d")
    told = plain(page.partition('id="h-told"')[2].partition("</section>")[0])
    assert "Sat 5 Dec, 03:12:00 Anna call" in told  # with the day, whenever it is printed
    assert "called off Sun 6 Dec, 03:12:00 somebody had acknowledged" in told
    assert re.findall(r"<(?:form|input|textarea|details)", page) == []
    assert "<img src=x" not in page
    assert "<strong>seen</strong>" in page
    for part in ("What is happening", "Alerts in this incident", "Why Emergency", "Details"):
        assert part in page
    assert "Only the newest" not in page
    monkeypatch.setattr(printed, "LINES", 3)
    assert "Only the newest 3 are printed." in anna.get(f"/incidents/{number}/print").text
    assert anna.get("/incidents/99/print").status_code == 404


def test_a_ticket_has_its_client_and_what_was_said_but_a_viewer_is_not_told_how_to_reach_them(world):
    (number,) = post(world, ticket(number="SD-1", requester=CLIENT, description="It smokes"))
    comment = {"id": "c1", "text": f"Still {HOSTILE}", "public": True, "author": "Пётр"}
    post(world, ticket("commented", number="SD-1", comment=comment))
    irina = signed_in(world)
    page = irina.get(f"/incidents/{number}/print").text
    said = plain(page.partition('id="h-client"')[2].partition("</section>")[0])
    assert CLIENT["phone"] in said
    assert said.index("It smokes") < said.index("Still &lt;img src=x")
    viewer = signed_in(world, "oleg@example.org", role="viewer").get(f"/incidents/{number}/print")
    assert (viewer.status_code, CLIENT["name"] in viewer.text) == (200, True)
    assert CLIENT["phone"] not in viewer.text
    assert CLIENT["email"] not in viewer.text


def test_what_the_world_was_told_is_printed_word_by_word(world):
    (number,) = world.alert()
    site = Site(world)
    assert "Clients informed" not in site.admin.get(f"/incidents/{number}/print").text
    site.publishes(incident=str(number))
    site.updates(1, "identified", "A disk has failed.")
    page = site.admin.get(f"/incidents/{number}/print").text
    told = plain(page.partition('id="h-notices"')[2].partition("</section>")[0])
    first, second = told.index("Investigating We are looking into it."), told.index("Identified A disk has failed.")
    assert told.index("Payments are down") < first < second
