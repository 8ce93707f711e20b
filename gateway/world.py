"""What every door is given: settings, clock, rule book, vault for secrets, roll of people, the disk."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app

from gateway.clock import Clock
from gateway.disk import Disk
from gateway.rulebook.shelf import Bookshelf
from gateway.secrets import Vault
from gateway.settings import Settings
from gateway.store.directory.roll import Roll
from gateway.store.incidents.numbers import Streak


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    clock: Clock
    shelf: Bookshelf
    vault: Vault
    roll: Roll
    disk: Disk
    heard: dict[int, datetime] = field(default_factory=dict)  # by source: when its last word was last noted
    streak: Streak = field(default_factory=Streak)  # of batches that nobody knew anything of


def world() -> World:
    """The world of the running app."""
    return cast(World, current_app.extensions["gateway"])
