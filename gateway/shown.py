"""The settings as people may see them: each with where it comes from, of a secret no more than its ending."""

import os
from dataclasses import dataclass

from gateway.settings import FILE, SETTINGS, Settings

ENDING = 3  # characters of a secret that are shown, of one that is long enough not to be given away by them
LONG = 16


@dataclass(frozen=True, slots=True)
class Shown:
    name: str
    value: str
    secret: bool
    origin: str  # environment, default, not set, or the variable that names a file
    what: str  # names and examples between `


def settings(given: Settings) -> list[Shown]:
    found = []
    for one in SETTINGS:
        value = given.env.get(one.name, "")
        variable = next((name for name in (one.name, one.name + FILE) if os.environ.get(name)), "")
        origin = "environment" if variable == one.name else variable
        origin = origin or ("default" if value else "not set")
        if one.secret and value:
            value = f"…{value[-ENDING:]}" if len(value) >= LONG and "://" not in value else "…"
        found.append(Shown(one.name, value, one.secret, origin, one.what))
    return found
