"""What the database alone can do, on the same machine in the same minute: ten alerts a commit, one connection.

An alert is a row upserted into a table like `alert` and a line inserted into one like `entry`: what any program must at
least write that remembers alerts and what happened. No HTTP, no JSON, no rules: the yardstick that Nabat's figures are
divided by. Fingerprints are scattered, as hashes are.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from bench.load import MASK, SCATTER, alert
from bench.subject import plain
from gateway.store.types import to_json

ROWS = 10
LINE = ("opened", "alertmanager", '{"level":1,"rule":"rest","told":[{"name":"A","way":"email","who":"a@b.example"}]}')
TYPES = {
    "source_id": "int", "fingerprint": "text", "latest": "boolean", "incident_id": "bigint", "firing": "boolean",
    "fired": "bigint", "resolved": "bigint", "ended": "bigint", "seen": "int", "title": "text", "severity": "text",
    "labels": "text", "annotations": "text", "url": "text", "clock_suspect": "boolean", "word_at": "bigint",
    "first_seen_at": "bigint", "last_seen_at": "bigint",
}  # fmt: skip
HEARD = ("firing", "fired", "seen", "labels", "annotations", "last_seen_at")  # what a repeat would change
_SETS = ", ".join(f"{name} = excluded.{name}" for name in HEARD)
CONFLICT = f"ON CONFLICT (source_id, fingerprint) WHERE latest DO UPDATE SET {_SETS}"


def rows() -> Iterator[list[tuple]]:
    """Ten new alerts at a time."""
    one, number, at = alert(), 0, 1_760_000_000_000_000
    labels, annotations = to_json(one["labels"]), to_json(one["annotations"])
    while True:
        batch = []
        for _ in range(ROWS):
            number += 1
            batch.append(
                (1, f"{number * SCATTER & MASK:016x}", True, number,
                 True, at, 0, 0, 1, one["annotations"]["summary"], "warning", labels,
                 annotations, one["generatorURL"], False, at, at, at)
            )  # fmt: skip
        yield batch


def rate(commit: Callable[[list[tuple]], None], seconds: float) -> float:
    """Rows a second."""
    source, done = rows(), 0
    begin = time.perf_counter()
    end = begin + seconds
    while time.perf_counter() < end:
        commit(next(source))
        done += ROWS
    return done / (time.perf_counter() - begin)


def sqlite_rate(database: Path, folder: Path, seconds: float) -> float:
    """Into a file of its own, in a table made as `database` has it; durable at every commit."""
    link = sqlite3.connect(database)
    made = link.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name IN ('alert', 'entry') AND sql IS NOT NULL ORDER BY type DESC"
    )
    statements = [row[0] for row in made]
    link.close()
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "cache_size=-16000"):
        raw.execute(f"PRAGMA {pragma}")
    for statement in statements:
        raw.execute(statement)
    marks = ", ".join("?" for _ in TYPES)
    sql = f"INSERT INTO alert ({', '.join(TYPES)}) VALUES ({marks}) {CONFLICT}"  # noqa: S608 - our own names

    def commit(batch: list[tuple]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(sql, batch)
        raw.executemany(
            "INSERT INTO entry (incident_id, at, kind, actor, detail) VALUES (?, ?, ?, ?, ?)",
            [(row[3], row[5], *LINE) for row in batch],
        )
        raw.execute("COMMIT")

    try:
        return rate(commit, seconds)
    finally:
        raw.close()
        for rest in folder.glob("raw.db*"):
            rest.unlink()


def postgresql_rate(url: str, seconds: float) -> float:
    """One connection, one statement a table and commit: an array a column, binary, unnested."""
    values = ", ".join(f"%b::{kind}[]" for kind in TYPES.values())
    sql = f"INSERT INTO raw_alert ({', '.join(TYPES)}) SELECT * FROM unnest({values}) {CONFLICT}"  # noqa: S608
    lines = (
        "INSERT INTO raw_entry (incident_id, at, kind, actor, detail) "
        "SELECT one, at, %s, %s, %s FROM unnest(%b::bigint[], %b::bigint[]) AS row(one, at)"
    )
    with psycopg.connect(plain(url), autocommit=True) as link:
        link.execute("DROP TABLE IF EXISTS raw_alert, raw_entry")
        link.execute("CREATE TABLE raw_entry (LIKE entry INCLUDING DEFAULTS INCLUDING INDEXES)")
        link.execute("CREATE TABLE raw_alert (LIKE alert INCLUDING DEFAULTS INCLUDING INDEXES)")
        link.execute("CREATE SEQUENCE IF NOT EXISTS raw_alert_id")
        link.execute("ALTER TABLE raw_alert ALTER COLUMN id SET DEFAULT nextval('raw_alert_id')")

        def commit(batch: list[tuple]) -> None:
            with link.transaction():
                link.execute(sql, [list(column) for column in zip(*batch, strict=True)])
                link.execute(lines, [*LINE, [row[3] for row in batch], [row[5] for row in batch]])

        try:
            return rate(commit, seconds)
        finally:
            link.execute("DROP TABLE raw_alert, raw_entry")
