"""The list in a real browser: selecting, acting on many, taking back, words and chips, Back, keys."""

import re
from pathlib import Path

import pytest

from gateway.acts import jobs, listfiles
from gateway.store.db import db, transaction
from gateway.store.incidents import jobs as store_jobs
from gateway.store.outgoing import echoes
from gateway.store.reading import listfiles as store_files
from tests.integration.test_list_files import filled
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

QUICK = 15_000  # milliseconds


def test_selecting_holds_still_acting_on_many_is_taken_back_and_words_become_chips(world, signed_in):
    first, second, third = (world.alert(name=one, fingerprint=one, service=one.lower())[0] for one in "ABC")
    page = signed_in(unhurried=True)
    row = {number: page.locator(f"#row-{number}") for number in (first, second, third)}

    # held still while something is selected; the banner counts
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("J")
    expect(page.locator("#chosen")).to_have_text("2 selected")
    (news,) = world.alert(name="News", fingerprint="news")
    expect(page.locator("#waiting")).to_contain_text("New: 1, changed: 0.", timeout=QUICK)
    expect(page.locator(f"#row-{news}")).to_have_count(0)

    # one key for both, one to take both back
    page.keyboard.press("a")
    expect(row[third].locator(".st")).to_have_text("Acknowledged")
    expect(page.locator("#flash")).to_contain_text("Acknowledged: #")
    expect(page.locator(f"#row-{news}")).to_be_visible()
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("z")
    expect(page.locator("#flash")).to_contain_text("Taken back")
    expect(row[third].locator(".st")).to_have_text("Open")
    assert {one.status for one in world.incidents()} == {"triggered"}

    # what leaves the list while it is selected is said
    row[first].locator(".cb").check()
    world.alert("resolved", name="A", fingerprint="A", service="a")
    expect(page.locator("#waiting")).to_be_visible(timeout=QUICK)
    page.keyboard.press("u")
    expect(page.locator("#flash")).to_contain_text(f"No longer selected, because it has left the list: #{first}.")

    # words become chips, wrong ones say why, Back brings back what was
    page.fill("#f-q", "service:b colour:red")
    page.press("#f-q", "Enter")
    expect(page.locator(".chip .mono")).to_have_text(["service:b", "colour:red"])
    expect(page.locator(".chip.bad")).to_contain_text("There is no such word")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"service=b"))
    page.go_back()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(f"#row-{third}")).to_be_visible()
    page.click("details.facet >> nth=1")
    page.locator(".facet[open] .pop a", has_text=re.compile(r"^c\s*1$")).click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("New incident")


def test_an_answer_that_was_on_its_way_when_somebody_chose_a_row_moves_nothing(world, signed_in):
    (first,) = world.alert(name="A", fingerprint="a")
    page, held = signed_in(), []

    def hold_one(route):
        return route.continue_() if held else held.append(route)

    page.route("**/live?*", hold_one)
    with page.expect_request("**/live?*"):
        pass
    page.locator(f"#row-{first} .cb").check()
    (news,) = world.alert(name="News", fingerprint="news")
    with page.expect_response("**/live?*") as late:
        held[0].continue_()
    assert f'id="row-{news}"' in late.value.text()
    expect(page.locator("#waiting")).to_contain_text("New: 1, changed: 0.", timeout=QUICK)
    expect(page.locator(f"#row-{news}")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator(f"#row-{news}")).to_be_visible()
    expect(page.locator(f"#row-{first} .cb")).to_be_checked()


def test_a_row_that_is_chosen_while_the_list_is_being_drawn_anew_stays_chosen(world, signed_in):
    """htmx puts a part in, and settles it a moment later: on a busy machine long enough for a hand."""
    first, second = (world.alert(name=one, fingerprint=one)[0] for one in "AB")
    page = signed_in()
    page.evaluate(
        """(box) => addEventListener("htmx:afterSwap", () => document.querySelector(box).click(), { once: true })""",
        f"#row-{first} .cb",
    )
    world.alert("resolved", name="B", fingerprint="B")
    expect(page.locator(f"#row-{second}")).to_have_count(0)
    expect(page.locator("#chosen")).to_have_text("1 selected")
    expect(page.locator(f"#row-{first} .cb")).to_be_checked()


