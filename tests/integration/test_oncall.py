"""On call as others see it: asked over HTTP at any moment, overridden, swapped, read as a calendar and from one."""

import html
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from gateway.access import staff
from gateway.actions import Actor
from gateway.flows import calendars, duties, herald, swap_news
from gateway.flows.reach import look_ahead
from gateway.store.db import db, transaction
from gateway.store.directory import people as people_store
from gateway.store.tables import Audit, ContactRow, ImportedCalendar, PersonalNotice, PersonRow, ReachFinding, SwapRow
from rules.reading import people
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import FakeServer, reply
from tests.integration.test_machine_api import Program, problem
from tests.samples import PEOPLE

BERLIN = (
    PEOPLE
    + """
  - {name: berlin, team: infra, timezone: Europe/Berlin,
     layers: [{start: "2026-10-04T02:30", every: 1w, members: [anna@example.org, oleg@example.org]}]}
  - {name: office, team: infra, timezone: Europe/Moscow, covers: work,
     layers: [{start: "2026-11-02T09:00", every: 1w, members: [irina@example.org], when: work},
              {start: "2026-11-02T09:00", every: 1d, members: [oleg@example.org], days: [sat, sun],
               hours: ["10:00-12:00", "22:00-02:00"], until: "2027-01-01T00:00"}]}
"""
)
BOOK_HEAD = """
version: 1
timezone: Europe/Moscow
calendars: {work: {days: mon-fri, hours: "09:00-18:00"}}
routes: [{name: all, urgency: emergency, policy: infra}]
policies: {infra: {steps: [{notify: ["schedule:infra"], wait: 5m}]}}
"""
ANNA, OLEG = (Actor(name, "dashboard", account=f"{name.lower()}@example.org") for name in ("Anna", "Oleg"))
DAY = timedelta(days=1)


def utc(*when):
    return datetime(*when, tzinfo=UTC)


@pytest.fixture
def made(world_of):
    return world_of(BOOK_HEAD, BERLIN.replace("NTFY", "https://ntfy.example"))


@pytest.fixture
def program(made):
    return Program(made, "read", "act")


def standing(program, schedule, at):
    (found,) = program.get("/oncall", schedule=schedule, at=at.isoformat()).json["oncall"]
    return found


def who(program, schedule, at):
    person = standing(program, schedule, at)["person"]
    return person and person["email"].partition("@")[0]


def test_e15_handoff_at_dst(program):
    """Berlin, weekly, Sunday 02:30: one hand-over at each change of the clock, no gap and no overlap."""
    for sunday, handover in ((utc(2026, 10, 25), "00:30"), (utc(2027, 3, 28), "01:00")):
        begin = sunday - timedelta(hours=6)
        seen = [
            (at, who(program, "berlin", at)) for at in (begin + timedelta(minutes=15 * count) for count in range(64))
        ]
        changes = [at for (_, one), (at, other) in pairwise(seen) if one != other]

        assert {one for _, one in seen} == {"anna", "oleg"}
        assert [f"{at:%H:%M}" for at in changes] == [handover]
        assert standing(program, "berlin", begin)["until"] == changes[0].isoformat().replace("+00:00", "Z")


def test_who_is_on_call_is_told_with_who_is_next_and_why(program):
    found = standing(program, "office", utc(2026, 11, 5, 12))

    assert (found["person"]["name"], found["next"], found["gap"]) == ("Irina", None, False)
    assert found["until"] == "2026-11-05T15:00:00Z"
    night = standing(program, "office", utc(2026, 11, 5, 20))
    assert (night["person"], night["next"]["name"], night["gap"]) == (None, "Irina", False)  # nobody has to be
    assert who(program, "office", utc(2026, 11, 8, 22)) == "oleg"  # Monday 01:00 in Moscow belongs to Sunday's night


