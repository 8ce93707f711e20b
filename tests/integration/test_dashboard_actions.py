"""Snoozing, assigning, muting and passing on, as the pages offer them; no button needs JavaScript."""

import pytest

from gateway.access import links
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import alert, group

HX = {"HX-Request": "true"}


@pytest.fixture
def app(world):
    everybody_has_a_password()
    return world.app


@pytest.fixture
def anna(app):
    """A responder."""
    browser = Browser(app)
    browser.sign_in("anna@example.org")
    return browser


def pocket(world, who):
    secret = world.app.extensions["gateway"].settings.secret_key
    return f"/p/{links.make(secret, world.incident().uuid, who)}"


def test_an_incident_is_snoozed_from_its_page(world, anna):
    (number,) = world.alert()
    page = anna.get(f"/incidents/{number}").text
    assert f'action="/incidents/{number}/snooze"' in page
    answer = anna.press(f"/incidents/{number}/snooze", **{"for": "30m"})
    assert (answer.status_code, answer.headers["Location"].partition("?undo=")[0]) == (302, f"/incidents/{number}")
    page = anna.get(f"/incidents/{number}").text
    for words in ("Snoozed", "snoozed it until 03:42", "Snoozed for", "30:00"):
        assert words in page
    world.clock.advance(minutes=10)
    main = anna.get(f"/incidents/{number}").text.partition("<main")[2]
    assert "overdue" not in main


def test_an_incident_is_acknowledged_for_a_time_and_again_when_that_is_over(world, anna):
    (number,) = world.alert()
    assert anna.press(f"/incidents/{number}/acknowledge", **{"for": "soon"}).status_code == 400
    anna.press(f"/incidents/{number}/acknowledge", **{"for": "30m"})
    assert (world.incident().phase, f"{world.incident().next_at:%H:%M}") == ("timed", "00:42")
    page = anna.get(f"/incidents/{number}").text
    assert "For a time: until 03:42" in page
    anna.press(f"/incidents/{number}/acknowledge")
    assert (world.incident().phase, world.incident().next_at) == ("", None)


def test_the_end_of_a_snooze_is_meant_in_the_zone_of_whoever_says_it(world, anna):
    (number,) = world.alert()
    anna.press(f"/incidents/{number}/snooze", **{"for": "until 09:00 tomorrow"})
    assert f"{world.incident().snoozed_until:%d %H:%M}" == "06 06:00"  # Moscow is three hours ahead
    anna.press(f"/incidents/{number}/snooze", until="2026-12-05T10:00")
    assert f"{world.incident().snoozed_until:%d %H:%M}" == "05 07:00"
    anna.press(f"/incidents/{number}/snooze")
    assert f"{world.incident().snoozed_until:%d %H:%M}" == "05 00:42"


@pytest.mark.parametrize("wrong", ["soon", "0m", "-5m", "99w", "2020-01-01T00:00", "\0"])
def test_a_time_that_is_none_changes_nothing(world, anna, wrong):
    (number,) = world.alert()
    assert anna.press(f"/incidents/{number}/snooze", **{"for": wrong}).status_code == 400
    assert world.timeline() == ["opened"]


def test_what_is_snoozed_has_a_tab_and_the_numbers_add_up(world, anna):
    one, two, three = (
        world.alert(name=name, fingerprint=name)[0] for name in ("A", "B", "C")
    )  # fmt: skip
    anna.press(f"/incidents/{one}/snooze")
    anna.press(f"/incidents/{two}/acknowledge")
    for status, numbers in (("snoozed", [one]), ("open", [three]), ("ack", [two]), ("unresolved", [three, one, two])):
        page = anna.get(f"/incidents?status={status}").text
        rows = [f'id="row-{number}"' in page for number in (one, two, three)]
        assert rows == [number in numbers for number in (one, two, three)], status
        assert 'status=snoozed"' in page
        for word in ("Unresolved", "Open", "Acknowledged", "Snoozed"):
            assert f'{word} <span class="c">{3 if word == "Unresolved" else 1}</span>' in page


