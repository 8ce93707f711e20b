"""Confirms the subscriptions of topics, beside the worker's loop: nothing is asked of others while a sender waits.

Whoever knows a token of the source may ask for it; what is visited is signed by the service itself, at its own address,
and of the account that the source belongs to since its first topic was confirmed (decision 48).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask

from gateway import log
from gateway.flows.beside import Beside
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.outward.topics import Doubtful, Service
from gateway.store.db import reading, transaction
from gateway.store.senders import topics
from gateway.store.senders.topics import Asked
from gateway.world import World
from rules.senders.topics import GOOD_FOR, State, account_of, doubt, visit
from rules.telling.retry import next_attempt

EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class Confirmer:
    """One worker's turns at it."""

    app: Flask
    world: World
    service: Service = field(default_factory=Service)
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "topics")

    def start_due(self, now: datetime) -> None:
        with reading() as session:
            if not topics.is_due(session, now):
                return
        self.beside.start("topics", EVERY, now, lambda: turn(self.world, self.service))


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one attempt; waiting: it is tried again, not before `wish` seconds if there is one."""

    state: State
    doubt: str = ""
    error: str = ""
    wish: float | None = None


def turn(world: World, service: Service) -> int:
    """All that is due. Returns how many attempts there were."""
    made = 0
    while True:
        with transaction() as session:
            one = topics.lease(session, world.clock.now())
        if one is None:
            return made
        made += 1
        _settle(one, _attempt(one, service, world.clock.now()), world.clock.now())


def _attempt(one: Asked, service: Service, now: datetime) -> Came:
    try:
        if (wrong := doubt(one.fields, one.account)) is not None:
            return Came(State.REFUSED, wrong)
        service.check(one.fields, now)
        service.get(visit(one.fields))
    except Doubtful as problem:
        return Came(State.REFUSED, problem.doubt)
    except TemporaryFailure as failure:
        late = now - one.asked_at >= GOOD_FOR
        return Came(State.FAILED if late else State.WAITING, "", str(failure), failure.retry_after)
    except PermanentFailure as failure:
        return Came(State.FAILED, "", str(failure))
    return Came(State.CONFIRMED)


def _settle(one: Asked, came: Came, now: datetime) -> None:
    with transaction() as session:
        row = topics.held(session, one)
        if row is None:
            return
        row.state, row.doubt, row.error = came.state, came.doubt, came.error[:300]
        log.info("topic", topic=one.name, state=came.state, doubt=came.doubt, error=row.error)
        if came.state is State.WAITING:
            row.due_at = next_attempt(f"topic:{one.id}", one.attempt, now, came.wish)
            return
        row.settled_at, row.fields = now, {}
        if came.state is State.CONFIRMED:
            row.account = account_of(one.name)
