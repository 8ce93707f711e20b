"""What a first view of each page costs, with the demo's data: bytes as they travel and requests, with nothing kept."""

import itertools

import pytest

from tests.browser.test_budget import MOST_REQUESTS, MOST_SHIFT, SHIFT, Meter
from tests.browser.test_looks import ADMINS, demo_site
from tests.browsing import PASSWORD

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
demo = demo_site  # pytest finds it by a name of this file
MOST_BYTES = 60_000  # Russian takes the most room
ICON = 1_200  # bytes, in a request of its own: the light browser has no tabs, and so asks for no icon of one
TABS = 3  # pages that are open at a time
LONG = 30  # rows of a table: a browser may draw the first before it has the last
COLUMNS = """(long) => [...document.querySelectorAll("main table")].filter(
  (one) => one.rows.length > long && one.getBoundingClientRect().y < innerHeight).map((one) => {
  const seen = () => [...one.rows[0].cells].map((cell) => Math.round(cell.getBoundingClientRect().x));
  const whole = seen();
  for (const row of [...one.tBodies[0].rows].slice(3)) row.remove();
  return [whole, seen()];
})"""
HEAVIEST = ("/incidents", "/services", "/setup/steps", "/tickets/SD-4711")  # some that would be over first


def sign_in(page):
    page.goto("/login")
    page.fill("#username", ADMINS["ru"])
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/overview")


@pytest.fixture(scope="module")
def views(demo_site, chromium):
    """Each page, looked at once: ({address: what it cost}, {address: where columns of long tables stand})."""
    root, pages = demo_site
    context = chromium.new_context(base_url=root, service_workers="block", locale="ru")
    tabs = [context.new_page() for _ in range(TABS)]
    sign_in(tabs[0])
    views = [View(context, *one) for one in zip(itertools.cycle(tabs), pages, strict=False)]
    for view, before in zip([*views, *[None] * TABS], [*[None] * TABS, *views], strict=True):
        if before:
            before.end()
        if view:
            view.begin()
    context.close()
    return {one.place: one.cost for one in views}, {one.place: one.columns for one in views if one.columns}


class View:
    """A page in a tab. What a script asks for at once is a part of it: meanwhile others are looked at."""

    def __init__(self, context, tab, place):
        self.context, self.tab, self.place = context, tab, place

    def begin(self):
        self.meter = Meter(self.context, self.tab)
        self.tab.goto(self.place.replace("LANGUAGE", "ru"))
        self.tab.evaluate(f"() => {{ window.shifted = ({SHIFT})(); }}")

    def end(self):
        shift = self.tab.evaluate("window.shifted")
        sizes = self.meter.sizes
        self.cost = sum(sizes.values()) + ICON, len(sizes) + 1, shift
        self.meter.tools.detach()
        self.columns = self.tab.evaluate(COLUMNS, LONG)  # takes rows away


def test_every_page_stays_light(views):
    cost, _ = views
    assert set(HEAVIEST) < set(cost)
    print(sorted(cost.items(), key=lambda one: one[1])[-5:])  # noqa: T201 - for docs/PERFORMANCE.md
    most = MOST_BYTES, MOST_REQUESTS, MOST_SHIFT
    assert {place: one for place, one in cost.items() if any(a > b for a, b in zip(one, most, strict=True))} == {}


def test_columns_of_long_tables_stay_where_the_first_rows_put_them(views):
    """Whatever part of the page is drawn first: what comes later moves nothing to the side."""
    _, columns = views
    assert {"/audit", "/deliveries"} <= set(columns)
    assert {place: found for place, found in columns.items() if any(whole != part for whole, part in found)} == {}
