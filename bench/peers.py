"""Nabat beside Alerta and Alertmanager: the same alerts at the same points, in turns, on one machine (README.md)."""

import argparse
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import alertmanager, targets
from bench.alerta import Alerta
from bench.alertmanager import Alertmanager
from bench.driving import CALM, generator_rates, loaded, own_cluster, postmaster, say, scratch, shape
from bench.load import HOT
from bench.machine import Meter, pss
from bench.subject import Nabat
from bench.targets import POINTS, verdict
from tests.databases import binaries, wait_until

MODES = ("new", "hot")
ENOUGH = 3  # times faster than a server the generator must be
LAG = 10  # seconds that a peer may take to count what it has answered


class Ours:
    """Nabat as the other subjects are: it answers what is stored, and counts it."""

    answer = "202"
    setup = "web alone, answered after commit"

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name, self.nabat = name, Nabat(folder, url)
        self.port, self.pids = self.nabat.port, [self.nabat.process.pid]
        self.arguments = ("--token", self.nabat.token)

    def counts(self) -> tuple[int, int]:
        """Alerts and messages about them; incidents and deliveries are as many, since each alert has its own."""
        alerts, messages, incidents, deliveries = self.nabat.counts()
        if not alerts == incidents == deliveries:
            sys.exit(f"{self.name}: {alerts} alerts, {incidents} incidents, {deliveries} deliveries")
        return alerts, messages

    def stop(self) -> None:
        self.nabat.stop()


