"""What is old is let go: raw payloads after 30 days, remembered callbacks, ended sign-ins, counters."""

from datetime import datetime, timedelta

from sqlalchemy import text

from gateway.acts import listfiles, subscribing
from gateway.store.db import reading, transaction
from gateway.store.quiet import inhibitors
from gateway.store.senders import kept_payloads
from gateway.store.types import micros
from gateway.store.upkeep import ledger, pulse, selfwatch

PORTION = 2000  # rows a transaction: a long delete would hold up ingest
KEEP = {
    "payload": ("received_at", timedelta(days=30)),
    "quarantined_item": ("received_at", timedelta(days=30)),
    "heard": ("at", timedelta(days=7)),
    "hidden_alert": ("at", timedelta(days=90)),
    "counter": ("since", timedelta(days=1)),
    "sign_in": ("expires_at", timedelta()),
    "contact_code": ("expires_at", timedelta()),
    "personal_notice": ("created_at", timedelta(days=90)),
    "entry_notice": ("created_at", timedelta(days=90)),
    "undo": ("at", timedelta(days=1)),
    "bulk_job": ("at", timedelta(days=1)),
    "list_file": ("at", listfiles.AGE),  # with its parts
    "looking": ("at", timedelta(hours=1)),
    "outside_page": ("at", timedelta(days=90)),
    "desk_word": ("created_at", timedelta(days=90)),
}
KEYS = {
    "heard": "key",
    "counter": "key",
    "contact_code": "contact_id",
    "outside_page": "incident_id",
    "entry_notice": "delivery_id",
}  # the others have an id
# Let go once the ledger has counted them. SQLite gives the number of the last row anew when that is gone, so it stays.
COUNTED = {"payload": "id <", "quarantined_item": "payload_id <="}
NEEDED = {  # however old: which incident of PagerDuty is ours, as long as ours is open
    "heard": " AND NOT (key LIKE 'pagerduty:incident:%' AND EXISTS (SELECT 1 FROM incident i "
    "WHERE i.uuid = substr(heard.key, length(heard.key) - 35) AND i.status <> 'resolved'))"
}
WORKERS_SEEN = timedelta(days=1)  # a worker, or an auditor, that has not shown itself for so long is gone


def tidy(now: datetime) -> int:
    """Returns how many rows went."""
    with transaction() as session:
        pulse.forget_workers(session, now - WORKERS_SEEN)
        selfwatch.forget(session, now - WORKERS_SEEN)
    with transaction() as session:
        inhibitors.tidy(session)
    subscribing.tidy(now)
    with transaction() as session:
        counted = ledger.close(session, now)
        ledger.empty_last(session, counted, micros(now - KEEP["payload"][1]))
    gone = 0
    for table, (column, age) in KEEP.items():
        before = now - age
        also = f" AND {COUNTED[table]} {counted}" if table in COUNTED else NEEDED.get(table, "")
        gone += sum(_let_go(table, column, micros(before), f"{also}{part}") for part in _parts(table, before))
    return gone


def _parts(table: str, before: datetime) -> list[str]:
    """Payloads are looked for by source, since no index has their moments alone. Not by number: the oldest have the
    lowest ones only as long as no clock was ever wrong.
    """
    if table != "payload":
        return [""]
    with reading() as session:
        sources = kept_payloads.with_older(session, before)
    return [f" AND source_id = {source} ORDER BY received_at" for source in sources]


def _let_go(table: str, column: str, before: int, also: str) -> int:
    key, gone = KEYS.get(table, "id"), 0
    old = f"SELECT {key} FROM {table} WHERE {column} < :before{also} LIMIT :portion"  # noqa: S608
    statement = text(f"DELETE FROM {table} WHERE {key} IN ({old})")  # noqa: S608
    while True:
        with transaction() as session:
            done = session.execute(statement, {"before": before, "portion": PORTION})
            count = int(done.rowcount)  # type: ignore[attr-defined]
        gone += count
        if count < PORTION:
            return gone
