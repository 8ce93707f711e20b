"""On a phone a page begins with what matters, and what is pressed is as large as a thumb."""

import pytest
from playwright.sync_api import expect

from gateway.access import links
from tests.processes import KEY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
THUMB = 44  # px


def top(page, what):
    return page.locator(what).first.bounding_box()["y"]


@pytest.mark.parametrize("path", ["/deliveries", "/audit"])
def test_the_filters_wait_behind_a_button_until_they_are_used(world, signed_in, path):
    world.alert()
    page = signed_in("irina@example.org", **PHONE)
    page.goto(path)
    expect(page.locator("#narrow")).to_be_hidden()
    page.locator(".sliders summary").tap()
    page.locator("#narrow input:visible").first.fill("irina")
    page.locator("#narrow button").tap()
    expect(page.locator("#narrow")).to_be_visible()


def test_what_is_still_to_set_up_is_one_line_where_something_is_open(world, signed_in):
    page = signed_in("irina@example.org", **PHONE)
    page.goto("/overview")
    expect(page.locator(".todo ul")).to_be_visible()
    world.alert()
    page.goto("/overview")
    expect(page.locator(".todo ul")).to_be_hidden()
    assert top(page, ".tiles") < PHONE["viewport"]["height"] / 2


def test_everything_that_is_pressed_on_the_pocket_page_is_as_large_as_a_thumb(world, site, open_page):
    world.alert()
    page = open_page(**PHONE)
    page.goto("/p/" + links.make(KEY, world.incident().uuid, "anna@example.org"))
    pressed = page.locator("button, select, textarea, a").all()
    assert len(pressed) >= 5
    assert [one.inner_text() for one in pressed if one.bounding_box()["height"] < THUMB] == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_a_note_is_can_be_read_where_it_is_written(world, signed_in, language):
    """Of "the client does not see it" a phone showed all but the end."""
    (alarm,) = world.alert()
    world.post({"event": "created", "id": "SD-1", "subject": "Mail", "priority": "high"}, kind="ticket")
    page = signed_in("irina@example.org", **PHONE)
    token = page.get_attribute("meta[name=csrf-token]", "content")
    assert page.request.post("/me", form={"csrf_token": token, "language": language, "theme": ""}).ok
    for place in (f"/incidents/{alarm}", "/tickets/SD-1"):
        page.goto(place)
        over = page.locator("#note-text").evaluate("(one) => [one.placeholder, one.scrollHeight - one.clientHeight]")
        assert over[1] <= 0, over


def test_a_ticket_is_snoozed_by_one_choice_within_reach(world, signed_in):
    world.post({"event": "created", "id": "SD-1", "subject": "Mail", "priority": "high"}, kind="ticket")
    page = signed_in("irina@example.org", **PHONE)
    page.goto("/tickets/SD-1")
    page.locator("#snooze-menu summary").tap()
    last = page.locator("#snooze-menu button").last.bounding_box()
    assert last["y"] + last["height"] <= top(page, ".tabbar")
    page.locator("#snooze-menu button", has_text="2 hours").tap()
    expect(page.locator(".st")).to_have_text("Snoozed")


@pytest.mark.parametrize("options", [PHONE, {"viewport": {"width": 1280, "height": 860}}], ids=["phone", "desk"])
def test_a_word_of_the_filter_that_is_none_can_be_read(world, signed_in, options):
    world.alert()
    page = signed_in(**options)
    page.goto("/incidents?q=servise%3Abilling")
    expect(page.locator(".chip.bad small")).to_be_visible()
    word = page.locator(".chip.bad .mono")
    assert word.evaluate("(one) => one.getClientRects().length === 1 && one.offsetHeight < 30")


@pytest.mark.parametrize("width", [320, 390])
def test_all_acts_on_many_are_seen_and_as_large_as_a_thumb(world, signed_in, width):
    """Beyond the first of them one had to push sideways, which nothing told."""
    for name in "ABCDE":
        world.alert(name=name, fingerprint=name)
    page = signed_in(**{**PHONE, "viewport": {"width": width, "height": 844}})
    bar, more = page.locator("#bulk"), page.locator("#bulk-more")
    page.locator(".cb").first.tap()
    for main in ("acknowledge", "resolve"):
        expect(page.locator(f"[data-bulk={main}]")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-bulk=merge]")).to_be_hidden()
    page.locator(".foot").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = page.locator("#list tbody tr").last.bounding_box()
    assert last["y"] + last["height"] <= bar.bounding_box()["y"]  # nothing of the list is out of reach
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    pressed = page.locator("#bulk button:visible, #bulk select, #bulk .every").all()
    assert len(pressed) == 11
    assert [one.inner_text() for one in pressed if one.bounding_box()["height"] < THUMB] == []
    for one in pressed:
        expect(one).to_be_in_viewport(ratio=1)
    assert bar.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
    page.locator("#bulk-to").select_option("oleg@example.org")
    page.locator("[data-bulk=assign]").tap()
    expect(page.locator("#flash")).to_contain_text("Assigned: #")
    expect(bar).to_be_hidden()
    page.locator(".cb").first.tap()
    expect(page.locator("[data-bulk=merge]")).to_be_hidden()  # folded again
