"""A page that stays open for a working day leaves no memory, no nodes and no listeners behind."""

import pytest

from tests.browsing import PASSWORD
from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.gameday,
    pytest.mark.timeout(3600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
WARM, CHANGES = 30, 600
GROWTH = 10_000_000  # bytes of the heap
HOURS, LEAP = 8, 20  # seconds of the page's time between two changes


class Gauge:
    """What the page holds, after everything that nobody needs was let go."""

    def __init__(self, page):
        self.tools = page.context.new_cdp_session(page)
        for domain in ("Performance", "HeapProfiler"):
            self.tools.send(f"{domain}.enable")

    def read(self):
        self.tools.send("HeapProfiler.collectGarbage")
        said = {one["name"]: one["value"] for one in self.tools.send("Performance.getMetrics")["metrics"]}
        return said["JSHeapUsedSize"], said["Nodes"], said["JSEventListeners"]


def compare(before, after):
    print(before, after)  # noqa: T201 - for docs/PERFORMANCE.md
    assert after[0] - before[0] < GROWTH
    assert after[1] < before[1] * 1.2 + 500
    assert after[2] < before[2] * 1.2 + 50


def change(world, count):
    """The 50 newest stay on the list: something comes, and what came fifty changes ago is over."""
    place = f"place{count}"
    one = alert(fingerprint=f"s{count}", instance=place, service=place, name=f"Problem{count}")
    world.post(group(one))
    if count >= 50:
        old = f"place{count - 50}"
        over = alert("resolved", fingerprint=f"s{count - 50}", instance=old, service=old, name=f"Problem{count - 50}")
        world.post(group(over, status="resolved"))


def test_hundreds_of_changes_leave_nothing_behind(world, signed_in):
    page = signed_in()
    world.alert()
    page.goto("/incidents")
    gauge, before = Gauge(page), ()
    for count in range(WARM + CHANGES):
        if count == WARM:
            before = gauge.read()
        place = f"place{count}"
        world.post(group(alert(fingerprint=f"s{count}", instance=place, service=place)))
        with page.expect_response("**/live?*") as answer:
            page.evaluate("nabat.wake()")
        assert answer.value.status in (200, 204)
    compare(before, gauge.read())


def test_eight_hours_of_polls_leave_nothing_behind(world, open_page):
    """By a clock in our hand the page asks every two seconds of eight hours; every twenty something has changed."""
    page = open_page()
    page.clock.install()
    page.goto("/login")
    page.fill("#username", "anna@example.org")
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/incidents")
    asked = []
    page.on("response", lambda answer: asked.append(answer.status) if "/live?" in answer.url else None)
    gauge, before = Gauge(page), ()
    for count in range(HOURS * 3600 // LEAP):
        if count == 100:  # as many rows as there will be
            before = gauge.read()
        change(world, count)
        world.clock.advance(seconds=LEAP)
        for _ in range(LEAP // 2):
            seen = len(asked)
            page.clock.run_for(2_000)
            while len(asked) == seen:
                page.wait_for_timeout(2)
    compare(before, gauge.read())
    print({status: asked.count(status) for status in set(asked)})  # noqa: T201 - for docs/PERFORMANCE.md
    assert len(asked) >= HOURS * 1800 - 200
    assert set(asked) == {200, 204}
    expect(page.locator("#live-words")).to_have_text("Live")
