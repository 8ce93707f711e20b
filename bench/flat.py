"""Does it stay fast when much is stored? Ingest, list and search with a million incidents beside an empty store."""

import argparse
import http.client
import os
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import targets
from bench.driving import CALM, check, loaded, own_cluster, postmaster, say, scratch, shape, with_databases
from bench.filling import fill, settle
from bench.load import HOT
from bench.machine import Meter
from bench.plans import Reads
from bench.subject import Nabat
from bench.targets import verdict
from tests.browsing import PASSWORD, token_in

POINTS = ((16, 10), (4, 100))
READER = "reader@example.org"
PAGES = {
    "overview": "/overview",
    "list": "/incidents",
    "next page": "/incidents?status=all&after=5.{middle}",
    "resolved": "/incidents?status=resolved",
    "search": "/incidents?q=nothing-like-this",
    "search in all": "/incidents?status=all&q=nothing-like-this",
}
POLL = "nothing changed"
JUDGED = ("list", "next page", "resolved")  # the target is the list's
LIMITS = dict.fromkeys(JUDGED, targets.LIST_P95_MS) | {POLL: targets.POLL_P95_MS}
MARK = re.compile(rb'data-mark="([^"]+)"')


class Reader:
    """Somebody who is signed in and looks at pages, one after the other on one connection."""

    def __init__(self, nabat: Nabat) -> None:
        nabat.command("user", "create", READER, "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
        root, jar = f"http://127.0.0.1:{nabat.port}", CookieJar()
        browser = build_opener(HTTPCookieProcessor(jar))
        token = token_in(browser.open(f"{root}/login", timeout=30).read().decode())
        form = {"username": READER, "password": PASSWORD, "csrf_token": token}
        browser.open(f"{root}/login", urlencode(form).encode(), timeout=30).close()
        self.headers = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)}
        self.link = http.client.HTTPConnection("127.0.0.1", nabat.port, timeout=60)

    def polls(self, count: int) -> list[float]:
        """Milliseconds of an open list's question whether anything changed, when nothing did."""
        self.link.close()
        self.link.request("GET", "/live?page=incidents&q=&frozen=0&since=", headers=self.headers)
        page = self.link.getresponse().read()
        mark = MARK.search(page)
        assert mark, page[:200]
        return self.times(f"/live?page=incidents&q=&frozen=0&since={mark[1].decode()}", count, status=204)

    def times(self, path: str, count: int, status: int = 200) -> list[float]:
        """Milliseconds from asking to having the whole page."""
        self.link.close()  # it may have been idle for too long; asking opens it again
        found = []
        for _ in range(count):
            begin = time.perf_counter()
            self.link.request("GET", path, headers=self.headers)
            answer = self.link.getresponse()
            answer.read()
            found.append(1000 * (time.perf_counter() - begin))
            if answer.status != status:
                sys.exit(f"{path} was answered with {answer.status}")
        return found


