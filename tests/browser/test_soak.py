"""A page that stays open: hundreds of changes one after the other leave no memory, no nodes and no listeners behind."""

import pytest

from tests.samples import alert, group

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.gameday,
    pytest.mark.timeout(1800),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
WARM, CHANGES = 30, 600
GROWTH = 10_000_000  # bytes of the heap


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
    after = gauge.read()
    print(before, after)  # noqa: T201 - for docs/PERFORMANCE.md
    assert after[0] - before[0] < GROWTH
    assert after[1] < before[1] * 1.2 + 500
    assert after[2] < before[2] * 1.2 + 50
