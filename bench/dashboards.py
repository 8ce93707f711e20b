"""What do open dashboards cost ingest? The same load with a hundred of them and without, in turns."""

import argparse
import gzip
import http.client
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import targets
from bench.driving import CALM, loaded, own_cluster, postmaster, say, scratch, shape, with_databases
from bench.flat import MARK, Reader
from bench.load import HOT
from bench.machine import Meter
from bench.subject import Nabat
from bench.targets import verdict

POINT = (16, 10)
EVERY = 1.7  # seconds between two questions of an open page, as in templates/partials/live.html


class Dashboards:
    """So many open lists of incidents: each asks /live as the page does, and takes whatever it is given."""

    def __init__(self, nabat: Nabat, headers: dict[str, str], count: int) -> None:
        usual = {"HX-Request": "true", "Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
        self.port, self.headers, self.count = nabat.port, headers | usual, count
        self.over = threading.Event()
        self.answers: dict[int, int] = {}
        self.times: list[float] = []
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> "Dashboards":
        self.threads = [threading.Thread(target=self._look, args=(place,)) for place in range(self.count)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _look(self, place: int) -> None:
        """Pages were opened at different moments: their questions are spread over this time."""
        link, mark = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60), b""
        wait = EVERY * place / self.count
        while not self.over.wait(wait):
            begin = time.perf_counter()
            link.request("GET", f"/live?page=incidents&q=&frozen=0&since={mark.decode()}", headers=self.headers)
            answer = link.getresponse()
            body = answer.read()
            packed = answer.getheader("Content-Encoding") == "gzip"
            found = MARK.search(gzip.decompress(body) if packed else body)
            mark = found[1] if found else mark
            took = time.perf_counter() - begin
            self.times.append(1000 * took)
            self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            wait = max(0.0, EVERY - took)
        link.close()


class Bench:
    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.cluster = own_cluster() if targets.POSTGRESQL in given.databases else None
        self.roots = [os.getpid(), *([postmaster(self.cluster)] if self.cluster else [])]
        self.ratios: dict[str, list[tuple[float, float]]] = {}  # by database: with to without, other load
        self.times: dict[str, list[float]] = {}
        self.answers: dict[str, dict[int, int]] = {}

    def run(self, database: str) -> None:
        url = self.cluster.create("dashboards") if self.cluster and database == targets.POSTGRESQL else ""
        nabat, start = Nabat(self.folder / database, url), HOT
        try:
            loaded(nabat.port, "--token", nabat.token, "--alerts", "100", "--requests", str(HOT // 100), "--scattered")
            reader = Reader(nabat)
            reader.times("/incidents", 5)
            for number in range(1, self.given.rounds + 1):
                meter = Meter(self.roots)
                # Without, with, with, without: what only grows worse, or better, falls out.
                rates = []
                for many in (0, self.given.dashboards, self.given.dashboards, 0):
                    found = self._ingest(nabat, reader, database, start, many)
                    start += found["requests"] * POINT[1]
                    rates.append(found["rate"])
                ratio = (rates[1] + rates[2]) / (rates[0] + rates[3])
                self.ratios.setdefault(database, []).append((ratio, meter.foreign()))
                say(f"  {database}, round {number}: without {rates[0]:,.0f} and {rates[3]:,.0f} alerts/s, "
                    f"with {rates[1]:,.0f} and {rates[2]:,.0f}: {ratio:.3f}")  # fmt: skip
        finally:
            nabat.stop()

    def _ingest(self, nabat: Nabat, reader: Reader, database: str, start: int, many: int) -> dict:
        which = ("--start", str(start), "--scattered", "--seconds", str(self.given.seconds))
        with Dashboards(nabat, reader.headers, many) as open_pages:
            found = loaded(nabat.port, "--token", nabat.token, *shape(*POINT), *which, "--warmup", str(EVERY))
        if found["answers"] != {"202": found["requests"]}:
            sys.exit(f"not all requests were taken in: {found['answers']}")
        known = self.answers.setdefault(database, {})
        for status, count in open_pages.answers.items():
            known[status] = known.get(status, 0) + count
        self.times.setdefault(database, []).extend(open_pages.times)
        if set(known) - {200, 204}:
            sys.exit(f"not all pages were answered: {known}")
        return found

    def lines(self) -> Iterator[str]:
        head = "database | dashboards | ingest with / without | other load | polls: 200, 204 | p50 ms | p95 ms"
        yield f"\n| {head} | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        for database, found in self.ratios.items():
            calm = [ratio for ratio, foreign in found if foreign <= CALM]
            ratio, foreign = statistics.median(calm or [one for one, _ in found]), max(load for _, load in found)
            times, answers = sorted(self.times[database]), self.answers[database]
            figures = f"{self.given.dashboards} | {ratio:.3f}{'' if calm else ' (disturbed)'} | {foreign:.2f} cores"
            polls = f"{answers.get(200, 0):,}, {answers.get(204, 0):,}"
            spread = f"{times[len(times) // 2]:.1f} | {times[int(len(times) * 0.95)]:.1f}"
            limit = targets.DASHBOARDS
            yield f"| {database} | {figures} | {polls} | {spread} | {limit} | {verdict(ratio >= limit)} |"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dashboards", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=8.0, help="of one ingest run; there are four a round")
    parser.add_argument("--rounds", type=int, default=3)
    return with_databases(parser)


def main() -> None:
    given = arguments()
    with scratch() as folder:
        bench = Bench(given, folder)
        try:
            for database in given.databases:
                bench.run(database)
        finally:
            if bench.cluster:
                bench.cluster.close()
    for line in bench.lines():
        say(line)


if __name__ == "__main__":
    main()
