"""What the benchmarks measure against: docs/PERFORMANCE.md says why these figures."""

POINTS = ((1, 1), (16, 1), (16, 10), (4, 100))  # connections, alerts in a request
SQLITE, POSTGRESQL = "sqlite", "postgresql"
TIMES_ALERTA = {
    (1, 1): {SQLITE: 10, POSTGRESQL: 7},
    (16, 1): {SQLITE: 12, POSTGRESQL: 12},
    (16, 10): {SQLITE: 18, POSTGRESQL: 22},
    (4, 100): {SQLITE: 25, POSTGRESQL: 35},
}
P99_MS = {(1, 1): 5, (16, 1): 25, (16, 10): 50, (4, 100): 50}
TIMES_ALERTMANAGER = {(16, 10): 0.3, (4, 100): 0.55}  # on PostgreSQL; p99 below Alertmanager's
FULL_TO_EMPTY = 0.75  # ingest with a million incidents stored
LIST_P95_MS = 25
POLL_P95_MS = 3  # an open page asks and nothing has changed
LCP_MS, CLS, INP_MS = 1000, 0.02, 100  # of a first view, and of a press
REPORT_P95_MS = {30: 300, 90: 300, 365: 800}  # days; with the period before, and the noise
DASHBOARDS = 0.95  # ingest with a hundred dashboards open, beside ingest without
VISIBLE_S = 2.5  # from the answer to an alert until it stands on every open page
EMERGENCY_P99_S, EMERGENCY_MAX_S = 5.0, 15.0  # in a storm, from its sending to the provider
STORM_INGEST_P99_MS = 250
STORM_RSS_MB = 512  # of each process
START_S = 3.0
IDLE_PSS_MB = 120  # web and worker together, on SQLite
LOADED_PSS_MB = 200


def verdict(reached: bool) -> str:
    return "yes" if reached else "**no**"
