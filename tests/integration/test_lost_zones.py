"""Time zones that this system's list does not have (another version of it): whoever names one is told all the same."""

import pytest
from sqlalchemy import update

from gateway.flows import herald, reach
from gateway.store.db import transaction
from gateway.store.directory import people as people_store
from gateway.store.tables import PersonRow, ScheduleRow
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import BOOK

TWO = BOOK.replace('["schedule:infra"], wait: 5m', '["person:oleg@example.org", "schedule:infra"], wait: 5m')


def forget(world, table=ScheduleRow, zone="Mars/Olympus"):
    """As it would be after an upgrade: what is kept names a zone that nobody knows any more."""
    with transaction() as session:
        session.execute(update(table).values(timezone=zone))
        people_store.bump(session, world.clock.now())


def test_a_schedule_of_an_unknown_zone_has_somebody_on_call_and_keeps_nobody_from_being_paged(staffed_of):
    world = staffed_of(TWO)
    forget(world)
    world.alert()
    world.delivers()
    assert sorted({one.who for one in world.deliveries()}) == ["anna@example.org", "oleg@example.org"]
    assert {one.error for one in world.deliveries()} == {""}


def test_its_administrators_hear_of_it_at_night(staffed_of, providers):
    world = staffed_of(BOOK)
    forget(world)
    world.clock.set(world.clock.now().replace(hour=0, minute=30))
    reach.look_ahead(world.clock.now())
    assert herald.tell_due(world.app.extensions["gateway"], world.clock.now())
    said = "\n".join(mail.get_body(("plain",)).get_content() for mail in providers.mail.mails)
    assert "an unknown time zone is read as UTC: infra, Mars/Olympus" in said


@pytest.mark.parametrize("table", [ScheduleRow, PersonRow])
def test_pages_are_shown(world, table):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("irina@example.org")
    world.alert()
    forget(world, table)
    pages = ("/incidents", "/oncall", "/oncall/schedules/infra", "/oncall/me", "/people", "/reports", "/settings")
    assert {page: browser.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
