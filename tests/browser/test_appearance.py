"""Pages as eyes, printers and settings of the system want them: large text, paper, forced colours, no motion."""

import pytest

from tests.browsing import Browser
from tests.integration.test_dashboard import storm
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
LIGHT = "rgb(255, 255, 255)"
DAY, NIGHT = "rgb(245, 246, 248)", "rgb(13, 17, 23)"  # what lies behind every page
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHAPES = """(which) => [...new Set([...document.querySelectorAll(which)].map((one) => {
  const icon = one.querySelector("use"), drawn = getComputedStyle(one, "::before");
  const shape = icon ? icon.getAttribute("href").split("#")[1] : drawn.clipPath + drawn.maskImage;
  return one.textContent.trim() + "|" + shape;
}))].sort()"""
MARK = """(one) => {
  const mark = getComputedStyle(one, "::before");
  return [parseFloat(mark.width), mark.backgroundColor !== getComputedStyle(one).backgroundColor];
}"""
CUT = """() => [...document.querySelectorAll("main *, .tabbar *, .top *")].filter((one) => {
  const look = getComputedStyle(one), hides = /hidden|clip/.test(look.overflowX + look.overflowY);
  if (!one.offsetParent || one.closest(".vh, svg, [hidden]") || !hides || !one.textContent.trim()) return false;
  const over = one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
  return over && !one.matches(".ttl, select");
}).map((one) => one.tagName + "." + one.className + ": " + one.textContent.trim().slice(0, 60)).slice(0, 6)"""
SEEN = "(which) => [...document.querySelectorAll(which)].filter((one) => one.getClientRects().length).length"
MOVES = "document.getAnimations().map((one) => one.animationName || one.transitionProperty)"


def four_classes(world):
    """An incident of each urgency, in each state."""
    for count, severity in enumerate(("critical", "critical", "critical", "info", "info")):
        world.alert(name=f"N{count}", fingerprint=f"n{count}", severity=severity)
    first, second, third, *_ = (one.id for one in world.incidents())
    world.acknowledges(second)
    anna = Browser(world.app)
    anna.sign_in()
    for number, urgency in ((first, "fast"), (third, "urgent")):
        anna.press(f"/incidents/{number}/urgency", urgency=urgency, reason="x")
    anna.press(f"/incidents/{third}/snooze", until="1h")
    world.resolves(first)
    return second


def test_each_class_and_state_has_a_shape_of_its_own_and_forced_colours_keep_it(world, signed_in):
    page = signed_in()
    number = four_classes(world)
    page.goto("/incidents?status=all&fold=no")
    for which, count in ((".u", 4), (".st", 4)):
        shapes = page.evaluate(SHAPES, which)
        assert len(shapes) == len({one.split("|")[1] for one in shapes}) == count, shapes
    world.alert(service="billing", fingerprint="billing")
    page.goto("/overview")
    assert "|nonenone" not in " ".join(page.evaluate(SHAPES, ".svcs .sh") or ["|nonenone"])
    page.emulate_media(forced_colors="active", reduced_motion="reduce", contrast="more")
    for place in ("/incidents?status=all&fold=no", f"/incidents/{number}", "/reports"):
        page.goto(place)
        assert page.evaluate(MOVES) == [], place
        badge = page.locator(".u").first
        if place != "/reports":
            assert badge.evaluate("(one) => getComputedStyle(one).borderTopWidth") == "1px"
            assert badge.evaluate(MARK) == [13, True]
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_who_chose_a_theme_has_it_whatever_the_system_says_and_paper_is_light(signed_in):
    page = signed_in()
    ground = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.documentElement).colorScheme]"
    for chosen in ("", "light", "dark"):
        page.context.add_cookies([{"name": "theme", "value": chosen, "url": page.url}])
        page.reload()
        for system in ("light", "dark"):
            page.emulate_media(media="screen", color_scheme=system)
            night = (chosen or system) == "dark"
            assert page.evaluate(ground) == ([NIGHT, "dark"] if night else [DAY, "light"]), (chosen, system)
            page.emulate_media(media="print", color_scheme=system)
            assert page.evaluate(ground) == [DAY, "light"], (chosen, system)


