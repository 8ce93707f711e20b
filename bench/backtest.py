"""How long `./nabat rules backtest` takes for a hundred thousand stored alerts, on SQLite.

.venv/bin/python bench/backtest.py [--alerts 100000] [--each 5]

Payloads of `--each` alerts of 200 names, spread over 30 days, each alert firing and resolved in turn; two books of
twenty routes with a calendar, a voice gate and a schedule. Prints the seconds and what part of the thirty that are
allowed they take.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from gateway.app import create_app, migrate_database
from gateway.clock import SystemClock
from gateway.secrets import Vault
from gateway.settings import load
from gateway.start.backtest_command import run
from gateway.store.db import db, transaction
from gateway.store.directory import people as people_store
from gateway.store.incidents import alerts as alert_store
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources
from rules.book import RuleBook, parse
from rules.reading import people

ALLOWED = 30.0  # seconds
SPAN = timedelta(days=30)
NAMES = 200
BOOK = """
version: 1
timezone: Europe/Moscow
calendars: {work: {days: mon-fri, hours: "09:00-18:00", holidays: RU}}
voice: {only_when: not work, or_unacknowledged_for: 3m, budget: {calls: 3, per: 8h}}
routes:
"""
REST = """  - {name: critical, match: ['severity="critical"'], urgency: CLASS, policy: infra, group_by: [instance]}
  - {name: waits, match: ['severity="warning"'], when: not work, hold_until: work, urgency: ordinary, policy: infra}
  - {name: all, urgency: ordinary, policy: infra}
policies: {infra: {steps: [{notify: ["schedule:infra"], wait: 5m}, {notify: ["team:infra"], wait: 15m}], repeat: 1}}
"""
PEOPLE = """
people:
  - {email: a@example.org, name: A, role: admin, contacts: [{channel: pagerduty, address: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa},
     {channel: ntfy, address: "https://ntfy.example/a"}, {channel: email, address: a@example.org}]}
  - {email: b@example.org, name: B, role: admin, contacts: [{channel: email, address: b@example.org}]}
teams: [{name: infra, members: [a@example.org, b@example.org]}]
schedules:
  - {name: infra, team: infra, timezone: Europe/Moscow, layers: [{start: 2026-11-02T09:00, every: 1w, members: [a@example.org, b@example.org]}]}
"""  # noqa: E501


def book(urgency: str) -> RuleBook:
    lines = "".join(
        f"  - {{name: r{n}, match: ['service=\"s{n}\"'], urgency: fast, policy: infra}}\n" for n in range(17)
    )
    return parse({"book.yaml": BOOK + lines + REST.replace("CLASS", urgency)})


def body(count: int, each: int, at: datetime) -> bytes:
    found = []
    for one in range(count * each, (count + 1) * each):
        firing = (one // NAMES) % 2 == 0
        began = (at - timedelta(minutes=0 if firing else 30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        labels = {"alertname": f"Name{one % NAMES}", "severity": ("critical", "warning", "info")[one % 3]}
        found.append(
            {
                "status": "firing" if firing else "resolved",
                "labels": {**labels, "instance": f"host{one % NAMES}", "job": "node", "cluster": "prod"},
                "annotations": {"summary": "something is wrong", "runbook_url": "https://runbooks.example.org/one"},
                "startsAt": began,
                "endsAt": "0001-01-01T00:00:00Z" if firing else at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "fingerprint": f"f{one % NAMES}",
            }
        )
    return json.dumps({"version": "4", "status": "firing", "receiver": "nabat", "alerts": found}).encode()


def main() -> None:
    options = argparse.ArgumentParser(prog="bench/backtest.py")
    options.add_argument("--alerts", type=int, default=100_000)
    options.add_argument("--each", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"NABAT_DATA_DIR": folder, "NABAT_SECRET_KEY": "k" * 43 + "="})
        app = create_app(settings, SystemClock())
        with app.app_context():
            migrate_database(app)
            now = SystemClock().now()
            fill(app.extensions["gateway"].vault, now, chosen.alerts, chosen.each)
            started = time.monotonic()
            found, skipped = run(book("emergency"), book("fast"), now, SPAN, nobody_watches)
            took = time.monotonic() - started
            db.engine.dispose()
    incidents = sum(found.before.incidents.values())
    sys.stdout.write(f"{found.alerts:,} alerts, {incidents:,} incidents, {len(found.missed):,} missed emergencies, ")
    sys.stdout.write(f"{skipped} not read: {took:.1f} s\nratio to what is allowed = {took / ALLOWED:.3f}\n")


def nobody_watches(_done: int, _of: int) -> None: ...


def fill(vault: Vault, now: datetime, alerts: int, each: int) -> None:
    payloads = alerts // each
    with transaction() as session:
        sources.create_token(session, "alertmanager", "am", now, ["alertmanager"])
        people_store.import_people(session, people.parse(PEOPLE, "people.yaml", {}), vault, now)
    for first in range(0, payloads, 2000):
        posts = []
        for count in range(first, min(payloads, first + 2000)):
            at = now - SPAN + timedelta(seconds=1) + (SPAN - timedelta(minutes=1)) * count / payloads
            posts.append(Post(1, "am", body(count, each, at), at, [None] * each))  # type: ignore[list-item]
        with transaction() as session:
            alert_store.keep_payloads(session, posts)


if __name__ == "__main__":
    main()
