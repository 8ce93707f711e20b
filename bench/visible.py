"""How long until a change is seen in every open browser: from the answer to an alert until it stands on the page."""

import argparse
import json
import os
import random
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from bench import targets
from bench.driving import CALM, own_cluster, postmaster, say, scratch, with_databases
from bench.interactions import PASSWORD, READER
from bench.machine import Meter
from bench.subject import Nabat
from bench.targets import verdict

PLACES = ("/incidents?fold=no", "/incidents?fold=no&q=change", "/overview")
WATCH = """
window.seen = {};
const look = () => {
  for (const [word] of document.body.innerText.matchAll(/Change-\\d+-/g)) seen[word] ||= Date.now();
};
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
});
"""


class Bench:
    """Pages in browsers of their own, and changes at moments that have nothing to do with their questions."""

    def __init__(self, nabat: Nabat, browser: object, pages: int) -> None:
        self.nabat, self.root, self.browser = nabat, f"http://127.0.0.1:{nabat.port}", browser
        nabat.command("user", "create", READER, "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
        self.change(0)  # the first incident of an installation has the page loaded anew
        self.pages = [self._open(PLACES[number % len(PLACES)]) for number in range(pages)]
        self.answered: dict[str, float] = {}

    def _open(self, place: str) -> Page:
        page = self.browser.new_context(base_url=self.root, locale="en-GB").new_page()  # type: ignore[attr-defined]
        page.add_init_script(WATCH)
        page.goto("/login")
        page.fill("#username", READER)
        page.fill("#password", PASSWORD)
        page.click("button.pri")
        page.wait_for_url(lambda there: not there.endswith("/login"))
        page.goto(place)
        return page

    def change(self, number: int) -> str:
        """Taken in and answered when this returns."""
        word = f"Change-{number}-"
        labels = {"alertname": word, "severity": "warning", "service": "billing", "instance": f"db{number}"}
        alert = {"status": "firing", "labels": labels, "annotations": {"summary": f"{word} of many"}}
        body = json.dumps({"version": "4", "alerts": [alert]}).encode()
        headers = {"Authorization": f"Bearer {self.nabat.token}"}
        request = urllib.request.Request(f"{self.root}/ingest/alertmanager", body, headers)  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
        return word

    def run(self, changes: int) -> None:
        chance = random.Random(1)  # noqa: S311 - the same moments each time
        for number in range(1, changes + 1):
            time.sleep(0.2 + 2 * chance.random())
            word = self.change(number)
            self.answered[word] = time.time_ns() / 1e6
        time.sleep(5)

    def waits(self) -> list[float]:
        """Milliseconds, of each change in each page."""
        found = []
        for page in self.pages:
            seen = page.evaluate("seen")
            if missing := self.answered.keys() - seen.keys():
                sys.exit(f"{page.url} never showed {sorted(missing)}")
            found += [seen[word] - at for word, at in self.answered.items()]
        return found


def measure(given: argparse.Namespace, url: str, roots: list[int], folder: Path) -> Iterator[str]:
    program = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    with sync_playwright() as driver:
        nabat = Nabat(folder, url)
        browser = driver.chromium.launch(executable_path=program or None, args=["--no-sandbox", "--disable-gpu"])
        try:
            bench, meter = Bench(nabat, browser, given.pages), Meter(roots)
            bench.run(given.changes)
            load, found = meter.foreign(), sorted(bench.waits())
        finally:
            browser.close()
            nabat.stop()
    middle, late, longest = found[len(found) // 2], found[int(len(found) * 0.95)], found[-1]
    calm = f"{load:.2f} cores{' (disturbed)' if load > CALM else ''}"
    figures = " | ".join(f"{one / 1000:.2f} s" for one in (middle, late, longest))
    reached = verdict(longest <= 1000 * targets.VISIBLE_S)
    yield f"{given.changes} in {given.pages} | {calm} | {figures} | {targets.VISIBLE_S} s | {reached}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--pages", type=int, default=6)
    given = with_databases(parser)
    say("| database | changes in pages | other load | p50 | p95 | longest | to reach | reached |")
    say("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for database in given.databases:
        cluster = own_cluster() if database == targets.POSTGRESQL else None
        roots = [os.getpid(), *([postmaster(cluster)] if cluster else [])]
        try:
            with scratch() as folder:
                url = cluster.create("visible") if cluster else ""
                for line in measure(given, url, roots, folder / "nabat"):
                    say(f"| {database} | {line} |")
        finally:
            if cluster:
                cluster.close()


if __name__ == "__main__":
    main()
