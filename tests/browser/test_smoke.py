"""What people do with the dashboard, in a real browser."""

import re

import pytest

from tests.integration.test_dashboard import HOSTILE
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
QUICK = 15_000  # milliseconds; it takes two seconds, on a machine that has nothing else to do


def two_incidents(world):
    alerts = alert(name="A", fingerprint="a"), alert(name="B", fingerprint="b")
    return sorted(world.post(group(*alerts)).json["incidents"])


def test_a_new_incident_appears_by_itself(world, signed_in):
    world.alert()
    page = signed_in()
    expect(page.locator("#live-words")).to_have_text("Live")
    (number,) = world.alert(name="Second", fingerprint="s")
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page).to_have_title("Incidents (2) · Nabat")
    expect(page.locator("#open-count")).to_have_text("2")
    expect(page.locator("#tabs .c").first).to_have_text("2")

    # paused: the list stays as it is, a banner counts; "u" looks once, the button goes on
    page.get_by_role("button", name="Pause live updates").click()
    expect(page.locator("#live-words")).to_have_text("Paused")
    (number,) = world.alert(name="Third", fingerprint="t")
    expect(page.locator("#waiting")).to_contain_text(
        "New: 1, changed: 0. There is news. Live updates are paused.", timeout=QUICK
    )
    expect(page.locator(f"#row-{number}")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page.locator("#live-words")).to_have_text("Paused")
    page.get_by_role("button", name="Pause live updates").click()
    expect(page.locator("#live-words")).to_have_text("Live")


def test_the_very_first_incident_replaces_the_first_steps(world, signed_in):
    page = signed_in()
    expect(page.locator("h1")).to_have_text("First steps")
    (number,) = world.alert()
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)


