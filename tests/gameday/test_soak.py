"""An hour and a half of load with a fault every thirty seconds: nothing is lost, and nothing grows.

What is compared. Two hosts share one database. The processes of the first are spared: only what befalls providers, the
database and their neighbours reaches them, so they live through the whole run, and what they hold after the warm-up is
held against what they hold at its end. The second host's processes die and are replaced; each of their lives is short,
so what they hold at one age is compared: the first lives with the last. A leak shows in the first; a start that costs
more the more there is to load, in the second. Readings are taken in the quiet before the next fault, and a window is as
long as one turn of all the faults, so that the same ones lie in both.

`SOAK_SECONDS` makes it shorter; `kill -USR1` ends it at once, and what there is by then is checked.
"""

import itertools
import json
import os
import random
import signal
import threading
import time
from collections import defaultdict, deque
from pathlib import Path

import pytest

from tests.databases import wait_until
from tests.gameday.breaking import ON, Pair
from tests.gameday.growth import change, held
from tests.gameday.harness import BOTH, WAITING, Load, sized
from tests.processes import children_of

EVERY = 30.0  # seconds from fault to fault
QUIET = 2.0  # of them are left to look at what is held
WARM = 15 * 60.0  # seconds until all has happened twice
AGE = (10.0, 60.0)  # seconds of life at which victims are compared
GROWN = 0.05
CACHES = {"sqlite": 2 * 16_000, "postgresql": 0}  # KiB of pages that two connections keep, once the file is that large
MORE = 4  # descriptors, threads: what a pool may have more at one moment than at another
LOG = 64 * 2**20  # bytes of SQLite's -wal
OLD = 45.0  # seconds of a transaction of ours: what it may still see, PostgreSQL cannot let go of
DEAD = 10_000, 0.3  # dead rows of a table: what changes between two looks of its own, and a share of the living
LIVES = 60  # posts of a sender until a warning of it ends
RINGS = 1600  # until an emergency is: eight minutes
EPOCH, EPOCHS = 100, 5  # posts of a sender that name their warnings alike; and then as some time before
TRANSACTIONS = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
ROWS = "SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables ORDER BY n_dead_tup DESC"