def test_nothing_sticks_out_of_the_list_on_a_phone(world, signed_in):
    world.alert(service="a-service-with-a-very-long-name-" * 4, name="W" * 200)
    page = signed_in(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(
        "/incidents?q=colour:red+cluster%3Da-very-long-value-of-a-label-that-never-ends-and-goes-on-and-on&service=x"
    )
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/incidents")
    page.locator(".cb").check()
    expect(page.locator("#facets")).to_be_hidden()
    page.click("#sliders summary")
    for menu in ("#view-menu", ".end-menu", "details.facet >> nth=1", "details.facet >> nth=4"):
        page.locator(menu).locator("summary").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, menu
        page.keyboard.press("Escape")
    page.click("#sliders summary")  # folded away, the filters are in nobody's way
    expect(page.locator("#facets")).to_be_hidden()


def test_the_list_grows_when_its_end_is_seen_three_times_at_most(world, signed_in):
    alerts = [alert(name=f"P{number:03}", fingerprint=f"p{number}") for number in range(230)]
    for first in range(0, 230, 50):
        world.post(group(*alerts[first : first + 50]))
    page = signed_in()
    page.goto("/incidents?fold=no")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(50)
    for count in (100, 150, 200):
        page.locator("#more").scroll_into_view_if_needed()
        expect(rows).to_have_count(count)
        assert page.url.endswith(f"rows={count}")
    more = page.locator("#more")
    more.scroll_into_view_if_needed()
    expect(more).to_have_text("Next page")
    expect(rows).to_have_count(200)
    more.click()
    expect(rows).to_have_count(30)
    page.go_back()
    expect(rows).to_have_count(200)  # as it was left
    # a filter is asked for while the list grows: what comes later says nothing any more
    held = []

    def hold(route):
        held.append(route)

    page.route("**/incidents?*rows=100*", hold)
    page.goto("/incidents?fold=no")
    with page.expect_request("**/incidents?*rows=100*"):
        more.scroll_into_view_if_needed()
    page.keyboard.press("/")
    page.fill("#f-q", "P007")
    expect(rows).to_have_count(1)
    with page.expect_response("**/incidents?*rows=100*") as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"
    )  # it would be drawn by now
    expect(rows).to_have_count(1)
    expect(page.locator("#f-q")).to_have_value("P007")
    resolved = page.locator("#tabs [href*=status\\=resolved]")
    expect(resolved.locator(".at")).to_be_hidden()
    resolved.hover()
    expect(resolved.locator(".at")).to_be_visible()


def test_the_keys_e_and_m_do_what_the_help_says(world, signed_in):
    first, second = (world.alert(name=name, fingerprint=name)[0] for name in ("one", "two"))
    page = signed_in()
    said = page.locator("#flash")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(said).to_contain_text(f"Step 2 of #{second} begins now.")
    expect(page.locator(f"#row-{second} .ttl")).to_be_focused()
    expect(page.locator("tr.htmx-settling, tr.htmx-swapping")).to_have_count(0)  # the row is drawn anew
    page.keyboard.press("x")
    expect(page.locator("#chosen")).to_have_text("1 selected")
    page.keyboard.press("Shift+J")
    expect(page.locator("#chosen")).to_have_text("2 selected")
    page.keyboard.press("m")
    expect(said).to_contain_text(f"Merged: #{second}.")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator("#list tbody tr")).to_have_count(2, timeout=QUICK)
    page.locator(f"#row-{first} .ttl").focus()
    page.keyboard.press("m")
    expect(page.locator("#merge-into")).to_be_focused()


