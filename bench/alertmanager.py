"""Prometheus's Alertmanager, as Debian packs it: it keeps alerts in memory only, so it is the pace, not the peer."""

import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from bench.subject import free_port
from tests.databases import wait_until

PROGRAMS = ("prometheus-alertmanager", "alertmanager")
CONFIGURED = """
route: {receiver: nobody, group_by: [alertname, instance], group_wait: 1h, group_interval: 1h, repeat_interval: 24h}
receivers: [{name: nobody}]
"""
RECEIVED = re.compile(r'^alertmanager_alerts_received_total\{status="firing",version="v2"\} (\S+)$', re.MULTILINE)
HELD = re.compile(r'^alertmanager_alerts\{state="(?:active|suppressed|unprocessed)"\} (\S+)$', re.MULTILINE)


def program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Alertmanager:
    name = "alertmanager"
    arguments = ("--path", "/api/v2/alerts", "--token", "", "--api", "alertmanager")
    answer = "200"
    setup = "in memory only"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "alertmanager.yml").write_text(CONFIGURED)
        self.port = free_port()
        command = [
            str(program()), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=error",
        ]  # fmt: skip
        with (folder / "said.log").open("wb") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603
        wait_until(self._answers, 30)

    @property
    def pids(self) -> list[int]:
        return [self.process.pid]

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            sys.exit("Alertmanager has ended by itself")
        try:
            return bool(self._metrics())
        except OSError:
            return False

    def _metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def counts(self) -> tuple[int, int]:
        """Alerts it holds, and messages it received, by its own account."""
        said = self._metrics()
        received = RECEIVED.search(said)
        return round(sum(map(float, HELD.findall(said)))), round(float(received[1])) if received else 0

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(30)
