"""Every Prometheus metric on one screen. A machine's processes share counters; states are read at scrape."""

from prometheus_client import Counter, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATENCY = (0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900)

alerts_received = Counter("nabat_alerts_received", "Alerts taken in, by what they said", ["source", "status"])
never_seen = Counter("nabat_resolved_before_seen", "Resolves of alerts that were never seen firing", ["source"])
rejected = Counter("nabat_ingest_rejected", "Requests refused at the door", ["source", "reason"])
quarantined = Counter("nabat_ingest_quarantined", "Alerts that could not be read and were set aside", ["source"])
passed_over = Counter(
    "nabat_ingest_passed_over", "Requests taken in that were about no alert and no ticket", ["source"]
)
ingest_seconds = Histogram("nabat_ingest_seconds", "From the whole request to its answer", buckets=SECONDS)
batch_posts = Histogram(
    "nabat_ingest_batch_posts", "Requests that shared one commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
incidents_opened = Counter("nabat_incidents_opened", "Incidents opened", ["urgency"])
deliveries = Counter("nabat_deliveries", "Messages by what came of each attempt", ["channel", "result"])
delivery_seconds = Histogram("nabat_delivery_seconds", "Commit to the provider's answer", ["channel"], buckets=LATENCY)
worker_errors = Counter("nabat_worker_errors", "Jobs of the worker that failed and will be tried again", ["job"])
missing_notifications = Counter(
    "nabat_missing_notifications", "Notifications of emergencies that were gone; made up for"
)
auditor_errors = Counter(
    "nabat_auditor_errors", "Parts of the auditor's work that failed and will be tried again", ["job"]
)
reconciled = Counter("nabat_reconciled", "Differences found by reconciliation and put right", ["with", "what"])
reconcile_checks = Counter("nabat_reconcile_checks", "Comparisons with others, by what came of it", ["with", "result"])
callbacks = Counter("nabat_callbacks", "What providers told us, by what came of it", ["provider", "result"])
