"""The ingest benchmark: alerts a second, stored when answered, beside what the database alone can do (README.md)."""

import argparse
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import raw  # noqa: E402 - the path above is what makes these found
from bench.driving import (  # noqa: E402
    CALM,
    check,
    generator_rates,
    loaded,
    own_cluster,
    postmaster,
    say,
    scratch,
    shape,
    with_databases,
)
from bench.load import HOT  # noqa: E402
from bench.machine import Meter, pss  # noqa: E402
from bench.subject import Nabat  # noqa: E402
from bench.targets import POINTS  # noqa: E402

MODES = ("new", "hot")
YARDSTICK = ("new", (16, 10))  # what is divided by the raw rate
ENOUGH = 3  # times faster than the server the generator must be


@dataclass
class Figures:
    """What was measured of one database, run by run."""

    raw: list[float] = field(default_factory=list)
    ratios: list[tuple[float, float]] = field(default_factory=list)  # of each round: nabat / raw, other load
    idle: list[float] = field(default_factory=list)
    runs: dict[tuple, list[dict]] = field(default_factory=dict)


class Bench:
    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.figures = {name: Figures() for name in given.databases}
        self.cluster = own_cluster() if "postgresql" in given.databases else None
        self.roots = [os.getpid()]
        if self.cluster:
            self.roots.append(postmaster(self.cluster))
        self.generator: dict[tuple[int, int], float] = {}
        self.points = (YARDSTICK[1],) if given.ratio_only else POINTS

    def close(self) -> None:
        if self.cluster:
            self.cluster.close()

    def run(self) -> None:
        self.generator = generator_rates(self.points, self.given.seconds)
        for number in range(1, self.given.rounds + 1):
            for name in self.given.databases:
                say(f"round {number} of {self.given.rounds}, {name}")
                self._round(name, self.folder / f"{name}-{number}", number)

    def _round(self, name: str, folder: Path, number: int) -> None:
        url = self.cluster.create(f"bench{number}") if name == "postgresql" else ""
        nabat, figures = Nabat(folder, url), self.figures[name]
        try:
            figures.idle.append(pss(nabat.process.pid))
            loaded(nabat.port, "--token", nabat.token, "--alerts", "100", "--requests", str(HOT // 100))
            self._points(nabat, figures, folder)
        finally:
            nabat.stop()
            shutil.rmtree(folder)
            if url:
                self.cluster.drop(f"bench{number}")

    def _points(self, nabat: Nabat, figures: Figures, folder: Path) -> None:
        """All of one round on one server. Numbers of new alerts go on from run to run."""
        start = HOT
        for mode in MODES:
            for point in self.points:
                measured = (mode, point) == YARDSTICK
                before = self._raw(nabat, folder) if measured else 0.0
                found = self._point(nabat, mode, point, start)
                start += found["requests"] * point[1]
                figures.runs.setdefault((mode, point), []).append(found)
                say(f"  {mode} {point}: {found['rate']:,.0f} alerts/s, p99 {found['p99']:.1f} ms")
                if measured:
                    figures.raw.append((before + self._raw(nabat, folder)) / 2)
                    figures.ratios.append((found["rate"] / figures.raw[-1], found["foreign"]))
                    say(f"  raw, ten rows a commit: {figures.raw[-1]:,.0f} alerts/s")

    def _raw(self, nabat: Nabat, folder: Path) -> float:
        """Measured just before and just after the run it is the yardstick of: the machine may be shared."""
        if self.cluster and nabat.url.startswith("postgresql"):
            return raw.postgresql_rate(nabat.url, self.given.seconds)
        return raw.sqlite_rate(folder / "nabat.db", folder, self.given.seconds)

    def _point(self, nabat: Nabat, mode: str, point: tuple[int, int], start: int) -> dict:
        meter, before = Meter(self.roots), nabat.counts()
        which = ("--mode", mode, "--start", str(start))
        times = ("--seconds", str(self.given.seconds), "--warmup", str(self.given.warmup))
        found = loaded(nabat.port, "--token", nabat.token, *shape(*point), *which, *times)
        check(mode, point[1], found, before, nabat.counts())
        return found | {"foreign": meter.foreign(), "pss": pss(nabat.process.pid)}


def table(bench: Bench) -> Iterator[str]:
    """Medians over the rounds in which the machine was ours; where there was none, over all of them, and marked."""
    for name, figures in bench.figures.items():
        limit = statistics.median(figures.raw)
        yield f"\n{name}: raw {limit:,.0f} alerts/s (ten rows a commit), PSS of web idle {max(figures.idle):.0f} MB"
        yield "| alerts | (C, n) | alerts/s | p50 ms | p99 ms | PSS of web MB | other load, cores | generator |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for (mode, point), runs in figures.runs.items():
            yield row(mode, point, runs, bench.generator[point])
        calm = [ratio for ratio, foreign in figures.ratios if foreign <= CALM]
        ratio = statistics.median(calm or [ratio for ratio, _ in figures.ratios])
        yield f"{name}: ratio (16, 10) new / raw = {ratio:.2f}{'' if calm else ' (disturbed)'}"


def row(mode: str, point: tuple[int, int], runs: list[dict], generator: float) -> str:
    calm = [run for run in runs if run["foreign"] <= CALM]
    middle = {key: statistics.median(run[key] for run in calm or runs) for key in ("rate", "p50", "p99", "foreign")}
    memory, times = max(run["pss"] for run in runs), generator / middle["rate"]
    other = f"{middle['foreign']:.2f}{'' if calm else ' (disturbed)'}"
    able = f"{times:.1f} x{'' if times >= ENOUGH else ' (too slow: the rate is too low)'}"
    figures = f"{middle['rate']:,.0f} | {middle['p50']:.1f} | {middle['p99']:.1f} | {memory:.0f}"
    return f"| {mode} | {point} | {figures} | {other} | {able} |"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run")
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds before each run that are not measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ratio-only", action="store_true", help="only the point whose ratio is told at the end")
    return with_databases(parser)


def main() -> None:
    given = arguments()
    with scratch() as folder:
        bench = Bench(given, folder)
        try:
            bench.run()
        finally:
            bench.close()
    for line in table(bench):
        say(line)


if __name__ == "__main__":
    main()
