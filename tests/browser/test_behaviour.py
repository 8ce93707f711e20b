"""How live pages behave in a real browser: what moves, what stays, what is said, what the keyboard reaches."""

import math
import re
from zoneinfo import ZoneInfo

import pytest

from gateway.store.db import db
from tests.browser.test_offline import serving
from tests.browsing import PASSWORD, everybody_has_a_password
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
QUICK = 15_000
ANNAS = ZoneInfo("Europe/Moscow")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SPOKEN = """window.heard = []; new MutationObserver(() => heard.push(document.getElementById("spoken").textContent))
  .observe(document.getElementById("spoken"), { childList: true, characterData: true, subtree: true })"""
STOP = """() => {
  const one = document.activeElement, rect = one.getBoundingClientRect();
  const ringed = (node) => getComputedStyle(node).outlineStyle !== "none";
  const around = one.closest("label, .fbox, .gsearch, .hit");
  const inside = /^(time|date|datetime-local)$/.test(one.type) && !one.matches(":focus"); // the browser's own button
  const x = Math.max(0, Math.min(innerWidth - 1, rect.x + rect.width / 2)), y = rect.y + rect.height / 2;
  const top = document.elementFromPoint(x, y);
  const free = top && (one.contains(top) || top.contains(one) || (around && around.contains(top)));
  return {
    what: one.outerHTML.slice(0, 120), body: one === document.body, free: Boolean(free),
    ringed: inside || ringed(one) || Boolean(around && ringed(around)),
  };
}"""


def storm(world, count, first=0):
    alerts = [alert(name=f"Problem{n:03}", fingerprint=f"p{n}") for n in range(first, first + count)]
    return sorted(world.post(group(*alerts)).json["incidents"])


def test_an_emergency_is_seen_and_heard_without_a_look_at_the_list(world, signed_in):
    world.alert(severity="info", name="Calm", fingerprint="calm")
    page = signed_in()
    favicon = page.locator("#favicon")
    expect(favicon).to_have_attribute("href", re.compile(r"/bell\.svg"))
    page.evaluate(SPOKEN)
    (number,) = world.alert(name="Second", fingerprint="s")
    expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page).to_have_title("Incidents (2) · Nabat")
    expect(favicon).to_have_attribute("href", re.compile(r"/bell-hot\.svg"))
    expect(page.locator("#spoken")).to_have_text("New emergency: Second on db01")
    world.alert(name="Third", fingerprint="t", severity="info")  # no emergency: nothing more is said
    expect(page).to_have_title("Incidents (3) · Nabat", timeout=QUICK)
    assert page.evaluate("heard") == ["New emergency: Second on db01"]
    page.click(f"#row-{number} [data-do=acknowledge]")
    world.alert(name="Fourth", fingerprint="f", severity="info")
    expect(page).to_have_title("Incidents (3) · Nabat", timeout=QUICK)
    expect(favicon).to_have_attribute("href", re.compile(r"/bell\.svg"))


def test_twenty_webhooks_move_nothing_while_two_rows_are_selected(world, signed_in):
    storm(world, 3)
    page = signed_in()
    order = "[...document.querySelectorAll('#list tbody tr')].map((row) => row.id)"
    for box in (0, 1):
        page.locator("#list .cb").nth(box).check()
    before = page.evaluate(order)
    world.clock.advance(minutes=10)  # else all of them were one storm
    for n in range(20):
        world.alert(name=f"News{n}", fingerprint=f"n{n}")
    expect(page.locator("#waiting")).to_contain_text("New: 20, changed: 0.", timeout=QUICK)
    assert page.evaluate(order) == before
    assert page.locator("#list .cb:checked").count() == 2
    page.keyboard.press("u")
    expect(page.locator("#list tbody tr")).to_have_count(23)
    expect(page.locator("#list .cb:checked")).to_have_count(2)


def test_ten_updates_leave_focus_scroll_words_and_menus_alone(world, signed_in):
    first = storm(world, 15)
    page = signed_in(viewport={"width": 1280, "height": 500})
    page.goto("/incidents?fold=no")
    page.locator("#f-q").press_sequentially("Probl")
    expect(page).to_have_url(re.compile("q=Probl"))
    for n in range(15, 20):
        (number,) = storm(world, 1, n)
        page.evaluate("nabat.wake()")
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page.locator("#f-q")).to_be_focused()
    expect(page.locator("#f-q")).to_have_value("Probl")
    page.locator(f"#row-{first[3]} .ttl").focus()
    page.evaluate("scrollTo(0, 300)")
    for n in range(20, 25):
        (number,) = storm(world, 1, n)
        page.evaluate("nabat.wake()")
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page.locator(f"#row-{first[3]} .ttl")).to_be_focused()
    assert abs(page.evaluate("scrollY") - 300) <= 100  # five rows came in above it
    menu = page.locator(f"#row-{first[3]} details.menu")
    menu.locator("summary").click()
    storm(world, 1, 25)
    expect(page.locator("#waiting")).to_be_visible(timeout=QUICK)
    expect(menu).to_have_attribute("open", "")


