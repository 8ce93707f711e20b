"""Pages that are live as the list is: one ticket, the deliveries, who is on call now. They change by themselves."""

import re
from datetime import timedelta

from gateway.actions import Actor
from gateway.flows import duties
from gateway.store.db import transaction
from tests.browsing import Browser
from tests.integration.test_ticket_pages import signed_in
from tests.integration.test_tickets import post, ticket


def mark_in(page):
    return re.search(r'data-mark="([^"]*)"', page)[1]


def asked(page):
    """What the page's own script would ask, but for the mark."""
    live = re.search(r'<div id="live"[^>]*>', page)[0]
    names = {name: re.search(rf'data-{name}="([^"]*)"', live)[1].replace("&amp;", "&") for name in ("page", "ask")}
    return {"page": names["page"], "q": names["ask"]}


class Open:
    """A page that somebody has open."""

    def __init__(self, browser, path):
        self.browser, page = browser, browser.get(path)
        assert page.status_code == 200
        assert 'id="outdated"' in page.text  # says so when it is not live
        self.asks, self.mark = asked(page.text), mark_in(page.text)
        path, _, query = path.partition("?")
        self.asks["q"] = "&".join(one for one in (self.asks["q"], query) if one)

    def polls(self, **more):
        answer = self.browser.client.get("/live", query_string={**self.asks, "since": self.mark, **more})
        if answer.status_code == 200:
            self.mark = mark_in(answer.text)
        return answer

    def is_quiet(self):
        answer = self.polls()
        return answer.status_code == 204 and "X-Now" in answer.headers


def test_a_tickets_page_is_live(world):
    (number,) = post(world, ticket(number="SD/1 a"))
    irina, anna = signed_in(world), signed_in(world, "anna@example.org")
    page = Open(irina, "/tickets/SD%2F1%20a?source=ticket")
    assert page.is_quiet()
    world.alert(name="Another")  # is none of its business
    assert page.is_quiet()
    anna.press(f"/incidents/{number}/assign")
    taken = page.polls()
    assert taken.status_code == 200
    assert '<div id="ticket"' in taken.text
    assert "<dd>Anna</dd>" in taken.text
    assert 'name="back" value="/tickets/SD/1%20a?source=ticket"' in taken.text
    assert "<html" not in taken.text
    assert page.is_quiet()
    post(world, {"event": "commented", "id": "SD/1 a", "comment": {"author": "P", "text": "hello?", "public": True}})
    held = page.polls(frozen=1)
    assert (held.status_code, held.headers["X-Waiting"]) == (204, "1")
    assert "hello?" in page.polls().text
    world.clock.advance(minutes=1)
    post(world, ticket("solved", number="SD/1 a"))
    assert "Resolved" in page.polls().text
    world.clock.advance(minutes=10)
    post(world, ticket("reopened", number="SD/1 a"))  # under another number: the open page begins afresh
    page.mark = "old"
    assert page.polls().headers["HX-Refresh"] == "true"
    gone = irina.client.get("/live", query_string={"page": "ticket", "q": "n=9&key=nothing", "since": "old"})
    assert gone.status_code == 286
    for hostile in ("/tickets/%00", "/tickets/x?source=%00"):
        assert irina.get(hostile).status_code == 404
    assert irina.get("/live?page=ticket&since=1&q=n%3D1%26key%3D%2500").status_code == 286
    signed_out = Browser(world.app).client.get("/live", query_string={**page.asks, "since": "1"})
    assert "/login?next=/tickets/SD/1%2520a?source%3Dticket" in signed_out.text


def test_what_was_over_a_month_ago_is_no_longer_asked_about(world):
    """286: htmx stops asking; what the page shows stays."""
    (number,) = post(world, ticket(number="SD-1"))
    (other,) = world.alert()
    world.clock.advance(days=60)  # open for as long as it may be
    for one in (number, other):
        world.resolves(one)
    world.clock.advance(days=30)
    irina = signed_in(world)
    pages = Open(irina, "/tickets/SD-1"), Open(irina, f"/incidents/{other}")
    assert [page.polls().status_code for page in pages] == [204, 204]
    world.clock.advance(seconds=1)
    told = [page.polls() for page in pages]
    assert [(one.status_code, one.data, one.headers["HX-Reswap"]) for one in told] == [(286, b"", "none")] * 2
    page = irina.get(f"/incidents/{other}")
    assert page.status_code == 200
    assert 'id="note"' in page.text  # what is learned late can still be written down


def test_deliveries_and_who_is_on_call_are_live(world):
    irina = signed_in(world)
    sent, duty = Open(irina, "/deliveries?way=voice"), Open(irina, "/oncall?span=day")
    assert sent.is_quiet()
    assert duty.is_quiet()
    world.alert(name="Disk full")
    told = sent.polls()
    assert "Disk full" in told.text
    assert '<div id="list"' in told.text
    assert sent.is_quiet()
    world.delivers()
    assert sent.polls().status_code == 200
    assert sent.is_quiet()
    assert duty.is_quiet()  # an incident changes nobody's shift
    now = world.clock.now()
    with transaction() as session:
        wanted = duties.Asked("infra", "irina@example.org", now, now + timedelta(hours=2), "dentist")
        duties.add(session, wanted, Actor("Irina", "dashboard", account="irina@example.org"), now)
    news = duty.polls()
    assert 'id="overrides" hx-swap-oob="true"' in news.text
    assert "dentist" in news.text
    assert duty.is_quiet()
    world.clock.advance(hours=3)  # time alone ends it
    assert "dentist" not in duty.polls().text
