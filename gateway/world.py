"""What every door is given: settings, clock, rule book, the vault for secrets."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gateway.bookshelf import Bookshelf
from gateway.clock import Clock
from gateway.secrets import Vault
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class World:
    settings: Settings
    clock: Clock
    shelf: Bookshelf
    vault: Vault


def world() -> World:
    """The world of the running app."""
    return cast(World, current_app.extensions["gateway"])
