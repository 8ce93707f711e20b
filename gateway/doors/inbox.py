"""Concurrent requests share a commit: one writer thread a process takes whatever waits and stores it together."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import crashpoint, log, metrics
from gateway.doors import tally
from gateway.flows import intake, strangers
from gateway.flows.arriving import Outcome
from gateway.flows.own_alerts import OWN_SOURCE, unreadable_alert
from gateway.flows.strangers import NotAlone, Turn
from gateway.store.db import taking_turns, transaction_again
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from gateway.store.senders import topics
from gateway.world import World

BATCH = 1000  # alerts in one commit, about
WAITING = 20_000  # alerts that may wait before senders are asked to come again
BYTES_WAITING = 256 * 1024 * 1024
NOTE_EVERY = timedelta(seconds=2)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
RETRIES = 2  # after a deadlock or a serialisation failure
STUCK = 60.0  # seconds at one batch after which its writer counts as lost: no statement takes so long


class Unavailable(Exception):
    """The database did not take it, or too much waits: the sender should come again (503)."""


class Away(Unavailable):
    """The database did not take it. Whoever waits behind it would wait as long again, to hear the same."""


@dataclass(slots=True)
class Item:
    """The posts of one request, stored all or not at all, and where the answer goes."""

    posts: Sequence[Post]
    result: list[Outcome] | Unavailable | None = None
    reply: Any = None  # where the answer goes: known to whoever put it in
    taken: bool = False  # by the writer
    last_try: bool = False  # it stands in for one that could not be stored
    withdrawn: bool = False  # whoever sent it was told to come again: it must not be stored any more

    @property
    def weight(self) -> int:
        return sum(len(post.alerts) for post in self.posts) + 1

    @property
    def size(self) -> int:
        return sum(len(post.body) for post in self.posts)


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

    def start(self) -> None:
        self._thread.start()

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

    def _run(self) -> None:
        with self._app.app_context():
            while (item := self._queue.get()) is not None:
                self._store_with_all_that_waits(item)
                del item  # until the next comes it would be kept for nothing

    def _store_with_all_that_waits(self, item: Item) -> None:
        self._since = time.monotonic()
        with taking_turns():  # meanwhile more has come
            batch = self._all_that_waits(item)
            wanted = self._write(batch)
        self._since = None
        self._let_go(batch)
        if any(isinstance(one.result, Away) for one in wanted):
            self._turn_away()  # first: whoever hears of it and comes again at once is not one of them
        self._finish(wanted)

    def _all_that_waits(self, item: Item) -> list[Item]:
        """A commit's worth of it."""
        batch, more = [item], item.weight
        while more < BATCH and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
            more += following.weight
        return batch

    def _write(self, batch: Sequence[Item]) -> list[Item]:
        """Whatever happens, everybody who waits gets an answer and the next batch has its turn."""
        with self._lock:
            wanted = [item for item in batch if not item.withdrawn]
            for item in wanted:
                item.taken = True
        try:
            if wanted:
                store(wanted, self._world)
        except Exception as problem:  # noqa: BLE001 - this thread is the only writer there is
            log.error("inbox_failed", problem)
        for item in wanted:
            if item.result is None:
                item.result = Unavailable("it could not be stored")
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
        self._finish(waiting)

    def _let_go(self, batch: Sequence[Item]) -> None:
        with self._lock:
            self._waiting -= sum(item.weight for item in batch)
            self._bytes -= sum(item.size for item in batch)


def store(batch: Sequence[Item], world: World) -> None:
    """One commit for all; each item then has its result. One that spoils the commit is stored alone, or set aside."""
    if world.disk.short:
        metrics.rejected.labels("", "no room").inc(len(batch))
        for item in batch:
            item.result = Unavailable("the disk is nearly full")
        return
    try:
        _commit(batch, world)
    except (DataError, IntegrityError) as problem:  # what the payload says does not fit: only these are its own fault
        _one_by_one(batch, world, problem)
    except SQLAlchemyError as problem:
        _refuse(batch, problem)
    except Exception as problem:  # noqa: BLE001 - whatever one payload does, its neighbours are stored and it is kept
        _one_by_one(batch, world, problem)
    else:
        count(batch)


