"""The outbox is worked off: lease, render, send in threads without a transaction, settle."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway import actions, channels, log, metrics, vapid
from gateway.briefing import bare_facts, facts_of
from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.render import Facts, render
from gateway.store import browsers, cases, outbox, pages, timeline
from gateway.store.cases import Case
from gateway.store.db import database_clock, reading, transaction
from gateway.store.outbox import Leased
from gateway.store.types import micros
from gateway.world import World
from rules.retry import next_attempt
from rules.text import cut, one_line

AT_ONCE = 8  # messages of one channel under way at a time …
KEPT_FREE = 2  # … of which these many wait for emergencies
DEADLINE = 10.0  # seconds for one attempt, whatever the library does
RENEW = 5.0  # seconds between renewals of the leases of what is under way
PARKED_AFTER = 5  # attempts to render a message before it goes out as plain text


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt went."""

    leased: Leased
    outcome: str  # sent, later, never, logged
    words: str = ""  # the provider's reference, or what went wrong
    ambiguous: bool = False
    retry_after: float | None = None
    seconds: float = 0.0
    ended: bool = False  # nobody is at this address any more


@dataclass(slots=True)
class _Flight:
    leased: Leased
    started: float
    renewed: float
    over: bool = False


@dataclass(slots=True)
class Sender:
    """One worker's messages under way. `clock` is the database's, in microseconds; tests put their own in its place."""

    world: World
    wake: Callable[[], None] = lambda: None
    clock: Callable[[Session], int] = database_clock
    deadline: float = DEADLINE
    flights: dict[int, _Flight] = field(default_factory=dict)
    unsettled: list[Result] = field(default_factory=list)
    results: "queue.SimpleQueue[tuple[_Flight, Result]]" = field(default_factory=queue.SimpleQueue)

    def work(self, now: datetime, ready: tuple[str, ...]) -> int:
        """Settle what came back, start what is due. Returns how many attempts were settled or started."""
        settled = self._settle(now)
        return settled + sum(self._start(channel, now) for channel in ready)

    def _start(self, channel: str, now: datetime) -> int:
        under_way = sum(1 for flight in self.flights.values() if flight.leased.channel == channel)
        free = AT_ONCE - under_way
        if free <= 0:
            return 0
        with transaction() as session:
            clock = self.clock(session)
            taken = outbox.lease(session, channel, free, now, clock, most_urgent=3 if free > KEPT_FREE else 0)
            facts = {one.id: _brief(session, one, self.world) for one in taken}
            given = vapid.given_to(channel, session, self.world.vault, now) if taken else {}
        for one in taken:
            flight = _Flight(one, time.monotonic(), time.monotonic())
            self.flights[one.id] = flight
            arguments = (flight, facts[one.id], given)
            threading.Thread(target=self._attempt, args=arguments, name=f"send-{one.id}", daemon=True).start()
        return len(taken)

    def _attempt(self, flight: _Flight, facts: Facts, given: Mapping[str, str]) -> None:
        """Runs in a thread of its own: values in, values out, no database."""
        began = time.monotonic()
        result = attempt(flight.leased, facts, self.world, given)
        self.results.put((flight, replace(result, seconds=time.monotonic() - began)))
        self.wake()

    def _settle(self, now: datetime) -> int:
        done, self.unsettled = self.unsettled, []
        while not self.results.empty():
            flight, result = self.results.get()
            if not flight.over:
                flight.over = True
                self.flights.pop(flight.leased.id, None)
                done.append(result)
        done += self._overdue()
        if done:
            self.unsettled = done  # until it is written down: a database that is away must not make us forget it
            with transaction() as session:
                settle(session, done, now)
            self.unsettled = []
        self._renew()
        return len(done)

    def _overdue(self) -> list[Result]:
        """Attempts whose library does not come back: their thread is left alone, its later word is not heard."""
        late = [flight for flight in self.flights.values() if time.monotonic() - flight.started > self.deadline]
        for flight in late:
            flight.over = True
            del self.flights[flight.leased.id]
        words = f"no answer within {self.deadline:g} s"
        return [Result(flight.leased, "later", words, ambiguous=True, seconds=self.deadline) for flight in late]

    def _renew(self) -> None:
        old = [flight for flight in self.flights.values() if time.monotonic() - flight.renewed > RENEW]
        if not old:
            return
        with transaction() as session:
            outbox.renew(session, [(flight.leased.id, flight.leased.lease) for flight in old], self.clock(session))
        for flight in old:
            flight.renewed = time.monotonic()


def _brief(session: Session, leased: Leased, world: World) -> Facts:
    """The facts; of a message whose facts cannot be put together the bare ones, so that it holds up no other."""
    try:
        return facts_of(session, leased, world)
    except (LookupError, TypeError, ValueError, AttributeError) as problem:  # strange content in the rows
        log.error("facts_failed", problem, delivery=leased.id, incident=leased.incident_id)
        return bare_facts(session, leased, world)