def test_a_server_that_stops_is_said_nothing_is_pretended_and_it_comes_back(world, chromium):
    everybody_has_a_password()
    (number,) = world.alert()
    context = chromium.new_context(locale="en-US", timezone_id="America/New_York", service_workers="block")
    page = context.new_page()
    page.clock.install()  # the browser's own time is in our hand
    with serving(world.app) as port:
        page.goto(f"http://127.0.0.1:{port}/login")
        page.fill("#username", "anna@example.org")
        page.fill("#password", PASSWORD)
        page.click("button.pri")
        page.wait_for_url("**/incidents")
        expect(page.locator("#live-words")).to_have_text("Live")
    page.clock.fast_forward(7_000)
    expect(page.locator("#live-words")).to_have_text("Reconnecting…")
    page.click(f"#row-{number} [data-do=acknowledge]")
    expect(page.locator("#flash-err")).to_contain_text("whether it was done is not known")
    expect(page.locator(f"#row-{number} .st")).to_have_text("Open")
    page.clock.fast_forward(4_000)
    then = world.clock.now().astimezone(ANNAS)
    expect(page.locator("#outdated")).to_contain_text(f"how things were at {then:%H:%M:%S}. Trust your phone, not this")
    expect(page.locator("#row-1 [data-until]").first).to_have_text("unknown")
    with serving(world.app, port):
        page.clock.fast_forward(5_000)
        expect(page.locator("#outdated")).to_be_hidden(timeout=QUICK)
        expect(page.locator("#live-words")).to_have_text("Live")
        context.close()
    db.session.rollback()
    assert world.incident().status == "triggered"


def test_a_u_pressed_while_a_poll_is_under_way_is_not_lost(world, signed_in):
    """Neither where that poll is answered, nor where no answer comes and it is asked again later."""
    world.alert(name="First", fingerprint="first")
    page, held = signed_in(), []
    page.locator("#list .cb").first.check()
    silent = {"status": 204, "headers": {}}  # as a proxy would answer: nothing that we have said

    def hold(route):
        held.append(route)

    answers = (("Second", lambda route: route.continue_()), ("Third", lambda route: route.fulfill(**silent)))
    for name, answer in answers:
        (number,) = world.alert(name=name, fingerprint=name)
        expect(page.locator("#waiting")).to_be_visible(timeout=QUICK)
        with page.expect_request("**/live?*"):
            page.route("**/live?*", hold, times=1)
        page.keyboard.press("u")
        expect(page.locator(f"#row-{number}")).to_have_count(0)
        answer(held.pop())
        expect(page.locator(f"#row-{number}")).to_be_visible(timeout=QUICK)
    expect(page.locator("#list .cb:checked")).to_have_count(1)


@pytest.mark.parametrize("luck", [0.1, 0.9])
def test_without_an_answer_it_is_asked_ever_more_seldom_and_said_when_next(world, signed_in, luck):
    """After 2, 4, 8, then every 15 seconds, a fifth sooner or later by luck; whoever cannot wait asks at once."""
    world.alert()
    page, asked = signed_in(), []
    page.clock.install(time="2031-05-05T05:05:05Z")
    page.add_init_script(f"Math.random = () => {luck}")
    page.goto("/incidents")
    page.clock.pause_at("2031-05-05T05:30:00Z")
    again, words = page.locator("#again"), page.locator("#live-words")
    page.clock.run_for(2_000)
    expect(words).to_have_text("Live")
    silent = {"status": 204, "headers": {}}  # as a proxy would answer: nothing that we have said
    page.route("**/live?*", lambda route: (asked.append(route.request.url), route.fulfill(**silent)))
    page.clock.run_for(1_700)
    for pause in (2, 4, 8, 15, 15):
        waits = pause * (0.8 + luck * 0.4)
        expect(again).to_have_text(f"Retrying in {math.ceil(waits)} s.")
        before = len(asked)
        page.clock.run_for(1_500)  # within it the words tick
        left = math.ceil(waits - 1.5)
        expect(again).to_have_text(re.compile(f"^Retrying in ({left}|{left + 1}) s.$"))
        page.clock.run_for(max(0, waits * 1_000 - 1_600))
        assert len(asked) == before
        page.clock.run_for(200)
    expect(again).to_have_text(f"Retrying in {math.ceil(waits)} s.")  # the last answer has come: no other one will
    expect(page.locator("#outdated")).to_contain_text("Trust your phone")
    page.unroute("**/live?*")
    page.click("#retry")
    expect(page.locator("#outdated")).to_be_hidden()
    expect(again).to_have_text("")
    expect(words).to_have_text("Live")