class Store:
    """One database with a server on it: empty, or full."""

    def __init__(self, given: argparse.Namespace, folder: Path, url: str, rows: int) -> None:
        self.given, self.rows, self.start = given, rows, HOT
        self.nabat = Nabat(folder, url)
        first = ("--alerts", "100", "--requests", str(HOT // 100), "--scattered")
        loaded(self.nabat.port, "--token", self.nabat.token, *first)
        if rows:
            began = time.monotonic()
            fill(self.nabat.url, rows, time.time_ns() // 1000)
            say(f"  {rows:,} incidents stored in {time.monotonic() - began:.0f} s")
        self.reader = Reader(self.nabat)
        self.ingest(POINTS[0], 0.5)  # no statistics have been taken of what is in there now
        settle(self.nabat.url)

    def ingest(self, point: tuple[int, int], seconds: float) -> float:
        """Alerts a second, all new."""
        before = self.nabat.counts() if not self.rows else None
        which = ("--start", str(self.start), "--scattered", "--seconds", str(seconds))
        found = loaded(
            self.nabat.port, "--token", self.nabat.token, *shape(*point), *which, "--warmup", str(self.given.warmup)
        )
        self.start += found["requests"] * point[1]
        if before:  # counting a million rows would push out of memory what is being measured
            check("new", point[1], found, before, self.nabat.counts())
        elif found["answers"] != {"202": found["requests"]}:
            sys.exit(f"not all requests were taken in: {found['answers']}")
        return found["rate"]

    def pages(self, looks: int) -> dict[str, list[float]]:
        middle = max(1, self.rows // 2)
        return {
            name: self.reader.times(path.format(middle=middle), looks if name in JUDGED else min(looks, 10))
            for name, path in PAGES.items()
        } | {POLL: self.reader.polls(looks)}

    def close(self) -> None:
        """In the full store everything is counted once, at the end."""
        alerts, _, incidents, deliveries = self.nabat.counts()
        wanted = self.rows + self.start
        self.nabat.stop()
        if not alerts == incidents == deliveries == wanted:
            sys.exit(f"{alerts} alerts, {incidents} incidents, {deliveries} deliveries, should be {wanted} each")


class Flat:
    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.cluster = own_cluster() if targets.POSTGRESQL in given.databases else None
        self.roots = [os.getpid(), *([postmaster(self.cluster)] if self.cluster else [])]
        self.ratios: dict[tuple, list[tuple[float, float]]] = defaultdict(list)  # by database, point: ratio, other load
        self.rates: dict[tuple, list[float]] = defaultdict(list)  # by database, point, rows
        self.looks: dict[tuple, list[float]] = defaultdict(list)  # by database, page, rows

    def run(self, database: str) -> None:
        say(f"{database}")
        with ExitStack() as open_stores:
            full = self._store(database, "full", self.given.rows)
            open_stores.callback(full.close)
            for number in range(1, self.given.rounds + 1):
                empty = self._store(database, f"empty{number}", 0)
                try:
                    self._round(database, empty, full)
                finally:
                    empty.close()
            reads = Reads(full.nabat.url)
            self._round_of_reads(full, reads)

    def _store(self, database: str, name: str, rows: int) -> Store:
        url = self.cluster.create(name) if self.cluster and database == targets.POSTGRESQL else ""
        return Store(self.given, self.folder / f"{database}-{name}", url, rows)

    def _round(self, database: str, empty: Store, full: Store) -> None:
        for point in POINTS:
            meter = Meter(self.roots)
            rates = [store.ingest(point, self.given.seconds) for store in (empty, full)]
            self.ratios[database, point].append((rates[1] / rates[0], meter.foreign()))
            for store, rate in zip((empty, full), rates, strict=True):
                self.rates[database, point, store.rows].append(rate)
            say(f"  {point}: empty {rates[0]:,.0f} alerts/s, full {rates[1]:,.0f}")
        for store in (empty, full):
            for page, times in store.pages(self.given.looks).items():
                self.looks[database, page, store.rows] += times

    def _round_of_reads(self, full: Store, reads: Reads) -> None:
        """How many rows it takes to store an alert and to show a page: none of it may grow with the table."""
        reads.begin()
        full.ingest(POINTS[0], 0.5)
        full.pages(2)
        for line in reads.told():
            say(f"  {line}")

    def lines(self) -> Iterator[str]:
        yield "\n| database | (C, n) | empty, alerts/s | full, alerts/s | ratio | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for (database, point), found in self.ratios.items():
            calm = [ratio for ratio, foreign in found if foreign <= CALM]
            ratio = statistics.median(calm or [ratio for ratio, _ in found])
            empty, full = (statistics.median(self.rates[database, point, rows]) for rows in (0, self.given.rows))
            figures = f"{empty:,.0f} | {full:,.0f} | {ratio:.2f}{'' if calm else ' (disturbed)'}"
            limit = targets.FULL_TO_EMPTY
            yield f"| {database} | {point} | {figures} | {limit} | {verdict(ratio >= limit)} |"
        yield "\n| database | page | empty p50 ms | p95 ms | full p50 ms | p95 ms | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for database in self.given.databases:
            yield from self._pages(database)

    def _pages(self, database: str) -> Iterator[str]:
        for page in (*PAGES, POLL):
            empty, full = (_middle_and_p95(self.looks[database, page, rows]) for rows in (0, self.given.rows))
            most = LIMITS.get(page)
            limit = "- | -" if most is None else f"{most} | {verdict(full[1] <= most)}"
            yield f"| {database} | {page} | {empty[0]:.1f} | {empty[1]:.1f} | {full[0]:.1f} | {full[1]:.1f} | {limit} |"


def _middle_and_p95(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="incidents in the full store")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one ingest run")
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds before each run that are not measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--looks", type=int, default=100, help="at a page, each round")
    return with_databases(parser)


def main() -> None:
    given = arguments()
    with scratch() as folder:
        flat = Flat(given, folder)
        try:
            for database in given.databases:
                flat.run(database)
        finally:
            if flat.cluster:
                flat.cluster.close()
    for line in flat.lines():
        say(line)


if __name__ == "__main__":
    main()
