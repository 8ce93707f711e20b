"""Snoozing, assigning and muting with the keyboard, in a real browser."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_snooze_assign_and_mute_by_keys(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.goto(f"/incidents/{number}")
    page.keyboard.press("i")
    expect(page.locator("#assign-to")).to_be_focused()
    page.select_option("#assign-to", "oleg@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("in the hands of Oleg")
    page.locator("#title").click()
    page.keyboard.press("s")
    expect(page.locator("#snooze-for")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#snooze [value='2h']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".hero .st")).to_have_text("Snoozed")
    expect(page.locator("#flash")).to_contain_text("until 05:12")
    expect(page.locator("#snooze")).to_be_hidden()  # what was chosen is done: the menu is out of the way
    page.keyboard.press("r")
    page.keyboard.type("a new disk")
    world.alert(instance="db02", fingerprint="second")  # the page is drawn anew, the choice stays
    expect(page.locator(".tl")).to_contain_text("Woken early", timeout=15_000)
    expect(page.locator("#fixed-by")).to_have_value("a new disk")
    page.click("#mute")
    expect(page.locator(".hero .st")).to_have_text("Resolved")
    expect(page.locator(".tl")).to_contain_text("muted 2 alerts until they clear")
    expect(page.locator("#snooze")).to_have_count(0)