def test_two_acknowledge_at_once_and_the_second_sees_who_was_first(world, signed_in):
    (number,) = world.alert()
    anna, oleg = signed_in(), signed_in("oleg@example.org")
    oleg.route("**/live?*", lambda route: route.fulfill(status=204))  # what happens elsewhere does not reach him yet
    anna.click(f"#row-{number} [data-do=acknowledge]")
    expect(anna.locator(f"#row-{number} .st")).to_have_text("Acknowledged")
    oleg.click(f"#row-{number} [data-do=acknowledge]")
    expect(oleg.locator(f"#row-{number} .st")).to_have_text("Acknowledged")
    expect(oleg.locator(f"#row-{number}")).to_contain_text("Anna")
    assert world.timeline().count("acknowledged") == 1
    assert world.incident().ack_by == "Anna"
    world.passes(minutes=6)
    assert world.incident().level == 1


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_the_keyboard_sees_where_it_is_at_every_stop(world, signed_in, options):
    number = storm(world, 12)[0]
    page = signed_in(**options)
    for place in ("/incidents?fold=no", f"/incidents/{number}", "/me/notifications"):
        page.goto(place)
        wrong, stops = [], 0
        for _ in range(150):
            page.keyboard.press("Tab")
            stop = page.evaluate(STOP)
            if stop["body"]:
                break
            stops += 1
            if not (stop["ringed"] and stop["free"]):
                wrong.append(stop)
        assert wrong == [], (place, wrong[:4])
        assert stops > 15


def test_back_from_an_incident_everything_stands_as_it_stood_and_the_address_is_for_everybody(world, signed_in):
    storm(world, 40)
    page = signed_in(viewport={"width": 1280, "height": 500})
    page.goto("/incidents?fold=no&q=Problem&urgency=emergency")
    for _ in range(20):
        page.keyboard.press("j")
    here, scrolled = page.evaluate('[document.activeElement.closest("tr").id, scrollY]')
    place, rows = page.url, page.locator("#list tbody tr").count()
    assert scrolled > 200
    page.keyboard.press("o")
    page.wait_for_url("**/incidents/*?from=*")
    page.go_back()
    expect(page.locator(f"#{here} .ttl")).to_be_focused()
    assert page.url == place
    assert abs(page.evaluate("scrollY") - scrolled) < 120
    oleg = signed_in("oleg@example.org")
    oleg.goto(place)
    expect(oleg.locator("#list tbody tr")).to_have_count(rows)
    expect(oleg.locator("#f-q")).to_have_value("Problem")


def test_a_countdown_goes_by_the_server_whatever_the_browser_takes_the_time_for(world, signed_in, open_page):
    world.alert()
    page = open_page()
    page.clock.install(time="2031-05-05T05:05:05Z")
    page.goto("/login")
    page.fill("#username", "anna@example.org")
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/incidents")
    until, seen = page.locator("#list [data-until]").first, []
    for _ in range(4):
        page.clock.fast_forward(1_000)
        seen.append(until.text_content())
    assert all(re.fullmatch(r"5:00|4:5\d", one) for one in seen), seen


def test_a_half_written_note_outlives_a_session_and_is_shown_to_nobody_else(world, signed_in):
    (number,) = world.alert()
    page, note = (made := signed_in()), made.locator("#note-text")

    def signs_in_again(who):
        page.context.clear_cookies()
        page.goto(f"/incidents/{number}")
        page.fill("#username", who)
        page.fill("#password", PASSWORD)
        page.click("button.pri")
        page.wait_for_url(f"**/incidents/{number}")

    page.goto(f"/incidents/{number}")
    note.press_sequentially("half a thought")
    signs_in_again("anna@example.org")
    expect(note).to_have_value("half a thought")
    signs_in_again("oleg@example.org")
    expect(note).to_have_value("")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('nabat-draft'))") == []


def test_a_silence_that_is_being_typed_outlives_a_session_until_another_page(world, signed_in):
    world.alert()
    page = signed_in()
    page.goto("/silences/new?label=alertname%3DDiskFull")
    first, second = page.locator("[name=matcher]").nth(0), page.locator("[name=matcher]").nth(1)
    with page.expect_response(re.compile("/silences/preview")):  # else it comes in the middle of what follows
        second.fill('instance="db01"')
    page.fill("#reason", "the disk is being changed")
    page.check("[name=for][value='4h']")
    page.context.clear_cookies()
    page.click(".quiet-form .pri")
    page.fill("#username", "anna@example.org")
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/silences/new?*")
    expect(page.locator("#reason")).to_have_value("the disk is being changed")
    expect(second).to_have_value('instance="db01"')
    expect(first).to_have_value(re.compile("DiskFull"))
    expect(page.locator("[name=for][value='4h']")).to_be_checked()
    expect(page.locator("#foresight")).to_be_visible()
    assert "disk" not in page.url.lower().replace("diskfull", "")
    page.click(".quiet-form .pri")
    page.wait_for_url(re.compile(r"/silences(/\d+)?(\?.*)?$"))
    page.goto("/silences/new?label=alertname%3DDiskFull")
    expect(page.locator("#reason")).to_have_value("")
