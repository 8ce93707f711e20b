"""What stands above every page while it is so: emergencies that reached nobody, what the auditor found, bad rules."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from flask import request

from dashboard.glance import pulse
from gateway.store.upkeep.vitals import Failing, Losing
from gateway.world import world
from rules.duty.oncall import is_gap
from rules.reports.selfwatch import STALE, Finding, What
from rules.texts.text import cut, one_line

NAMED = 3  # incidents that get a link each
LONGEST = 300  # characters of a complaint
HERE = "nabat.alarms"  # where a request keeps what it found


@dataclass(frozen=True, slots=True)
class Alarms:
    lost: tuple[int, ...]  # numbers of emergencies, the oldest first
    complaint: str  # the first one about the rule book
    findings: tuple[Finding, ...] = ()  # of the auditor
    unwatched: datetime | None = None  # when the auditor was last seen, if that is too long ago
    failing: tuple[Failing, ...] = ()  # channels whose pages do not get out
    losing: tuple[Losing, ...] = ()  # channels of which too much failed for good
    uncovered: tuple[str, ...] = ()  # schedules in which nobody is on call though somebody has to be

    @property
    def named(self) -> tuple[int, ...]:
        return self.lost[:NAMED]


def alarms(now: datetime) -> Alarms:
    """Asked once a request, for the page and for its mark."""
    known: Alarms | None = request.environ.get(HERE)
    if known is None:
        known = request.environ[HERE] = _look(now)
    return known


def _look(now: datetime) -> Alarms:
    found, here = pulse(now), world()
    first = next(iter(here.shelf.complaints), "")
    complaint = cut(one_line(first), LONGEST)
    empty = tuple(one.name for one in found.people.schedules.values() if is_gap(one, now))
    audit, failing, losing = found.audit, found.failing, found.losing
    if audit is not None and now - audit.at > STALE:
        return Alarms(found.lost, complaint, unwatched=audit.at, uncovered=empty, failing=failing, losing=losing)
    findings = audit.findings if audit is not None else ()
    shown = tuple(one for one in findings if one.what is not What.UNREACHED)
    return Alarms(found.lost, complaint, shown, uncovered=empty, failing=failing, losing=losing)


def marked(mark: str, now: datetime) -> str:
    """A page's mark that changes with the alarms too: some begin with nothing but time passing."""
    found = alarms(now)
    what = [one.what.value for one in found.findings]
    lasting = (
        found.lost,
        found.complaint,
        what,
        found.unwatched,
        found.uncovered,
        [one.channel for one in found.failing],
        [one.channel for one in found.losing],
    )
    return f"{mark}-{zlib.crc32(repr(lasting).encode()):x}"
