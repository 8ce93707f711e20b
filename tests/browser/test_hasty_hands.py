"""Hands that are quicker than the network, and hands that have no mouse."""

import re

import pytest
from sqlalchemy import func, select

from gateway.access import links
from gateway.store.db import db
from gateway.store.tables import SilenceRow
from tests.browser.test_pending import held
from tests.conftest import KEY

expect = pytest.importorskip("playwright.sync_api").expect
fixtures = (held,)  # pytest finds it by its name in this file
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

# The second half of a double click: where the button was, as soon as the answer stands there.
AGAIN = """(row) => document.addEventListener("htmx:afterSettle", () => {
  const place = document.getElementById(row), button = place.querySelector("[data-do=resolve]");
  if (document.body.dataset.pressed || place.querySelector("[data-do=acknowledge]")) return;
  document.body.dataset.pressed = "yes";
  button.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 2 }));
})"""


def test_a_double_click_acknowledges_and_does_not_resolve(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.clock.install()
    page.goto("/incidents")
    row = page.locator(f"#row-{number}")
    page.evaluate(AGAIN, f"row-{number}")
    row.locator("[data-do=acknowledge]").click()
    expect(row.locator(".st")).to_have_text("Acknowledged")
    expect(page.locator("body")).to_have_attribute("data-pressed", "yes")
    page.clock.fast_forward(2_000)
    expect(page.locator(".pending, .htmx-request")).to_have_count(0)
    db.session.rollback()
    assert "resolved" not in world.timeline()
    row.locator("[data-do=resolve]").click()  # whoever looks before they press is not held up
    expect(page.locator("#flash")).to_contain_text(f"Resolved #{number}")


def test_after_an_act_by_keys_the_focus_is_where_one_goes_on(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    page.goto(f"/incidents/{number}")
    page.locator("[data-do=acknowledge]").press("Enter")
    expect(page.locator("#incident .st").first).to_have_text("Acknowledged")
    expect(page.locator("#resolve-menu > summary")).to_be_focused()
    page.fill("#note-text", "On it")
    page.locator("#note button").press("Enter")
    expect(page.locator("#incident")).to_contain_text("On it")
    expect(page.locator("#note button")).to_be_focused()
    page.keyboard.press("i")
    page.locator("#assign [data-do]").press("Enter")
    expect(page.locator("#incident .facts")).to_contain_text("in the hands of")
    expect(page.locator("#assign-menu > summary")).to_be_focused()


# As it begins, and when it is over.
HELD = """(button) => {
  const presses = () => getComputedStyle(button).pointerEvents !== "none";
  button.style.animation = "none";
  const usual = presses();
  button.style.animation = "";
  const [begins] = button.getAnimations();
  begins.pause();
  const first = presses();
  begins.finish();
  return [usual, first, presses()];
}"""


def test_a_tap_too_many_takes_nothing_back_on_the_pocket_page(world, open_page):
    world.alert()
    page = open_page()
    page.goto("/p/" + links.make(KEY, world.incident().uuid, "anna@example.org"))
    page.locator("button.big").click()
    expect(page.locator(".said")).to_be_visible()
    for name in ("Undo", "Resolve"):
        assert page.get_by_role("button", name=name).evaluate(HELD) == [True, False, True]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".top b")).to_have_text("Open")


# The same button once more, while the form is on its way.
ONCE_MORE = """() => {
  const form = document.querySelector("main form"), button = form.querySelector(".btn.pri");
  form.addEventListener("submit", () => setTimeout(() => {
    button.click();
    console.log("again, " + form.getAttribute("aria-busy"));
  }, 500), { once: true }); // by then the first is on the wire, and a browser would send another
}"""


def test_a_form_that_is_under_way_is_not_sent_again(world, held, signed_in):
    page = signed_in()
    page.goto("/silences/new")
    page.fill("#quiet-asked input[name=matcher]", 'service="door"')
    page.fill("#reason", "The door is being painted")
    page.evaluate(ONCE_MORE)
    held.which = "/silences"
    with page.expect_console_message(lambda said: said.text == "again, true"):
        page.locator("main form .btn.pri").click(no_wait_after=True)
    assert held.inside.wait(20)
    held.go.set()
    page.wait_for_url(re.compile(r"/silences/\d+"))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(SilenceRow)) == 1
    page.go_back()
    expect(page.locator("main form[aria-busy=true]")).to_have_count(0)
