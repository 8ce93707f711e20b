"""The outbox is worked off: lease, render, send in threads without a transaction; settle.py writes down how it went."""

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import channels, crashpoint, log
from gateway.access import vapid
from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.demo.mark import is_invented
from gateway.flows import at_source, bundle, gate
from gateway.flows.pacing import Pace
from gateway.flows.settle import Result, is_away, reclaim, write_down, write_each
from gateway.outward.masking import mask
from gateway.outward.render import Facts, render
from gateway.store.db import database_clock, reading, transaction
from gateway.store.outgoing import dialling, outbox, waiting
from gateway.store.outgoing.floors import Floors
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import locks
from gateway.telling.briefing import bare_facts, facts_about
from gateway.world import World
from rules.texts.text import cut, one_line

AT_ONCE = 8  # messages of one channel under way at a time …
KEPT_FREE = 2  # … of which these many wait for emergencies
DEADLINE = 10.0  # seconds for one attempt, whatever the library does
RENEW = 5.0  # seconds between renewals of the leases of what is under way
RECLAIM_EVERY = 1_000_000  # microseconds: it reads through all that waits, and a lease lasts fifteen seconds
PARKED_AFTER = 5  # attempts to render a message before it goes out as plain text
STRANGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)  # content of rows


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
    own: bool = False  # only the pages of our own alarms
    floors: Floors = field(default_factory=Floors)
    flights: dict[int, _Flight] = field(default_factory=dict)
    unsettled: list[Result] = field(default_factory=list)
    kept: float = 0.0  # when the leases of these were renewed last
    reclaimed: dict[str, int] = field(default_factory=dict)  # by channel, when leases that ran out were looked for last
    pace: Pace = field(init=False)
    # Channels whose last failure was the provider's; at first all: the worker before may have met it.
    ailing: set[str] = field(default_factory=lambda: set(channels.names()))
    results: "queue.SimpleQueue[tuple[_Flight, Result]]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        self.pace = Pace(int(self.world.settings.env["NABAT_PAGERDUTY_PACE"]))

    def work(self, now: datetime, ready: tuple[str, ...]) -> int:
        """Settle what came back, start what is due. Returns how many attempts were settled or started.

        A channel whose messages cannot be started, or a result that cannot be written, keeps no other from its turn.
        While nothing can be written nothing is started: our own leases would look lost before it is said how it went.
        """
        problems: list[Exception] = []
        done = 0
        settle = partial(self._settle, now)
        for job in (settle, *(partial(self._start, channel, now) for channel in ready)):
            try:
                done += job()
            except Exception as problem:  # noqa: BLE001 - raised below, after the others had their turn
                problems.append(problem)
                if job is settle and is_away(problem):
                    break
        if problems:
            raise problems[0]
        return done

    def _start(self, channel: str, now: datetime) -> int:
        """A worker that is frozen in its turn at somebody's calls is waited for once, not by all that is due."""
        try:
            done, onward = self._begin(channel, now)
        except OperationalError as problem:
            if not locks.is_held(problem):
                raise
            log.warning("turn_held_up", channel=channel)
            done, onward = self._begin(channel, now, patient=False)
        # After the others: what fails here must not keep what was leased from its turn.
        self._onward(onward, now)
        return done + len(onward)

    def _begin(self, channel: str, now: datetime, *, patient: bool = True) -> tuple[int, Sequence[Leased]]:
        """What was started or put back, and the calls that go on to the next person."""
        under_way = sum(1 for flight in self.flights.values() if flight.leased.channel == channel)
        free = AT_ONCE - under_way
        if free <= 0:
            return 0, ()
        with transaction() as session:
            clock = self.clock(session)
            reclaimed = self._reclaim(session, channel, now, clock)
            taken = bundle.worth_saying(session, self._take(session, channel, free, now, clock), now)
            known = self.world.roll.current(session).addresses
            passed = gate.through(session, taken, self.world.shelf.book.voice, now)
            directory = self.world.roll.current(session)
            capped = self.world.settings.env["NABAT_CAPS"] == "on" and not self.own
            left = passed.taken
            if capped:
                left = bundle.within_caps(session, left, directory, now, patient=patient)
            left = self.pace.through(session, left, now)
            taken = dialling.with_earlier(session, left) if left and channel == "pagerduty" else left
            asks = at_source.questions(session, [one for one in taken if one.id in passed.why])
            facts = {one.id: _brief(session, one, self.world, passed.why.get(one.id, "")) for one in taken}
            given = vapid.given_to(channel, session, self.world.vault, now) if taken else {}
        if taken:
            crashpoint.passing("claim committed")
        for one in taken:
            flight = _Flight(one, time.monotonic(), time.monotonic())
            self.flights[one.id] = flight
            if one.kind in outbox.PAGES and (one.channel, one.address_id) not in known:
                self.results.put((flight, Result(one, "never", "this contact was removed meanwhile")))
                continue
            arguments = (flight, facts[one.id], given, asks.get(one.id))
            threading.Thread(target=self._attempt, args=arguments, name=f"send-{one.id}", daemon=True).start()
        return len(taken) + reclaimed, passed.onward

    def _onward(self, calls: Sequence[Leased], now: datetime) -> None:
        """To the next person. They were called off already, so one that fails keeps no other from going on."""
        problems: list[Exception] = []
        for one in calls:
            try:
                gate.go_on(one, now)
            except Exception as problem:  # noqa: BLE001 - raised below, after the others had their turn
                problems.append(problem)
        if problems:
            raise problems[0]

    def _take(self, session: Session, channel: str, free: int, now: datetime, clock: int) -> list[Leased]:
        if self.own:
            return outbox.lease_own(session, channel, free, now, clock)
        if self.floors.are_set:
            lows = self.floors.of(channel, now)
            taken = outbox.lease_since(session, channel, max(0, free - KEPT_FREE), now, clock, lows)
            return taken + outbox.lease_since(session, channel, free - len(taken), now, clock, lows[:1])
        taken = outbox.lease(session, channel, max(0, free - KEPT_FREE), now, clock)
        return taken + outbox.lease(session, channel, free - len(taken), now, clock, most_urgent=0)

    def _reclaim(self, session: Session, channel: str, now: datetime, clock: int) -> int:
        last = self.reclaimed.get(channel)
        if last is not None and last < clock < last + RECLAIM_EVERY:
            return 0
        self.reclaimed[channel] = clock
        return reclaim(session, channel, now, clock, self.floors)

    def _attempt(self, flight: _Flight, facts: Facts, given: Mapping[str, str], firing: dialling.Firing | None) -> None:
        """Runs in a thread of its own: values in, values out, no database."""
        began = time.monotonic()
        asked = at_source.ask(firing, self.world) if firing else at_source.NOT_ASKED
        if asked.gone:
            result = Result(flight.leased, "over", at_source.GONE)
        else:
            result = replace(attempt(flight.leased, facts, self.world, given), asked=asked.problem)
        crashpoint.passing("answered")
        self.results.put((flight, replace(result, seconds=time.monotonic() - began)))
        self.wake()

    def _settle(self, now: datetime) -> int:
        kept, done = self.unsettled, list[Result]()
        while not self.results.empty():
            flight, result = self.results.get()
            if not flight.over:
                flight.over = True
                self.flights.pop(flight.leased.id, None)
                done.append(result)
        done += self._overdue()
        # Kept until it is written down: a database that is away, or an incident that somebody holds, must not make us
        # forget it, and meanwhile nobody else is to send it again.
        self.unsettled = [*kept, *done]
        try:
            if done or kept:
                left = write_each(kept, now)
                self.unsettled = [*left, *done]
                self.unsettled = [*left, *write_down(done, now)]
                crashpoint.passing("outcome committed")
        finally:
            self._renew()
        written = [one for one in (*kept, *done) if one not in self.unsettled]
        self._hurry(written, now)
        return len(written)

    def _hurry(self, done: list[Result], now: datetime) -> None:
        """After an outage the first message that gets through takes the others along: none sits out its pause."""
        for channel in {one.leased.channel for one in done if one.outcome == "sent"} & self.ailing:
            with transaction() as session:
                outbox.hurry(session, channel, now)
            self.ailing.discard(channel)
        self.ailing |= {one.leased.channel for one in done if one.outcome == "later" and one.retry_after is None}

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
        kept = [one.leased for one in self.unsettled] if time.monotonic() - self.kept > RENEW else []
        if not old and not kept:
            return
        held = [*(flight.leased for flight in old), *kept]
        with transaction() as session:
            outbox.renew(session, [(one.id, one.lease) for one in held], self.clock(session))
        for flight in old:
            flight.renewed = time.monotonic()
        self.kept = time.monotonic()


