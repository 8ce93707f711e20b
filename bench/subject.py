"""Nabat under load: a fresh database with the benchmark's people and rule book, and one web server. No worker."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.databases import wait_until

ROOT = Path(__file__).parent.parent
KEY = "a-key-for-the-benchmark-only-0123456789"
BOOK = """
version: 1
routes:
  - {name: database, match: ['alertname="DatabaseDown"', 'severity=~"critical|page"'], urgency: emergency, policy: one}
  - {name: shop, match: ['team="shop"'], urgency: urgent, policy: one}
  - {name: everything else, urgency: ordinary, policy: one, group_by: [alertname, instance]}
policies:
  one: {steps: [{notify: ["person:bench@example.org"], wait: 1h}]}
"""
PEOPLE = """
people:
  - {email: bench@example.org, name: Bench, role: responder, contacts: [{channel: email, address: bench@example.org}]}
"""
COUNTS = "SELECT (SELECT count(*) FROM alert WHERE latest), (SELECT coalesce(sum(seen), 0) FROM alert), "
COUNTS += "(SELECT count(*) FROM incident), (SELECT count(*) FROM delivery)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nabat:
    """The product on one database; `url` is empty for SQLite in `folder`."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.url = url or f"sqlite:///{folder}/nabat.db"
        (folder / "book").mkdir(parents=True)
        (folder / "book/book.yaml").write_text(BOOK)
        (folder / "people.yaml").write_text(PEOPLE)
        ours = ("NABAT_", "PROMETHEUS_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "NABAT_DATABASE_URL": self.url, "NABAT_DATA_DIR": str(folder), "NABAT_RULES": str(folder / "book"),
            "NABAT_SECRET_KEY": KEY, "NABAT_LOG_LEVEL": "warning",
        }  # fmt: skip
        self.command("people", "import", str(folder / "people.yaml"))
        self.token = self.command("token", "create", "alertmanager")
        self.port = free_port()
        command = [sys.executable, "-m", "gateway", "web", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env)  # noqa: S603 - ourselves
        wait_until(self._answers, 30)

    def command(self, *arguments: str, typed: str = "") -> str:
        command = [sys.executable, "-m", "gateway", *arguments]
        done = subprocess.run(  # noqa: S603 - ourselves
            command, cwd=ROOT, env=self.env, input=typed, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            sys.exit("the web server has ended by itself")
        headers = {"Authorization": f"Bearer {self.token}"}
        body = json.dumps({"version": "4", "alerts": []}).encode()
        address = f"http://127.0.0.1:{self.port}/ingest/alertmanager"
        request = urllib.request.Request(address, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return answer.status == 202
        except OSError:
            return False

    def counts(self) -> tuple[int, int, int, int]:
        """Alerts, messages about them, incidents, deliveries: as they are stored."""
        if self.url.startswith("sqlite"):
            link = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            try:
                return link.execute(COUNTS).fetchone()
            finally:
                link.close()
        with psycopg.connect(plain(self.url)) as link:
            return tuple(map(int, link.execute(COUNTS).fetchone()))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def plain(url: str) -> str:
    """A SQLAlchemy address as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
