"""Concurrent requests share a commit: one writer thread a process takes whatever waits and stores it together."""

import queue
import threading
import time
from collections.abc import Callable, Sequence

from flask import Flask

from gateway import log
from gateway.doors.storing import Away, Item, Unavailable, store
from gateway.flows.ahead import Ahead
from gateway.store.db import checkpoints, db, taking_turns
from gateway.world import World

BATCH = 1000  # alerts in one commit, about
WAITING = 20_000  # alerts that may wait before senders are asked to come again
BYTES_WAITING = 256 * 1024 * 1024
STUCK = 60.0  # seconds at one batch after which its writer counts as lost: no statement takes so long


class Inbox:
    """The bounded queue before the writer thread."""

    def __init__(self, app: Flask, world: World, *, finish: Callable[[Sequence[Item]], None]) -> None:
        self._app = app
        self._world = world
        self._finish = finish
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._bytes = 0
        self._open = True
        self._since: float | None = None  # when the batch was begun that is being written
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        with app.app_context():
            self._checkpoints = checkpoints()

    def start(self) -> None:
        self._thread.start()
        self._checkpoints.start()

    def put(self, item: Item) -> None:
        """Raises Unavailable when too much waits already."""
        weight, size = item.weight, item.size
        with self._lock:
            full = self._waiting and (self._waiting + weight > WAITING or self._bytes + size > BYTES_WAITING)
            if full or not self._open:
                raise Unavailable("too much is waiting to be stored")
            self._waiting += weight
            self._bytes += size
        self._queue.put(item)

    def withdraw(self, item: Item) -> bool:
        """Not to be stored any more. False if the writer has it already."""
        with self._lock:
            item.withdrawn = not item.taken
            return item.withdrawn

    @property
    def alive(self) -> bool:
        since = self._since
        return self._thread.is_alive() and (since is None or time.monotonic() - since < STUCK)

    def wait_until_stored(self, seconds: float = 10.0) -> bool:
        """Whether everything that was put so far is stored, waiting for it if need be."""
        end = time.monotonic() + seconds
        while self._waiting and time.monotonic() < end:
            time.sleep(0.002)
        return not self._waiting

    def close(self) -> None:
        """Takes nothing new; what waits is stored before this returns."""
        with self._lock:
            self._open = False
        self._queue.put(None)
        self._thread.join(10)
        self._checkpoints.close()

    def _run(self) -> None:
        with self._app.app_context():
            while (item := self._queue.get()) is not None:
                self._store_with_all_that_waits(item)
                del item  # until the next comes it would be kept for nothing

    def _store_with_all_that_waits(self, item: Item) -> None:
        self._since = time.monotonic()
        batch, ahead = [item], Ahead(self._world)
        with taking_turns(lambda: self._decide(batch, ahead)):  # meanwhile more has come
            self._gather(batch)
            wanted = self._write(batch, ahead)
        self._since = None
        self._let_go(batch)
        if any(isinstance(one.result, Away) for one in wanted):
            self._turn_away()  # first: whoever hears of it and comes again at once is not one of them
        self._finish(wanted)
        self._checkpoints.stored(sum(item.weight for item in batch))

    def _gather(self, batch: list[Item]) -> None:
        """All that waits comes to it: a commit's worth at most."""
        if self._queue.empty():
            return
        more = sum(item.weight for item in batch)
        while more < BATCH and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
            more += following.weight

    def _decide(self, batch: list[Item], ahead: Ahead) -> bool:
        self._gather(batch)
        posts = [post for item in batch for post in item.posts]
        return ahead.decide(db.session(), posts, self._world.shelf.book, self._world.clock.now())

    def _write(self, batch: Sequence[Item], ahead: Ahead) -> list[Item]:
        """Whatever happens, everybody who waits gets an answer and the next batch has its turn."""
        wanted = self._take_on(batch)
        try:
            if wanted:
                store(wanted, self._world, ahead if len(wanted) == len(batch) else None)
        except Exception as problem:  # noqa: BLE001 - this thread is the only writer there is
            log.error("inbox_failed", problem)
        for item in wanted:
            if item.result is None:
                item.result = Unavailable("it could not be stored")
        return wanted

    def _take_on(self, batch: Sequence[Item]) -> list[Item]:
        """Those whose senders still wait; from here on only the writer says what becomes of them."""
        with self._lock:
            wanted = [item for item in batch if not item.withdrawn]
            for item in wanted:
                item.taken = True
        return wanted

    def _turn_away(self) -> None:
        """What came while the database was being waited for has waited as well: it hears of it now."""
        waiting = []
        for _ in range(self._queue.qsize()):
            if (item := self._queue.get()) is None:
                self._queue.put(None)
                break
            item.result = Away("the database cannot take it now")
            waiting.append(item)
        self._let_go(waiting)
        self._finish(self._take_on(waiting))

    def _let_go(self, batch: Sequence[Item]) -> None:
        with self._lock:
            self._waiting -= sum(item.weight for item in batch)
            self._bytes -= sum(item.size for item in batch)
