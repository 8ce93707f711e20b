"""The week of on call in a real browser, with the nights in which the clock changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PEOPLE = """
people:
  - {email: anna@example.org, name: Anna, role: responder, timezone: Europe/Berlin, contacts: []}
  - {email: oleg@example.org, name: Oleg, role: responder, timezone: America/New_York, contacts: []}
schedules:
  - {name: berlin, timezone: Europe/Berlin,
     layers: [{start: "2026-01-05T02:30", every: 1d, members: [anna@example.org, oleg@example.org]}]}
  - {name: york, timezone: America/New_York,
     layers: [{start: "2026-01-05T09:00", every: 1w, members: [oleg@example.org]}]}
"""
BOOK = """
version: 1
timezone: Europe/Berlin
routes: [{name: everything, urgency: ordinary, policy: all}]
policies: {all: {steps: [{notify: ["schedule:berlin"], wait: 1h}]}}
"""
NIGHTS = [  # a Sunday in Berlin: its hours, mark and note; its hand-overs; hours from its midnight to the change
    (datetime(2026, 3, 29, tzinfo=UTC), 23, "UTC+1 → UTC+2", "Sun 29 Mar 02:00 → 03:00 (UTC+1 → UTC+2)",
     ["Sat 28 Mar 02:30 – Sun 29 Mar 03:00", "Sun 29 Mar 03:00 – Mon 30 Mar 02:30"], 2),
    (datetime(2026, 10, 25, tzinfo=UTC), 25, "UTC+2 → UTC+1", "Sun 25 Oct 03:00 → 02:00 (UTC+2 → UTC+1)",
     ["Sat 24 Oct 02:30 – Sun 25 Oct 02:30 (UTC+2)", "Sun 25 Oct 02:30 (UTC+2) – Mon 26 Oct 02:30"], 3),
]  # fmt: skip
PLACES = """() => {
  const box = (one) => { const r = one.getBoundingClientRect(); return [r.left, r.right]; };
  const of = (name, around = document) => [...around.querySelectorAll(name)].map(box);
  const [berlin] = document.querySelectorAll(".oc-row:not(.oc-days)");
  const lines = of(".oc-line", berlin).map(([left]) => left), [, end] = box(berlin.querySelector("svg"));
  return { lines: [...lines, end], now: of(".oc-now", berlin)[0][0], turn: of(".oc-turn", berlin)[0][0],
           words: of(".oc-day"), change: of(".oc-change") };
}"""


@pytest.fixture
def world(world_of, clock):
    clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    return world_of(BOOK, PEOPLE)


@pytest.mark.parametrize("night", NIGHTS, ids=["spring", "autumn"])
def test_a_night_in_which_the_clock_changes(world, signed_in, night):
    sunday, hours, mark, note, shifts, change = night
    world.clock.set(sunday + timedelta(hours=10))
    page = signed_in()
    page.goto("/oncall")
    expect(page.locator(".oc-change")).to_have_text(mark)
    assert page.locator(".oc-note").all_text_contents()[0].strip() == f"The clock changes in Europe/Berlin: {note}"
    told = [one.strip() for one in page.locator(".oc-list td:first-child .two > span").all_text_contents()]
    assert set(shifts) <= set(told)

    seen = page.evaluate(PLACES)
    days = [right - left for left, right in pairwise(seen["lines"])]
    hour = sum(days[:6]) / 6 / 24
    assert [round(one / hour) for one in days] == [24] * 6 + [hours]
    midnight = seen["lines"][6]
    assert abs(seen["turn"] - midnight - change * hour) < 1.5
    passed = (world.clock.now() - sunday) / timedelta(hours=1) + (
        1 if hours == 23 else 2
    )  # Berlin's midnight is earlier
    assert abs(seen["now"] - midnight - passed * hour) < 1.5
    ends = sorted(seen["words"])
    assert all(one[1] < other[0] for one, other in pairwise(ends))
    assert seen["lines"][6] < seen["change"][0][0] < seen["change"][0][1] <= seen["lines"][7] + 1

    page.set_viewport_size({"width": 390, "height": 844})  # a list there, with the same note
    expect(page.locator(".oc-lanes")).to_be_hidden()
    expect(page.locator(".oc-note").first).to_be_visible()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_zone_that_changes_in_another_week_has_its_mark_in_its_own_lane(world, signed_in):
    """New York is three weeks earlier: nothing changes for who reads, but in that lane and in a note."""
    world.clock.set(datetime(2026, 3, 4, 12, tzinfo=UTC))
    page = signed_in()
    page.goto("/oncall")
    expect(page.locator(".oc-change")).to_have_count(0)
    note = page.locator(".oc-note").first
    expect(note).to_contain_text(
        "The clock changes in America/New_York: Sun 8 Mar 02:00 → 03:00 (UTC\u22125 → UTC\u22124)"
    )
    expect(page.locator(".oc-turn")).to_have_count(1)
    expect(page.locator(".oc-row", has=page.locator(".oc-turn"))).to_contain_text("york")
    page.locator("#cal-after").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/oncall?from=2026-03-09")
    expect(page.locator("#cal-after")).to_be_focused()  # whoever walks on by keyboard is not sent to the top


BEYOND = """() => [...document.querySelectorAll(".oc-row svg svg")].filter((bar) => {
  const name = bar.querySelector("text").getBBox();
  return name.width && name.x + name.width > bar.getBoundingClientRect().width;
}).length"""


def test_a_name_is_drawn_where_there_is_room_for_it_else_its_initials(world, signed_in):
    """It ended in the middle of a letter. A day of a month has room for neither."""
    page = signed_in()
    for span, drawn in (("day", {"Anna", "Oleg"}), ("week", {"Anna", "Oleg"}), ("month", {"O", "Oleg"})):
        for width in (1280, 1024):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"/oncall?span={span}")
            expect(page.locator(".oc-lanes")).to_be_visible()
            assert page.evaluate(BEYOND) == 0, (span, width)
            assert set(page.locator(".oc-name").all_text_contents()) - {""} == drawn