def test_acknowledging_by_click(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.click(f"#row-{number} [data-do=acknowledge]")
    expect(page.locator(f"#row-{number} .st")).to_have_text("Acknowledged")
    expect(page.locator("#flash")).to_contain_text(f"Acknowledged #{number}")
    assert world.incident().ack_by == "Anna"


def test_everything_by_keys(world, signed_in):
    first, second = two_incidents(world)
    page = signed_in()
    expect(page.locator(f"#row-{second}")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(f"#row-{second} .ttl")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#row-{first} .ttl")).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator(f"#row-{first} .st")).to_have_text("Acknowledged")
    expect(page.locator(f"#row-{first} .ttl")).to_be_focused()
    page.keyboard.press("o")
    page.wait_for_url(f"**/incidents/{first}*")
    page.keyboard.press("r")
    expect(page.locator("#fixed-by")).to_be_focused()  # asked, and Enter is enough
    page.keyboard.press("Enter")
    expect(page.locator(".hero .st")).to_have_text("Resolved")
    page.keyboard.press("u")
    page.wait_for_url("**/incidents")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("ar")
    assert {one.status for one in world.incidents()} == {"resolved", "triggered"}
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#list .ttl:focus")).to_have_count(0)


def test_the_incident_page_lives_and_keeps_a_half_written_note(world, signed_in):
    labels = {f"label{n}": "x" for n in range(9)}
    (number,) = world.alert(**labels)
    page = signed_in()
    page.goto(f"/incidents/{number}")
    page.fill("#note-text", "half a thought")
    page.click("#more-labels summary")
    page.locator("#note-text").focus()
    world.alert(instance="db02", fingerprint="second", **labels)
    expect(page.locator(".tl")).to_contain_text("1 more alert", timeout=QUICK)
    expect(page.locator("#note-text")).to_have_value("half a thought")
    expect(page.locator("#note-text")).to_be_focused()
    expect(page.locator("#more-labels")).to_have_attribute("open", "")
    page.click("#note button")
    expect(page.locator(".tl .note")).to_have_text("half a thought")
    expect(page.locator("#note-text")).to_have_value("")


def test_the_list_stays_still_while_the_pointer_is_down(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.hover(f"#row-{number} .k-u")
    page.mouse.down()
    (other,) = world.alert(name="Second", fingerprint="s")
    expect(page.locator("#waiting")).to_be_visible(timeout=QUICK)
    expect(page.locator(f"#row-{other}")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(f"#row-{other}")).to_be_visible(timeout=QUICK)
    expect(page.locator("#waiting")).to_be_hidden()


def test_filtering_keeps_the_address_and_the_live_list_keeps_the_filter(world, signed_in):
    first, second = two_incidents(world)
    page = signed_in()
    page.fill("#f-q", f"#{first}")
    expect(page.locator(f"#row-{second}")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"q=%23{first}"))
    with page.expect_response(re.compile(r"/live\?.*q=[^&]*q%3D")):
        world.alert(name="C", fingerprint="c")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.fill("#f-q", f"#{first} urgency:ordinary")
    page.press("#f-q", "Enter")
    expect(page.locator(".chip")).to_have_text(["urgency:ordinary"])
    expect(page.locator("#list")).to_contain_text("No incident matches")


def test_a_page_that_is_not_live_says_so_and_recovers(world, signed_in):
    world.alert()
    page = signed_in()
    expect(page.locator("#live-words")).to_have_text("Live")
    page.route("**/live?*", lambda route: route.fulfill(status=204))  # an answer, but not the gateway's
    expect(page.locator("#live-words")).to_have_text("Reconnecting…", timeout=QUICK)
    expect(page.locator("#outdated")).to_be_visible(timeout=QUICK)
    expect(page.locator("#live-words")).to_contain_text("Not live · 1")
    expect(page.locator("#outdated")).to_contain_text("Trust your phone, not this page")
    expect(page.locator("[data-until]").first).to_have_text("unknown")
    page.unroute("**/live?*")
    page.click("#retry")
    expect(page.locator("#outdated")).to_be_hidden(timeout=QUICK)
    expect(page.locator("#live-words")).to_have_text("Live")


def test_signed_out_elsewhere_the_page_says_so(world, signed_in):
    world.alert()
    page = signed_in()
    page.context.clear_cookies()
    expect(page.locator("#flash-err")).to_contain_text("You are signed out", timeout=QUICK)
    assert page.locator("#flash-err a").get_attribute("href").startswith("/login?next=")


def test_without_javascript_everything_works(world, signed_in):
    (number,) = world.alert()
    page = signed_in(java_script_enabled=False)
    page.fill("#f-q", "instance")
    page.press("#f-q", "Enter")
    expect(page.locator(f"#row-{number}")).to_be_visible()
    page.click(f"#row-{number} [data-do=acknowledge]")
    expect(page.locator(f"#row-{number} .st")).to_have_text("Acknowledged")
    page.click(f"#row-{number} .ttl")
    page.fill("#note-text", "by hand")
    page.click("#note button")
    expect(page.locator(".tl .note")).to_have_text("by hand")
    page.click("#resolve-menu summary")
    page.click("[data-do=resolve]")
    expect(page.locator(".hero .st")).to_have_text("Resolved")
    page.goto("/me")
    page.click("main form[action='/logout'] button")
    expect(page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(world, signed_in, scheme):
    world.alert(service="a-service-with-a-very-long-name-" * 4, name="W" * 200)
    (number,) = [one.id for one in world.incidents()]
    page = signed_in(color_scheme=scheme, **PHONE)
    for path in ("/incidents", f"/incidents/{number}", "/deliveries", "/sources", "/me", "/nothing"):
        if path != "/nothing":
            page.goto(path)
        out = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert out <= 0, path
    page.goto("/incidents")
    box = page.locator(f"#row-{number} [data-do=acknowledge]").bounding_box()
    assert box["height"] >= 44
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_hostile_texts_stay_texts(world, signed_in):
    body = {**alert(fingerprint="h"), "annotations": {"summary": HOSTILE}}
    body["labels"] = {**body["labels"], "service": HOSTILE, HOSTILE: HOSTILE}
    (number,) = world.post(group(body)).json["incidents"]
    page = signed_in()
    expect(page.locator(f"#row-{number} .ttl")).to_contain_text("<script>alert(1)</script>")
    world.post(group({**alert(fingerprint="h2", name="Another"), "annotations": {"summary": HOSTILE}}))
    expect(page.locator("#list tbody tr")).to_have_count(2, timeout=QUICK)
    page.goto(f"/incidents/{number}")
    page.fill("#note-text", HOSTILE)
    page.click("#note button")
    expect(page.locator(".tl .note")).to_contain_text("<script>")
    assert page.locator("main img").count() == 0
    assert page.locator("main script").count() == 0


def test_the_theme_switch_is_remembered(signed_in):
    page = signed_in(color_scheme="light")
    page.click("#theme")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_times_tick(world, signed_in):
    world.alert()
    page = signed_in()
    until = page.locator("[data-until]").first
    before = until.text_content()
    expect(until).not_to_have_text(before, timeout=QUICK)


def test_changes_come_to_the_list_by_themselves(world, signed_in):
    world.alert()
    page = signed_in()
    for n in range(3):
        (number,) = world.alert(name=f"N{n}", fingerprint=f"n{n}")
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