def test_on_paper_there_is_the_matter_and_nothing_else(world, signed_in):
    number = four_classes(world)
    world.acknowledges(number)
    page = signed_in()
    sheets = (
        ("/reports", ".card", 5),
        (f"/incidents/{number}", "#timeline", 2),
        (f"/incidents/{number}/print", "h2", 2),
    )
    for place, card, pages in sheets:
        page.goto(place)
        page.emulate_media(media="print")
        for chrome in (".side", ".top", ".tabbar", "#live", ".actbar", "main form .btn", ".toast", ".p-bar"):
            assert page.evaluate(SEEN, chrome) == 0, (place, chrome)
        assert page.evaluate(SEEN, card) > 0
        adjust = "(one) => getComputedStyle(one).printColorAdjust"
        assert {one.evaluate(adjust) for one in page.locator("main .u, .sw, svg rect").all()[:20]} == {"exact"}
        page.emulate_media(media="screen")
        paper = page.pdf(format="A4")
        assert paper.count(b"/Type /Page\n") == pages, place
        assert b"/ToUnicode" in paper  # letters, not a picture of them


INK = """() => [...document.querySelectorAll("main h1, main h2, main .ttl, main td, .kpi .v")]
  .map((one) => getComputedStyle(one).color.match(/\\d+/g).map(Number)).filter((ink) => Math.min(...ink) > 140)"""


@pytest.mark.parametrize("kept", [True, False], ids=["by choice", "as the system"])
def test_a_dark_page_is_printed_dark_on_light(world, signed_in, kept):
    number = four_classes(world)
    page = signed_in(color_scheme="dark")
    if kept:
        page.context.add_cookies([{"name": "theme", "value": "dark", "url": page.url}])
    for place in ("/reports", "/incidents", f"/incidents/{number}"):
        page.goto(place)
        assert page.evaluate(INK), place
        page.emulate_media(media="print")
        assert page.evaluate(INK) == [], place
        assert page.locator(".card").first.evaluate("(one) => getComputedStyle(one).backgroundColor") == LIGHT, place
        page.emulate_media(media="screen")


def test_the_printed_list_has_its_columns_beside_each_other(world, signed_in):
    four_classes(world)
    page = signed_in(viewport={"width": 1020, "height": 1100})
    page.goto("/incidents")
    page.emulate_media(media="print")
    for row in page.locator("#list tbody tr").all():
        badge, title = row.locator(".u").bounding_box(), row.locator(".ttl").bounding_box()
        assert badge["x"] + badge["width"] <= title["x"]
    assert page.evaluate(SEEN, ".head .btn") == 0


def test_forced_colours_show_where_one_is_and_what_opens_a_menu(world, signed_in):
    world.alert()
    page = signed_in(forced_colors="active")
    page.goto("/incidents")
    fill = "(one) => getComputedStyle(one).backgroundColor"
    here, there = page.locator(".tabs [aria-current]"), page.locator(".tabs a:not([aria-current])").first
    assert here.evaluate(fill) != there.evaluate(fill)
    dots = "(one) => getComputedStyle(one, '::before').backgroundImage"
    assert "gradient" in page.locator(".end-menu summary").first.evaluate(dots)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_large_text_and_russian_cut_nothing(world, signed_in, language):
    long = alert(name="Репликация отстаёт", fingerprint="l", service="billing-and-warehouse-synchronisation")
    world.post(group(long))
    number = storm(world, 3)[0]
    page = signed_in()
    page.request.post(
        "/me",
        form={"csrf_token": page.get_attribute("meta[name=csrf-token]", "content"), "language": language, "theme": ""},
    )
    tools = page.context.new_cdp_session(page)
    sizes = ((1280, 1), (390, 1), (1280, 2), (320, 1))  # width, and how large text is; 320 is 1280 at 400 %
    for width, text in sizes:
        page.set_viewport_size({"width": width, "height": 800})
        tools.send("Page.setFontSizes", {"fontSizes": {"standard": 16 * text, "fixed": 13 * text}})
        for place in ("/incidents?fold=no", f"/incidents/{number}", "/overview", "/oncall", "/tickets"):
            page.goto(place)
            assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == f"{16 * text}px"
            assert page.evaluate(CUT) == [], (place, width, text)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (place, width, text)
