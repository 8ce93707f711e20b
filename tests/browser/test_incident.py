"""The incident page in a real browser: keys, a part of the timeline and boxes that stay, and nothing too wide."""

import pytest

from gateway import actions
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
QUICK = 15_000
WIDE = """[...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest("pre, .scroll, .vh"))
  .map((one) => one.tagName + "." + one.className + "#" + one.id).slice(0, 5)"""


def test_through_the_list_by_keys_and_up_the_ladder(world, signed_in):
    numbers = [world.alert(name=name, fingerprint=name)[0] for name in ("A", "B")]
    page = signed_in()
    page.click(f"#row-{numbers[1]} .ttl")
    page.wait_for_url(f"**/incidents/{numbers[1]}?from=*")
    page.keyboard.press("j")
    page.wait_for_url(f"**/incidents/{numbers[0]}?from=*")
    expect(page.locator("h1")).to_contain_text("A on db01")
    page.keyboard.press("e")
    expect(page.locator("#flash")).to_contain_text(f"Step 2 of #{numbers[0]} begins now")
    assert [one.level for one in world.incidents()] == [2, 1]


CYRILLIC = """([key, code]) => document.body.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def test_keys_that_lead_on_and_those_of_a_cyrillic_keyboard(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.focus(f"#row-{number} .ttl")
    page.keyboard.press("y")
    expect(page.locator("#flash")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/incidents/{number}")
    page.keyboard.press(".")
    expect(page.locator(f"#row-{number} .end-menu")).to_have_attribute("open", "")
    page.goto(f"/incidents/{number}")
    page.keyboard.press(".")
    expect(page.locator("#more summary")).to_be_focused()
    for keys, place in (
        ("gr", "reports"),
        ("gt", "tickets"),
        ("go", "oncall"),
        ("gt", "tickets"),
        ("gd", "deliveries"),
    ):
        page.keyboard.press(keys[0])
        page.keyboard.press(keys[1])
        page.wait_for_url(f"**/{place}")
    page.goto(f"/incidents/{number}")
    for key in ("g", "a"):  # leads nowhere, and acts on nothing
        page.keyboard.press(key)
    page.evaluate(CYRILLIC, ["\u0441", "KeyC"])
    expect(page.locator("#note-text")).to_be_focused()
    page.keyboard.press("Escape")
    assert [one.status for one in world.incidents()] == ["triggered"]
    page.evaluate(CYRILLIC, ["\u0444", "KeyA"])
    expect(page.locator(".hero .st")).to_have_text("Acknowledged")


def test_what_is_chosen_and_half_written_stays_while_the_page_lives(world, signed_in):
    (number,) = world.post(group(alert(fingerprint="a0"), alert(fingerprint="a1", instance="db02"))).json["incidents"]
    page = signed_in()
    page.goto(f"/incidents/{number}?tl=people")
    page.check("#choose-2")
    page.click("#more summary")
    page.fill("#why-urgency", "because")
    world.acknowledges(number, name="Oleg")
    expect(page.locator(".hero .st")).to_have_text("Acknowledged", timeout=QUICK)
    expect(page.locator("#timeline [aria-current]")).to_have_text("People")
    expect(page.locator("#timeline .tl")).not_to_contain_text("Opened")
    expect(page.locator("#choose-2")).to_be_checked()
    expect(page.locator("#why-urgency")).to_have_value("because")
    page.click("#split button")
    expect(page.locator("#flash")).to_contain_text(f"These alerts are #{number + 1} now")


def test_a_long_timeline_grows_as_it_is_read_and_stays_so(world, signed_in):
    (number,) = world.alert()
    for n in range(150):
        actions.add_note(number, f"note {n:03}", actions.Actor("Anna", "dashboard"), world.clock.now())
    page = signed_in()
    page.goto(f"/incidents/{number}?tl=people")
    expect(page.locator("#timeline .tl > li")).to_have_count(60)
    for count in (120, 150):
        page.locator("#older").scroll_into_view_if_needed()
        expect(page.locator("#timeline .tl > li")).to_have_count(count)
    expect(page.locator("#older")).to_have_count(0)
    page.fill("#note-text", "one more")
    page.click("#note button")
    expect(page.locator("#timeline .tl > li").first).to_contain_text("one more", timeout=QUICK)
    expect(page.locator("#timeline .tl > li").last).to_contain_text("note 000")


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_stands_out_sideways(world, signed_in, width):
    long = "x" * 300
    many = (alert(fingerprint=f"a{n}", instance=f"{long}{n}", path="/a" * 200) for n in range(12))
    (number,) = world.post(group(*many)).json["incidents"]
    page = signed_in(viewport={"width": width, "height": 800})
    for path in ("", "/alerts", "/payloads"):
        page.goto(f"/incidents/{number}{path}")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert page.evaluate(WIDE) == [], path


def test_on_a_phone_the_acts_behind_the_dots_are_a_sheet_over_the_page(world, signed_in):
    (number,) = world.alert()
    page = signed_in(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(f"/incidents/{number}")
    sheet, dots = page.locator("#rest"), page.locator("#more summary")
    expect(page.locator("#acknowledge button")).to_be_in_viewport()
    expect(page.locator("#h-what")).to_be_in_viewport()  # the first screen says what is happening
    expect(sheet).to_be_hidden()
    dots.click()
    expect(page.locator("#set-urgency")).to_be_visible()
    page.locator("#title").click(position={"x": 2, "y": 2})
    expect(sheet).to_be_hidden()
    dots.click()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(dots).to_be_focused()
    dots.click()
    page.click("#assign-menu summary")
    page.select_option("#assign-to", "oleg@example.org")
    page.click("#assign button")
    expect(page.locator(".facts")).to_contain_text("in the hands of Oleg")
    expect(sheet).to_be_hidden()
