"""The pocket page: one incident, one person, one big button, no sign-in."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.access import links
from gateway.store.db import transaction
from gateway.store.tables import Incident, PersonRow
from tests.browsing import Browser
from tests.clock import HandClock


@pytest.fixture
def app(world):
    return world.app


@pytest.fixture
def phone(app):
    return Browser(app)


@pytest.fixture
def place(world, app):
    """Where Anna's link for the one incident leads."""
    world.alert()
    return place_of(world, "anna@example.org")


def place_of(world, who):
    secret = world.app.extensions["gateway"].settings.secret_key
    return f"/p/{links.make(secret, world.incident().uuid, who)}"


def press(phone, place, do, **more):
    answer = phone.post(place, do=do, **more)
    assert answer.status_code == 302
    return phone.get(answer.headers["Location"])


def test_e5_a_mail_scanner_acknowledges_nothing_and_the_second_press_says_who_was_first(world, place, phone):
    for _ in range(3):
        assert phone.get(place).status_code == 200
        assert phone.client.head(place).status_code == 200
    assert world.incident().status == "triggered"
    world.passes(minutes=2)
    assert "Nobody else is called" in press(phone, place, "acknowledge").text
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Anna")
    world.clock.advance(minutes=5)
    assert "already acknowledged by Anna 03:14" in press(phone, place, "acknowledge").text
    assert world.timeline().count("acknowledged") == 1


def test_it_says_which_environment(world, phone):
    world.alert(env="prod<b>")
    shown = phone.get(place_of(world, "anna@example.org")).text
    assert "<b>prod&lt;b&gt;</b>" in shown


def test_it_is_written_down_that_it_came_by_the_link(world, place, phone):
    press(phone, place, "acknowledge")
    (entry,) = world.entries("acknowledged")
    assert (entry.actor, entry.detail["how"]) == ("Anna", "link")


def test_it_resolves_and_takes_notes(world, place, phone):
    page = press(phone, place, "note", text="Going there <b>now</b>")
    assert "Your note is on the timeline" in page.text
    assert world.entries("note")[0].detail["text"] == "Going there <b>now</b>"
    assert "Resolved by Anna" in press(phone, place, "resolve").text or world.incident().status == "resolved"
    assert "already resolved" in press(phone, place, "resolve").text


def test_it_acknowledges_for_a_time(world, place, phone):
    assert phone.post(place, **{"do": "acknowledge", "for": "soon"}).status_code == 400
    page = press(phone, place, "acknowledge", **{"for": "30m"})
    assert world.incident().phase == "timed"
    assert 'value="acknowledge"' in page.text  # again, to go on with it


def test_it_ends_fifteen_minutes_after_the_incident(world, place, phone):
    press(phone, place, "resolve")
    world.clock.advance(minutes=15)
    assert phone.get(place).status_code == 200
    world.clock.advance(seconds=1)
    assert phone.get(place).status_code == 410
    assert phone.post(place, do="acknowledge").status_code == 410


def test_it_works_as_long_as_the_incident_does(world, place, phone):
    world.clock.advance(days=40)
    assert phone.get(place).status_code == 200


@pytest.mark.parametrize("spoiled", ["{most}A", "{most}", "x{whole}", "x", "%ff", "{uuid}"])
def test_a_spoiled_link_opens_nothing(world, place, phone, spoiled):
    whole = place.removeprefix("/p/")
    assert (
        phone.get("/p/" + spoiled.format(whole=whole, most=whole[:-2], uuid=world.incident().uuid)).status_code == 410
    )


def test_a_link_is_for_one_incident_and_one_person(world, place, phone):
    assert "Oleg" in phone.get(place_of(world, "oleg@example.org")).text
    assert phone.get(place_of(world, "nobody@example.org")).status_code == 410
    with transaction() as session:
        session.execute(update(PersonRow).values(active=False))
    assert phone.get(place).status_code == 410


def test_a_team_may_answer_too(world, place, phone):
    press(phone, place_of(world, "team:infra"), "acknowledge")
    assert world.incident().ack_by == "infra"


def test_a_viewer_looks_only(world, place, phone):
    with transaction() as session:
        session.execute(update(PersonRow).values(role="viewer"))
    assert "<button" not in phone.get(place).text
    assert phone.post(place, do="acknowledge").status_code == 403
    assert world.incident().status == "triggered"


def test_it_is_small_and_needs_no_script_and_lets_nothing_in(world, place, phone):
    with transaction() as session:
        session.execute(update(Incident).values(title="<script>alert(1)</script>" + "x" * 300))
    answer = phone.get(place)
    assert len(answer.data) <= 8_000
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_nonsense_does_nothing(world, place, phone):
    for data in ({"do": "explode"}, {}, {"do": "note", "text": " "}):
        assert phone.post(place, data).status_code == 302
    assert phone.post(place, do="note", text="x" * 70_000).status_code == 413
    assert world.timeline() == ["opened"]


def test_old_keys_still_open_links_after_a_change_of_the_secret():
    uuid = "0b6f2c0e-8f0a-4a7e-9c53-0d7c2f1f6a11"
    old = links.make("old-key", uuid, "a@b")
    assert links.read("new-key, old-key", old) == links.Link(uuid, "a@b")
    assert links.read("new-key", old) is None
    assert links.read("new-key", links.make("new-key,old-key", uuid, "я@b")) == links.Link(uuid, "я@b")
    assert len(old) < 100


def test_when_it_is_over():
    now = HandClock().now()
    assert not links.over(None, now)
    assert not links.over(now - timedelta(minutes=15), now)
    assert links.over(now - timedelta(minutes=15, seconds=1), now)
