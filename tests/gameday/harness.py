"""One fault, one database: the real program under load, with providers that write down what they accepted.

    @sized(small=3, full=100)
    @BOTH
    def test_something(game, database, size):
        run = game("F2", database)            # more keywords are settings: NABAT_SMTP_URL=…
        run.web(), run.worker()
        run.load(emergency_every=0.2)         # three senders, 200 alerts a second together
        for _ in range(size):
            ...                               # the fault
        run.finish()                          # senders end, the outbox drains, all is checked, a line for the table

`finish` fails the test when anything accepted is lost, anything was repeated without a reason, a key has two open
incidents, the database is damaged, or the timeline has a gap (checks.py).
"""

import itertools
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest

from gateway.app import create_app
from gateway.settings import load
from gateway.store.db import db
from tests.databases import wait_until
from tests.gameday import checks
from tests.processes import Sender
from tests.samples import BOOK, alert, group

WAITING = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending')"
SENDERS = 3
STARTED = "2026-11-01T00:00:00Z"  # before now: a start that lies ahead counts as the moment it is heard of
BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])
OUTCOMES = []  # of this run of pytest, for the table at its end


def sized(*, full, small=None):
    """The test is given `size`: `small` in the ordinary suite (if it has a part there), `full` with -m gameday."""
    sizes = [] if small is None else [pytest.param(small, marks=pytest.mark.slow, id="small")]
    sizes.append(pytest.param(full, marks=pytest.mark.gameday, id="full"))
    return pytest.mark.parametrize("size", sizes)


PATIENT = BOOK.replace("wait: 5m", "wait: 12h").replace("wait: 10m", "wait: 12h")  # no second step while a race is run
QUICK = BOOK.replace("wait: 5m", "wait: 2s").replace("wait: 10m", "wait: 2s")  # an emergency climbs in seconds


def people_of(ledger):
    """Everybody can be called, and told by push, at the run's own providers."""
    told = ""
    for name, role in (("anna", "responder"), ("oleg", "responder"), ("irina", "admin")):
        key = f"{name}-key-".ljust(32, "0")
        told += f"""
  - {{email: {name}@example.org, name: {name.title()}, role: {role}, timezone: Europe/Moscow,
     contacts: [{{channel: pagerduty, address: "{key}"}}, {{channel: ntfy, address: "{ledger.url}/{name}"}}]}}"""
    return f"""
people:{told}
teams:
  - {{name: infra, members: [anna@example.org, oleg@example.org]}}
  - {{name: support, members: [irina@example.org]}}
schedules:
  - {{name: infra, team: infra, timezone: Europe/Moscow,
     layers: [{{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}}]}}
"""


@dataclass
class Outcome:
    """A line of the table. `slowest` is seconds from a sender's 2xx to the first page at the provider."""

    fault: str
    database: str
    accepted: int = 0
    pages: int = 0
    lost: list[str] = field(default_factory=list)
    explained: int = 0
    unexplained: list[str] = field(default_factory=list)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)  # whatever else must not be
    note: str = ""


class Posts(Sender):
    """A sender that remembers when each of its bodies was answered with 2xx."""

    def __init__(self, gateway, bodies, pause):
        super().__init__(gateway, bodies, pause)
        self.accepted = []  # (body, when the first try began, when it was answered)
        self._began = None

    def _post(self, body):
        self._began = self._began or time.monotonic()
        status = super()._post(body)
        if 200 <= status < 300:
            self.accepted.append((body, self._began, time.monotonic()))
            self._began = None
        return status


class Load:
    """Three senders at a gateway: warnings that join a few incidents, an emergency now and then, some of them resolved.

    `alerts` is how many a second, all senders together; `emergency_every` is in seconds (0: one in each post). Of
    several gateways each sender has its own.
    """

    EACH = 10  # alerts of one post
    ENDS = 4  # every so many emergencies one is resolved, some posts later

    def __init__(self, *gateways, alerts=200.0, emergency_every=2.0, seed=20261205):
        self._every, self._due, self._lock = emergency_every, time.monotonic(), threading.Lock()
        self._numbers, self._dice = itertools.count(), random.Random(seed)
        pause = SENDERS * self.EACH / alerts
        self.senders = [
            Posts(gateways[number % len(gateways)], self._bodies(number), pause) for number in range(SENDERS)
        ]
        for sender in self.senders:
            sender.start()

    def finish(self):
        for sender in self.senders:
            sender.over.set()
        for sender in self.senders:
            sender.finish()

    @property
    def accepted(self):
        return [one for sender in self.senders for one in list(sender.accepted)]

    @property
    def statuses(self):
        return sum((sender.statuses for sender in self.senders), Counter())

    def _bodies(self, sender):
        ending = []
        for number in itertools.count():
            place = f"{sender}-{number}"
            warnings = [
                alert(name=f"Warn{other}", fingerprint=f"w{place}-{other}", severity="warning", starts=STARTED)
                for other in range(self.EACH - 1)
            ]
            called = next(self._numbers) if self._is_time() else None
            if called is not None:
                name = f"Call-{called}-"
                warnings.append(alert(name=name, fingerprint=f"c{called}", starts=STARTED))
                if called % self.ENDS == self.ENDS - 1:
                    ending.append((number + self._dice.randint(1, 4), name, f"c{called}"))
            over = [one for one in ending if one[0] <= number]
            ending = [one for one in ending if one[0] > number]
            ends = [alert("resolved", name=name, fingerprint=mark, starts=STARTED) for _, name, mark in over]
            yield group(*warnings, *ends)

    def _is_time(self):
        with self._lock:
            if time.monotonic() < self._due:
                return False
            self._due += self._every
            return True