def attempt(leased: Leased, facts: Facts, world: World, given: Mapping[str, str]) -> Result:
    """Render and send one message. A channel that has no provider writes it to the log instead."""
    env = {**world.settings.env, **given}
    try:
        message = _message(leased, facts, world)
        lacking = channels.missing(leased.channel, env)
        if lacking:
            channels.find("log").send(message, env)
            return Result(leased, "logged", f"written to the log: {', '.join(lacking)} not set")
        return Result(leased, "sent", channels.carrier(leased.channel, env).send(message, env))
    except PermanentFailure as failure:
        return Result(leased, "never", str(failure), ended=isinstance(failure, AddressEnded))
    except TemporaryFailure as failure:
        return Result(leased, "later", str(failure), ambiguous=failure.ambiguous, retry_after=failure.retry_after)
    except Exception as failure:  # noqa: BLE001 - one bad message must not stop the others; the row keeps the reason
        log.error("delivery_failed", failure, delivery=leased.id, channel=leased.channel)
        return Result(leased, "later", f"{type(failure).__name__}: {failure}", ambiguous=True)


def _message(leased: Leased, facts: Facts, world: World) -> Message:
    address = world.vault.open(leased.address) if channels.find(leased.channel).SECRET else leased.address
    if leased.attempts > PARKED_AFTER:
        return _plain(leased, facts, address)
    return render(facts, leased.channel, leased.kind, address, leased.id)


def _plain(leased: Leased, facts: Facts, address: str) -> Message:
    """A message that could not be rendered, or not be sent as rendered, again and again: the bare words."""
    title = cut(one_line(f"{facts.urgency.upper()}: {facts.title}"), 200)
    return Message(leased.id, facts.number, facts.uuid, leased.kind, address, title, facts.url, url=facts.url,
                   urgency=facts.urgency, severity=facts.severity)  # fmt: skip


def settle(session: Session, results: list[Result], now: datetime) -> None:
    """Write down how attempts went, each on its row and on the timeline; what failed for good starts the fallback."""
    changes = actions.changes_of(session, now)
    loaded = cases.load(session, [result.leased.incident_id for result in results])
    for result in results:
        case = loaded.get(result.leased.incident_id)
        values = _values(session, result, case, now)
        if not outbox.settle(session, result.leased, values):
            metrics.deliveries.labels(result.leased.channel, "late").inc()
            continue
        _count(result, str(values["status"]), now)
        if case is None:
            continue
        changes.lines.append(timeline.line(case.id, now, *_line(result, values)))
        if result.ended and browsers.ended(session, result.leased.id, now):
            changes.lines.append(timeline.line(case.id, now, "subscription ended", *_line(result, values)[1:]))
        if values["status"] in ("failed", "logged") and result.leased.kind in outbox.PAGES:
            actions.fall_back(changes, case, result.leased.level, result.leased.who, result.words)
    changes.write()


def _values(session: Session, result: Result, case: Case | None, now: datetime) -> dict[str, Any]:
    leased, at = result.leased, micros(now)
    base: dict[str, Any] = {"error": "", "provider_ref": ""}
    if result.outcome in ("sent", "logged"):
        sent = {"status": result.outcome, "provider_ref": result.words[:200], "finished_at": at, "fallback_at": None}
        latency = {"latency_ms": max(0, (at - leased.created_at) // 1000)}
        return base | sent | latency | pages.load_on_person(session, leased, now)
    base |= {"error": result.words[:500]}
    if result.outcome == "never":
        return base | {"status": "failed", "finished_at": at, "fallback_at": None}
    if leased.kind in outbox.PAGES and case is not None and not case.calls:
        return base | {"status": "cancelled", "finished_at": at, "ambiguous": _tried(session, result)}
    again = next_attempt(str(leased.id), leased.attempts, now, result.retry_after)
    return base | {"status": "queued", "due_at": micros(again), "ambiguous": _tried(session, result)}


def _tried(session: Session, result: Result) -> int:
    return outbox.ambiguous(session, result.leased.id) + int(result.ambiguous)


def _count(result: Result, status: str, now: datetime) -> None:
    channel = result.leased.channel
    metrics.deliveries.labels(channel, {"queued": "retried"}.get(status, status)).inc()
    if status == "sent":
        metrics.delivery_seconds.labels(channel).observe(max(0, micros(now) - result.leased.created_at) / 1_000_000)


def _line(result: Result, values: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """The timeline's words for one attempt."""
    leased = result.leased
    status = str(values["status"])
    kind = {"sent": "sent", "logged": "logged", "queued": "attempt failed"}.get(status, "delivery " + status)
    detail: dict[str, Any] = {
        "delivery": leased.id, "message": leased.kind, "channel": leased.channel, "way": leased.way, "who": leased.who,
        "name": leased.name, "attempt": leased.attempts, "seconds": round(result.seconds, 3), "level": leased.level,
    }  # fmt: skip
    if result.outcome in ("sent", "logged"):
        detail["reference"] = result.words[:200]
    else:
        detail["error"] = result.words[:300]
    if result.ambiguous:
        detail["ambiguous"] = True
    if status == "queued":
        detail["again_at"] = values["due_at"]
    return kind, actions.CLOCK.name, detail


def work_off(sender: Sender, now: datetime, *, patience: float = 15.0) -> int:
    """For tests and one-shot commands: everything due at `now`, to the end. Returns how many attempts were made."""
    made, end = 0, time.monotonic() + patience
    while time.monotonic() < end:
        with reading() as session:
            ready = outbox.glance(session, channels.names(), now, sender.clock(session)).channels
        busy = sender.work(now, ready)
        made += busy
        if not busy and not sender.flights:
            return made
        time.sleep(0.002)
    raise TimeoutError(f"messages are still under way after {patience} s")
