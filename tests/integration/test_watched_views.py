"""Views that tell when something enters: told once, together, by push only, and not at night."""

import threading

import pytest
from sqlalchemy import update

from gateway.flows import entered
from gateway.store.db import db, transaction
from gateway.store.directory import people
from gateway.store.reading import watches
from gateway.store.tables import EntryNotice, Inside, PersonRow, Watch
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import PEOPLE, alert, group

WATCH, SWITCH = "/incidents/views/watch", "Tell me when something enters: <b>{}</b>"


@pytest.fixture
def world(staffed_of):
    made = staffed_of()
    everybody_has_a_password()
    return made


@pytest.fixture
def anna(world):
    return signed_in(world, "anna@example.org")


def signed_in(world, email):
    browser = Browser(world.app)
    browser.sign_in(email)
    return browser


def looks(world, **time):
    """A worker looks, time goes by, it looks again, and what it promises goes out."""
    told = entered.turn(world.app.extensions["gateway"], world.clock.now())
    world.clock.advance(**time)
    told += entered.turn(world.app.extensions["gateway"], world.clock.now())
    world.delivers()
    return told


def pushes(providers):
    return [one for one in providers.ntfy.messages if "entered" in one["tags"]]


def many(world, count, name, severity="info"):
    return world.post(group(*(alert(name=f"{name}{n}", fingerprint=f"{name}{n}", severity=severity)
                              for n in range(count)))).json["incidents"]  # fmt: skip


@pytest.mark.parametrize("view", ["99999999999999999999", "9" * 18, "\u0661", "\u00b2", "-1", "\0", "nobody's"])
def test_a_view_that_cannot_be_is_not_found(anna, view):
    assert anna.press(WATCH, view=view, on="1").status_code == 404


def test_what_enters_is_told_once_and_together(world, anna, providers):
    world.alert(name="Before", fingerprint="before")
    place = anna.press(WATCH, view="mine", on="1").headers["Location"]
    assert place == "/incidents?team=mine&view=mine"
    assert SWITCH.format("on") in anna.get(place).text
    assert looks(world, minutes=2) == 0  # what was there already
    (first,) = world.alert(name="First", fingerprint="first")
    world.alert(name="Elsewhere", fingerprint="elsewhere", severity="info")  # another team's
    assert looks(world, seconds=5) == 0  # it may be the first of many
    assert looks(world, seconds=6) == 1
    assert looks(world, seconds=30) == looks(world, minutes=5) == 0
    (said,) = pushes(providers)
    assert (said["title"], said["click"]) == (
        f"🔎 My teams, unresolved: #{first} First on db01", f"https://nabat.example.org/incidents/{first}"
    )  # fmt: skip
    fourteen = many(world, 14, "Storm", "critical")
    world.resolves(fourteen[0])
    assert looks(world, seconds=11) == 1
    said = pushes(providers)[1]
    assert said["title"] == "🔎 13 entered “My teams, unresolved”"
    assert said["click"] == "https://nabat.example.org/incidents?team=mine&view=mine"
    assert said["message"].count("\n#") == 9
    assert "and 3 more" in said["message"]
    world.alert(name="Later", fingerprint="later")
    assert looks(world, seconds=60) == 0  # not twice in two minutes
    assert looks(world, seconds=61) == 1
    page = anna.get("/deliveries").text
    assert page.count("something entered a view") == 3
    number = world.deliveries(kind="entered")[1].id
    assert "13 entered “My teams, unresolved”" in anna.get(f"/deliveries/{number}").text
    anna.press(WATCH, view="mine", on="0")
    world.alert(name="Unseen", fingerprint="unseen")
    assert looks(world, minutes=3) == 0
    assert db.session.query(Inside).count() == db.session.query(Watch).count() == 0


def test_a_change_lets_enter_and_what_left_may_enter_again(world, anna, providers):
    (number,) = world.alert()
    anna.press(WATCH, view="assigned", on="1")
    anna.press(WATCH, view="mine", on="1")
    for _ in range(2):
        anna.press(f"/incidents/{number}/assign", to="anna@example.org")
        assert looks(world, minutes=3) == 1
        anna.press(f"/incidents/{number}/assign", to="oleg@example.org")
        assert looks(world, minutes=3) == 0
    assert [one["title"] for one in pushes(providers)] == [f"🔎 Assigned to me: #{number} InstanceDown on db01"] * 2
    anna.press(f"/incidents/{number}/assign", to="anna@example.org")
    world.alert(name="Another", fingerprint="another")
    assert looks(world, minutes=3) == 1
    assert pushes(providers)[2]["title"] == "🔎 2 entered 2 views"
    assert pushes(providers)[2]["click"] == "https://nabat.example.org/incidents"


