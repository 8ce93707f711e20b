"""Acts on many incidents, worked off beside the worker's loop."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway import jobs as work
from gateway import log
from gateway.flows.beside import Beside
from gateway.store import jobs
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


def _portion(number: int, now: datetime) -> bool:
    try:
        return work.portion(number, now)
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
        numbers, made = jobs.waiting(session), 0
    for number in numbers:
        more = True
        while more:
            more = _portion(number, world.clock.now())
            made += 1
    return made