def test_an_incident_is_given_to_somebody_and_by_itself_to_whoever_presses(world, anna):
    (number,) = world.alert()
    page = anna.get(f"/incidents/{number}").text
    people = page.partition('id="assign-to"')[2].partition("</select>")[0]
    assert [people.index(name) for name in ("Anna", "Irina", "Oleg")] == sorted(
        people.index(name) for name in ("Anna", "Irina", "Oleg")
    )  # fmt: skip
    anna.press(f"/incidents/{number}/assign", to="oleg@example.org")
    page = anna.get(f"/incidents/{number}").text
    assert "in the hands of Oleg" in page
    assert "assigned it to Oleg" in page
    anna.press(f"/incidents/{number}/assign")
    page = anna.get(f"/incidents/{number}").text
    assert "in the hands of Anna" in page
    assert "took it over" in page
    assert anna.press(f"/incidents/{number}/assign", to="nobody@example.org").status_code == 400
    assert anna.press("/incidents/99/assign").status_code == 404
    assert anna.press("/incidents/99/snooze").status_code == 404


def test_with_javascript_the_page_and_a_word_come_back(world, anna):
    (number,) = world.alert()
    for what, words in (("snooze", "Snoozed #"), ("assign", "is in the hands of Anna"), ("assign", "of Anna")):
        answer = anna.press(f"/incidents/{number}/{what}", HX)
        assert (answer.status_code, words in answer.headers["HX-Trigger"]) == (200, True)
        assert 'id="incident"' in answer.text


def test_resolving_may_mute_what_still_fires(world, anna):
    (number,) = world.alert()
    assert 'name="mute"' in anna.get(f"/incidents/{number}").text
    anna.press(f"/incidents/{number}/resolve", mute="yes")
    world.alert()
    assert [one.status for one in world.incidents()] == ["resolved"]
    assert "muted 1 alert until it clears" in anna.get(f"/incidents/{number}").text


def test_every_new_line_of_the_timeline_is_said_in_russian_too(world, anna):
    (number,) = world.alert()
    world.client.get("/")
    anna.press("/me", language="ru", theme="")
    anna.press(f"/incidents/{number}/assign", to="oleg@example.org")
    anna.press(f"/incidents/{number}/assign")
    anna.press(f"/incidents/{number}/snooze")
    world.post(group(alert(fingerprint="a2", instance="db02")))
    Browser(world.app).post(pocket(world, "anna@example.org"), do="decline")
    anna.press(f"/incidents/{number}/snooze")
    world.passes(minutes=30)
    anna.press(f"/incidents/{number}/resolve", mute="yes")
    page = anna.get(f"/incidents/{number}").text
    for words in (
        "поручил(а): Oleg", "взял(а) на себя", "отложил(а) до", "Возвращён раньше срока", "не может взяться",
        "Время, на которое отложили, вышло", "приглушил(а) 2 сигнала",
    ):  # fmt: skip
        assert words in page, words


def test_whoever_cannot_passes_it_to_the_next_one(world, app):
    world.alert()
    phone, place = Browser(app), pocket(world, "anna@example.org")
    page = phone.get(place).text
    assert "I cannot: pass it to Oleg" in page
    answer = phone.get(phone.post(place, do="decline", level="1").headers["Location"])
    assert "Passed on: the next step has begun." in answer.text
    assert "pass it to Irina" in answer.text
    assert {one.who for one in world.deliveries(level=2)} == {"oleg@example.org"}
    phone.post(place, do="decline", level="1")  # the same button once more
    assert world.incident().level == 2
    phone.post(place, do="decline", level="2")
    assert world.incident().level == 3
    assert "I cannot" not in phone.get(place).text
    assert "nobody to pass it to" in phone.get(phone.post(place, do="decline", level="3").headers["Location"]).text
    (first, _) = world.entries("passed on")
    assert (first.actor, first.detail["told"][0]["who"]) == ("Anna", "oleg@example.org")
    world.acknowledges(world.incident().id)
    phone.post(place, do="decline", level="3")
    assert world.incident().status == "acknowledged"
