"""A person's own keys, and the sound they asked for, in a real browser."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LISTEN = """window.tones = 0; const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); }"""
RUSSIAN = """([key, code]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def test_keys_that_somebody_chose_do_what_they_say_also_on_a_cyrillic_keyboard(world, signed_in):
    first, second = sorted(world.alert() + world.alert(name="Second", fingerprint="s"))
    page = signed_in()
    page.goto("/me/appearance")
    page.get_by_label("acknowledge").fill("q")
    page.get_by_label("next").first.fill("d")
    page.get_by_label("help").fill(";")
    page.locator("#own-keys button").first.click()
    expect(page.get_by_label("acknowledge")).to_have_value("q")
    page.goto("/incidents")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("d")
    top = page.evaluate("document.activeElement.closest('tr').id")
    assert top in (f"row-{first}", f"row-{second}")
    page.keyboard.press("Shift+D")
    assert page.locator("#list .cb:checked").count() == 2
    page.keyboard.press("Escape")
    page.locator(f"#{top} .ttl").focus()
    page.keyboard.press("a")  # means nothing any more
    page.evaluate(RUSSIAN, ["в", "KeyD"])
    assert page.evaluate("document.activeElement.closest('tr').id") != top
    page.evaluate(RUSSIAN, ["й", "KeyQ"])
    expect(page.locator("#list .st", has_text="Acknowledged")).to_have_count(1)
    expect(page.locator("#flash kbd")).to_have_text("z")
    page.evaluate(RUSSIAN, ["ж", "Semicolon"])  # signs have their places, too
    expect(page.locator("#keys")).to_be_visible()


def test_a_new_emergency_sounds_once_where_it_was_asked_for(world, signed_in):
    world.alert()
    page = signed_in()
    page.add_init_script(LISTEN)
    page.goto("/me/appearance")
    page.get_by_role("button", name="Switch the sound on").click()
    assert page.evaluate("tones") == 3  # the proof
    expect(page.locator("#sound")).to_have_text("Switch the sound off")
    page.goto("/incidents")
    page.locator("h1").click()
    (number,) = world.alert(name="Second", fingerprint="s")
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=15_000)
    assert page.evaluate("tones") == 3
    (calm,) = world.alert(name="Calm", fingerprint="c", severity="info")
    expect(page.locator(f"#row-{calm}")).to_be_visible(timeout=15_000)
    assert page.evaluate("tones") == 3
    page.evaluate("""Object.defineProperty(AudioContext.prototype, "state", { get: () => "suspended" });
      document.dispatchEvent(new CustomEvent("nabat:emergencies", { detail: ["row-0"] }))""")
    assert page.evaluate("[tones, localStorage.getItem('nabat-rang').includes('row-0')]") == [3, False]
    page.goto("/me/appearance")
    page.locator("#sound").click()
    page.goto("/incidents")
    (number,) = world.alert(name="Fourth", fingerprint="f")
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=15_000)
    assert page.evaluate("tones") == 0