def test_an_override_decides_everywhere_until_it_is_taken_back(made, program, clock):
    said = {
        "schedule": "infra",
        "person": "OLEG@example.org",
        "ends_at": (clock.now() + DAY).isoformat(),
        "reason": "ill",
    }
    first = program.post("/oncall/overrides", json=said).json
    assert first["person"] == {"email": "oleg@example.org", "name": "Oleg"}
    assert standing(program, "infra", clock.now())["override"] == first["id"]
    assert who(program, "infra", clock.now() + DAY) == "anna"

    herald.tell_due(made.app.extensions["gateway"], clock.now())
    told = db.session.scalars(select(PersonalNotice)).one()
    assert (told.kind, told.person_id, bool(told.told_at)) == ("duty", 2, True)
    made.alert()
    assert {one.who for one in made.deliveries()} == {"oleg@example.org"}

    assert [one["id"] for one in program.get("/oncall/overrides", schedule="infra").json["overrides"]] == [first["id"]]
    clock.advance(hours=1)
    assert program.ask("DELETE", f"/oncall/overrides/{first['id']}").json["removed_at"]
    assert who(program, "infra", clock.now()) == "anna"
    assert who(program, "infra", clock.now() - timedelta(minutes=1)) == "oleg"  # what was is not rewritten
    assert program.get("/oncall/overrides").json == {"overrides": []}
    assert {one.action for one in db.session.scalars(select(Audit))} >= {"override add", "override remove"}


def test_an_override_of_somebody_who_has_left_decides_nothing(made, program, browser_of, clock):
    """The rotations do, nobody falls back to the administrators, and it is said where one would look."""
    said = {"schedule": "infra", "person": "oleg@example.org", "ends_at": (clock.now() + DAY).isoformat()}
    assert program.post("/oncall/overrides", json=said).json["id"]
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(active=False))
        people_store.bump(session, clock.now())

    assert (who(program, "infra", clock.now()), standing(program, "infra", clock.now())["override"]) == ("anna", None)
    (number,) = made.alert()
    assert {one.who for one in made.deliveries()} == {"anna@example.org"}
    browser = browser_of("irina@example.org")
    assert "has left: whoever the rotations name is told instead" in texts(browser.get(f"/incidents/{number}").text)
    assert "infra has left: the rotations decide" in texts(browser.get("/oncall").text)
    clock.advance(hours=12)
    look_ahead(clock.now())
    found = [row.detail["what"] for row in db.session.scalars(select(ReachFinding).where(ReachFinding.kind == "left"))]
    assert any(what.startswith("override of infra until") for what in found)


def test_somebody_who_leaves_and_comes_back_stood_in_when_they_were_here(made, program, browser_of, clock):
    for begins, ends in ((1, 2), (2, 4), (4, 6), (7, 8)):
        said = {"schedule": "infra", "person": "oleg@example.org"}
        times = {name: (clock.now() + at * DAY).isoformat() for name, at in (("starts_at", begins), ("ends_at", ends))}
        assert program.post("/oncall/overrides", json=said | times).status_code == 200
    oleg = db.session.scalar(select(PersonRow.id).where(PersonRow.email == "oleg@example.org"))
    clock.advance(days=3)
    left, half = clock.now(), timedelta(hours=12)

    def stood_in(since, until):
        return [who(program, "infra", left + at * DAY + half) == "oleg" for at in range(since, until)]

    assert stood_in(-2, 6) == [True, True, True, True, True, False, True, False]
    assert staff.leave(oleg, "", ANNA, left) == ""
    assert stood_in(-2, 6) == [True, True, *[False] * 6]
    clock.advance(days=2)
    assert stood_in(-2, 2) == [True, True, False, False]  # what is over by now is as it was
    assert staff.come_back(oleg, ANNA, clock.now())
    assert stood_in(-2, 6) == [True, True, False, False, True, False, True, False]


def test_an_override_that_cannot_be(program, clock):
    good = {"schedule": "infra", "person": "oleg@example.org", "ends_at": (clock.now() + DAY).isoformat()}
    wrongs = [
        ({"schedule": "x"}, "no such schedule"), ({"person": "x@example.org"}, "no such person"),
        ({"ends_at": clock.now().isoformat()}, "must lie after"), ({"ends_at": ""}, "say when it ends"),
        ({"for": "1h"}, "say when it ends"), ({"ends_at": "", "for": "9"}, "9"), ({"starts_at": 5}, "must be text"),
        ({"ends_at": (clock.now() + 93 * DAY).isoformat()}, "92 days"),
    ]  # fmt: skip
    for wrong, words in wrongs:
        assert words in problem(program.post("/oncall/overrides", json=good | wrong), 400)
    assert problem(program.ask("DELETE", "/oncall/overrides/77"), 404)
    assert problem(program.ask("DELETE", "/oncall/overrides/99999999999999999999"), 404)
    assert problem(program.get("/oncall/overrides", schedule="x"), 404)


