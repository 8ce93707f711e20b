"""How soon a page is there, and answers a press: LCP, CLS and INP in a real Chromium, on a desk and on a slow phone."""

import argparse
import json
import os
import shutil
import statistics
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from bench import targets
from bench.driving import CALM, say, scratch
from bench.machine import Meter
from bench.subject import Nabat
from bench.targets import verdict

READER, PASSWORD = "reader@example.org", "a horse that is correct"
ROWS = 60  # ten more than a page of the list shows
SERVICES = ("billing", "warehouse", "mail", "payments", "search", "directory")
PROBLEMS = ("Disk fills up within four hours", "No answer from the primary", "Replication lags behind", "Queue grows")
LIST = "/incidents?fold=no"
VIEWS = {"overview": "/overview", "list of 50": LIST, "incident": "/incidents/1"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SEATS = {  # what it is looked at with: the browser's window, how many times slower its processor, its network
    "desk": ({"viewport": {"width": 1280, "height": 860}}, 1, None),
    "phone, 4x slower, Fast 4G": (PHONE, 4, {"download": 9e6 / 8 * 0.9, "upload": 1.5e6 / 8 * 0.9, "latency": 165}),
}
SEEN = """() => new Promise((done) => {
  const seen = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.lcp = one.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  const shift = (one) => { if (!one.hadRecentInput) seen.cls += one.value; };
  new PerformanceObserver((list) => list.getEntries().forEach(shift))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(seen), 500);
})"""
WATCH = """
window.pressed = []; window.busy = [];
const press = (one) => { if (one.interactionId) pressed.push(one.duration); };
new PerformanceObserver((list) => list.getEntries().forEach(press))
  .observe({ type: "event", durationThreshold: 16 });
new PerformanceObserver((list) => { for (const one of list.getEntries()) busy.push(one.duration); })
  .observe({ type: "longtask" });
"""
TOLD = """async () => {
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 150)));
  const told = [Math.max(0, ...pressed), Math.max(0, ...busy)];
  pressed.length = busy.length = 0;
  return told;
}"""
Press = Callable[[Page], None]


def menu(page: Page) -> Locator:
    return page.locator("#list details.menu summary").nth(2)


def interactions() -> dict[str, Press]:
    """What somebody does on the list, each from where the one before left it."""
    return {
        "open a menu": lambda page: menu(page).click(),
        "close it": lambda page: menu(page).click(),
        "key j": lambda page: page.keyboard.press("j"),
        "key j again": lambda page: page.keyboard.press("j"),
        "key k": lambda page: page.keyboard.press("k"),
        "select a row": lambda page: page.locator("#list .cb").nth(1).check(),
        "unselect it": lambda page: page.locator("#list .cb").nth(1).uncheck(),
        "a word into the filter": _filter,
        "acknowledge": _acknowledge,
    }


def _filter(page: Page) -> None:
    page.locator("#f-q").focus()
    with page.expect_response(lambda answer: "q=billing" in answer.url):
        page.keyboard.type("billing", delay=40)


def _acknowledge(page: Page) -> None:
    page.keyboard.press("Escape")
    with page.expect_response("**/acknowledge"):
        page.locator("#list [data-do=acknowledge]").first.click()


class Bench:
    def __init__(self, nabat: Nabat, browser: Browser) -> None:
        self.nabat, self.browser, self.sent = nabat, browser, 0
        self.root = f"http://127.0.0.1:{nabat.port}"
        self.views: dict[tuple[str, str], list[tuple[float, float]]] = {}  # (seat, view): LCP in ms, CLS
        self.presses: dict[tuple[str, str], list[float]] = {}  # (seat, what): ms
        self.inp: dict[str, list[float]] = {}  # the slowest of each round
        self.tasks: dict[str, list[float]] = {}  # the longest task while something new is drawn
        self.post(ROWS)
        self.cookies = self._signed_in()

    def post(self, count: int) -> None:
        alerts = []
        for number in range(self.sent, self.sent + count):
            service = SERVICES[number % len(SERVICES)]
            labels = {"alertname": f"Problem{number}", "severity": "warning", "service": service, "env": "production",
                      "instance": f"db{number:02}.{service}.example.org"}  # fmt: skip
            said = f"{PROBLEMS[number % len(PROBLEMS)]}: {service} on db{number:02}"
            alerts.append({"status": "firing", "labels": labels, "annotations": {"summary": said}})
        self.sent += count
        body, headers = (
            json.dumps({"version": "4", "alerts": alerts}).encode(),
            {"Authorization": f"Bearer {self.nabat.token}"},
        )
        address = f"{self.root}/ingest/alertmanager"
        request = urllib.request.Request(address, body, headers)  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    def _signed_in(self) -> object:
        self.nabat.command("user", "create", READER, "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
        context = self.browser.new_context(base_url=self.root)
        page = context.new_page()
        page.goto("/login")
        page.fill("#username", READER)
        page.fill("#password", PASSWORD)
        page.click("button.pri")
        page.wait_for_url(lambda place: not place.endswith("/login"))
        state = context.storage_state()
        context.close()
        return state

    def _sit(self, seat: str) -> tuple[BrowserContext, Page]:
        """A browser that has nothing yet but the sign-in."""
        window, slower, network = SEATS[seat]
        context = self.browser.new_context(
            base_url=self.root, storage_state=self.cookies, service_workers="block", locale="en-GB", **window
        )  # fmt: skip
        page = context.new_page()
        tools = context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        if network:
            told = {"offline": False, "downloadThroughput": network["download"], "uploadThroughput": network["upload"]}
            tools.send("Network.enable")
            tools.send("Network.emulateNetworkConditions", {**told, "latency": network["latency"]})
        return context, page

    def look(self, seat: str) -> None:
        for name, place in VIEWS.items():
            context, page = self._sit(seat)
            page.goto(place, wait_until="load")
            seen = page.evaluate(SEEN)
            self.views.setdefault((seat, name), []).append((seen["lcp"], seen["cls"]))
            context.close()

    def press(self, seat: str) -> None:
        context, page = self._sit(seat)
        page.add_init_script(WATCH)
        page.goto(LIST, wait_until="load")
        menu(
            page
        ).scroll_into_view_if_needed()  # nobody presses what is not seen; the driver would scroll within the press
        page.evaluate(TOLD)
        slowest = 0.0
        for name, press in interactions().items():
            press(page)
            took, _ = page.evaluate(TOLD)
            self.presses.setdefault((seat, name), []).append(took)
            slowest = max(slowest, took)
        self.inp.setdefault(seat, []).append(slowest)
        page.goto(LIST, wait_until="load")
        page.evaluate(TOLD)
        self.post(1)
        with page.expect_response("**/live?*"):
            page.evaluate("nabat.wake()")
        self.tasks.setdefault(seat, []).append(page.evaluate(TOLD)[1])
        context.close()

    def lines(self) -> Iterator[str]:
        yield "\n| first view, nothing kept | with | LCP median | LCP worst | CLS worst | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for (seat, name), seen in self.views.items():
            lcp, cls = [one for one, _ in seen], max(one for _, one in seen)
            well = statistics.median(lcp) <= targets.LCP_MS and cls <= targets.CLS
            figures = f"{statistics.median(lcp):.0f} ms | {max(lcp):.0f} ms | {cls:.3f}"
            yield f"| {name} | {seat} | {figures} | {targets.LCP_MS} ms, {targets.CLS} | {verdict(well)} |"
        yield "\n| press on a list of 50 | with | median | worst |"
        yield "| --- | --- | --- | --- |"
        for (seat, name), took in self.presses.items():
            yield f"| {name} | {seat} | {_ms(statistics.median(took))} | {_ms(max(took))} |"
        yield "\n| with | INP median | INP worst | longest task of an update | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for seat, found in self.inp.items():
            middle, task = statistics.median(found), statistics.median(self.tasks[seat])
            figures = (
                f"{_ms(middle)} | {_ms(max(found))} | {task:.0f} ms"
                if task
                else f"{_ms(middle)} | {_ms(max(found))} | below 50 ms"
            )
            yield f"| {seat} | {figures} | {targets.INP_MS} ms | {verdict(middle <= targets.INP_MS)} |"


def _ms(took: float) -> str:
    """Events below 16 ms are not told, the others in steps of eight."""
    return f"{took:.0f} ms" if took else "below 16 ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        parser.error("there is no Chromium on this machine")
    with scratch() as folder, sync_playwright() as driver:
        nabat = Nabat(folder / "nabat")
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=found, args=flags)
        try:
            bench, meter = Bench(nabat, browser), Meter([os.getpid()])
            for _ in range(given.rounds):
                for seat in SEATS:
                    bench.look(seat)
                    bench.press(seat)
            load = meter.foreign()
            calm = f"{load:.2f} cores of other work{' (disturbed)' if load > CALM else ''}"
            say(f"Chromium {browser.version}, {given.rounds} rounds, SQLite, {ROWS} incidents, {calm}")
        finally:
            browser.close()
            nabat.stop()
    for line in bench.lines():
        say(line)


if __name__ == "__main__":
    main()
