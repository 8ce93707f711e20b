"""The history of the status page: every notice that there ever was, by month, cheap for a crowd and for who guesses."""

import re

import pytest
from sqlalchemy import event

from dashboard.status import public
from gateway.store.db import db
from tests.integration.test_status_pages import ONE_IS_ENOUGH, TEXT, Site, is_away


@pytest.fixture
def site(world):
    """Something in December, much in January, something to come; and then a year goes by."""
    made = Site(world)
    made.publishes(**{"title-en": "Payments <b>were</b> down"})
    made.updates(1, "resolved", "It works again.")
    made.clock.advance(days=30)
    made.admin.sign_in("irina@example.org")
    made.admin.token = ""
    for number in range(3):
        made.publishes(**{"title-en": f"Mail {number}", "stage": "resolved", "state-1": "", "state-2": "slow"})
    made.publishes(about="maintenance", starts="2027-11-05T09:00+00:00", ends="2027-11-05T11:00+00:00",
                   **{"title-en": "New disks", "state-1": "maintenance"})  # fmt: skip
    made.publishes(**{"title-en": "Taken back"})
    made.admin.press("/notices/6/undo")
    made.clock.advance(days=300)
    return made


def test_what_is_older_than_the_bars_is_found_by_month(site):
    assert "Mail 0" not in site.page()
    assert 'href="/status/history"' in site.page()
    newest = site.page("/status/history")
    assert re.findall(r"Mail \d", newest) == ["Mail 2", "Mail 1", "Mail 0"]
    assert "January 2027" in newest
    assert "New disks" not in newest
    assert "Taken back" not in newest
    links = re.findall(r'href="(/status/history/[^"?]*)"[^>]*>(\w+)</a> <small>(\d+)', newest)
    assert links == [("/status/history/2027-01", "January", "3"), ("/status/history/2026-12", "December", "1")]
    december = site.page("/status/history/2026-12?lang=ru")
    assert "Декабрь 2026" in december
    assert "Payments &lt;b&gt;were&lt;/b&gt; down" in december
    assert 'href="/status/1?lang=ru"' in december
    assert TEXT in site.page("/status/1"), "as before"
    site.clock.advance(days=60)
    assert "New disks" in site.page("/status/history/2027-11")


@ONE_IS_ENOUGH
def test_of_months_without_notices_nothing_is_read_and_a_crowd_is_drawn_one_page(site):
    public.switch_on(site.world.app)
    site.page("/status/history/2027-01")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for month in ("2026-11", "2027-02", "2027-11", "0000-00", "2026-13", "9999-99"):
        assert site.visitor.get(f"/status/history/{month}").status_code == 404, month
    for _ in range(3):
        for more in ("", "?component=1", "?component=x", "?y=1"):
            answer = site.visitor.get(f"/status/history/2027-01{more}")
            assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert [one for one in asked if "notice" in one] == []
    for place in ("2026-1", "x", "2027-01/x", "02027-01", "-026-12"):
        assert site.visitor.get(f"/status/history/{place}").status_code == 404, place
    assert site.visitor.get("/status/history/?lang=ru").headers["Location"] == "/status/history?lang=ru"


@ONE_IS_ENOUGH
def test_while_the_database_is_away_nobody_can_read_what_is_older(site, monkeypatch):
    site.page("/status/history")
    monkeypatch.setattr("gateway.store.public.page.version", is_away)
    assert site.visitor.get("/status/history").status_code == 503
    assert site.visitor.get("/status/history/2027-01").status_code == 503
    assert site.visitor.get("/status/history/2026-10").status_code == 404