def swap(**more):
    given = {
        "gives": (utc(2026, 12, 13, 1, 30), utc(2026, 12, 20, 1, 30)),
        "takes": (utc(2026, 12, 20, 1, 30), utc(2026, 12, 27, 1, 30)),
    }
    with transaction() as session:
        row = duties.ask(
            session,
            duties.AskedSwap("berlin", "anna@example.org", "oleg@example.org", **given | more),
            ANNA,
            utc(2026, 12, 5),
        )
        return row.id


def answered(number, actor, now, *, accept):
    with transaction() as session:
        row = duties.answer(session, number, actor, now, accept=accept)
        return row and row.state


def test_a_swap_is_asked_told_accepted_and_then_so(made, program, clock):
    number = swap()
    (told,) = made.deliveries()
    assert (told.who, told.way) == ("oleg@example.org", "email")  # he has no push
    assert answered(number, ANNA, clock.now(), accept=True) is None  # nobody answers for another
    assert who(program, "berlin", utc(2026, 12, 14)) == "anna"

    assert answered(number, OLEG, clock.now(), accept=True) == "accepted"
    assert [who(program, "berlin", utc(2026, 12, day)) for day in (14, 21, 28)] == ["oleg", "anna", "anna"]
    heard = made.deliveries(who="anna@example.org", status="queued")
    assert {one.way for one in heard} == {"push"}
    with pytest.raises(duties.Wrong, match="answered already"):
        answered(number, OLEG, clock.now(), accept=False)
    clock.advance(hours=2)
    duties.turn_due(clock.now())
    assert [one.status for one in made.incidents()] == ["resolved", "resolved"]


def test_a_swap_declined_withdrawn_or_never_answered_changes_nothing(made, program, clock):
    assert answered(swap(), OLEG, clock.now(), accept=False) == "declined"
    number = swap()
    with transaction() as session:
        assert duties.withdraw(session, number, ANNA, clock.now()).state == "withdrawn"
    swap(takes=None)
    clock.set(utc(2026, 12, 21))
    duties.turn_due(clock.now())

    assert sorted(db.session.scalars(select(SwapRow.state))) == ["declined", "expired", "withdrawn"]
    assert who(program, "berlin", utc(2026, 12, 14)) == "anna"


def test_a_swap_that_cannot_be_ended_keeps_no_other_from_it(made, program, clock, monkeypatch):
    for _ in range(2):
        swap(takes=None)
    say, asked = swap_news.swap_alert, []

    def fails_once(*given, **more):
        asked.append(given)
        if len(asked) == 1:
            raise RuntimeError("a bug")
        return say(*given, **more)

    monkeypatch.setattr(swap_news, "swap_alert", fails_once)
    clock.set(utc(2026, 12, 21))
    duties.turn_due(clock.now())
    assert sorted(db.session.scalars(select(SwapRow.state))) == ["expired", "requested"]
    clock.advance(minutes=1)
    duties.turn_due(clock.now())
    db.session.rollback()
    assert list(db.session.scalars(select(SwapRow.state))) == ["expired", "expired"]


def test_nobody_gives_away_what_is_not_theirs(made, clock):
    for more, words in (
        ({"gives": (utc(2026, 12, 13), utc(2026, 12, 20))}, "not on call for the whole"),
        ({"takes": (utc(2026, 12, 14), utc(2026, 12, 15))}, "They are not on call"),
        ({"gives": (utc(2026, 12, 1), utc(2026, 12, 2))}, "after now"),
    ):  # fmt: skip
        with pytest.raises(duties.Wrong, match=words):
            swap(**more)
    number = swap()
    with transaction() as session:  # meanwhile his week is somebody else's
        asked = duties.Asked("berlin", "irina@example.org", utc(2026, 12, 22), utc(2026, 12, 23))
        duties.add(session, asked, OLEG, clock.now(), own="oleg@example.org")
    with pytest.raises(duties.Wrong, match="They are not on call"):
        answered(number, OLEG, clock.now(), accept=True)


