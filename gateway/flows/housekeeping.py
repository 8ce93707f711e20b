"""What is old is let go: raw payloads after 30 days, remembered callbacks, ended sign-ins, counters."""

from datetime import datetime, timedelta

from sqlalchemy import text

from gateway.store import pulse
from gateway.store.db import transaction
from gateway.store.types import micros

PORTION = 2000  # rows a transaction: a long delete would hold up ingest
KEEP = {
    "payload": ("received_at", timedelta(days=30)),
    "quarantined_item": ("received_at", timedelta(days=30)),
    "heard": ("at", timedelta(days=7)),
    "counter": ("since", timedelta(days=1)),
    "sign_in": ("expires_at", timedelta()),
}
KEYS = {"heard": "key", "counter": "key"}  # the others have an id
WORKERS_SEEN = timedelta(days=1)  # a worker that has not shown itself for so long is gone


def tidy(now: datetime) -> int:
    """Returns how many rows went."""
    with transaction() as session:
        pulse.forget_workers(session, now - WORKERS_SEEN)
    return sum(_let_go(table, column, micros(now - age)) for table, (column, age) in KEEP.items())


def _let_go(table: str, column: str, before: int) -> int:
    key, gone = KEYS.get(table, "id"), 0
    statement = text(
        f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} < :before LIMIT :portion)"  # noqa: S608
    )
    while True:
        with transaction() as session:
            done = session.execute(statement, {"before": before, "portion": PORTION})
            count = int(done.rowcount)  # type: ignore[attr-defined]
        gone += count
        if count < PORTION:
            return gone
