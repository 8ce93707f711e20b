"""Work that takes long is done beside the worker's loop, in a thread; of several workers one makes each turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask

from gateway import metrics
from gateway.flows import failing
from gateway.store.db import db, reading, transaction
from gateway.store.outgoing import drift


@dataclass(slots=True)
class Beside:
    """One worker's long jobs of one kind; `name` is how they are called when one fails."""

    app: Flask
    name: str
    threads: dict[str, threading.Thread] = field(default_factory=dict)

    def start(self, what: str, every: timedelta, now: datetime, work: Callable[[], object]) -> None:
        """Unless the last one still runs, or it is not time, or another worker does it."""
        running = self.threads.get(what)
        if running is not None and running.is_alive():
            return
        with reading() as session:
            if not drift.is_due(session, what, every, now):
                return
        with transaction() as session:
            if not drift.claim(session, what, every, now):
                return
        thread = threading.Thread(target=self._run, args=(what, work), name=f"{self.name}-{what}", daemon=True)
        self.threads[what] = thread
        thread.start()

    def _run(self, what: str, work: Callable[[], object]) -> None:
        with self.app.app_context():
            try:
                work()
            except Exception as problem:  # noqa: BLE001 - a database that is away, a bug: the next turn comes all the same
                failing.tell("worker_job_failed", problem, job=f"{self.name} {what}")
                metrics.worker_errors.labels(self.name).inc()
            finally:
                db.session.remove()
