"""How far dead entries reach at the beginning of the indexes that a worker's rounds read: looked at beside its loop."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask

from gateway import channels, log, metrics
from gateway.flows import failing
from gateway.store.db import db, reading
from gateway.store.outgoing.floors import Floors

SOONEST, LATEST = 5.0, 30.0  # seconds from one look to the next: what was missed waits no longer
SHARE = 50  # a look takes no more than one fiftieth of the time, unless that is too seldom


@dataclass(slots=True)
class Sounder:
    """One worker's looks: its floors are its own."""

    app: Flask
    floors: Floors
    whole: float = 0.0  # when all is walked again
    again: float = 0.0  # when anything is
    thread: threading.Thread | None = field(default=None)

    def start_due(self, now: datetime) -> None:
        if time.monotonic() < self.again or (self.thread is not None and self.thread.is_alive()):
            return
        self.thread = threading.Thread(target=self._run, args=(now,), name="sounding", daemon=True)
        self.thread.start()

    def _run(self, now: datetime) -> None:
        with self.app.app_context():
            try:
                self._sound(now)
            except Exception as problem:  # noqa: BLE001 - a database that is away, a bug: then all is walked from 0
                self.floors.lows = {}
                failing.tell("worker_job_failed", problem, job="sounding")
                metrics.worker_errors.labels("sounding").inc()
            finally:
                db.session.remove()
        self.again = time.monotonic() + SOONEST

    def _sound(self, now: datetime) -> None:
        were_set = self.floors.are_set
        with reading() as session:
            if were_set and time.monotonic() < self.whole:
                self.floors.rise(session, now)
                return
            took = self.floors.look(session, channels.names(), now)
        self.whole = time.monotonic() + pause(took)
        if self.floors.are_set and not were_set:
            log.warning("outbox_walk_slow", seconds=round(took, 3), see="an old transaction keeps dead rows?")


def pause(took: float) -> float:
    """Seconds from one look at everything to the next."""
    return min(LATEST, max(SOONEST, SHARE * took))