class Tide(Load):
    """What comes also ends, so that what is open stays as much as it is, once the first calls are over: warnings are
    joined by others, a quarter of the calls ends at once as ever, the others when their second step was told.
    """

    def _bodies(self, sender):
        ending, called = deque(), deque()
        for number, body in enumerate(super()._bodies(sender)):
            half, calls = body["alerts"][: self.EACH // 2], body["alerts"][self.EACH - 1 :]
            for one in half:
                one["labels"]["alertname"] += f"-{sender}-{number // EPOCH % EPOCHS}"
            ending.append(half)
            called.append([one for one in calls if one["status"] == "firing"])
            over = [
                *(ending.popleft() if len(ending) > LIVES else ()),
                *(called.popleft() if len(called) > RINGS else ()),
            ]
            ends = [one | {"status": "resolved", "endsAt": "2026-12-05T00:20:00Z"} for one in over]
            yield body | {"alerts": [*half, *calls, *ends]}


class Watch:
    """What is held, by whom, and what the database carries along; each look is a line of `file`."""

    def __init__(self, pair, file):
        self.pair, self.file, self.began = pair, file, time.monotonic()
        self.pids = {name: family for name, one in pair.spared.items() for name, family in _named(name, one)}
        self.readings, self.lives = defaultdict(list), defaultdict(list)  # (seconds, Held) by name
        self.log, self.waiting, self.old, self.dead = 0, 0, 0.0, ("", 0, 0)
        self.over = threading.Event()
        threading.Thread(target=self._look_at_log, daemon=True).start()

    def _look_at_log(self):
        log = Path(f"{self.pair.run.gateway.url.removeprefix('sqlite:///')}-wal")
        while not self.over.wait(0.5):
            self.log = max(self.log, log.stat().st_size if log.exists() else 0)

    def look(self, fault):
        """After it."""
        now = time.monotonic()
        for name, pid in self.pids.items():
            if (one := held(pid, now - self.began)) is not None:
                self.readings[name].append((now - self.began, one))
        for name, process in self.pair.victims.items():
            age = now - self.pair.born[name]
            pid = dict(_named(name, process)).get(
                _worker_of(name)
            )  # none of what did not come up: that is told at the end
            if pid and AGE[0] <= age <= AGE[1] and (one := held(pid, age)) is not None:
                self.lives[name].append((now - self.began, one))
        self._ask_database()
        self._write(now - self.began, fault)

    def _ask_database(self):
        gateway = self.pair.run.gateway
        self.waiting = gateway.value(WAITING)
        if gateway.url.startswith("postgresql"):
            self.old = max(self.old, float(gateway.value(TRANSACTIONS)))
            self.dead = max(self.dead, *gateway.rows(ROWS), key=_beyond)

    def _write(self, at, fault):
        said = {name: self.readings[name][-1][1]._asdict() for name in self.pids if self.readings[name]}
        lives = {f"other {name}": rows[-1][1]._asdict() for name, rows in self.lives.items()}
        accepted = sum(len(one.accepted) for one in self.pair.run.loads[0].senders)
        line = {"at": round(at), "fault": fault, "accepted": accepted, "waiting": self.waiting, "log": self.log,
                "old": self.old, "dead": self.dead,
                "stopped": round(self.pair.slowest_stop, 1), **said, **lives}  # fmt: skip
        with self.file.open("a") as lines:
            lines.write(json.dumps(line) + "\n")


def _beyond(row):
    """How far the dead rows of a table are beyond what is allowed."""
    return row[1] - DEAD[0] - DEAD[1] * row[2]


def _named(name, process):
    """The program, and the processes it works with."""
    return [(name, process.pid), *((f"{name}'s", pid) for pid in children_of(process.pid)[-1:])]


def _worker_of(name):
    return "web's" if name == "web" else name


def grown(watch, window, caches=0):
    """What is wrong with what is held, and words about it.

    A process may fill its `caches` (KiB), whenever it comes to that: they have an end, and are full in a larger file.
    """
    wrong, words = [], []
    warm = min(WARM, watch.readings["worker"][-1][0] / 3)
    spared = {name: [one for at, one in rows if at > warm] for name, rows in watch.readings.items()}
    lives = {f"other {name}": [one for at, one in rows if at > warm] for name, rows in watch.lives.items()}
    for name, rows in {**spared, **lives}.items():
        if len(rows) < 2:
            words.append(f"too few readings of {name}")
            continue
        own, whole, handles, threads = (
            change(rows, part, min(window, len(rows) // 2)) for part in ("own", "whole", "handles", "threads")
        )
        words.append(
            f"{name} {own.first / 1024:.1f} → {own.last / 1024:.1f} MiB ({own.grown:+.1%}; PSS {whole.grown:+.1%})"
        )
        full = caches + (watch.readings[name][0][1].own if name in spared else 0)
        if own.grown > GROWN and own.last > full:
            wrong.append(f"{name} has grown: {words[-1]}")
        if name not in spared:
            continue
        words.append(
            f"{handles.first:.0f} → {handles.last:.0f} handles, {threads.first:.0f} → {threads.last:.0f} threads"
        )
        if max(handles.more, threads.more) > MORE:
            wrong.append(f"{name} has more: {words[-1]}")
    return wrong, ", ".join(words)


def faults_in_turn(database, dice):
    while True:
        yield from dice.sample(ON[database], len(ON[database]))


def suffer(pair, fault, load):
    """The fault, and each sender is heard after it. What goes wrong here does not keep the rest from being tried."""
    try:
        fault(pair)
        before = [len(one.accepted) for one in load.senders]
        wait_until(lambda: all(len(one.accepted) > had for one, had in zip(load.senders, before, strict=True)), 60)
    except AssertionError as problem:
        pair.run.outcome.wrong.append(f"{fault.__name__}: {problem}")


@BOTH
@sized(full=int(os.environ.get("SOAK_SECONDS", "5400")))
@pytest.mark.timeout(3 * 3600)
def test_soak(game, database, size, tmp_path):
    run, dice, over = game("soak", database), random.Random(90), threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: over.set())
    pair = Pair(run, dice)
    load = Tide(run.gateway, pair.other, alerts=100.0)
    run.loads.append(load)
    run.wait_for_pages(2)
    watch = Watch(pair, tmp_path / "soak.jsonl")
    faults = faults_in_turn(database, dice)
    for number in itertools.count(1):
        if over.is_set() or number * EVERY > size:
            break
        fault = next(faults)
        suffer(pair, fault, load)
        over.wait(max(0.0, watch.began + number * EVERY - QUIET - time.monotonic()))
        watch.look(fault.__name__)
        over.wait(max(0.0, watch.began + number * EVERY - time.monotonic()))
    lasted = time.monotonic() - watch.began
    judged(run, watch, f"{lasted / 60:.0f} min, {number - 1} faults")


def judged(run, watch, note):
    wrong, words = grown(watch, len(ON[run.outcome.database]), CACHES[run.outcome.database])
    wrong += [f"{name} of the spared host died" for name, pid in watch.pids.items() if held(pid, 0) is None]
    for one in run.loads:
        one.finish()
    drained = run.drained(300)
    watch.over.set()
    note += f"; drained in {drained:.1f} s, slowest stop {watch.pair.slowest_stop:.1f} s; {words}"
    if run.outcome.database == "sqlite":
        note += f"; log {watch.log / 2**20:.0f} MiB"
        wrong += [note] if watch.log > LOG else []
    else:
        note += f"; oldest transaction {watch.old:.1f} s, most dead rows {watch.dead}"
        wrong += [note] if watch.old > OLD or _beyond(watch.dead) > 0 else []
    run.outcome.wrong += wrong
    run.check(note)
