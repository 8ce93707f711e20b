"""Acts on many incidents, worked off beside the worker's loop."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import OperationalError

from gateway import log
from gateway.acts import jobs as work
from gateway.flows.apart import apart
from gateway.flows.beside import Beside
from gateway.store.db import reading
from gateway.store.incidents import jobs
from gateway.store.sql import locks
from gateway.world import World

EVERY = timedelta(milliseconds=200)


@dataclass(slots=True)
class Foreman:
    """One worker's turns at it."""

    app: Flask
    world: World
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "acts")

    def start_due(self, now: datetime) -> None:
        with reading() as session:
            if not jobs.waiting(session):
                return
        self.beside.start("many", EVERY, now, lambda: turn(self.world))


def _portion(number: int, now: datetime, size: int) -> bool:
    return apart("jobs", lambda: work.portion(number, now, size), lambda: _one(number, now), job=number)


def _one(number: int, now: datetime) -> bool:
    """Only the first of those, so that nothing but the odd one is passed over."""
    return apart("act", lambda: work.portion(number, now, 1), lambda: work.pass_over(number, now), job=number)


def turn(world: World) -> int:
    """All that waits, to its end, a portion at a time. Returns how many portions there were."""
    with reading() as session:
        numbers = jobs.waiting(session)
    return sum(_whole(number, world) for number in numbers)


def _whole(number: int, world: World) -> int:
    """As far as it goes. What somebody else holds is passed by and comes again, after the others' turn."""
    made, more, size, held = 0, True, work.PORTION, set[int]()
    while more:
        try:
            more = _portion(number, world.clock.now(), size)
        except OperationalError as problem:
            if not locks.is_held(problem):
                raise
            if size > 1:
                size = 1  # one of these: which?
                continue
            one = work.put_off(number, world.clock.now())
            log.warning("job_held_up", job=number, incident=one)
            if not one or one in held:
                return made
            held.add(one)
            size = work.PORTION
        made += 1
    return made