class Peers:
    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.cluster = own_cluster()
        self.roots = [os.getpid(), postmaster(self.cluster)]
        self.runs: dict[tuple, list[dict[str, Any]]] = defaultdict(list)  # by subject, mode and point; one a round
        self.setups: dict[str, str] = {}
        self.generator: dict[tuple[int, int], float] = {}

    def run(self) -> None:
        self.generator = generator_rates(POINTS, self.given.seconds)
        for number in range(1, self.given.rounds + 1):
            say(f"round {number} of {self.given.rounds}")
            with ExitStack() as started:
                subjects = [self._start(make, started) for make in self._subjects(number)]
                self._round(subjects)
            for name in self._databases(number):
                self.cluster.drop(name)

    def _databases(self, number: int) -> tuple[str, str]:
        return f"nabat{number}", f"alerta{number}"

    def _subjects(self, number: int) -> Iterator[Callable[[], Any]]:
        folder, (ours, theirs) = self.folder / str(number), self._databases(number)
        yield lambda: Ours(targets.SQLITE, folder / "sqlite", "")
        yield lambda: Ours(targets.POSTGRESQL, folder / "postgresql", self.cluster.create(ours))
        yield lambda: Alerta(folder / "alerta", self.cluster.create(theirs))
        if alertmanager.program():
            yield lambda: Alertmanager(folder / "alertmanager")

    def _start(self, make: Callable[[], Any], started: ExitStack) -> Any:
        subject = make()
        started.callback(subject.stop)
        self.setups[subject.name] = subject.setup
        return subject

    def _round(self, subjects: list[Any]) -> None:
        """At each point one after the other: whatever disturbs the machine disturbs all of them alike."""
        for subject in subjects:
            loaded(subject.port, *subject.arguments, "--alerts", "100", "--requests", str(HOT // 100))
        starts = dict.fromkeys((subject.name for subject in subjects), HOT)
        for mode in MODES:
            for point in POINTS:
                for subject in subjects:
                    found = self._point(subject, mode, point, starts[subject.name])
                    starts[subject.name] += found["requests"] * point[1]
                    self.runs[subject.name, mode, point].append(found)
                    rate, p99, other = found["rate"], found["p99"], found["foreign"]
                    say(f"  {mode} {point} {subject.name}: {rate:,.0f} alerts/s, p99 {p99:.1f} ms, other {other:.2f}")

    def _point(self, subject: Any, mode: str, point: tuple[int, int], start: int) -> dict[str, Any]:
        meter, before = Meter(self.roots), subject.counts()
        which = ("--mode", mode, "--start", str(start))
        times = ("--seconds", str(self.given.seconds), "--warmup", str(self.given.warmup))
        found = loaded(subject.port, *subject.arguments, *shape(*point), *which, *times)
        foreign = meter.foreign()
        if found["answers"] != {subject.answer: found["requests"]}:
            sys.exit(f"{subject.name}: not all of {found['requests']} were taken in: {found['answers']}")
        told = found["requests"] * point[1]
        wanted = (before[0] + (told if mode == "new" else 0), before[1] + told)
        _counted(subject, wanted)
        return found | {"foreign": foreign, "pss": sum(map(pss, subject.pids))}


def _counted(subject: Any, wanted: tuple[int, int]) -> None:
    """Whoever says that it has taken something in must have it."""
    try:
        wait_until(lambda: subject.counts() == wanted, LAG, 0.2)
    except AssertionError:
        sys.exit(f"{subject.name} has (alerts, messages) {subject.counts()}, should be {wanted}")


class Report:
    """Medians over the rounds in which the machine was ours; where there was none, over all of them, and marked."""

    def __init__(self, peers: Peers) -> None:
        self.peers, self.runs = peers, peers.runs

    def lines(self) -> Iterator[str]:
        for name, setup in self.peers.setups.items():
            yield f"* {name}: {setup}"
        yield ""
        yield "| alerts | (C, n) | server | alerts/s | p50 ms | p99 ms | PSS MB | other load, cores | generator |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        for (name, mode, point), runs in sorted(self.runs.items(), key=_in_order):
            yield self._row(name, mode, point, runs)
        yield from self._beside_alerta()
        if "alertmanager" in self.peers.setups:
            yield from self._beside_alertmanager()

    def _row(self, name: str, mode: str, point: tuple[int, int], runs: list[dict]) -> str:
        calm = any(run["foreign"] <= CALM for run in runs)
        rate, p50, p99, other = (middle(runs, key) for key in ("rate", "p50", "p99", "foreign"))
        times = self.peers.generator[point] / rate
        able = f"{times:.1f} x{'' if times >= ENOUGH else ' (too slow)'}"
        memory = max(run["pss"] for run in runs)
        disturbed = "" if calm else " (disturbed)"
        figures = f"{rate:,.0f} | {p50:.1f} | {p99:.1f} | {memory:.0f} | {other:.2f}{disturbed} | {able}"
        return f"| {mode} | {point} | {name} | {figures} |"

    def _beside_alerta(self) -> Iterator[str]:
        yield "\n| Nabat / Alerta | (C, n) | database | ratio | to reach | reached | p99 ms | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        for mode in MODES:
            for point in POINTS:
                for name, reach in targets.TIMES_ALERTA[point].items():
                    ratio, mark = self._ratio(name, "alerta", mode, point)
                    p99, limit = middle(self.runs[name, mode, point], "p99"), targets.P99_MS[point]
                    speed = f"{ratio:.1f} x{mark} | {reach} x | {verdict(ratio >= reach)}"
                    delay = f"{p99:.1f} | {limit} | {verdict(p99 <= limit)}"
                    yield f"| {mode} | {point} | {name} | {speed} | {delay} |"

    def _beside_alertmanager(self) -> Iterator[str]:
        yield "\n| Nabat / Alertmanager | (C, n) | database | ratio | to reach | reached | p99 ms | theirs | lower |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        for mode in MODES:
            for point, reach in targets.TIMES_ALERTMANAGER.items():
                ratio, mark = self._ratio(targets.POSTGRESQL, "alertmanager", mode, point)
                ours, theirs = (
                    middle(self.runs[name, mode, point], "p99") for name in (targets.POSTGRESQL, "alertmanager")
                )
                speed = f"{ratio:.2f} x{mark} | {reach} x | {verdict(ratio >= reach)}"
                delay = f"{ours:.1f} | {theirs:.1f} | {verdict(ours < theirs)}"
                yield f"| {mode} | {point} | {targets.POSTGRESQL} | {speed} | {delay} |"

    def _ratio(self, ours: str, theirs: str, mode: str, point: tuple[int, int]) -> tuple[float, str]:
        """Round by round, so that both sides of it are of the same minute."""
        pairs = list(zip(self.runs[ours, mode, point], self.runs[theirs, mode, point], strict=True))
        calm = [pair for pair in pairs if all(run["foreign"] <= CALM for run in pair)]
        ratios = [own["rate"] / other["rate"] for own, other in calm or pairs]
        return statistics.median(ratios), "" if calm else " (disturbed)"


def middle(runs: list[dict], key: str) -> float:
    calm = [run for run in runs if run["foreign"] <= CALM]
    return statistics.median(run[key] for run in calm or runs)


def _in_order(item: tuple[tuple, Any]) -> tuple:
    name, mode, point = item[0]
    return MODES.index(mode), POINTS.index(point), name


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run")
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds before each run that are not measured")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if binaries() is None:
        parser.error("there is no PostgreSQL server on this machine, and Alerta needs one")
    return given


def main() -> None:
    given = arguments()
    with scratch() as folder:
        peers = Peers(given, folder)
        try:
            peers.run()
        finally:
            peers.cluster.close()
    for line in Report(peers).lines():
        say(line)


if __name__ == "__main__":
    main()
