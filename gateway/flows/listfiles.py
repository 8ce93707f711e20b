"""Long lists as files, made beside the worker's loop."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask

from gateway.acts import listfiles as work
from gateway.flows.apart import apart
from gateway.flows.beside import Beside
from gateway.store.db import reading
from gateway.store.reading import listfiles
from gateway.world import World

EVERY = timedelta(milliseconds=400)


@dataclass(slots=True)
class Clerk:
    """One worker's turns at it."""

    app: Flask
    world: World
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "files")

    def start_due(self, now: datetime) -> None:
        with reading() as session:
            if not listfiles.waiting(session):
                return
        self.beside.start("files of lists", EVERY, now, lambda: turn(self.world))


def turn(world: World) -> int:
    """All that waits, to its end, a part of each in turn. Returns how many steps there were."""
    made = 0
    with reading() as session:
        numbers = listfiles.waiting(session)
    while numbers:
        numbers = [one for one in numbers if _step(one, world.clock.now())]
        made += 1
    return made


def _step(number: int, now: datetime) -> bool:
    return apart("list_files", lambda: work.portion(number, now), lambda: work.give_up(number, now), file=number)
