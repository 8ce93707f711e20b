"""What the rule book says by the time, by tables and by several routes, seen in incidents: scenarios M1 and E10."""

from datetime import UTC, datetime

import pytest

from gateway.store.db import db
from gateway.store.tables import AlertRow
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import reply
from tests.samples import BOOK, PEOPLE

WORK = """
calendars:
  work: {days: mon-fri, hours: "09:00-18:00", holidays: RU}
lookups:
  - {file: services.csv, by: service}
"""
NIGHTS = """
  - {name: critical in working hours, match: ['severity="critical"'], when: work, urgency: fast, policy: infra}
  - {name: critical off hours, match: ['severity="critical"'], when: not work, urgency: emergency, policy: infra}
"""
TABLE = "service,team,site,runbook_url\nmail,infra,Moscow,https://wiki.example/mail\n"
BY_TIME = BOOK.replace("routes:\n", f"{WORK}routes:{NIGHTS}")


@pytest.fixture
def timely(world_of, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/services.csv").write_text(TABLE)
    return world_of(book=BY_TIME)


@pytest.mark.parametrize(
    ("moment", "urgency", "why", "said"),
    [
        (
            datetime(2026, 12, 5, 0, 12, tzinfo=UTC),
            0,
            "weekday",
            "not one of its days (2026-12-05 03:12 Europe/Moscow)",
        ),
        (datetime(2027, 1, 1, 9, 0, tzinfo=UTC), 0, "holiday", "public holiday: New Year Holidays"),
        (datetime(2026, 12, 7, 9, 0, tzinfo=UTC), 2, "hours", "was open: within its hours"),
    ],
    ids=["M1 a Saturday night", "E10 a holiday", "a Monday"],
)
def test_an_emergency_is_one_off_hours(timely, moment, urgency, why, said):
    timely.clock.set(moment)
    timely.alert()

    (opened,) = timely.entries("opened")
    assert timely.incident().urgency == urgency
    assert [(one["calendar"], one["open"], one["why"]) for one in opened.detail["when"]] == [
        ("work", urgency == 2, why)
    ]
    everybody_has_a_password()
    browser = Browser(timely.app)
    browser.sign_in()
    page = browser.get(f"/incidents/{timely.incident().id}").text
    assert said in page
    assert "when: " in page


def test_a_table_says_more_than_the_sender(timely):
    timely.alert(service="mail", site="Kazan")
    (row,) = db.session.query(AlertRow).all()

    assert row.labels["team"] == "infra"
    assert row.labels["site"] == "Kazan"
    assert row.labels["runbook_url"] == "https://wiki.example/mail"
    everybody_has_a_password()
    browser = Browser(timely.app)
    browser.sign_in()
    assert 'href="https://wiki.example/mail"' in browser.get(f"/incidents/{timely.incident().id}").text
    timely.alert("resolved", service="mail", site="Kazan")
    assert timely.incident().status == "resolved"


@pytest.fixture
def archived(staffed):
    """A world in which a first route has everything told to the archive's people as well."""
    shelf = staffed.app.extensions["gateway"].shelf
    first = "routes:\n  - {name: archive, continue: true, urgency: ordinary, policy: support}\n"
    (shelf.place / "book.yaml").write_text(BOOK.replace("routes:\n", first))
    assert shelf.refresh(force=True)
    return staffed


def test_another_route_tells_its_own_people_by_its_own_ways(archived):
    archived.alert()
    archived.delivers()

    told = {(one.who, one.way, one.part) for one in archived.deliveries(kind="opened")}
    assert ("irina@example.org", "email", "also") in told
    assert ("anna@example.org", "voice", "primary") in told
    assert {who for who, way, _ in told if way == "voice"} == {"anna@example.org"}
    (opened,) = archived.entries("opened")
    assert "irina@example.org" in {one["who"] for one in opened.detail["told"]}
    assert (archived.incident().rule, archived.incident().urgency) == ("critical", 0)
    archived.passes(minutes=5)  # nobody answered: the ladder is that of the route that decided
    assert {one.who for one in archived.deliveries(kind="escalated")} == {"oleg@example.org"}


def test_the_most_urgent_of_them_decides_the_first_among_equals(archived):
    archived.alert(severity="warning")
    assert (archived.incident().rule, archived.incident().urgency) == ("archive", 3)
    assert [one.who for one in archived.deliveries()] == ["irina@example.org"]  # once, though two routes name her


def test_a_step_whose_own_messages_all_fail_does_not_wait_because_another_route_told_somebody(archived, providers):
    without = PEOPLE.replace("{channel: email, address: anna@example.org}, ", "")
    archived.people(without.replace("NTFY", providers.ntfy.url))
    providers.pagerduty.then(reply(400))
    providers.ntfy.then(reply(404))
    providers.twilio.then(reply(400, {"code": 21211}))
    archived.alert()
    archived.delivers()
    (mail,) = archived.deliveries(part="also")
    assert mail.status == "sent"
    assert archived.incident().level == 2
