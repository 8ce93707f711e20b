"""What every door is given: settings, clock, rule book, vault for secrets, roll of people."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gateway.bookshelf import Bookshelf
from gateway.clock import Clock
from gateway.secrets import Vault
from gateway.settings import Settings
from gateway.store.roll import Roll


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    clock: Clock
    shelf: Bookshelf
    vault: Vault
    roll: Roll


def world() -> World:
    """The world of the running app."""
    return cast(World, current_app.extensions["gateway"])
