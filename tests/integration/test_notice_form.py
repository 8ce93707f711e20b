"""The form of a notice: what somebody has written there stays, whichever tab they turn to."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.integration.test_status_pages import ONE_IS_ENOUGH, Site

pytestmark = ONE_IS_ENOUGH
SAID = {"title-en": "Mail <now>", "text-ru": "Слишком рано,\nно так и есть.", "state-2": "slow",
        "starts": "2026-12-05T09:00", "stage": "identified", "incident": "7", "about": "trouble",
        "once": "a-key"}  # fmt: skip


class Fields(HTMLParser):
    """What the form would send; a list is named by its first choice that is marked."""

    def __init__(self, page):
        super().__init__()
        self.said, self.within = {}, ""
        self.feed(page.partition('id="n" method="post"')[2].partition("</form>")[0])

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in ("textarea", "select"):
            self.within = found["name"]
            self.said[self.within] = ""
        elif tag == "option" and "selected" in found:
            self.said[self.within] = found["value"]
        elif tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self.said[found["name"]] = found["value"]

    def handle_data(self, data):
        if self.lasttag == "textarea" and self.within:
            self.said[self.within] += data

    def handle_endtag(self, tag):
        self.within = self.within if tag == "option" else ""


@pytest.fixture
def site(world):
    return Site(world)


def turned(site, about, said):
    answer = site.admin.press(f"/notices/new?about={about}", **said)
    assert answer.status_code == 200
    return Fields(answer.text).said


def test_the_other_tab_has_what_was_written_on_the_first(site):
    work = turned(site, "maintenance", SAID)
    assert (work["about"], work["stage"], "state-1" in work) == ("maintenance", "planned", False)
    assert {name for name in SAID if work[name] != SAID[name]} == {"about", "stage"}
    work |= {"ends": "2026-12-05T11:00", "title-ru": "Почта"}
    back = turned(site, "trouble", work)
    assert {name: back[name] for name in SAID} == SAID
    assert (back["ends"], back["title-ru"]) == ("2026-12-05T11:00", "Почта")
    assert turned(site, "maintenance", back)["ends"] == back["ends"]
    assert turned(site, "trouble", {**work, "state-2": "maintenance"})["state-2"] == "down"


def test_work_is_maintenance_whatever_was_said_of_the_component_on_the_other_tab(site):
    now = site.clock.now()
    at = {name: f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}+00:00" for name, hours in (("starts", 2), ("ends", 4))}
    site.publishes(about="maintenance", **at)
    site.clock.advance(hours=3)
    assert "Maintenance is under way" in site.page()
    assert "<b>Maintenance</b>" in site.page("/status/1")


def test_the_enter_key_looks_at_the_notice_and_turns_to_no_tab(site):
    """The first button of a form is the one that Enter presses."""
    buttons = site.admin.get("/notices/new").text.partition('<nav class="tabs"')[2].split("<button")
    assert 'form="n" name="do" value="preview"' in buttons[1]
    assert ["formaction" in one for one in buttons[1:4]] == [False, True, True]
