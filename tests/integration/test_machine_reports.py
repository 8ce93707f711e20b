"""Reports by HTTP: the same figures as the pages' files, of the same days; the hand-over and links for guests."""

import csv
import io
from datetime import UTC, datetime

import pytest

from gateway.store.db import db
from tests.browsing import Browser, everybody_has_a_password
from tests.conftest import EVERYBODY
from tests.integration.test_machine_api import Program, problem
from tests.numbers import seed
from tests.security.test_audit import DAILY

IRINA, ANNA = "irina@example.org", "anna@example.org"
WEEK = {"from": "2026-11-23", "to": "2026-11-29"}


@pytest.fixture
def busy(world):
    """A week whose numbers are added up by hand (tests/numbers.py)."""
    world.clock.set(datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
    seed()
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in(ANNA)
    return browser


def table(browser, name):
    answer = browser.get(f"/reports/table/{name}.csv?p=custom&from={WEEK['from']}&to={WEEK['to']}&team=*")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    return rows[1:]


def number(text):
    return None if text == "" else float(text)


def test_every_report_has_the_figures_of_its_files(world, busy):
    program = Program(world, "read")
    found = program.get("/reports/response", **WEEK).json
    assert {name: number(value) for name, value in table(busy, "figures")} == pytest.approx(found["figures"], abs=1e-3)
    days = [[one["day"], *map(str, one["incidents"])] for one in found["days"]]
    assert days == table(busy, "days")
    assert sum(sum(one["incidents"]) for one in found["days"]) == found["figures"]["incidents"] > 3
    load = program.get("/reports/load", **WEEK).json
    people = [[one["name"], *(str(one[name]) for name in ("pages", "work", "off_hours", "sleep", "nights"))]
              for one in load["people"]]  # fmt: skip
    assert people == table(busy, "people") != []
    assert [list(map(str, row)) for row in load["hours"]] == [row[1:] for row in table(busy, "hours")]
    noise = program.get("/reports/noise", **WEEK).json["alerts"]
    keys = ("incidents", "alerts", "pages", "cleared_alone_percent", "acted_on_percent", "right_to_call", "judged")
    mine = [[one["name"], one["service"], *(float(one[key]) for key in keys)] for one in noise]
    assert mine == [[row[0], row[1], *map(float, row[2:9])] for row in table(busy, "noise")] != []
    services = program.get("/reports/services", **WEEK).json["services"]
    shown = [[one["name"], one["incidents"], *one["urgencies"], one["alerts"], one["pages"], one["in_time"],
              one["eligible"]] for one in services]  # fmt: skip
    assert shown == [[row[0], *map(int, row[1:])] for row in table(busy, "services")] != []
    ways = program.get("/reports/delivery", **WEEK).json["channels"]
    sums = [[one["channel"], one["sent"], one["delivered"], one["receipts"], one["failed"]] for one in ways]
    assert sums == [[row[0], *map(int, row[1:5])] for row in table(busy, "channels")] != []
    for name in ("response", "load", "noise", "services", "delivery"):
        problem(program.get(f"/reports/{name}", **{"from": "yesterday"}), 400)


def test_the_hand_over_and_links_for_guests(world):
    world.people(EVERYBODY + DAILY.removeprefix(EVERYBODY))
    world.clock.set(datetime(2026, 12, 4, 5, 0, tzinfo=UTC))
    (incident,) = world.alert()
    world.clock.advance(hours=2)
    irina = Program(world, "read", "act", person=IRINA, role="dispatcher")
    anna = Program(world, "read", "act", person=ANNA)
    shift = anna.get("/reports/shift", schedule="daily").json
    assert (shift["person"], shift["next"], shift["confirmed_by"]) == ("oleg@example.org", IRINA, None)
    assert [one["id"] for one in shift["opened"]] == [incident]
    problem(anna.post("/reports/shift", json={"schedule": "daily"}), 403)
    for _twice in range(2):
        assert irina.post("/reports/shift", json={"schedule": "daily"}).json["confirmed_by"] == "Irina"
    problem(anna.get("/reports/shift", schedule="nightly"), 404)
    made = irina.ask("POST", "/reports/guests", query_string=WEEK).json
    page = world.client.get(made["url"].partition("8000")[2])
    assert page.status_code == 200
    assert [one["id"] for one in irina.get("/reports/guests").json["guests"]] == [made["id"]]
    assert anna.get("/reports/guests").json["guests"] == []
    problem(anna.post(f"/reports/guests/{made['id']}/revoke"), 404)
    assert irina.post(f"/reports/guests/{made['id']}/revoke").status_code == 200
    db.session.rollback()
    assert world.client.get(made["url"].partition("8000")[2]).status_code == 410
