"""Lists of more than 20,000 rows as files: made by a worker part by part, fetched whole by whoever asked, let go."""

import csv
import io
import re

import pytest
from sqlalchemy import func, select, text, update

from gateway.acts import listfiles as work
from gateway.flows import housekeeping
from gateway.flows import listfiles as flow
from gateway.store.db import db, transaction
from gateway.store.reading import listfiles
from gateway.store.tables import Incident, ListFile, ListFilePart
from tests.browsing import Browser, everybody_has_a_password

LONG = work.DIRECT + 1


@pytest.fixture
def anna(staffed):
    everybody_has_a_password()
    browser = Browser(staffed.app)
    browser.sign_in()
    return browser


@pytest.fixture
def oleg(staffed, anna):
    browser = Browser(staffed.app, "192.0.2.7")
    browser.sign_in("oleg@example.org")
    return browser


def filled(world, count=LONG):
    """So many incidents; the title of one is a formula."""
    (number,) = world.alert()
    numbered = {"id": "id + n", "uuid": "'u' || n", "dedup_key": "'k' || n"}
    names = [column.name for column in Incident.__table__.columns]
    many = f"""
        INSERT INTO incident ({", ".join(names)})
        WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count - 1})
        SELECT {", ".join(numbered.get(name, name) for name in names)} FROM incident, counted
    """
    with transaction() as session:
        session.execute(text(many))
        session.execute(update(Incident).where(Incident.id == number).values(title="=HYPERLINK(1)"))
    return number


def asked_for(browser, query=""):
    answer = browser.press("/incidents/file", query=query, headers={"HX-Request": "true"})
    assert answer.status_code == 202, answer.text
    return re.search(r'hx-get="/incidents/files/([^"]*)"', answer.text)[1]


def parts():
    db.session.rollback()
    query = select(func.count()).select_from(ListFilePart)
    return db.session.scalar(query), db.session.scalar(query.where(ListFilePart.body.is_not(None)))


def test_a_long_list_is_made_by_a_worker_and_waits_for_whoever_asked(staffed, anna, oleg):
    first = filled(staffed)
    token = asked_for(anna)
    place = f"/incidents/files/{token}"
    assert "the list is looked through" in anna.get(place, **{"HX-Request": "true"}).text
    assert asked_for(anna) == token  # the same again: not twice
    assert anna.get(f"{place}/incidents.csv").status_code == 404

    # a worker dies after some parts: nothing half is given out, and the next one goes on after them
    number = db.session.scalars(select(ListFile.id)).one()
    now = staffed.clock.now()
    for _ in range(4):
        assert work.portion(number, now)
    assert parts() == (21, 3)
    page = anna.get("/me/jobs").text
    assert "Rows: 3\u202f000 of 20\u202f001" in page
    assert anna.get(f"{place}/incidents.csv").status_code == 404
    assert flow.turn(staffed.app.extensions["gateway"]) == 18
    assert parts() == (21, 21)

    answer = anna.get(f"{place}/incidents.csv")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [int(row["number"]) for row in rows] == list(range(first + work.DIRECT, first - 1, -1))
    assert rows[-1]["title"] == "'=HYPERLINK(1)"
    assert rows[-1]["opened"].endswith("+03:00")
    done = anna.get(place, **{"HX-Request": "true"}).text
    assert "hx-trigger" not in done
    assert f'href="{place}/incidents.csv"' in done
    assert f'href="{place}/incidents.csv"' in anna.get("/me/jobs").text

    # nobody else knows of it
    for address in (place, f"{place}/incidents.csv"):
        assert oleg.get(address).status_code == 404
    assert token not in oleg.get("/me/jobs").text

    # three days, then it is gone with its parts
    staffed.clock.advance(hours=71)
    housekeeping.tidy(staffed.clock.now())
    assert parts() == (21, 21)
    staffed.clock.advance(hours=2)
    housekeeping.tidy(staffed.clock.now())
    assert parts() == (0, 0)
    assert db.session.scalars(select(ListFile)).all() == []


def test_a_short_list_is_sent_at_once(staffed, anna):
    staffed.alert()
    answer = anna.press("/incidents/file", query="status=all&service=x", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/incidents.csv?status=all&service=x")
    answer = anna.press("/incidents/file", query="status=all")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/incidents.csv?status=all")
    assert db.session.scalars(select(ListFile)).all() == []


def test_without_a_script_one_is_led_to_a_page_that_asks_again(staffed, anna):
    filled(staffed)
    place = anna.press("/incidents/file", query="").headers["Location"]
    page = anna.get(place)
    assert page.headers["Refresh"] == "2"
    staffed.clock.advance(seconds=6)
    assert "No worker has begun yet." in anna.get(place).text
    clerk = flow.Clerk(staffed.app, staffed.app.extensions["gateway"])
    clerk.start_due(staffed.clock.now())
    for thread in clerk.beside.threads.values():
        thread.join()
    page = anna.get(place)
    assert "Refresh" not in page.headers
    assert "Rows: 20\u202f001" in page.text
    # by its address alone, without asking first, a list is sent as far as one request may go
    assert anna.get("/incidents.csv").text.splitlines()[-1] == '"only the first 20,000 are here"'


def test_a_file_has_an_end_and_so_has_what_one_person_keeps(staffed, anna):
    filled(staffed)
    token = asked_for(anna)
    number = db.session.scalars(select(ListFile.id)).one()
    while work.portion(number, staffed.clock.now(), most=1500):
        pass
    with transaction() as session:
        file = listfiles.mine(session, token, "anna@example.org")
        assert (file.rows, file.made, file.cut) == (1500, 1500, True)
    for query in ("sort=age", "sort=-age", "status=all"):
        asked_for(anna, query)
    assert anna.get(f"/incidents/files/{token}").status_code == 404
    db.session.rollback()
    assert len(db.session.scalars(select(ListFile)).all()) == work.KEPT


def test_one_that_cannot_be_made_says_so_and_holds_nobody_up(staffed, anna, monkeypatch):
    filled(staffed)
    token, other = asked_for(anna), asked_for(anna, "sort=age")
    lines, asked = work.sheet.lines, []

    def fails_once(*given):
        asked.append(given)
        if len(asked) == 1:
            raise RuntimeError("a bug")
        return lines(*given)

    monkeypatch.setattr(work.sheet, "lines", fails_once)
    flow.turn(staffed.app.extensions["gateway"])
    assert "The file could not be made." in anna.get(f"/incidents/files/{token}").text
    assert "could not be made" in anna.get("/me/jobs").text
    assert anna.get(f"/incidents/files/{token}/incidents.csv").status_code == 404
    assert anna.get(f"/incidents/files/{other}/incidents.csv").status_code == 200
