"""How many rows PostgreSQL reads, table by table and index by index: what grows with a table is seen by it.

A plan that EXPLAIN shows is made for that moment; these are the rows that were read for the statements that ran.
"""

from collections.abc import Iterator

import psycopg

from bench.subject import plain

TABLES = "SELECT relname, seq_tup_read FROM pg_stat_user_tables"
INDEXES = "SELECT indexrelname, idx_tup_read FROM pg_stat_user_indexes"


class Reads:
    """What was read between begin() and read(). On SQLite nothing is known."""

    def __init__(self, url: str) -> None:
        self.url = plain(url) if url.startswith("postgresql") else ""
        self.before: dict[str, int] = {}

    def begin(self) -> None:
        self.before = self._now()

    def read(self) -> dict[str, int]:
        """By `table` (read row by row) and by name of the index."""
        return {name: rows - self.before.get(name, 0) for name, rows in self._now().items()}

    def told(self) -> Iterator[str]:
        """The most read first."""
        ordered = sorted(self.read().items(), key=lambda item: -item[1])
        for name, rows in ordered[:8]:
            if rows:
                yield f"read {name}: {rows:,} rows"

    def _now(self) -> dict[str, int]:
        if not self.url:
            return {}
        with psycopg.connect(self.url, autocommit=True) as link:
            tables = {f"{name} (whole table)": rows or 0 for name, rows in link.execute(TABLES)}
            return tables | {name: rows or 0 for name, rows in link.execute(INDEXES)}
