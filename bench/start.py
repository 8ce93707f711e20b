"""How soon is it there, and what does it cost while nothing happens: `./nabat up` on data that exists already."""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import targets
from bench.driving import own_cluster, say, scratch, with_databases
from bench.machine import PROC, family, pss
from bench.subject import ROOT, Nabat, free_port
from bench.targets import verdict
from tests.databases import wait_until

LOOK = 0.01  # seconds between questions whether it is there


class Start:
    """One start, from the command to the first 2xx, and the memory after a while of idleness."""

    def __init__(self, nabat: Nabat, idle: float) -> None:
        self.port = free_port()
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [str(ROOT / "nabat"), "up", "--port", str(self.port)], cwd=ROOT, env=nabat.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until(self._answers, 120, LOOK)
            self.seconds = time.monotonic() - began
            time.sleep(idle)
            self.parts = {pid: (command_of(pid), own_pss(pid)) for pid in family([process.pid])}
            self.memory = pss(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return 200 <= answer.status < 300
        except OSError:
            return False


def own_pss(pid: int) -> float:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (OSError, ValueError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def command_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "gone"


def lines(database: str, starts: list[Start]) -> Iterator[str]:
    seconds = statistics.median(one.seconds for one in starts)
    memory = statistics.median(one.memory for one in starts)
    last = starts[-1]
    auditor, web, worker = (
        sum(own for name, own in last.parts.values() if part in name) for part in ("audit", "web", "work")
    )
    others = memory - auditor
    yield f"\n{database}, {len(starts)} starts"
    yield f"first 2xx after {seconds:.1f} s; to reach: {targets.START_S:g} s: {verdict(seconds <= targets.START_S)}"
    yield f"PSS idle of all processes {memory:.0f} MB, of these the auditor {auditor:.0f} MB"
    reached = verdict(others <= targets.IDLE_PSS_MB)
    yield f"web and worker {web + worker:.0f} MB, with what watches over them {others:.0f} MB"
    yield f"to reach: {targets.IDLE_PSS_MB} MB: {reached}"
    for pid, (name, own) in last.parts.items():
        yield f"  {name} {pid}: {own:.0f} MB"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds after the start, until memory is looked at")
    return with_databases(parser)


def main() -> None:
    given = arguments()
    for database in given.databases:
        with scratch() as folder:
            cluster = own_cluster() if database == targets.POSTGRESQL else None
            try:
                nabat = Nabat(folder / "nabat", cluster.create("start") if cluster else "")
                nabat.stop()  # the data exist now
                starts = [Start(nabat, given.idle) for _ in range(given.rounds)]
            finally:
                if cluster:
                    cluster.close()
        for line in lines(database, starts):
            say(line)


if __name__ == "__main__":
    main()