def test_people_go_out_and_come_back_the_same(made, clock):
    vault = made.app.extensions["gateway"].vault
    text = (
        BERLIN.replace("NTFY", "https://ntfy.example")
        + """
  - {name: elsewhere, timezone: UTC, layers: [{ical: "https://calendar.example/private-key.ics"}]}
"""
    )
    made.people(text)
    with transaction() as session:
        out = people.dump(people_store.export_people(session, vault))
    assert "https://calendar.example/private-key.ics" in out
    assert not db.session.scalar(select(ImportedCalendar.address)).startswith("https")  # sealed
    with transaction() as session:
        again = people_store.import_people(session, people.parse(out, "p.yaml", {}), vault, clock.now())
    assert (again.added, again.changed) == (0, 0)
    made.people(text.replace("private-key", "other-key"))
    assert len(db.session.scalars(select(ImportedCalendar)).all()) == 1


CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART:20261204T000000Z
DURATION:P2D
RRULE:FREQ=WEEKLY
SUMMARY:On call: Oleg
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_of_others_is_a_layer_and_its_last_good_copy_stays(world_of, clock, monkeypatch):
    while_writing, read = [], calendars.read

    def looked_at(*given):
        while_writing.append(bool(db.session().info.get("writes")))
        return read(*given)

    monkeypatch.setattr(calendars, "read", looked_at)
    with FakeServer() as server:
        made = world_of(
            BOOK_HEAD, BERLIN.replace("NTFY", "https://ntfy.example"), NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1"
        )
        made.people(
            PEOPLE.replace("NTFY", "https://ntfy.example")
            + f"""
  - {{name: mixed, timezone: UTC, layers: [{{start: "2026-11-02", every: 1w, members: [irina@example.org]}},
     {{ical: "{server.url}/a.ics"}}]}}
  - {{name: inside, timezone: UTC, layers: [{{ical: "http://localhost:1/a.ics"}}]}}
"""
        )
        server.then(reply(200, CALENDAR.replace("UID:1", "UID:1\0").encode(), {"Content-Type": "text/calendar"}))
        program = Program(made, "read")
        assert who(program, "mixed", clock.now()) == "irina"
        calendars.read_due(clock.now())
        assert [who(program, "mixed", at) for at in (clock.now(), utc(2026, 12, 7), utc(2027, 1, 2))] == [
            "oleg", "irina", "oleg",
        ]  # fmt: skip
        server.then(reply(500), reply(200, b"<html>"), reply(200, CALENDAR.replace("P2D", "P1D").encode()))
        for error in ("HTTP 500", "not a calendar", ""):
            clock.advance(hours=2)
            calendars.read_due(clock.now())
            db.session.rollback()
            rows = {
                row.schedule_id: row.error
                for row in db.session.scalars(select(ImportedCalendar).order_by(ImportedCalendar.id))
            }
            ours, foreign = rows.values()
            assert error in ours
            assert bool(error) is bool(ours)
            assert foreign  # leads into this machine: never asked
            assert who(program, "mixed", utc(2027, 1, 1, 12)) == "oleg"
        assert who(program, "mixed", utc(2027, 1, 2, 12)) == "irina"
        assert len(server.requests) == 4
    assert while_writing
    assert not any(while_writing)  # a large one takes seconds, in which others wait for a transaction's locks


