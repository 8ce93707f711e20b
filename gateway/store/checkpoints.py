"""SQLite's log goes back into the file beside those who write it, in small pieces, so that nobody waits for all of it.

SQLite itself has whoever commits copy the log once it is long, and wait for the disk: 4,000 pages take 35 ms, and in a
storm that is a sixth of the time. Here a thread does it whenever some alerts have been stored. Copying needs no turn;
only to begin the log anew nobody may write, and by then hardly anything is left to be copied.
"""

import sqlite3
import threading
from contextlib import suppress

from sqlalchemy import Engine

from gateway import log
from gateway.store.turns import Turns

EVERY = 200  # alerts: a piece of about 500 pages
LONG = 8_000  # pages of 4 KiB, after which the log is to begin anew
LONGEST = 16_000  # pages: then whoever commits copies it, where no thread does
COPY = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """The thread of one process that stores alerts. On PostgreSQL, and without a file, there is none."""

    def __init__(self, engine: Engine, turns: Turns | None) -> None:
        self._turns = turns
        self._path = engine.url.database if turns is not None else None
        self._stored = 0
        self._wanted, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._link: sqlite3.Connection | None = None

    def start(self) -> None:
        if self._path:
            self._thread.start()

    def stored(self, alerts: int) -> None:
        """So many are committed."""
        self._stored += alerts
        if self._stored >= EVERY:
            self._stored = 0
            self._wanted.set()

    def close(self) -> None:
        self._over = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def look(self) -> None:
        """Copies what can be copied now, and has the log begin anew if it is long."""
        assert self._turns is not None
        if self._copy() >= LONG:
            with self._turns.take():
                self._copy()

    def _run(self) -> None:
        while self._wanted.wait() and not self._over:
            self._wanted.clear()
            try:
                self.look()
            except sqlite3.Error as problem:  # a full disk, say: whoever writes meets it too, and copies in our stead
                log.warning("checkpoint_failed", problem=str(problem))
                self._drop()
        self._drop()

    def _copy(self) -> int:
        """How many pages the log has; none while another process copies."""
        if self._link is None:
            self._link = sqlite3.connect(str(self._path), isolation_level=None, timeout=0)
            self._link.execute("PRAGMA synchronous=FULL")
        _busy, pages, _copied = self._link.execute(COPY).fetchone()
        return int(pages)

    def _drop(self) -> None:
        if self._link is not None:
            with suppress(sqlite3.Error):
                self._link.close()
            self._link = None