def _commit(batch: Sequence[Item], world: World) -> None:
    found = iter(_receive([post for item in batch for post in item.posts], world))
    crashpoint.passing("ingest committed")
    for item in batch:
        item.result = [next(found) for _ in item.posts]


def count(batch: Sequence[Item]) -> None:
    """It is stored: that the counters have no room any more must not look like a payload that nobody can store."""
    try:
        stored = [(item.posts, item.result) for item in batch if isinstance(item.result, list)]
        tally.add_up(len(batch), [pair for both in stored for pair in zip(*both, strict=True)])
    except Exception as problem:  # noqa: BLE001 - a disk that is full, a counter file of another version, a bug: see above
        log.error("counting_failed", problem)


def _receive(posts: Sequence[Post], world: World) -> list[Outcome]:
    """Where the last alerts were all new, these are expected to be so too: then no process waits for another."""
    tries, now, book = 0, world.clock.now(), world.shelf.book
    turn = strangers.turn(posts, world.streak, world.roll, book)
    handful = world.streak.numbers.take() if turn is Turn.UNSEEN else None
    while True:
        try:
            with transaction_again() as session:
                noted = _note_senders(session, posts, world, now)
                _note_topics(session, posts, now)
                if handful is not None:
                    found = intake.receive_unseen(session, posts, book, world.roll, now, handful)
                else:
                    found = intake.receive(session, posts, book, world.roll, now, turn)
            if handful is not None:
                handful.keep()
            world.heard.update(noted)
            world.streak.goes_on(new=all(outcome.strangers for outcome in found))
            return found
        except (NotAlone, IntegrityError, DataError) as problem:  # another was first: the one writer finds it there
            if turn is Turn.ALONE or (isinstance(problem, DataError) and turn is not Turn.UNSEEN):
                raise
        except OperationalError as problem:
            tries += 1
            if tries > RETRIES or not _worth_another_try(problem):
                raise
            time.sleep(0.01)
        turn, handful = Turn.ALONE, None


def _note_senders(session: Session, posts: Sequence[Post], world: World, now: datetime) -> dict[int, datetime]:
    """When each was last heard, now and then: it costs as much as an alert. Returns what is noted once this commits."""
    fresh = {
        post.source_id: post.token_id
        for post in posts
        if post.token_id and now - world.heard.get(post.source_id, NEVER) >= NOTE_EVERY
    }
    if fresh:
        source_store.touch(session, fresh.values(), fresh.keys(), now)
    return dict.fromkeys(fresh, now)


def _note_topics(session: Session, posts: Sequence[Post], now: datetime) -> None:
    """What is asked of us about subscriptions: a worker does it, so that no sender waits for others."""
    for post in posts:
        if post.asked:
            topics.hear(session, post.source_id, post.asked, now)


def _worth_another_try(problem: OperationalError) -> bool:
    """Deadlock or serialisation failure on PostgreSQL; SQLite has waited long enough already."""
    return getattr(problem.orig, "sqlstate", "") in ("40001", "40P01")


def _refuse(batch: Sequence[Item], problem: SQLAlchemyError) -> None:
    log.warning("ingest_unavailable", problem=type(problem).__name__, reason=str(problem.args[:1])[:200])
    for item in batch:
        item.result = Away("the database cannot take it now")


def _one_by_one(batch: Sequence[Item], world: World, problem: Exception) -> None:
    if len(batch) > 1:
        for item in batch:
            store([item], world)
        return
    item = batch[0]
    log.error("ingest_poison", problem, source=item.posts[0].source, size=item.size)
    if item.last_try:  # even the bare keeping of it failed
        item.result = Unavailable("it could not be stored")
        return
    words = f"not stored: {type(problem).__name__}"
    kept = [
        Post(post.source_id, post.source, post.body, post.received_at, (), post.quarantined, error=words)
        for post in item.posts
    ]
    now = world.clock.now()
    heard = unreadable_alert(item.posts[0].source, words, now)
    again = Item([*kept, Post(OWN_SOURCE, heard.source, b"", now, (heard,), own=True)], last_try=True)
    store([again], world)
    item.result = again.result
    if isinstance(item.result, list):
        for outcome, post in zip(item.result, item.posts, strict=False):  # the last result is our own alert's
            outcome.quarantined += len(post.alerts)
