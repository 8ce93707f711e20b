"""How long the figures of a report take: a year of incidents, three messages each, counted into sums by day first."""

import argparse
import gc
import re
import statistics
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import text

from bench import targets
from bench.driving import own_cluster, say, scratch, with_databases
from bench.targets import verdict
from gateway.app import create_app, migrate_database
from gateway.flows import rollups as keeping
from gateway.settings import load
from gateway.start.web import GARBAGE
from gateway.store.db import db, is_postgres, reading, transaction
from gateway.store.figures import reports
from gateway.store.figures.rollups import state
from gateway.store.figures.stats import Scope
from gateway.store.types import micros

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
YEAR = 365 * 86_400_000_000
TIMES = 60
# Of 1,200 names and services in four classes and six teams; hours and nights by Moscow's clock.
INCIDENTS = """
    WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)
    INSERT INTO incident (uuid, dedup_key, kind, source_id, status, urgency, title, service, rule, policy, route, level,
      opened_at, started_at, updated_at, ack_due_at, first_ack_at, ack_at, resolved_at, resolve_kind, alert_count,
      truncated, is_test, local_hour, night, team, alert_name)
    SELECT 'u' || i, 'k' || i, 'alert', 0, 'resolved', i / 7 % 4, 't', 's' || (i % 1200 / 15), 'r', 'p', '{}', 1,
      :begin + i * :step, :begin + i * :step, 0, :begin + i * :step + 600000000,
      :begin + i * :step + i * 7919 % 900000000,
      NULL, :begin + i * :step + i * 104729 % 7200000000, CASE WHEN i % 3 = 0 THEN 'person' ELSE 'auto' END, 1 + i % 9,
      0, @no, ((:begin + i * :step) / 3600000000 + 75) % 168, @no,
      'team' || (i / 4 % 6), 'alert' || (i * 31 % 400) FROM n
"""
MESSAGES = """
    INSERT INTO delivery (incident_id, once, kind, level, part, way, channel, address, address_id, person_id, who, name,
      rank, status, attempts, ambiguous, created_at, due_at, lease, finished_at, latency_ms, provider_ref, error,
      local_mow, local_night, is_page)
    SELECT id, id || ':' || m, 'opened', 1, 'primary', 'push', channel, '', '', 1 + id % 40, '', '', urgency,
      CASE WHEN id % 97 = 0 THEN 'failed' ELSE 'sent' END, 1, 0, opened_at, opened_at, 1, opened_at,
      200 + id * 7919 % 4000, '', '', local_hour * 60, @night, m = 0
    FROM incident
    CROSS JOIN (SELECT 0 AS m, 'ntfy' AS channel UNION ALL SELECT 1, 'sms' UNION ALL SELECT 2, 'email') ways
    ORDER BY id
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--incidents", type=int, default=1_000_000)
    given, cluster = with_databases(asked), None
    with scratch() as folder:
        try:
            for database in given.databases:
                cluster = own_cluster() if database == "postgresql" else None
                url = cluster.create("reports") if cluster else f"sqlite:///{folder}/reports.db"
                run(database, url, folder, given.incidents)
        finally:
            if cluster:
                cluster.close()


def run(database: str, url: str, folder: Path, count: int) -> None:
    plain = {"NABAT_DATABASE_URL": url, "NABAT_DATA_DIR": str(folder), "NABAT_SECRET_KEY": "k" * 44}
    app = create_app(load({**plain, "NABAT_MIN_FREE_MB": "0"}))
    migrate_database(app)
    with app.app_context():
        fill(count)
        say(f"{database}: counting the year took {count_all():.0f} s")
        gc.collect()
        gc.freeze()  # as web processes do
        gc.set_threshold(*GARBAGE)
        for days, most in targets.REPORT_P95_MS.items():
            show(f"{database}: {days} days", [look(days) for _ in range(TIMES)], most)
        db.session.remove()
        db.engine.dispose()


def fill(count: int) -> None:
    with transaction() as session:
        values = {"count": count, "begin": micros(NOW) - YEAR, "step": YEAR // count}
        if is_postgres(session):
            session.execute(text("SET LOCAL statement_timeout = 0"))
        else:
            session.execute(text("PRAGMA cache_size = -2000000"))  # KB: a million rows go into a dozen indexes
        no = "false" if is_postgres(session) else "0"
        night = "to_char(to_timestamp({}), 'YYYY-MM-DD')" if is_postgres(session) else "date({}, 'unixepoch')"
        words = {"@no": no, "@night": night.format("opened_at / 1000000 - 14400")}
        for sql in (INCIDENTS, MESSAGES):
            session.execute(text(re.sub(r"@\w+", lambda found: words[found[0]], sql)), values)


def count_all() -> float:
    """Turn after turn, as the worker does, until every block of four weeks is there; in seconds."""
    began, now, before = time.perf_counter(), NOW, None
    while True:
        keeping.turn(now, ZONE)
        now += timedelta(minutes=5)
        with reading() as session:
            found = state(session)
        if found is not None and found.complete and found.blocks == before:
            return time.perf_counter() - began
        before = found.blocks if found is not None else None


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


def show(what: str, seconds: list[float], most: int) -> None:
    worst = sorted(seconds)[int(len(seconds) * 0.95)] * 1000
    median = statistics.median(seconds) * 1000
    say(f"{what}: median {median:.0f} ms, p95 {worst:.0f} ms; at most {most}: {verdict(worst <= most)}")


if __name__ == "__main__":
    main()