def test_whose_view_it_is_and_what_becomes_of_it(world, anna, providers):
    """A team's view: each for themselves; renamed, changed, deleted and had back; left with the team."""
    world.alert(name="Before", fingerprint="before")
    anna.press("/incidents/views", name="Disks <b>", team="infra", query="label=kind%3Ddisk&status=all")
    oleg = signed_in(world, "oleg@example.org")
    assert "no browser of yours takes push" in oleg.get(oleg.get("/incidents?view=1").headers["Location"]).text
    assert oleg.press(WATCH, view="1", on="1").headers["Location"] == "/me/phone"
    assert oleg.press(WATCH, view="2", on="1").status_code == oleg.press(WATCH, view="²", on="1").status_code == 404
    assert signed_in(world, "irina@example.org").press(WATCH, view="1", on="1").status_code == 404  # of another team
    anna.press(WATCH, view="1", on="1")
    (disk,) = world.alert(name="Disk", fingerprint="d", kind="disk")
    world.alert(name="Net", fingerprint="n", kind="net")
    assert looks(world, minutes=1) == 1
    assert pushes(providers)[0]["title"] == f"🔎 Disks <b>: #{disk} Disk on db01"
    anna.press("/incidents/views/1/save", query="label=kind%3Dnet&status=all")
    world.acknowledges(disk + 1)
    assert looks(world, minutes=3) == 0  # it was there when the view began to mean it
    anna.press("/incidents/views/1/delete")
    assert db.session.query(Watch).count() == 0
    anna.press("/incidents/views/undo")
    world.alert(name="Net2", fingerprint="n2", kind="net")
    assert looks(world, minutes=3) == 1
    world.people(PEOPLE.replace("NTFY", providers.ntfy.url).replace("[anna@example.org, oleg@example.org]",
                                                                    "[oleg@example.org]"))  # fmt: skip
    world.alert(name="Net3", fingerprint="n3", kind="net")
    assert looks(world, minutes=3) == 0
    assert db.session.query(Watch).count() == 0


def test_who_may_not_see_a_view_any_more_is_told_nothing(world, anna, providers):
    """It entered, and before it was told the person became one who only looks."""
    anna.press(WATCH, view="mine", on="1")
    world.alert(name="First", fingerprint="first")
    assert looks(world, seconds=4) == looks(world, seconds=4) == 0  # what was told about it is read, too
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(role="viewer"))
        people.bump(session, world.clock.now())
    looks(world, seconds=10)
    looks(world, minutes=5)
    assert pushes(providers) == world.deliveries(kind="entered") == []


def test_quiet_hours_hold_it_and_what_is_over_by_then_is_not_told(world, anna, providers):
    quiet = PEOPLE.replace("NTFY", providers.ntfy.url)
    quiet = quiet.replace('/anna"}]}', '/anna"}], quiet_hours: "22:00-07:00"}')
    assert quiet.count("quiet_hours") == 1
    world.people(quiet)
    anna.press(WATCH, view="mine", on="1")
    (first,) = world.alert(name="First", fingerprint="first")
    (second,) = world.alert(name="Second", fingerprint="second")
    assert looks(world, minutes=5) == 0
    world.resolves(first)
    assert looks(world, hours=3) == 0  # 03:12 to 06:17
    assert looks(world, minutes=45) == 1
    assert [one["title"] for one in pushes(providers)] == [f"🔎 My teams, unresolved: #{second} Second on db01"]


def test_what_is_committed_late_is_found_and_two_workers_tell_once(world, anna, providers):
    anna.press(WATCH, view="mine", on="1")
    world.alert(name="Late", fingerprint="late")
    with transaction() as session:  # as if later lines had been committed, and read, before this one's
        place = watches.hold(session, world.clock.now())
        watches.go_on(session, place.moved(watches.newest_line(session), place.tail), world.clock.now())
    for seconds, inside in ((59, 0), (2, 1)):
        world.clock.advance(seconds=seconds)
        assert entered.turn(world.app.extensions["gateway"], world.clock.now()) == 0
        assert db.session.query(Inside).count() == inside
    world.clock.advance(seconds=11)
    told, now = [], world.clock.now()

    def look():
        with world.app.app_context():
            told.append(entered.turn(world.app.extensions["gateway"], now))

    threads = [threading.Thread(target=look) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    world.delivers()
    assert sum(told) == len(pushes(providers)) == db.session.query(EntryNotice).count() == 1
