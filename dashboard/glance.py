"""What every page asks before it is drawn, in one round trip: whether anything changed, what is wrong, how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import has_request_context, request
from msgspec.json import decode

from dashboard.hands import is_unassigned
from dashboard.reader import grouped
from gateway.demo.mark import FACT as DEMO
from gateway.store.base import AWAKE, COUNTED, FAILED, SNOOZED, SUPPRESSED, TICKETS
from gateway.store.db import db
from gateway.store.directory import firstrun, roll
from gateway.store.sql import bulk
from gateway.store.sql.bulk import Question
from gateway.store.types import micros, moment
from gateway.store.upkeep import selfwatch, vitals
from gateway.store.upkeep.selfwatch import Report
from gateway.store.upkeep.vitals import Failing, Losing
from gateway.world import world
from rules.words import Directory

NEWEST = 200  # lines of the timeline whose sum notices a transaction that commits late under a lower id
LOOKED_AT = 200  # of the open emergencies the newest; whatever is lost of the others, the auditor tells
FAILED_WITHIN = timedelta(days=1)
FAR_ASIDE = 99
TICKETS_LOOKED_AT = 1_000  # as in their list
HEARD = 3  # sources named in the corner
PULSE, FRAME = "nabat.pulse", "nabat.frame"  # where a request keeps what it found …
UNCHANGING = ("GET", "HEAD")  # … if it changes nothing on its way

_MARK = (
    "SELECT max(newest.id), sum(newest.id) "  # noqa: S608 - our own words, as all below
    f"FROM (SELECT id FROM entry ORDER BY id DESC LIMIT {NEWEST}) AS newest"
)
_KEYS = ", ".join(f"'{key}'" for key in (selfwatch.REPORT, DEMO, firstrun.PROGRESS, *roll.VERSIONS))
_FACTS = f"SELECT key, value, at FROM fact WHERE key IN ({_KEYS})"  # noqa: S608
_UNRESOLVED = "status IN ('triggered', 'acknowledged')"
_COUNTED = (
    f"{AWAKE} AND status = 'triggered'",
    f"{AWAKE} AND status = 'acknowledged'",
    f"{SNOOZED} AND {_UNRESOLVED}",
    f"{SUPPRESSED} AND {_UNRESOLVED}",
    f"{AWAKE} AND status = 'triggered' AND urgency = 0",
)
_COUNTS = ", ".join(
    [
        f"(SELECT count(*) FROM (SELECT id FROM incident WHERE {one} LIMIT {COUNTED + 1}) AS few)"  # noqa: S608
        for one in _COUNTED
    ]
    + ["(SELECT max(id) FROM incident) IS NOT NULL"]
)
# Beside the menu. Each along a partial index of its own, so that nothing else is read, however much there is.
_NEWEST_TICKETS = " UNION ALL ".join(
    "SELECT * FROM (SELECT assignee_id, snoozed_until, ticket FROM incident "  # noqa: S608
    f"WHERE {TICKETS} AND status = '{status}' ORDER BY id DESC LIMIT {TICKETS_LOOKED_AT}) AS {status}"
    for status in ("triggered", "acknowledged")
)
_TICKETS = (  # those for which the desk names nobody, as their JSON says it; what is left is read (hands.py)
    f"SELECT ticket FROM ({_NEWEST_TICKETS}) AS newest WHERE assignee_id IS NULL AND snoozed_until IS NULL "  # noqa: S608
    f"AND (ticket LIKE {{}} OR ticket NOT LIKE {{}}) LIMIT {LOOKED_AT}"
)
_NOBODY = ('%"assignee":""%', '%"assignee":"%')
_FAILED = (
    "SELECT count(*) FROM (SELECT created_at FROM delivery "  # noqa: S608
    f"WHERE {FAILED} ORDER BY id DESC LIMIT {FAR_ASIDE + 1}) AS few WHERE created_at > {{}}"
)
_SILENCES = (
    "SELECT count(*) FROM (SELECT id FROM silence WHERE next_at IS NOT NULL AND kind = 'silence' "  # noqa: S608
    f"AND ended_at IS NULL AND starts_at <= {{}} AND ends_at > {{}} LIMIT {FAR_ASIDE + 1}) AS few"
)
_ASIDE = f"SELECT ({_FAILED}), ({_SILENCES})"
_SOURCES = (
    "SELECT name, last_seen_at FROM source WHERE kind NOT IN ('nabat', 'people') "  # noqa: S608 - neither falls silent
    f"ORDER BY last_seen_at IS NULL, last_seen_at DESC LIMIT {HEARD}"
)


class Count(int):
    """How many there are, as far as that was counted."""

    @property
    def far(self) -> int:
        return COUNTED

    def __str__(self) -> str:
        return f"{grouped(self.far)}+" if self > self.far else grouped(int(self))


class Few(Count):
    """The same, not counted far: beside the menu there is no room, and nobody does anything else at more."""

    @property
    def far(self) -> int:
        return FAR_ASIDE


@dataclass(frozen=True, slots=True)
class Counts:
    """How many incidents are not resolved yet; what sleeps is neither open nor acknowledged."""

    open: Count
    ack: Count
    snoozed: Count
    hidden: Count  # by a silence, a maintenance window, something bigger
    emergencies: Count  # open ones

    @property
    def unresolved(self) -> Count:
        return Count(self.open + self.ack + self.snoozed + self.hidden)


@dataclass(frozen=True, slots=True)
class Aside:
    """What else waits for somebody, or is kept from them."""

    tickets: Few  # in nobody's hands
    failed: Few  # messages of the last day
    silences: Few  # in force


@dataclass(frozen=True, slots=True)
class _Ticket:
    """One that nobody here has."""

    ticket: dict[str, Any] | None
    assignee_id: int | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is asked by open pages, too."""

    mark: str  # changes whenever a line is written on any timeline
    lost: tuple[int, ...]  # emergencies that reached nobody, the oldest first
    failing: tuple[Failing, ...]
    losing: tuple[Losing, ...]
    audit: Report | None
    demo: bool  # the database was filled with invented data
    first_run: bool  # begun, and neither at its end nor left
    people: Directory


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page, and above the list."""

    counts: Counts
    aside: Aside
    any_incident: bool
    heard: tuple[tuple[str, datetime | None], ...]  # sources, the one heard last first


def pulse(now: datetime) -> Pulse:
    return _pulse(now, whole=False)


def keep(found: Pulse) -> None:
    """This request goes by what another has just read."""
    request.environ[PULSE] = found


def frame(now: datetime) -> Frame:
    known: Frame | None = request.environ.get(FRAME)
    if known is None:
        known = _keep_frame(bulk.several(db.session(), _frame_asked(now)), people())
    return known


def whole(now: datetime) -> tuple[Pulse, Frame]:
    """Both in one; the mark is read first, so that no change is missed."""
    return _pulse(now, whole=FRAME not in request.environ), frame(now)


def people() -> Directory:
    """Everybody who can be told."""
    known: Pulse | None = request.environ.get(PULSE) if has_request_context() else None
    return known.people if known is not None else world().roll.current(db.session())


def _pulse(now: datetime, *, whole: bool) -> Pulse:
    known: Pulse | None = request.environ.get(PULSE)
    if known is not None:
        return known
    session = db.session()
    asked = [Question(_MARK), Question(_FACTS), vitals.undelivered_asked(now, LOOKED_AT), vitals.failing_asked(now)]
    asked.append(vitals.losing_asked(now))
    found = bulk.several(session, [*asked, *(_frame_asked(now) if whole else ())])
    (top, total), facts = found[0][0], {key: (value, at) for key, value, at in found[1]}
    report = facts.get(selfwatch.REPORT)
    here = world()
    versions = {key: facts[key][0] for key in roll.VERSIONS if key in facts}
    everybody = here.roll.current(session, versions)
    if whole:
        _keep_frame(found[len(asked) :], everybody)
    read = Pulse(
        mark=f"{top or 0}-{total or 0}",
        lost=tuple(vitals.undelivered_of(session, found[2], configured=vitals.configured(here.settings.env))),
        failing=tuple(vitals.failing_of(found[3])),
        losing=tuple(vitals.losing_of(session, found[4], now)),
        audit=selfwatch.report_of(report[0], moment(report[1])) if report else None,
        demo=DEMO in facts,
        first_run=firstrun.PROGRESS in facts and firstrun.read(facts[firstrun.PROGRESS][0]).lasts,
        people=everybody,
    )
    if request.method in UNCHANGING:
        request.environ[PULSE] = read
    return read


def _frame_asked(now: datetime) -> tuple[Question, ...]:
    aside = Question(_ASIDE, (micros(now - FAILED_WITHIN), micros(now), micros(now)))
    return Question("SELECT " + _COUNTS), aside, Question(_TICKETS, _NOBODY), Question(_SOURCES)


def _keep_frame(found: Sequence[Sequence[Any]], directory: Directory) -> Frame:
    counted, aside, tickets, sources = found
    free = sum(is_unassigned(_Ticket(decode(said) if said else None), directory) for (said,) in tickets)
    *numbers, any_incident = counted[0]
    heard = tuple((name, None if at is None else moment(at)) for name, at in sources)
    read = Frame(Counts(*map(Count, numbers)), Aside(Few(free), *map(Few, aside[0])), bool(any_incident), heard)
    if request.method in UNCHANGING:
        request.environ[FRAME] = read
    return read