def _brief(session: Session, leased: Leased, world: World, why: str) -> Facts:
    """The facts; of a message whose facts cannot be put together the bare ones, so that it holds up no other."""
    try:
        facts = facts_about(session, leased, world)
        if not leased.incident_id:
            return facts
        several = bundle.several(session, leased, f"{world.settings.public_url}/incidents?status=open")
        return replace(facts, why=why, bundle=several)
    except STRANGE as problem:
        log.error("facts_failed", problem, delivery=leased.id, incident=leased.incident_id)
        return bare_facts(session, leased, world)


def attempt(leased: Leased, facts: Facts, world: World, given: Mapping[str, str]) -> Result:
    """Render and send one message. A channel that has no provider writes it to the log instead."""
    env = {**world.settings.env, **given}
    hidden = ""
    try:
        address = leased.address
        if channels.find(leased.channel).SECRET:
            address = hidden = world.vault.open(address)
        message = _message(leased, facts, address)
        if kept_here := _kept_here(leased, env):
            channels.find("log").send(message, env)
            return Result(leased, "logged", f"written to the log: {kept_here}")
        return Result(leased, "sent", channels.carrier(leased.channel, env).send(message, env))
    except PermanentFailure as failure:
        return Result(leased, "never", mask(str(failure), env, hidden), ended=isinstance(failure, AddressEnded))
    except TemporaryFailure as failure:
        words = mask(str(failure), env, hidden)
        return Result(leased, "later", words, ambiguous=failure.ambiguous, retry_after=failure.retry_after)
    except Exception as failure:  # noqa: BLE001 - one bad message must not stop the others; the row keeps the reason
        log.error("delivery_failed", failure, delivery=leased.id, channel=leased.channel)
        return Result(leased, "later", mask(f"{type(failure).__name__}: {failure}", env, hidden), ambiguous=True)


