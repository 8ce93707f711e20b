"""The numbers beside the menu: what waits for somebody, what did not get out, what is kept quiet."""

import re

import pytest
from sqlalchemy import update

from dashboard.glance import Count, Few
from gateway.store.db import transaction
from gateway.store.tables import Delivery
from tests.browsing import Browser

BESIDE = re.compile(r'<span id="n-(\w+)" class="n" title="[^"]+">([^<]+)</span>')


def numbers(browser):
    page = browser.get("/people")
    assert page.status_code == 200
    return dict(BESIDE.findall(page.text))


def ticket(world, key):
    """The number of its incident."""
    said = {"event": "created", "id": key, "subject": "Mail", "priority": "high"}
    return world.post(said, kind="ticket").json["incidents"][0]


@pytest.fixture
def irina(world, anna):
    """An administrator."""
    browser = Browser(world.app, "192.0.2.3")
    browser.sign_in("irina@example.org")
    return browser


def test_where_nothing_waits_there_is_no_number(world, irina):
    world.alert()
    assert numbers(irina) == {}


def test_tickets_count_while_they_are_in_nobodys_hands_as_in_their_list(world, anna):
    def counted():
        tab = re.search(r'aria-current="page">Unassigned <span class="c">(\d+)<', anna.get("/tickets").text)[1]
        assert numbers(anna).get("tickets", "0") == tab
        return int(tab)

    first, second, third = (ticket(world, f"SD-{one}") for one in (1, 2, 3))
    for key, word in (("SD-4", {"assignee": {"name": "Пётр"}}), ("SD-5", {"status": "Ожидание"}), ("SD-6", {})):
        ticket(world, key)
        world.post({"event": "updated", "id": key, **word}, kind="ticket")
    assert counted() == 4
    world.acknowledges(first)  # which does not yet say who has it
    assert counted() == 4
    anna.press(f"/incidents/{first}/assign", to="anna@example.org")
    assert counted() == 3
    anna.press(f"/incidents/{second}/snooze", **{"for": "2h"})
    assert counted() == 2
    anna.press(f"/incidents/{third}/resolve")
    assert counted() == 1
    world.post({"event": "assigned", "id": "SD-6", "assignee": {"email": "oleg@example.org"}}, kind="ticket")
    assert counted() == 0


def test_silences_count_while_they_are_in_force(world, anna):
    asked = {"matcher": 'alertname="DiskFull"', "reason": "kernel update", "for": "1h", "emergencies": "hide"}
    anna.press("/silences", **asked)
    assert numbers(anna) == {"silences": "1"}
    world.clock.advance(hours=1)
    assert numbers(anna) == {}


def test_messages_that_failed_within_a_day_are_told_to_whoever_sees_all(world, anna, irina):
    world.alert()
    with transaction() as session:
        session.execute(update(Delivery).values(status="failed", error="no answer", finished_at=world.clock.now()))
    assert int(numbers(irina)["deliveries"]) > 0
    assert "deliveries" not in numbers(anna)
    world.clock.advance(days=1)
    irina.sign_in("irina@example.org")
    assert "deliveries" not in numbers(irina)


@pytest.mark.parametrize(
    ("count", "shown"), [(Few(99), "99"), (Few(100), "99+"), (Count(100), "100"), (Count(1001), "1\u202f000+")]
)
def test_nobody_counts_further_than_anybody_reads(count, shown):
    assert str(count) == shown


def test_open_pages_hear_of_a_new_ticket(world, anna):
    for page in ("incidents", "overview"):
        part = anna.get(f"/live?page={page}&since=0").text
        assert '<span id="n-tickets" hx-swap-oob="true" class="n" title="in nobody’s hands"></span>' in part
    ticket(world, "SD-1")
    for page in ("incidents", "overview"):
        part = anna.get(f"/live?page={page}&since=0").text
        assert re.search(r'<span id="b-t"[^>]*>1</span>', part)
        assert re.search(r'<span id="b-i"[^>]*>1</span>', part)
