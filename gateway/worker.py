"""The worker's loop: what runs how often. A job that fails is heard and comes again; it never stops the others."""

import secrets
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import make_url

from gateway import channels, log
from gateway.disk import is_full
from gateway.flows import (
    absence,
    calendars,
    chain,
    duties,
    entered,
    escalate,
    heartbeats,
    hits,
    housekeeping,
    inhibiting,
    jobs,
    listfiles,
    reach,
    silences,
    sounding,
    topics,
    weekly,
    writeback,
)
from gateway.flows.deliver import Sender
from gateway.flows.failing import guarded, well
from gateway.flows.herald import Herald
from gateway.flows.librarian import Librarian
from gateway.flows.reconcile import Reconciler
from gateway.flows.rollups import Keeper
from gateway.heartbeat import heartbeat
from gateway.spells import Spell
from gateway.stopping import Stopping, hear
from gateway.store.connecting import NOTICING
from gateway.store.db import reading, transaction
from gateway.store.incidents import timers
from gateway.store.outgoing import waiting
from gateway.store.upkeep import pulse
from gateway.world import World

LONGEST_SLEEP = 1.0  # seconds without a look at the clock's rows
RETRY_PAUSE = 0.1  # seconds until another look when it is not known what an outage has left
HELD_PAUSE = 0.2  # seconds until another look at what is due while somebody else holds all of it
GLANCE = 0.025  # seconds between looks at SQLite's change counter
DRAIN = 10.0  # seconds that messages under way get to finish when we are told to stop
BOOK_EVERY = timedelta(seconds=5)
ALIVE_EVERY = timedelta(seconds=5)
DISK_EVERY = timedelta(seconds=2)
RECONCILE_LOOK = timedelta(seconds=15)  # whether it is time to compare with others
REPORTS_LOOK = timedelta(seconds=20)
HITS_EVERY = timedelta(seconds=30)
OUTAGE = timedelta(seconds=30)  # without a round of any worker


@dataclass(slots=True)
class Job:
    """Something that runs every so often."""

    name: str
    every: timedelta
    run: Callable[[datetime], Any]
    due: datetime | None = None

    def tick(self, now: datetime) -> None:
        if self.due is None or now >= self.due or now < self.due - 2 * self.every:  # the last: the clock was set back
            self.due = now + self.every
            guarded(self.name, lambda: self.run(now))


@dataclass(slots=True)
class Worker:
    """One worker process: turns the clock and works off the outbox."""

    app: Flask
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    awake: threading.Event = field(default_factory=threading.Event)
    stopping: Stopping = field(default_factory=Stopping)
    jobs: list[Job] = field(default_factory=list)
    pulse: Callable[[], None] = lambda: None  # tells whoever watches over this process that it is not stuck
    whole: bool = True  # nothing has failed in this round
    stumbled: bool = False  # in the last round it could not be seen what an outage had left
    sign_of_life: Job = field(init=False)
    last_round: datetime | None = None
    sender: Sender = field(init=False)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = self.app.extensions["gateway"]
        self.sender = Sender(self.world, wake=self.awake.set)
        sounder = sounding.Sounder(self.app, self.sender.floors)
        self.sign_of_life = Job("sign of life", ALIVE_EVERY, self._say_alive)
        self.jobs = [
            Job("rule book", BOOK_EVERY, Librarian(self.world).look),
            Job("disk", DISK_EVERY, lambda _: self.world.disk.tend()),
            Job("sounding", timedelta(seconds=1), sounder.start_due),
            Job("set-back clock", timedelta(seconds=30), _unskew),
            Job("silences", timedelta(seconds=1), silences.turn_due),
            Job("ended silences", timedelta(seconds=3), silences.release_stragglers),
            Job("inhibition", timedelta(seconds=2), inhibiting.Watch().turn),
            Job("heartbeats", timedelta(seconds=1), heartbeats.report_due),
            Job("rhythms", timedelta(minutes=1), absence.listen),
            Job("stale alerts", timedelta(minutes=1), absence.forget_stale),
            Job("audit log", timedelta(minutes=10), chain.follow),
            Job("housekeeping", timedelta(minutes=10), housekeeping.tidy),
            Job("swaps", timedelta(seconds=5), duties.turn_due),
            Job("calendars", timedelta(seconds=5), calendars.Reader(self.app, self.world).start_due),
            Job("look ahead", timedelta(minutes=1), reach.look_ahead),
            Job("herald", timedelta(seconds=5), Herald(self.app, self.world).start_due),
            Job("reconcile", RECONCILE_LOOK, Reconciler(self.app, self.world).start_due),
            Job("rule hits", HITS_EVERY, hits.count),
            Job("acts on many", jobs.EVERY, jobs.Foreman(self.app, self.world).start_due),
            Job("files of lists", listfiles.EVERY, listfiles.Clerk(self.app, self.world).start_due),
            Job("service desks", writeback.EVERY, writeback.Teller(self.app, self.world).start_due),
            Job("topics", topics.EVERY, topics.Confirmer(self.app, self.world).start_due),
            Job("watched views", entered.EVERY, entered.Lookout(self.app, self.world).start_due),
            Job("weekly letters", timedelta(minutes=1), lambda now: weekly.send_due(self.world, now)),
            Job("reports", REPORTS_LOOK, Keeper(self.app, self.world).start_due),
        ]

    def run(self) -> None:
        """Until told to stop; then what is under way gets its time to finish."""
        with self.app.app_context():
            self.pulse = heartbeat()
            listener = _listener(self.world.settings.database_url, self.awake, self.stopping)
            log.info("worker_started", worker=self.name)
            while not self.stopping.is_set():
                self.awake.clear()
                pause = self.round(self.world.clock.now())
                if pause > 0:
                    listener(pause)
            end = time.monotonic() + DRAIN
            while (self.sender.flights or self.sender.unsettled) and time.monotonic() < end:
                guarded("drain", lambda: self.sender.work(self.world.clock.now(), ()))
                time.sleep(0.02)
            log.info("worker_stopped", worker=self.name, under_way=len(self.sender.flights))

    def catch_up(self, now: datetime) -> None:
        """After a time in which no worker turned the clock: what fell due meanwhile gets a minute of its own."""
        last = self.last_round
        if last is None or now - last > OUTAGE:  # we began, or were frozen: others may have turned it
            with reading() as session:
                last = pulse.last_turn(session) or last
        if last is not None and now - last > OUTAGE:
            with transaction() as session:
                moved = timers.grace(session, now)
                pulse.say_caught_up(session, now)
            log.warning("outage_over", seconds=round((now - last).total_seconds()), timers_moved=moved)
        self.last_round = now

    def round(self, now: datetime) -> float:
        """Everything that is due now. Returns how many seconds there is nothing to do, as far as we know.

        Only a round in which everything that sends and escalates went well is a sign of life.
        """
        self.whole = True
        if self.world.shelf.asked:
            guarded("rule book", self.world.shelf.refresh)  # at once; the change is written down with its job's turn
        self._part("catch up", lambda: self.catch_up(now))
        if not self.whole and not self.stumbled:
            self.stumbled = True  # once more before anything that fell due meanwhile, in case only the link was cut
            return RETRY_PAUSE
        self.stumbled = not self.whole
        for job in self.jobs:
            self.pulse()
            job.tick(now)
        pause = self._work(now)
        if self.whole:
            well()
            self.sign_of_life.tick(now)
        return pause

    def _work(self, now: datetime) -> float:
        seen: waiting.Glance | None = self._part("glance", lambda: self._glance(now))
        if seen is None:
            return LONGEST_SLEEP
        done = 0
        if seen.steps:
            done += self._part("escalate", lambda: escalate.escalate_due(now, self.sender.floors)) or 0
        if seen.stuck:
            done += self._part("fall back", lambda: escalate.fall_back_due(now, self.sender.floors)) or 0
        done += self._part("deliver", lambda: self.sender.work(now, seen.channels)) or 0
        if done:
            return 0.0
        if seen.steps or seen.stuck:
            return HELD_PAUSE
        pause = self._part("next moment", lambda: self._until_next(now))
        return LONGEST_SLEEP if pause is None else min(LONGEST_SLEEP, pause)

    def _part(self, name: str, work: Callable[[], Any]) -> Any:
        self.pulse()

        def failed(problem: Exception) -> None:
            self.whole = False
            if is_full(problem):
                self.world.disk.let_go()

        return guarded(name, work, failed)

    def _glance(self, now: datetime) -> waiting.Glance:
        with reading() as session:
            return waiting.glance(session, channels.names(), now, self.sender.clock(session), self.sender.floors)

    def _until_next(self, now: datetime) -> float:
        with reading() as session:
            due = pulse.next_moment(session, now, now + timedelta(seconds=LONGEST_SLEEP), self.sender.floors)
        return LONGEST_SLEEP if due is None else max(0.005, (due - now).total_seconds())

    def _say_alive(self, now: datetime) -> None:
        with transaction() as session:
            pulse.say_alive(session, self.name, now)


