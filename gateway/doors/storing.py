"""What the inbox's one writer does with a batch: one commit for all of it, and what becomes of each if that fails."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import crashpoint, log, metrics
from gateway.doors import tally
from gateway.flows import intake, strangers
from gateway.flows.ahead import Ahead
from gateway.flows.arriving import Outcome
from gateway.flows.own_alerts import OWN_SOURCE, unreadable_alert
from gateway.flows.strangers import NotAlone, Turn
from gateway.store.db import transaction_again
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from gateway.store.senders import topics
from gateway.world import World

NOTE_EVERY = timedelta(seconds=2)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
RETRIES = 2  # after a deadlock or a serialisation failure


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


def store(batch: Sequence[Item], world: World, ahead: Ahead | None = None) -> None:
    """One commit for all; each item then has its result. One that spoils the commit is stored alone, or set aside.

    `ahead`: what was decided of exactly this batch before.
    """
    if world.disk.short:
        metrics.rejected.labels("", "no room").inc(len(batch))
        for item in batch:
            item.result = Unavailable("the disk is nearly full")
        return
    try:
        _commit(batch, world, ahead)
    except (DataError, IntegrityError) as problem:  # what the payload says does not fit: only these are its own fault
        _one_by_one(batch, world, problem)
    except SQLAlchemyError as problem:
        _refuse(batch, problem)
    except Exception as problem:  # noqa: BLE001 - whatever one payload does, its neighbours are stored and it is kept
        _one_by_one(batch, world, problem)
    else:
        count(batch)


def _commit(batch: Sequence[Item], world: World, ahead: Ahead | None) -> None:
    found = iter(_receive([post for item in batch for post in item.posts], world, ahead))
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


def _receive(posts: Sequence[Post], world: World, ahead: Ahead | None) -> list[Outcome]:
    """Where the last alerts were all new, these are expected to be so too: then no process waits for another."""
    tries, now, book = 0, world.clock.now(), world.shelf.book
    turn = strangers.turn(posts, world.streak, world.roll, book)
    unseen = ahead if ahead is not None and ahead.fits(book) else Ahead(world)
    while True:
        try:
            with transaction_again() as session:
                noted = _note_senders(session, posts, world, now)
                _note_topics(session, posts, now)
                if turn is Turn.UNSEEN:
                    found = unseen.receive(session, posts, book, now)
                else:
                    found = intake.receive(session, posts, book, world.roll, now, turn)
            world.heard.update(noted)
            world.streak.goes_on(new=all(outcome.strangers for outcome in found))
            if turn is Turn.UNSEEN:
                unseen.keep()
            return found
        except (NotAlone, IntegrityError, DataError) as problem:  # another was first: the one writer finds it there
            if turn is Turn.ALONE or (isinstance(problem, DataError) and turn is not Turn.UNSEEN):
                raise
        except OperationalError as problem:
            tries += 1
            if not _worth_another_try(problem, tries):
                raise
            time.sleep(0.01)
        turn = Turn.ALONE


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


def _worth_another_try(problem: OperationalError, tries: int) -> bool:
    """Deadlock or serialisation failure on PostgreSQL; SQLite has waited long enough already."""
    return tries <= RETRIES and getattr(problem.orig, "sqlstate", "") in ("40001", "40P01")


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
