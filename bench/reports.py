"""How long the figures of a report take: a year of incidents, three messages each, counted into sums by day first."""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import text

from gateway.app import create_app, migrate_database
from gateway.flows import rollups as keeping
from gateway.settings import load
from gateway.store import reports
from gateway.store.db import reading, transaction
from gateway.store.rollups import state
from gateway.store.stats import Scope
from gateway.store.types import micros

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
YEAR = 365 * 86_400_000_000
TIMES = 20
# Of 1,200 names and services in four classes and six teams; hours and nights by Moscow's clock.
INCIDENTS = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)
    INSERT INTO incident (uuid, dedup_key, kind, source_id, status, urgency, title, service, rule, policy, route, level,
      opened_at, started_at, updated_at, ack_due_at, first_ack_at, ack_at, resolved_at, resolve_kind, alert_count,
      truncated, is_test, local_hour, night, team, alert_name)
    SELECT 'u' || i, 'k' || i, 'alert', 0, 'resolved', i / 7 % 4, 't', 's' || (i % 1200 / 15), 'r', 'p', '{}', 1,
      :begin + i * :step, :begin + i * :step, 0, :begin + i * :step + 600000000,
      :begin + i * :step + i * 7919 % 900000000,
      NULL, :begin + i * :step + i * 104729 % 7200000000, CASE WHEN i % 3 = 0 THEN 'person' ELSE 'auto' END, 1 + i % 9,
      0, 0, ((:begin + i * :step) / 3600000000 + 75) % 168, 0, 'team' || (i / 4 % 6), 'alert' || (i * 31 % 400) FROM n
"""
MESSAGES = """
    INSERT INTO delivery (incident_id, once, kind, level, part, way, channel, address, address_id, person_id, who, name,
      rank, status, attempts, ambiguous, created_at, due_at, lease, finished_at, latency_ms, provider_ref, error,
      local_mow, local_night, is_page)
    SELECT id, id || ':' || m, 'opened', 1, 'primary', 'push', channel, '', '', 1 + id % 40, '', '', urgency,
      CASE WHEN id % 97 = 0 THEN 'failed' ELSE 'sent' END, 1, 0, opened_at, opened_at, 1, opened_at,
      200 + id * 7919 % 4000, '', '', local_hour * 60, date(opened_at / 1000000 - 14400, 'unixepoch'), m = 0
    FROM incident JOIN (SELECT 0 AS m, 'ntfy' AS channel UNION ALL SELECT 1, 'sms' UNION ALL SELECT 2, 'email') ways
    ORDER BY id
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--incidents", type=int, default=1_000_000)
    count = asked.parse_args().incidents
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load({"NABAT_DATA_DIR": folder, "NABAT_MIN_FREE_MB": "0"}))
        migrate_database(app)
        with app.app_context():
            fill(count)
            show("counting the year", count_all())
            for days, most in ((30, 300), (90, 300), (365, 800)):
                show(f"{days} days, at most {most} ms", [look(days) for _ in range(TIMES)])


def fill(count: int) -> None:
    with transaction() as session:
        session.execute(text("PRAGMA cache_size = -2000000"))  # KB: a million rows go into a dozen indexes
        session.execute(text(INCIDENTS), {"count": count, "begin": micros(NOW) - YEAR, "step": YEAR // count})
        session.execute(text(MESSAGES))


def count_all() -> list[float]:
    """Turn after turn, as the worker does."""
    began, now, done = time.perf_counter(), NOW, False
    while not done:
        keeping.turn(now, ZONE)
        now += timedelta(minutes=5)
        with reading() as session:
            done = (found := state(session)) is not None and found.complete
    return [time.perf_counter() - began]


def look(days: int) -> float:
    """Both periods and the noise, as the page asks for them."""
    today = date(2026, 12, 1)
    scope = Scope(today - timedelta(days=days), today, ZONE)
    began = time.perf_counter()
    with reading() as session:
        reports.response(session, scope, NOW)
        reports.response(session, reports.before(scope), NOW)
        reports.noise(reports.alert_rows(session, scope, NOW))
    return time.perf_counter() - began


def show(what: str, seconds: list[float]) -> None:
    worst = sorted(seconds)[-max(1, len(seconds) // 20)]
    print(f"{what}: median {statistics.median(seconds) * 1000:.0f} ms, p95 {worst * 1000:.0f} ms")  # noqa: T201


if __name__ == "__main__":
    main()
