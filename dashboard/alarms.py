"""What stands above every page while it is so: emergencies that reached nobody, a rule book with mistakes."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from gateway.store import vitals
from gateway.store.db import db
from gateway.world import world
from rules.text import cut, one_line

NAMED = 3  # incidents that get a link each
LONGEST = 300  # characters of a complaint


@dataclass(frozen=True, slots=True)
class Alarms:
    lost: tuple[int, ...]  # numbers of emergencies, the oldest first
    complaint: str  # the first one about the rule book

    @property
    def named(self) -> tuple[int, ...]:
        return self.lost[:NAMED]


def alarms(now: datetime) -> Alarms:
    here = world()
    lost = vitals.undelivered(db.session(), now, configured=vitals.configured(here.settings.env))
    first = next(iter(here.shelf.complaints), "")
    return Alarms(tuple(lost), cut(one_line(first), LONGEST))


def marked(mark: str, now: datetime) -> str:
    """A page's mark that changes with the alarms too: some begin with nothing but time passing."""
    found = alarms(now)
    return f"{mark}-{zlib.crc32(repr((found.lost, found.complaint)).encode()):x}"
