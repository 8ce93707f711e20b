"""Every five minutes we compare with PagerDuty and with Alertmanagers: beside the loop, so that nobody has to wait."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask

from gateway import log, metrics
from gateway.flows import reconcile_alertmanager
from gateway.flows.reconcile_alertmanager import Watched
from gateway.flows.reconcile_pagerduty import PagerDuty
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.store import drift
from gateway.store.db import db, reading, transaction
from gateway.world import World
from rules.drift import EVERY


@dataclass(slots=True)
class Reconciler:
    """One worker's comparisons. Of several workers the first whose turn it is makes each."""

    app: Flask
    world: World
    threads: dict[str, threading.Thread] = field(default_factory=dict)
    pagerduty: PagerDuty = field(init=False)

    def __post_init__(self) -> None:
        self.pagerduty = PagerDuty(self.world)

    def start_due(self, now: datetime) -> None:
        if self.pagerduty.on:
            self._start("pagerduty", now, lambda: self._with_pagerduty(now))
        for source in reconcile_alertmanager.watched():
            self._start(f"alertmanager:{source.id}", now, lambda source=source: self._with(source, now))  # type: ignore[misc]

    def _with_pagerduty(self, now: datetime) -> None:
        try:
            done = self.pagerduty.check(now)
        except (TemporaryFailure, PermanentFailure) as problem:
            log.warning("pagerduty_silent", problem=str(problem))
            metrics.reconcile_checks.labels("pagerduty", "failed").inc()
            return
        metrics.reconcile_checks.labels("pagerduty", "done").inc()
        if done:
            log.warning("pagerduty_differed", **{what.replace(" ", "_"): count for what, count in done.items()})

    def _with(self, source: Watched, now: datetime) -> None:
        reconcile_alertmanager.check(source, self.world, now)

    def _start(self, what: str, now: datetime, work: Callable[[], object]) -> None:
        """Unless the last one still runs, or it is not time, or another worker does it."""
        running = self.threads.get(what)
        if running is not None and running.is_alive():
            return
        with reading() as session:
            if not drift.is_due(session, what, EVERY, now):
                return
        with transaction() as session:
            if not drift.claim(session, what, EVERY, now):
                return
        thread = threading.Thread(target=self._beside, args=(what, work), name=f"reconcile-{what}", daemon=True)
        self.threads[what] = thread
        thread.start()

    def _beside(self, what: str, work: Callable[[], object]) -> None:
        with self.app.app_context():
            try:
                work()
            except Exception as problem:  # noqa: BLE001 - a database that is away, a bug: the next check comes all the same
                log.error("worker_job_failed", problem, job=f"reconcile {what}")
                metrics.worker_errors.labels("reconcile").inc()
            finally:
                db.session.remove()
