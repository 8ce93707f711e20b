"""What stands above every page while it is so: emergencies that reached nobody, what the auditor found, bad rules."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from gateway.store import selfwatch, vitals
from gateway.store.db import db
from gateway.world import world
from rules.selfwatch import STALE, Finding, What
from rules.text import cut, one_line

NAMED = 3  # incidents that get a link each
LONGEST = 300  # characters of a complaint


@dataclass(frozen=True, slots=True)
class Alarms:
    lost: tuple[int, ...]  # numbers of emergencies, the oldest first
    complaint: str  # the first one about the rule book
    findings: tuple[Finding, ...] = ()  # of the auditor
    unwatched: datetime | None = None  # when the auditor was last seen, if that is too long ago

    @property
    def named(self) -> tuple[int, ...]:
        return self.lost[:NAMED]


def alarms(now: datetime) -> Alarms:
    here = world()
    lost = vitals.undelivered(db.session(), now, configured=vitals.configured(here.settings.env))
    first = next(iter(here.shelf.complaints), "")
    audit = selfwatch.last(db.session())
    complaint = cut(one_line(first), LONGEST)
    if audit is not None and now - audit.at > STALE:
        return Alarms(tuple(lost), complaint, unwatched=audit.at)
    findings = audit.findings if audit is not None else ()
    return Alarms(tuple(lost), complaint, tuple(one for one in findings if one.what is not What.UNREACHED))


def marked(mark: str, now: datetime) -> str:
    """A page's mark that changes with the alarms too: some begin with nothing but time passing."""
    found = alarms(now)
    lasting = (found.lost, found.complaint, [one.what.value for one in found.findings], found.unwatched)
    return f"{mark}-{zlib.crc32(repr(lasting).encode()):x}"