def _kept_here(leased: Leased, env: Mapping[str, str]) -> str:
    """Why it goes to the log and to nobody: invented people are never called, whatever keys there are."""
    if is_invented(leased.who):
        return "this person belongs to the demo data"
    lacking = channels.missing(leased.channel, env)
    return f"{', '.join(lacking)} not set" if lacking else ""


def _message(leased: Leased, facts: Facts, address: str) -> Message:
    if leased.attempts > PARKED_AFTER:
        return _plain(leased, facts, address)
    return replace(render(facts, leased.channel, leased.kind, address, leased.id), again=leased.again)


def _plain(leased: Leased, facts: Facts, address: str) -> Message:
    """A message that could not be rendered, or not be sent as rendered, again and again: the bare words."""
    title = cut(one_line(f"{facts.urgency.upper()}: {facts.title}"), 200)
    return Message(leased.id, facts.number, facts.uuid, leased.kind, address, title, facts.url, url=facts.url,
                   urgency=facts.urgency, severity=facts.severity, again=leased.again)  # fmt: skip


def work_off(sender: Sender, now: datetime, *, patience: float = 15.0) -> int:
    """For tests and one-shot commands: everything due at `now`, to the end. Returns how many attempts were made."""
    made, end = 0, time.monotonic() + patience
    while time.monotonic() < end:
        with reading() as session:
            ready = waiting.glance(session, channels.names(), now, sender.clock(session), sender.floors).channels
        busy = sender.work(now, ready)
        made += busy
        if not busy and not sender.flights:
            return made
        time.sleep(0.002)
    raise TimeoutError(f"messages are still under way after {patience} s")
