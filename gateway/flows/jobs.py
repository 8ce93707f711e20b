"""Acts on many incidents, worked off beside the worker's loop."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway import jobs as work
from gateway import log
from gateway.flows.beside import Beside
from gateway.store import jobs, locks
from gateway.store.db import reading
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
    try:
        return work.portion(number, now, size)
    except (OperationalError, PoolTimeout):  # the database is away: it goes on where it was
        raise
    except Exception as problem:  # noqa: BLE001 - one odd incident must not hold up all that people ask for
        log.error("job_failed", problem, job=number)
        return _one(number, now)


def _one(number: int, now: datetime) -> bool:
    """Only the first of those, so that nothing but the odd one is passed over."""
    try:
        return work.portion(number, now, 1)
    except (OperationalError, PoolTimeout):
        raise
    except Exception as problem:  # noqa: BLE001 - this is the odd one
        log.error("incident_passed_over", problem, job=number)
        return work.pass_over(number, now)


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
