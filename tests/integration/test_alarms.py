"""What stands above every page while we cannot do our work, in both languages, and how live pages hear of it."""

import re

import pytest

PAGES = ("/incidents", "/incidents/{}", "/deliveries", "/sources", "/me")


def alarms_in(text):
    """The words of the banners, without markup."""
    part = re.search(r'<div id="alarms"[^>]*>(.*?)</div>\s*(?:<div id="(?:newer|flash-err)"|$)', text, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part[1])).strip()


def breaks_the_book(tmp_path, world, text="version: 1\nroutes: <b>7\n"):
    (tmp_path / "book" / "book.yaml").write_text(text)
    world.app.extensions["gateway"].shelf.refresh(force=True)


def test_every_page_says_that_an_emergency_reached_nobody_and_leads_there(world, anna):
    (number,) = world.alert()
    assert alarms_in(anna.get("/incidents").text) == ""
    world.clock.advance(seconds=61)
    for path in PAGES:
        text = anna.get(path.format(number)).text
        said = f"1 emergency has reached nobody. Nobody was called, or nothing got out: #{number}"
        assert alarms_in(text) == said, path
        assert '<div class="banner err" role="alert">' in text
        assert f'<a href="/incidents/{number}">#{number}</a>' in text
    world.alert("resolved")
    assert alarms_in(anna.get("/incidents").text) == ""


def test_a_few_have_a_link_each_the_others_are_counted(world, anna):
    for number in range(5):
        world.alert(name=f"N{number}", fingerprint=f"f{number}")
    world.clock.advance(seconds=61)
    said = alarms_in(anna.get("/me").text)
    assert said.startswith("5 emergencies have reached nobody.")
    assert said.count("#") == 3
    assert said.endswith(", …")


def test_every_page_says_that_the_rule_book_is_broken_and_the_old_one_in_force(world, anna, tmp_path):
    (number,) = world.alert()
    world.alert("resolved")
    breaks_the_book(tmp_path, world)
    for path in PAGES:
        text = anna.get(path.format(number)).text
        assert alarms_in(text).startswith("The rule book has a mistake: the old rules stay in force. book.yaml"), path
        assert '<div class="banner warn" role="alert">' in text
        assert "<b>7" not in text


def test_they_speak_the_readers_language(world, anna, tmp_path):
    world.alert()
    world.clock.advance(seconds=61)
    breaks_the_book(tmp_path, world)
    anna.press("/me", language="ru", theme="")
    said = alarms_in(anna.get("/incidents").text)
    assert said.startswith("1 экстренный инцидент ни до кого не дошёл.")
    assert "действуют прежние правила" in said


@pytest.mark.parametrize(("page", "query"), [("incidents", ""), ("incident", "n=")])
def test_a_live_page_hears_of_what_only_time_brought(world, anna, page, query):
    (number,) = world.alert()
    path = f"/incidents/{number}" if query else "/incidents"
    mark = re.search(r'data-mark="([^"]+)"', anna.get(path).text)[1]
    asked = f"/live?page={page}&q={query}{number if query else ''}&since={mark}"
    assert anna.get(asked).status_code == 204
    world.clock.advance(seconds=61)
    answer = anna.get(asked)
    assert answer.status_code == 200
    assert '<div id="alarms" hx-swap-oob="true">' in answer.text
    assert "has reached nobody" in answer.text


def test_a_live_page_hears_of_a_broken_rule_book_and_of_its_mending(world, anna, tmp_path):
    world.alert()
    whole = (tmp_path / "book" / "book.yaml").read_text()
    mark = re.search(r'data-mark="([^"]+)"', anna.get("/incidents").text)[1]
    breaks_the_book(tmp_path, world)
    answer = anna.get(f"/live?page=incidents&since={mark}")
    assert "the old rules stay in force" in answer.text
    mark = re.search(r'data-mark="([^"]+)"', answer.text)[1]
    breaks_the_book(tmp_path, world, whole)
    answer = anna.get(f"/live?page=incidents&since={mark}")
    assert (answer.status_code, "the old rules stay in force" in answer.text) == (200, False)