class Run:
    """What `game` makes. The fault itself is the test's business."""

    def __init__(self, fault, database, gateway, ledger, cluster=None):
        self.outcome = Outcome(fault, database)
        self.gateway, self.ledger, self.cluster = gateway, ledger, cluster
        self.loads = []
        self.excused = set()  # incidents whose timeline may have gaps, because the test has broken their rows
        OUTCOMES.append(self.outcome)

    def web(self, *more, wait=True, by=(), **environment):
        """In one process, so that a kill hits the one that works. `by` is what it is started by, such as strace;
        keywords are more of its environment.
        """
        return self._started(lambda: self.gateway.web("--processes", "1", *more, wait=wait), by, environment)

    def worker(self, *, wait=True, by=(), **environment):
        return self._started(lambda: self.gateway.worker(wait=wait), by, environment)

    def _started(self, start, by, environment):
        before = self.gateway.environment
        self.gateway.environment, self.gateway.prefix = {**before, **environment}, list(by)
        try:
            return start()
        finally:
            self.gateway.environment, self.gateway.prefix = before, []

    def load(self, **more):
        load = Load(self.gateway, **more)
        self.loads.append(load)
        return load

    def accepted(self):
        """(body, begun, answered) of all posts that were answered with 2xx."""
        return [one for posted in self.loads for one in posted.accepted]

    def change(self, sql):
        """By hand, beside the program."""
        if self.gateway.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.gateway.url.removeprefix("sqlite:///"), timeout=20)) as link, link:
                return link.execute(sql).rowcount
        return self.gateway.rows(f"{sql} RETURNING 1")

    @contextmanager
    def inside(self):
        """The program's own functions on the run's database, from this process."""
        app = create_app(load(self.gateway.environment))
        with app.app_context():
            try:
                yield app.extensions["gateway"]
            finally:
                db.session.remove()
                db.engine.dispose()

    def wait_for_pages(self, more, seconds=60):
        """Until the provider has accepted so many pages more than now."""
        wanted = len(self.ledger.pages()) + more
        wait_until(lambda: len(self.ledger.pages()) >= wanted, seconds)

    def drained(self, seconds=120):
        """All messages are out, cancelled or given up; seconds it took."""
        began = time.monotonic()
        wait_until(lambda: self.gateway.value(WAITING) == 0, seconds, every=0.2)
        return time.monotonic() - began

    def stop(self):
        running = [process for process in self.gateway.processes if process.alive]
        for process in running:
            process.popen.terminate()
        for process in running:
            process.popen.wait(60)

    def finish(self, *, drain=300, note=""):
        """The end of a run: senders have their last body answered, the outbox drains, everything is checked."""
        for one in self.loads:
            one.finish()
        self.drained(drain)
        return self.check(note)

    def check(self, note=""):
        """Everything is told to stop first: what is counted must not grow while it is counted."""
        self.stop()
        checks.judge(self)
        self.outcome.note = note
        problems = [*self.outcome.lost, *self.outcome.unexplained, *self.outcome.wrong]
        assert not problems, "\n".join(problems[:50])
        return self.outcome


def table():
    """The lines of the summary."""
    head = ("fault", "database", "accepted", "pages", "lost", "explained", "unexplained", "slowest page", "note")
    rows = [
        (one.fault, one.database, str(one.accepted), str(one.pages), str(len(one.lost)), str(one.explained),
         str(len(one.unexplained)), f"{one.slowest:.2f} s", one.note + "".join(f"; {words}" for words in one.wrong[:3]))
        for one in OUTCOMES
    ]  # fmt: skip
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
