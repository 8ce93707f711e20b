"""A storm of 100,000 alerts within a minute, with emergencies in it: how long does each take to get to the provider?"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import targets
from bench.driving import own_cluster, say, scratch, with_databases
from bench.machine import peak_rss
from bench.open_loop import name_of
from bench.subject import BOOK, ROOT
from bench.targets import verdict
from tests.databases import wait_until
from tests.fakes.provider_ledger import ProviderLedger
from tests.processes import Gateway

KEY = "0123456789abcdef0123456789abcdef"
PEOPLE = f"""
people:
  - email: bench@example.org
    name: Bench
    role: responder
    contacts: [{{channel: email, address: bench@example.org}}, {{channel: pagerduty, address: {KEY}}}]
"""
STORM_BOOK = BOOK.replace("emergency, policy: one", "emergency, policy: one, group_by: [alertname, instance]")
PATIENCE = 60  # seconds after the storm for the last emergency to arrive; the target is far below
NAMES = "SELECT i.uuid, a.fingerprint FROM incident i JOIN alert a ON a.incident_id = i.id WHERE i.urgency = 0"
STORED = "SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM incident), (SELECT count(*) FROM payload)"
BACKLOG = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending')"


class Outcome:
    """One storm on one database."""

    def __init__(self, database: str, found: dict, gateway: Gateway, ledger: ProviderLedger) -> None:
        self.database, self.found = database, found
        self.backlog = gateway.value(BACKLOG)
        numbers = dict(gateway.rows(NAMES))
        arrived: dict[str, float] = {}
        for one in ledger.pages():
            arrived.setdefault(numbers.get(one.key.removeprefix("nabat-"), ""), one.at)
        self.missing = [one for one in found["emergencies"] if name_of(one["number"]) not in arrived]
        there = [one for one in found["emergencies"] if name_of(one["number"]) in arrived]
        self.from_sending = sorted(arrived[name_of(one["number"])] - one["planned"] for one in there)
        self.from_answer = sorted(arrived[name_of(one["number"])] - one["answered"] for one in there)
        self.memory = {
            f"{process.command[-1 if process.command[-1] == 'worker' else -3]}: {name}": peak
            for process in gateway.processes
            for name, peak in peak_rss(process.pid).items()
        }
        self._check(gateway)

    def _check(self, gateway: Gateway) -> None:
        """Everything that was answered with 202 is stored, once."""
        answers, alerts = self.found["answers"], self.found["alerts"]
        if list(answers) != ["202"]:
            sys.exit(f"{self.database}: not everything was taken in: {answers}")
        stored, wanted = tuple(gateway.rows(STORED)[0]), (alerts, alerts, answers["202"])
        if stored != wanted:
            sys.exit(f"{self.database}: stored (alerts, incidents, payloads) {stored}, should be {wanted}")
        if self.missing:
            sys.exit(f"{self.database}: {len(self.missing)} emergencies never reached the provider")

    def lines(self) -> Iterator[str]:
        found = self.found
        middle, most, slowest = spread(self.from_sending)
        after = spread(self.from_answer)
        requests = sum(found["answers"].values())
        yield f"\n{self.database}: {found['alerts']:,} alerts in {requests:,} requests, all stored"
        yield "| | p50 | p99 | max | to reach | reached |"
        yield "| --- | --- | --- | --- | --- | --- |"
        limits = f"p99 {targets.EMERGENCY_P99_S:g} s, max {targets.EMERGENCY_MAX_S:g} s"
        reached = most <= targets.EMERGENCY_P99_S and slowest <= targets.EMERGENCY_MAX_S
        figures = f"{middle:.2f} | {most:.2f} | {slowest:.2f}"
        yield f"| emergency, sent → provider, s | {figures} | {limits} | {verdict(reached)} |"
        yield f"| emergency, our 202 → provider, s | {after[0]:.2f} | {after[1]:.2f} | {after[2]:.2f} | - | - |"
        limit = targets.STORM_INGEST_P99_MS
        ingest = f"{found['p50']:.0f} | {found['p99']:.0f} | {found['max']:.0f}"
        yield f"| ingest, planned → answered, ms | {ingest} | p99 {limit} ms | {verdict(found['p99'] <= limit)} |"
        largest = max(self.memory.values())
        memory = f"| RSS of the largest process, MB | - | - | {largest:.0f} |"
        yield f"{memory} {targets.STORM_RSS_MB} | {verdict(largest <= targets.STORM_RSS_MB)} |"
        yield f"peak RSS: {', '.join(f'{name} {peak:.0f} MB' for name, peak in self.memory.items())}"
        yield f"connections: {found['connections']}; messages of the storm still waiting at its end: {self.backlog:,}"


def spread(ordered: list[float]) -> tuple[float, float, float]:
    """The middle one, the 99th of a hundred, the last."""
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[-1]


def storm(given: argparse.Namespace, database: str, folder: Path, url: str) -> Outcome:
    with ProviderLedger(folder / "ledger") as ledger:
        gateway = Gateway(folder / "nabat", url, book=STORM_BOOK, ledger=ledger)
        gateway.copied = False  # each as it is started in life
        with gateway:
            gateway.prepare(PEOPLE)
            gateway.web()
            gateway.worker()
            time.sleep(2)  # they have nothing to do yet
            command = [
                sys.executable, str(ROOT / "bench/open_loop.py"), "--port", str(gateway.port),
                "--token", gateway.tokens["alertmanager", ""], "--total", str(given.total),
                "--seconds", str(given.seconds),
            ]  # fmt: skip
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
            found = json.loads(done.stdout)
            end = time.monotonic() + PATIENCE
            wait_until(
                lambda: len({one.key for one in ledger.pages()}) >= len(found["emergencies"]) or time.monotonic() > end,
                PATIENCE + 5,
            )
            return Outcome(database, found, gateway, ledger)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--total", type=int, default=100_000, help="alerts, all new")
    parser.add_argument("--seconds", type=float, default=60.0)
    return with_databases(parser)


def main() -> None:
    given = arguments()
    for database in given.databases:
        with scratch() as folder:
            cluster = own_cluster() if database == targets.POSTGRESQL else None
            try:
                url = cluster.create("storm") if cluster else f"sqlite:///{folder}/nabat/nabat.db"
                for line in storm(given, database, folder, url).lines():
                    say(line)
            finally:
                if cluster:
                    cluster.close()


if __name__ == "__main__":
    main()
