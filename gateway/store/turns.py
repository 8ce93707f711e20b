"""Whoever writes to one SQLite file takes turns: each waits in line instead of asking again and again."""

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import make_url

from gateway import log

WRITING, NEXT = 0, 1  # bytes of the file of turns
PATIENCE = 1.0  # seconds; a commit takes some milliseconds
GLANCE = 0.0001  # seconds between looks whether it is our turn: a lock that sleeps could not be given up


class Turns:
    """A line of threads, and of processes by a file beside the database, whose bytes are locked. On PostgreSQL nobody
    waits for anybody.

    SQLite lets one write, and whoever finds the database taken sleeps and tries again, for longer each time: it loses
    against a writer that begins anew at once. This is courtesy only: whoever waited PATIENCE, since a process was
    stopped in its turn, goes on without, and SQLite's own lock sees to what is right.
    """

    def __init__(self, url: str) -> None:
        database = make_url(url)
        path = database.database if database.drivername.startswith("sqlite") else None
        self._path = f"{path}-turns" if path else None
        self._next, self._writing = threading.Lock(), threading.Lock()
        self._whose = 0  # the thread that has its turn
        self._file: int | None = None

    @contextmanager
    def take(self, meanwhile: Callable[[], bool] | None = None) -> Iterator[None]:
        """Ours until the end. Whoever comes queues up behind who waits already: nobody has two turns in a row then.

        Within a turn of the same thread it is that one. `meanwhile` is called again and again while another process has
        its turn, to do what needs none, and says whether it did anything: a little at a time, since we may be next.
        """
        if self._path is None or self._whose == threading.get_ident():
            yield
            return
        end = time.monotonic() + PATIENCE
        if not self._first_of_threads(end):
            yield
            return
        self._whose = threading.get_ident()
        try:
            with self._first_of_processes(self._path, end, meanwhile):
                yield
        finally:
            self._whose = 0
            self._writing.release()

    def _first_of_threads(self, end: float) -> bool:
        """The file's locks are the process's. False if another thread has had its turn for too long."""
        if not self._next.acquire(timeout=max(0.0, end - time.monotonic())):
            return False
        try:
            return self._writing.acquire(timeout=max(0.0, end - time.monotonic()))
        finally:
            self._next.release()

    @contextmanager
    def _first_of_processes(self, path: str, end: float, meanwhile: Callable[[], bool] | None) -> Iterator[None]:
        if self._file is None:
            self._file = _open(path)
            if self._file is None:
                self._path = None
                yield
                return
            weakref.finalize(self, os.close, self._file)
        _lock(self._file, NEXT, end, meanwhile)
        _lock(self._file, WRITING, end, meanwhile)
        _unlock(self._file, NEXT)
        try:
            yield
        finally:
            _unlock(self._file, WRITING)


@contextmanager
def alone(url: str) -> Iterator[None]:
    """For what only one process may do at a time, however long it takes: the others wait. SQLite's alone to know."""
    database = make_url(url)
    path = database.database if database.drivername.startswith("sqlite") else None
    file = _open(f"{path}-alone") if path else None
    if file is None:
        yield
        return
    try:
        with suppress(OSError):  # this file system knows no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _open(path: str) -> int | None:
    """None where it cannot be: somebody else's file, no room. Then nobody takes turns, and all goes on."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        log.warning("no_turns", problem=str(problem))
        return None


def _lock(file: int, byte: int, end: float, meanwhile: Callable[[], bool] | None) -> None:
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except BlockingIOError:  # somebody else has it
            if time.monotonic() > end:
                return
            if meanwhile is None or not meanwhile():
                time.sleep(GLANCE)
        except OSError:  # this file system knows no locks: go on without
            return
        else:
            return


def _unlock(file: int, byte: int) -> None:
    with suppress(OSError):  # this file system knows no locks, so there was none
        fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)
