"""The auditor: a process of its own that asks whether Nabat does its work, and says so where it does not."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from flask import Flask

from gateway import actions, log, metrics
from gateway.flows import deliver, failing, intake
from gateway.flows.own_alerts import (
    OWN_NAME,
    OWN_SOURCE,
    selfwatch_alert,
    selfwatch_fingerprint,
    selfwatch_over,
)
from gateway.heartbeat import heartbeat
from gateway.outward import outbound
from gateway.stopping import Stopping, hear
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.upkeep import selfwatch, vitals
from gateway.store.upkeep.selfwatch import Missing
from gateway.world import World
from rules.lifecycle import Given, Reason, Signal
from rules.reports.selfwatch import PING_EVERY, STARTING, Finding, What, judge, worth_telling
from rules.words import Alert, Urgency

EVERY = 10.0  # seconds between audits
SPEAK_WITHIN = 12.0  # seconds; an attempt ends after ten
TELL_AGAIN = timedelta(seconds=60)  # what is still so is said again, as any sender repeats what still fires

T = TypeVar("T")


@dataclass(slots=True)
class Auditor:
    """Asks, repairs, reports, tells, and pings a heartbeat service as long as all is well.

    Its alarms are sent by the workers like any other; that there is none, it tells by itself.
    """

    app: Flask
    stopping: Stopping = field(default_factory=Stopping)
    pulse: Callable[[], None] = lambda: None
    started: datetime | None = None
    told: datetime | None = None
    pinged: datetime | None = None
    world: World = field(init=False)
    sender: deliver.Sender = field(init=False)  # of our own alarms, when no worker sends them

    def __post_init__(self) -> None:
        self.world = self.app.extensions["gateway"]
        self.sender = deliver.Sender(self.world, own=True)

    def run(self) -> None:
        """Until told to stop."""
        with self.app.app_context():
            self.pulse = heartbeat()
            log.info("auditor_started")
            while not self.stopping.is_set():
                self.round(self.world.clock.now())
                self.stopping.wait(EVERY)
            log.info("auditor_stopped")

    def round(self, now: datetime) -> tuple[Finding, ...] | None:
        """One audit and what follows from it; None if the database could not be asked. Then nobody is pinged either."""
        self.started = self.started or now
        self.pulse()
        findings = self._part("audit", lambda: self._audit(now))
        if findings is None:
            return None
        self.pulse()
        for one in findings:
            (log.error if one.grave else log.warning)("audit_problem", what=one.what, words=one.words)
        self._part("tell", lambda: self._tell(findings, now))
        self.pulse()
        if any(one.what is What.WORKER and worth_telling(one, now) for one in findings):
            self._part("speak", lambda: deliver.work_off(self.sender, now, patience=SPEAK_WITHIN))
        failing.well()
        if not any(one.grave for one in findings) and not self._starting(now):
            self._part("ping", lambda: self._ping(now))
        return findings

    def _starting(self, now: datetime) -> bool:
        return self.started is not None and timedelta() <= now - self.started < STARTING

    def _audit(self, now: datetime) -> tuple[Finding, ...]:
        with reading() as session:
            sight = selfwatch.look(session, now, configured=vitals.configured(self.world.settings.env))
            missing = selfwatch.missing(session, now)
            last = selfwatch.last(session)
        for one in missing:
            self._part("repair", lambda one=one: _make_up_for(one, now))  # type: ignore[misc]  # bound now
        sight = replace(sight, missing=len(missing), short_of_room=self.world.disk.short)
        before = {one.what: one for one in last.findings} if last else {}
        findings = judge(sight, now, before, starting=self._starting(now))
        with transaction() as session:
            selfwatch.keep(session, findings, now)
        return findings

    def _tell(self, findings: Sequence[Finding], now: datetime) -> None:
        """As alerts of our own, which take everybody's way; each ends when the auditor no longer finds it."""
        with reading() as session:
            names = selfwatch.firing(session, [selfwatch_fingerprint(what) for what in What])
        firing = {what for what in What if selfwatch_fingerprint(what) in names}
        again = self.told is None or not timedelta() <= now - self.told < TELL_AGAIN
        loud = [one for one in findings if worth_telling(one, now)]
        alerts = [selfwatch_alert(one, now) for one in loud if again or one.what not in firing]
        if alerts:
            self.told = now
        if not self._starting(now):  # what is not looked at yet is not over
            alerts += [selfwatch_over(what, now) for what in firing - {one.what for one in findings}]
        if alerts:
            self._take_in(alerts, now)

    def _take_in(self, alerts: Sequence[Alert], now: datetime) -> None:
        """Past the door: when there is too little room for senders' alerts, there is still some for this."""
        self.world.shelf.refresh()
        said = "\n".join(f"{alert.labels['about']}: {alert.title}" for alert in alerts).encode()
        with transaction() as session:
            post = Post(OWN_SOURCE, OWN_NAME, said, now, alerts)
            (outcome,) = intake.receive(session, [post], self.world.shelf.book, self.world.roll, now)
        for rank in outcome.opened:
            metrics.incidents_opened.labels(tuple(Urgency)[rank].value).inc()

    def _ping(self, now: datetime) -> None:
        url = self.world.settings.env["NABAT_DEADMAN_URL"]
        if not url or (self.pinged is not None and timedelta() <= now - self.pinged < PING_EVERY):
            return
        try:
            allowed = self.world.settings.allow_private_hosts
            outbound.judge(outbound.ask(url, how=outbound.How("GET"), allow_private=allowed), quote=False)
        except (outbound.TemporaryFailure, outbound.PermanentFailure) as problem:  # next time; it notices our silence
            log.warning("deadman_ping_failed", problem=str(problem))
        else:
            self.pinged = now

    def _part(self, name: str, work: Callable[[], T]) -> T | None:
        """What fails is heard and comes again in the next round; the other parts have their turn."""
        try:
            return work()
        except Exception as problem:  # noqa: BLE001 - whoever watches must outlive a database that is away, and bugs
            failing.tell("auditor_failed", problem, job=name)
            metrics.auditor_errors.labels(name).inc()
            return None


def _make_up_for(one: Missing, now: datetime) -> None:
    """The next step at once: whoever should have been called, somebody is."""
    given = Given(level=one.level)
    reason = actions.act(one.incident_id, Signal.MISSED, actions.CLOCK, now, given)
    if reason is Reason.NOTIFICATION_MISSING:
        log.error("notification_missing", incident=one.incident_id, level=one.level)
        metrics.missing_notifications.inc()


def stop_on_signals(auditor: Auditor) -> None:
    hear(auditor.stopping)
    signal.signal(signal.SIGHUP, lambda *_: auditor.world.shelf.ask())
