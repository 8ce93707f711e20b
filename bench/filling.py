"""A database with a million incidents, made from one that came in by the front door: copied in bulk, in SQL.

Every row is a copy of a real one, so new columns come along by themselves; only what must differ is written here.
"""

import sqlite3
from collections.abc import Iterator

import psycopg

from bench.subject import plain
from gateway.store.tables import AlertRow, Base, Delivery, Entry, Incident

OPEN_EVERY = 10  # one of so many incidents is still open
SECOND = 1_000_000
DIALECTS = {
    "sqlite": {
        "series": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)",
        "hash16": "lower(hex(randomblob(8)))",
        "hash64": "lower(hex(randomblob(32)))",
        "uuid": "printf('%08x-0000-7000-8000-%012x', n, n)",
    },
    "postgresql": {
        "series": "generate_series(1::bigint, {count}) AS s(n)",
        "hash16": "substr(md5(n::text), 1, 16)",
        "hash64": "md5(n::text) || md5(n::text || 'x')",
        "uuid": "lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0')",
    },
}


def _closed(then: str, otherwise: str) -> str:
    return f"CASE WHEN n % {OPEN_EVERY} = 0 THEN {otherwise} ELSE {then} END"


def statements(kind: str, count: int, at: int) -> Iterator[tuple[str, str]]:
    """What to run, with what it fills. `at` is the present; the incidents came in before it, one a second."""
    own = DIALECTS[kind]
    opened = f"({at} - ({count} - n + 3600) * {SECOND})"
    number = "one.base + n"
    truth = "1 = 1" if kind == "sqlite" else "true"
    lie = "1 = 0" if kind == "sqlite" else "false"
    changes: list[tuple[type[Base], str, dict[str, str]]] = [
        (Incident, "", {
            "id": number, "uuid": own["uuid"], "dedup_key": own["hash64"],
            "status": _closed("'resolved'", "'triggered'"),
            "title": "'Disk space runs out on host-' || n", "level": "1", "next_at": _closed("NULL", f"{at} + n"),
            "opened_at": opened, "started_at": opened, "updated_at": opened, "ack_due_at": opened,
            "resolved_at": _closed(f"{opened} + 600000000", "NULL"), "resolved_by": _closed("'Bench'", "NULL"),
            "resolve_kind": _closed("'person'", "NULL"),
        }),
        (AlertRow, "", {
            "id": number, "incident_id": number, "fingerprint": own["hash16"], "firing": _closed(lie, truth),
            "fired": opened, "first_seen_at": opened, "last_seen_at": opened,
        }),
        (Entry, "", {"id": number, "incident_id": number, "at": opened}),
        (Entry, f"WHERE n % {OPEN_EVERY} <> 0", {
            "id": f"one.base + {count} + n", "incident_id": number, "at": f"{opened} + 600000000",
            "kind": "'resolved'", "actor": "'Bench'", "detail": "'{}'",
        }),
        (Delivery, "", {
            "id": number, "incident_id": number, "once": f"{own['uuid']} || ':1:' || {own['hash16']}",
            "status": "'sent'", "attempts": "1", "created_at": opened, "due_at": opened, "fallback_at": "NULL",
            "expires_at": f"{opened} + 86400000000", "finished_at": f"{opened} + 1000000",
        }),
    ]  # fmt: skip
    for model, where, values in changes:
        table = model.__table__
        columns = [column.name for column in table.columns]
        wanted = ", ".join(values.get(name, f"one.{name}") for name in columns)
        copied = f"(SELECT t.*, (SELECT max(id) FROM {table.name}) AS base FROM {table.name} t ORDER BY id LIMIT 1) one"  # noqa: S608
        series = own["series"].format(count=count)
        yield (
            table.name,
            f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {wanted} FROM {series}, {copied} {where}",  # noqa: S608
        )


def fill(url: str, count: int, at: int) -> None:
    """The database at `url`, in which something came in already."""
    if url.startswith("sqlite"):
        link = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)
        link.execute("PRAGMA synchronous=OFF")
        link.execute("PRAGMA cache_size=-400000")
        with link:
            for _, sql in statements("sqlite", count, at):
                link.execute(sql)
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        link.close()
        return
    with psycopg.connect(plain(url)) as link:
        link.execute("SET synchronous_commit = off")
        for name, sql in statements("postgresql", count, at):
            link.execute(sql)
            link.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")  # noqa: S608


def settle(url: str) -> None:
    """As a database that has been running for a while: statistics taken, nothing left to write."""
    if url.startswith("postgresql"):
        with psycopg.connect(plain(url), autocommit=True) as link:
            link.execute("VACUUM ANALYZE")
            link.execute("CHECKPOINT")