def test_a_rows_menu_is_made_when_it_opens_and_stays_while_news_come_in(world, signed_in):
    (number,) = world.alert()
    page = signed_in()
    menu, entries = page.locator(f"#row-{number} .end-menu"), page.locator(f"#row-{number} .end-menu button")
    expect(entries).to_have_count(0)
    menu.locator("summary").click()
    expect(entries).to_have_count(8)
    assert (
        menu.locator(".pop *").count() == 11
    )  # an element each, with the links: a slow phone feels every one that is drawn
    (other,) = world.alert(name="Other", fingerprint="other", severity="info")
    expect(page.locator("#waiting")).to_be_visible(timeout=QUICK)
    page.keyboard.press("u")  # what is drawn anew leaves an open menu alone
    expect(page.locator(f"#row-{other}")).to_be_visible()
    menu.get_by_role("button", name="Snooze 2 hours").click()
    expect(page.locator("#flash")).to_contain_text("until 05:12")
    page.goto("/incidents?status=open")
    page.keyboard.press("j")
    page.keyboard.press("i")
    expect(page.locator(f"#row-{other} .end-menu [formaction$=assign]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text(f"#{other}")

    plain = signed_in("oleg@example.org", java_script_enabled=False)
    plain.goto("/incidents?status=open")
    expect(plain.locator(f"#row-{other} .end-menu")).to_be_hidden()  # nothing would be in it
    plain.locator(f"#row-{other} .ttl").click()
    expect(plain.locator("h1")).to_contain_text("Other")


OVERLAPPING = """() => [...document.querySelectorAll("#list tbody tr")].flatMap((row) => {
  const cells = [...row.cells].map((one) => [one.className, one.getBoundingClientRect()]);
  const boxes = cells.filter(([, box]) => box.width);
  return boxes.flatMap(([one, a], at) => boxes.slice(at + 1)
    .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => one + " " + other));
})"""


def test_titles_have_room_at_every_width_of_a_window(world, signed_in):
    """Beside the menu seven columns left them none."""
    world.alert(name="NoConsumerTakesMessages", fingerprint="a")
    for number in range(25):
        world.alert(name=f"Storm{number}", fingerprint=f"s{number}", service="crm")
    page = signed_in()
    for width in (1024, 1200, 1201, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for place in ("/incidents", "/incidents?fold=no&density=compact"):
            page.goto(place)
            assert page.evaluate(OVERLAPPING) == [], (width, place)
            assert min(one.bounding_box()["width"] for one in page.locator("#list .k-t").all()) >= 160, (width, place)


def test_progress_is_seen_while_many_are_acted_on_and_nothing_is_said_before_it_is_so(world, signed_in):
    alerts = [alert(name=f"P{number:03}", fingerprint=f"p{number}") for number in range(120)]
    numbers = world.post(group(*alerts)).json["incidents"]
    page = signed_in()
    page.goto("/incidents?fold=no")
    page.locator(".cb").first.check()
    page.check("#bulk-all")
    page.click("[data-bulk=acknowledge]")
    job = page.locator("#job")
    expect(job).to_contain_text("Acknowledging: 0 of 120")
    expect(page.locator("#bulk")).to_be_hidden()
    world.resolves(numbers[0])
    (waits,) = store_jobs.waiting(db.session())
    for seen in (20, 40):
        assert jobs.portion(waits, world.clock.now())
        expect(job).to_contain_text(f"{seen} of 120")
        expect(page.locator("#flash")).to_have_text("")
    page.reload()
    expect(job).to_contain_text("40 of 120")
    while jobs.portion(waits, world.clock.now()):
        pass
    expect(page.locator("#flash")).to_contain_text(f"Acknowledged: 119 incidents. Skipped: #{numbers[0]}")
    expect(job).to_be_empty()
    expect(page.locator("#list .st").first).to_have_text("Acknowledged")
    page.keyboard.press("z")
    expect(page.locator("#flash")).to_contain_text("Taken back")
    expect(page.locator("#list .st").first).to_have_text("Open")


def test_a_long_list_is_made_into_a_file_while_one_looks_on_or_not(world, signed_in):
    filled(world)
    page = signed_in()
    file, save = page.locator("#file"), page.get_by_role("button", name="CSV")
    page.fill("#f-q", "service:nowhere")
    page.press("#f-q", "Enter")
    expect(page.locator(".chip .mono")).to_have_text("service:nowhere")
    expect(page).to_have_url(re.compile("service=nowhere"))
    with page.expect_download() as short:
        save.click()
    assert Path(short.value.path()).read_text().count("\n") == 1
    page.go_back()
    expect(page.locator(".chip")).to_have_count(0)

    save.click()
    expect(file).to_contain_text("the list is looked through")
    (waits,) = store_files.waiting(db.session())
    for seen in ("0", "1\u202f000", "2\u202f000"):
        assert listfiles.portion(waits, world.clock.now())
        expect(file).to_contain_text(f"Rows: {seen} of 20\u202f001")
    file.get_by_role("link", name="Your jobs").click()
    expect(page.locator("main .item")).to_contain_text("Rows: 2\u202f000 of 20\u202f001")
    while listfiles.portion(waits, world.clock.now()):
        pass
    page.get_by_role("link", name="Watch").click()
    expect(file).to_contain_text("The CSV file is ready. Rows: 20\u202f001")
    with page.expect_download() as long:
        file.get_by_role("link", name="Download").click()
    assert long.value.suggested_filename.endswith(".csv")
    assert Path(long.value.path()).read_text().count("\n") == 20_002


def test_pagerdutys_own_page_is_in_a_rows_menu_and_behind_the_dots_where_it_is_known(world, signed_in):
    (known,), (other,) = (world.alert(name=one, fingerprint=one) for one in "AB")
    place = "https://acme.pagerduty.com/incidents/PGR0VU2"
    with transaction() as session:
        echoes.keep_pages(session, {known: place}, world.clock.now())
    page = signed_in()
    for number, count in ((known, 1), (other, 0)):
        page.locator(f"#row-{number} .end-menu summary").click()
        link = page.locator(f"#row-{number} .end-menu").get_by_role("link", name="Open in PagerDuty")
        expect(page.locator(f"#row-{number} .end-menu [data-link]")).to_be_visible()
        expect(link).to_have_count(count)
        if count:
            expect(link).to_have_attribute("href", place)
        page.keyboard.press("Escape")
    page.goto(f"/incidents/{known}")
    expect(page.locator("#rest").get_by_role("link", name="Open in PagerDuty")).to_be_hidden()
    page.click("#more summary")
    expect(page.locator("#rest").get_by_role("link", name="Open in PagerDuty")).to_have_attribute("href", place)