def _unskew(now: datetime) -> None:
    with transaction() as session:
        timers.unskew(session, now)


def stop_on_signals(worker: Worker) -> None:
    """`awake` has a lock and is left alone: what is heard is noticed when the sleep is over, within a second."""
    hear(worker.stopping)
    signal.signal(signal.SIGHUP, lambda *_: worker.world.shelf.ask())


def _listener(url: str, awake: threading.Event, stopping: Stopping) -> Callable[[float], None]:
    """A way to sleep that ends early when the outbox gets something."""
    if url.startswith("sqlite"):
        return _watch_file(url, awake)
    threading.Thread(target=_listen, args=(url, awake, stopping), name="listen", daemon=True).start()
    return lambda pause: _rest(awake, pause)


def _rest(awake: threading.Event, pause: float) -> None:
    awake.wait(pause)


def _watch_file(url: str, awake: threading.Event) -> Callable[[float], None]:
    """SQLite's data_version changes when another process commits: a cheap look, many times a second."""
    place, links = str(make_url(url).database), list[sqlite3.Connection]()

    def version() -> int | None:
        try:
            if not links:
                links.append(sqlite3.connect(place, timeout=5))
            return int(links[0].execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as problem:  # the loop looks by itself every second
            log.warning("watch_failed", problem=type(problem).__name__)
            awake.wait(LONGEST_SLEEP)
            return None

    seen = [version()]

    def sleep(pause: float) -> None:
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0:
            if awake.wait(min(GLANCE, left)):
                return
            now = version()
            if now != seen[0]:
                seen[0] = now
                return

    return sleep


def _listen(url: str, awake: threading.Event, stopping: Stopping) -> None:
    """LISTEN on a connection of its own; a lost one is made again, meanwhile the loop's own sleep is short enough."""
    import psycopg  # noqa: PLC0415 - 5 MB, which a house with SQLite is spared

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    lost = Spell()
    while not stopping.is_set():
        try:
            with psycopg.connect(plain, autocommit=True, **NOTICING) as link:
                link.execute("LISTEN nabat_outbox")
                awake.set()
                while not stopping.is_set():
                    for _ in link.notifies(timeout=1, stop_after=1):
                        awake.set()
        except psycopg.Error as problem:
            if met := lost.meets(time.monotonic()):
                log.warning("listen_lost", problem=type(problem).__name__, failed=met[0])
            stopping.wait(1)