def test_a_calendar_that_cannot_be_read_at_all_keeps_no_other_from_it(world_of, clock, monkeypatch):
    read, asked = calendars.read, []

    def fails_once(*given):
        asked.append(given)
        if len(asked) == 1:
            raise RuntimeError("a bug")
        return read(*given)

    monkeypatch.setattr(calendars, "read", fails_once)
    with FakeServer() as server:
        made = world_of(BOOK_HEAD, "", NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1")
        layers = "".join(
            f'''
  - {{name: {name}, timezone: UTC, layers: [{{ical: "{server.url}/{name}.ics"}}]}}'''
            for name in ("one", "two")
        )
        made.people(PEOPLE.replace("NTFY", "https://ntfy.example") + layers)
        server.then(*(reply(200, CALENDAR.encode(), {"Content-Type": "text/calendar"}) for _ in range(3)))

        def known():
            db.session.rollback()
            return sorted(bool(row.duties) for row in db.session.scalars(select(ImportedCalendar)))

        assert calendars.read_due(clock.now()) == 2
        assert known() == [False, True]
        clock.advance(minutes=11)
        assert calendars.read_due(clock.now()) == 1
        assert known() == [True, True]


def test_a_calendar_is_read_at_its_secret_address(made, clock):
    with transaction() as session:
        token = calendars.new_feed(session, ANNA, clock.now(), person_id=1)
    answer = made.client.get(f"/ical/{token}.ics")
    assert answer.mimetype == "text/calendar"
    assert "SUMMARY:On call: berlin" in answer.text
    assert "\r\nBEGIN:VEVENT\r\n" in answer.text
    assert token not in str(db.session.execute(select(Audit.detail)).all())
    with transaction() as session:
        whole = calendars.new_feed(session, ANNA, clock.now(), schedule_id=2)
        fresh = calendars.new_feed(session, ANNA, clock.now(), person_id=1)
    assert "SUMMARY:Oleg · berlin" in made.client.get(f"/ical/{whole}.ics").text
    assert made.client.get(f"/ical/{token}.ics").status_code == 404
    with transaction() as session:
        assert calendars.end_feed(session, ANNA, clock.now(), person_id=1)
    assert made.client.get(f"/ical/{fresh}.ics").status_code == 404


# The pages


@pytest.fixture
def browser_of(made):
    everybody_has_a_password()

    def make(email):
        browser = Browser(made.app, f"192.0.2.{len(email)}")
        assert browser.sign_in(email).status_code == 302
        return browser

    return make


def texts(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_the_page_shows_who_it_is_what_comes_and_what_an_emergency_would_do(made, browser_of, clock):
    page = texts(browser_of("irina@example.org").get("/oncall").text)

    assert "infra Anna infra" in re.sub(r" A ", " ", page)  # her team, her avatar, her name, the schedule
    assert "Mon 30 Nov – Sun 6 Dec 2026" in page
    assert "at once" in page
    assert "call: Anna push: Anna" in page
    assert "pagerduty" not in page
    assert "None: somebody is on call all the time." in page
    autumn = texts(browser_of("irina@example.org").get("/oncall?from=2026-10-21").text)
    assert "The clock changes in Europe/Berlin: Sun 25 Oct 03:00 → 02:00 (UTC+2 → UTC+1)" in autumn
    part = browser_of("anna@example.org").get("/oncall?from=2026-12-14", HX_Request="true", HX_Target="cal")
    assert "<html" not in part.text
    for wild in ("x", "0001-01-01", "9999-12-31", "2026-13-01"):
        assert browser_of("anna@example.org").get(f"/oncall?from={wild}").status_code == 200


def test_a_responder_changes_their_own_shifts_only(made, browser_of, program, clock):
    oleg = browser_of("oleg@example.org")
    ahead = {"from": "2026-12-06T12:00", "to": "2026-12-06T18:00", "schedule": "infra"}
    refused = oleg.press("/oncall/override", person="irina@example.org", **ahead)
    assert (refused.status_code, "give away only your own" in refused.text) == (422, True)
    assert oleg.press("/oncall/override", person="oleg@example.org", reason="<b>x</b>", **ahead).status_code == 302
    assert who(program, "infra", utc(2026, 12, 6, 9)) == "oleg"  # noon in Moscow
    page = oleg.get("/oncall").text
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert browser_of("anna@example.org").press("/oncall/override/1/remove").status_code == 422
    assert oleg.press("/oncall/override/1/remove").status_code == 302
    assert who(program, "infra", utc(2026, 12, 6, 9)) == "anna"
    irina = browser_of("irina@example.org")
    assert irina.press("/oncall/override", person="oleg@example.org", **ahead).status_code == 302
    for wrong in ({"from": ""}, {"to": "2026-12-01T00:00"}, {"schedule": "x"}):
        typed = {"person": "oleg@example.org", "reason": "a wedding", **ahead, **wrong}
        refused = irina.press("/oncall/override", **typed)
        assert (refused.status_code, 'value="a wedding"' in refused.text) == (422, True)  # nothing typed is lost


def test_a_swap_goes_from_page_to_page(made, browser_of, program, clock):
    anna, oleg = browser_of("anna@example.org"), browser_of("oleg@example.org")
    options = re.findall(r'<option value="([^"]* berlin)"', anna.get("/oncall/me").text)
    mine = next(html.unescape(one) for one in options if "anna@" in one and "2026-12-13" in one)
    theirs = next(html.unescape(one) for one in options if "oleg@" in one and one.startswith("2026-12-20"))
    assert anna.press("/oncall/swap", mine=mine, theirs=theirs, reason="holiday").status_code == 302
    assert "/oncall/swap/1/accept" not in anna.get("/oncall/me").text
    assert "Anna asks you" in oleg.get("/oncall/me").text
    assert anna.press("/oncall/swap/1/accept").status_code == 404
    assert oleg.press("/oncall/swap/1/accept").status_code == 302
    assert [who(program, "berlin", utc(2026, 12, day)) for day in (14, 21)] == ["oleg", "anna"]
    assert oleg.press("/oncall/swap/1/decline").status_code == 422
    for wrong in ({"mine": "x"}, {"theirs": "2026"}, {"mine": mine.replace("berlin", "x")}):
        assert anna.press("/oncall/swap", **{"mine": mine, "theirs": theirs, **wrong}).status_code == 422


def test_away_asks_for_every_shift_in_that_time(made, browser_of, clock):
    anna = browser_of("anna@example.org")
    away = {"from": "2026-12-10T00:00", "to": "2026-12-17T00:00", "person": "oleg@example.org"}
    assert anna.press("/oncall/me/away", **away).status_code == 302
    found = db.session.scalars(select(SwapRow).order_by(SwapRow.schedule_id)).all()
    assert found[0].gives_to == utc(2026, 12, 14, 6)  # a turn, then the next
    assert {one.asked for one in found} == {"oleg@example.org"}
    assert anna.press("/oncall/me/away", **away | {"to": "2026-12-09T00:00"}).status_code == 422


def test_the_page_of_a_schedule_and_its_calendars(made, browser_of, program, clock):
    irina = browser_of("irina@example.org")
    page = texts(irina.get("/oncall/schedules/office").text)
    assert "only: sat, sun · 10:00-12:00, 22:00-02:00" in page
    assert "Has to cover work" in page
    made_one = irina.press("/oncall/calendar/3", what="new")
    address = re.search(r"/ical/[A-Za-z0-9_-]+\.ics", made_one.text)[0]
    assert "Irina · office" in made.client.get(address).text
    assert irina.press("/oncall/calendar/3", what="end").status_code == 302
    assert made.client.get(address).status_code == 404
    assert irina.press("/oncall/import/3", address="ftp://x").status_code == 422
    assert irina.press("/oncall/import/3", file=(BytesIO(CALENDAR.encode()), "a.ics")).status_code == 302
    calendars.read_due(clock.now())
    assert who(program, "office", clock.now()) == "oleg"
    key = db.session.scalar(select(ImportedCalendar.key))
    assert "4 shifts" not in irina.get("/oncall/schedules/office").text
    assert irina.press("/oncall/import/3/remove", key=key).status_code == 302
    assert who(program, "office", clock.now()) is None
    assert irina.get("/oncall/schedules/none").status_code == 404


def test_a_schedule_without_anybody_is_a_red_banner_everywhere(world_of, clock):
    everybody = PEOPLE.replace("NTFY", "https://ntfy.example")
    named = everybody.replace("{name: infra, team: infra, timezone", '{name: "late & <i>", timezone')
    late = named.replace("2026-11-02", "2027-01-02")
    made = world_of(BOOK_HEAD.replace("schedule:infra", "schedule:late"), late)
    everybody_has_a_password()
    browser = Browser(made.app)
    browser.sign_in("anna@example.org")
    page = browser.get("/incidents").text
    assert "Nobody is on call now:" in page
    assert "late &amp; &lt;i&gt;" in page
    assert "nobody" in texts(browser.get("/oncall").text).partition("Gaps in the next 28 days")[2][:200]


def test_an_override_is_shown_before_it_is_made(world):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in()
    asked = {"schedule": "infra", "person": "oleg@example.org", "from": "2026-12-08T12:00+00:00"}
    page = browser.client.get("/oncall/override/preview", query_string={**asked, "to": "2026-12-08T18:00+00:00"}).text
    before, after = page.partition("<dt>After</dt>")[::2]
    assert "stands in" not in before
    assert "Oleg" in after
    assert "stands in" in after
    for wrong in ({"to": "2026-12-08T11:00+00:00"}, {"to": "x"}, {"to": "2026-12-09", "person": "nobody@example.org"}):
        page = browser.client.get("/oncall/override/preview", query_string={**asked, **wrong}).text
        assert "<svg" not in page
        assert '<p class="oc-note">' in page


def test_who_cannot_be_reached_is_reminded_once_an_hour(made, browser_of, program, clock):
    planner, responder = browser_of("irina@example.org"), browser_of("oleg@example.org")
    email = who(program, "infra", clock.now()) + "@example.org"
    with transaction() as session:
        person = session.scalars(select(PersonRow).where(PersonRow.email == email)).one()
        number = person.id
        session.execute(update(ContactRow).where(ContactRow.person_id == number).values(verified_at=None))
        people_store.bump(session, clock.now())
    page = planner.get("/oncall").text
    assert f'action="/oncall/remind/{number}"' in page
    assert "No verified contact at all for" in page
    assert "/oncall/remind/" not in responder.get("/oncall").text
    assert responder.press(f"/oncall/remind/{number}").status_code == 403
    answer = planner.press(f"/oncall/remind/{number}")
    assert "said=reminded" in answer.headers["Location"]
    assert "once an hour at most" in planner.get("/oncall").text
    assert "said=lately" in planner.press(f"/oncall/remind/{number}").headers["Location"]
    herald.tell_due(made.app.extensions["gateway"], clock.now())
    db.session.rollback()
    (notice,) = db.session.scalars(select(PersonalNotice).where(PersonalNotice.person_id == number))
    assert (notice.kind, notice.way) == ("reach", "log")  # no provider in this world: by e-mail it would have been
    assert notice.detail["by"] == "Irina"
    clock.advance(minutes=61)
    assert program.post(f"/people/{number}/remind").json == {"result": "reminded"}
    assert program.post(f"/people/{number}/remind").json == {"result": "lately"}
    reminded = db.session.scalars(select(Audit.target).where(Audit.action == "person reminded")).all()
    assert reminded == [email, email]
    with transaction() as session:
        verified = {"verified_at": clock.now(), "seen_at": clock.now()}
        session.execute(update(ContactRow).where(ContactRow.person_id == number).values(verified))
        people_store.bump(session, clock.now())
    clock.advance(minutes=61)
    shown = planner.get("/oncall").text
    assert "last confirmed:" in shown
    assert "test" in shown.split("last confirmed:")[1][:60]


@pytest.mark.parametrize(
    ("span", "first", "length", "title"),
    [("day", "2026-12-05", 1, "Day"), ("", "2026-11-30", 7, "Week"), ("month", "2026-12-01", 31, "Month"),
     ("year", "2026-11-30", 7, "Week")],
)  # fmt: skip
def test_the_calendar_shows_a_day_a_week_or_a_month(made, browser_of, span, first, length, title):
    page = browser_of("irina@example.org").get(f"/oncall?span={span}&from=2026-12-05").text
    assert f'name="week" value="{first}"' in page
    assert f'<h2 id="h-week">{title}' in page
    assert page.count('class="oc-day') == length
    for name in ("ArrowLeft", "ArrowRight", "t"):
        assert f'data-key="{name}"' in page
    after = datetime.fromisoformat(first) + length * DAY
    assert f"from={after:%Y-%m-%d}" in page
