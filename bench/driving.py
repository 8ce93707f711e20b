"""What every benchmark here does: drives the load generator, checks what was stored, keeps its files on a disk."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.subject import ROOT, free_port
from tests.databases import Cluster, binaries, wait_until

LOG_FILES = 64  # of 16 MB, of PostgreSQL's log: more than a benchmark fills between two checkpoints
CALM = 0.2  # cores busy with something else, at most, in a run that is worth keeping


def with_databases(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What was asked for, and `databases`: those to measure on."""
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    given = parser.parse_args()
    given.databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    if "postgresql" in given.databases and binaries() is None:
        parser.error("there is no PostgreSQL server on this machine: --database sqlite")
    return given


def loader(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "bench/load.py"), *arguments]


def loaded(port: int, *arguments: str, quiet: bool = False) -> dict:
    """What the generator found out; nothing if it could not and may say so quietly."""
    command = loader("--port", str(port), *arguments)
    errors = subprocess.DEVNULL if quiet else None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=not quiet)  # noqa: S603
    return json.loads(done.stdout) if done.returncode == 0 else {}


def shape(connections: int, alerts: int) -> tuple[str, ...]:
    """The generator's arguments for a point."""
    return "--connections", str(connections), "--alerts", str(alerts)


def generator_rates(points: Sequence[tuple[int, int]], seconds: float) -> dict[tuple[int, int], float]:
    """What the generator itself can do at each point, against a responder that does nothing."""
    port, rates = free_port(), {}
    responder = subprocess.Popen(loader("--respond", "--port", str(port)))  # noqa: S603 - ourselves
    try:
        wait_until(lambda: loaded(port, "--requests", "1", quiet=True))
        for point in points:
            times = ("--seconds", str(min(2.0, seconds)), "--warmup", "0.2")
            rates[point] = loaded(port, *shape(*point), *times)["rate"]
    finally:
        responder.terminate()
        responder.wait()
    return rates


def check(mode: str, alerts: int, found: dict, before: tuple, after: tuple) -> None:
    """Every alert that was answered with 202 is stored, once; and nothing was answered otherwise."""
    if list(found["answers"]) != ["202"] or found["answers"]["202"] != found["requests"]:
        sys.exit(f"not all requests were taken in: {found['answers']} of {found['requests']}")
    told = found["requests"] * alerts
    new = told if mode == "new" else 0
    wanted = (new, told, new, new)
    stored = tuple(now - then for now, then in zip(after, before, strict=True))
    if stored != wanted:
        sys.exit(f"(alerts, messages, incidents, deliveries) stored {stored}, should be {wanted}")


def own_cluster() -> Cluster:
    """A PostgreSQL that keeps what it says it keeps, with the memory that somebody gives it, as if in use for days.

    A new one makes a file of 16 MB, and waits until it is on the disk, each time its log has filled the one before;
    later it takes old ones again, and keeps min_wal_size of them.
    """
    cluster = Cluster(durable=True)
    cluster.stop("fast")
    cluster.options += f" -c shared_buffers=512MB -c max_wal_size=4GB -c min_wal_size={LOG_FILES * 16}MB"
    cluster.start()
    address = cluster.url("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as link:
        for _ in range(LOG_FILES):
            link.execute("SELECT pg_logical_emit_message(false, 'filled', repeat('x', 15000000))")
            link.execute("SELECT pg_switch_wal()")
        link.execute("CHECKPOINT")
    return cluster


def postmaster(cluster: Cluster) -> int:
    return int((cluster.folder / "data/postmaster.pid").read_text().split()[0])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on a disk: a temporary file system in memory would make every commit free."""
    folder = Path(tempfile.mkdtemp(prefix="nabat-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))  # noqa: S108
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
