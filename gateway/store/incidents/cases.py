"""Incidents as decisions need them: loaded and locked, changed, written back, many at a time.

Not ORM objects: a storm touches thousands, and the unit of work costs ten to thirty times what the statements do.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.incidents.routes import read_route, route_text
from gateway.store.sql import bulk
from gateway.store.tables import Incident
from gateway.store.types import micros, moment, to_json
from rules.lifecycle import State
from rules.times.calendars import Standing
from rules.timing import UNTOLD, Phase
from rules.words import Route, Status

_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_AT_ONCE = 16  # chances are asked of the system for so many


def new_uuids(now: datetime) -> Iterator[str]:
    """UUIDs of version 7 (RFC 9562): they begin with the time, so that an index of them grows at its end only.

    Measured: with random ones every incident of a storm writes a page of its own in each index.
    """
    time = f"{micros(now) // 1000:012x}"
    head = f"{time[:8]}-{time[8:]}-7"
    while True:
        chances = os.urandom(10 * _AT_ONCE).hex()
        for at in range(0, len(chances), 20):
            one = chances[at : at + 20]
            yield f"{head}{one[:3]}-{_VARIANT[one[3]]}{one[4:7]}-{one[7:19]}"


def new_uuid(now: datetime) -> str:
    return next(new_uuids(now))


@dataclass(slots=True)
class Case:
    """One incident under our lock."""

    id: int
    uuid: str
    kind: str
    dedup_key: str
    source_id: int
    route: Route
    state: State
    opened_at: datetime
    title: str
    service: str = ""
    ack_at: datetime | None = None
    ack_by: str | None = None
    first_ack_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolve_kind: str | None = None
    alert_count: int = 0
    truncated: int = 0
    firing: int = 0  # how many of its alerts fire, once count_firing was asked
    ticket: str | None = None  # JSON
    started_at: datetime | None = None
    local_hour: int = 0
    night: bool = False
    is_test: bool = False
    team: str = ""
    alert_name: str = ""
    assignee_id: int | None = None
    times: tuple[Standing, ...] = ()  # how the calendars stood that its route was found by, while it is fresh
    changes: tuple[datetime, ...] = ()  # when it began and ceased to fire, where that is counted
    fresh: bool = False  # not in the database yet
    rerouted: bool = False  # it was given another route now

    @property
    def open(self) -> bool:
        return self.state.status is not Status.RESOLVED

    @property
    def sleeps(self) -> bool:
        """Whether what comes to it may wake it: it is snoozed, or held back."""
        return self.state.snoozed_until is not None or self.state.phase in UNTOLD

    @property
    def calls(self) -> bool:
        """Whether the ladder goes on: nobody has answered, nobody has snoozed it."""
        return self.state.status is Status.TRIGGERED and self.state.snoozed_until is None


_COLUMNS = (
    "id, uuid, kind, dedup_key, source_id, route, status, level, next_at, opened_at, title, service, ack_at, ack_by, "
    "alert_count, truncated, ticket, snoozed_until, snoozed_firing, assignee_id, resolved_at, resolved_by, "
    "resolve_kind, suppressed_by, phase, changes, first_ack_at"
)


def load(session: Session, ids: Iterable[int]) -> dict[int, Case]:
    """The incidents of these ids, locked in the order of ids, so that two of us cannot wait for each other."""
    sql = f"SELECT {_COLUMNS} FROM incident WHERE id {{list}} ORDER BY id{_lock(session)}"  # noqa: S608
    return {case.id: case for case in map(_case, bulk.select(session, sql, sorted(set(ids))))}


def open_ids(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """The open incidents of these dedup keys, without a lock: a person may resolve one before it is loaded."""
    wanted = sorted(set(keys))
    sql = "SELECT dedup_key, id FROM incident WHERE dedup_key {list} AND status <> 'resolved'"
    return {row[0]: row[1] for row in bulk.select_each(session, sql, wanted)} if wanted else {}


def load_open(session: Session, keys: Iterable[str]) -> dict[str, Case]:
    """The open incidents of these dedup keys, locked in the order of ids."""
    ids = open_ids(session, keys).values()
    # Between the two looks a person may have resolved one of them.
    return {case.dedup_key: case for case in load(session, ids).values() if case.open} if ids else {}


def sources_of(session: Session, ids: Iterable[int]) -> list[int]:
    """Whose alerts they are made of, without a lock: only a merge changes that."""
    wanted = sorted(set(ids))
    own = bulk.select(session, "SELECT source_id FROM incident WHERE id {list}", wanted)
    alerts = bulk.select_each(session, "SELECT DISTINCT source_id FROM alert WHERE incident_id {list}", wanted)
    return sorted({row[0] for row in (*own, *alerts)})


def say_fixed(session: Session, incident_id: int, text: str) -> None:
    bulk.update(session, Incident, ("id", "fixed_by"), [(incident_id, text)])


def most_urgent(session: Session, ids: Iterable[int], kind: str) -> int | None:
    """Of these the most urgent open one of that kind; of several one that is not put off or kept quiet, the oldest."""
    sql = (
        "SELECT urgency, snoozed_until IS NOT NULL OR suppressed_by IS NOT NULL, id FROM incident "
        "WHERE id {list} AND kind = {} AND status IN ('triggered', 'acknowledged')"
    )
    found = [(row[0], bool(row[1]), row[2]) for row in bulk.select(session, sql, sorted(set(ids)), kind)]
    return min(found)[2] if found else None


def say_merged(session: Session, incident_id: int, into: int | None) -> None:
    bulk.update(session, Incident, ("id", "merged_into"), [(incident_id, into)])


def named(session: Session, incident_id: int) -> tuple[str, str]:
    """Whose work it is, and what the reports call it: both stay as they were when it opened."""
    sql = "SELECT team, alert_name FROM incident WHERE id = {}"
    team, name = bulk.select_plain(session, sql, incident_id)[0]
    return str(team), str(name)


def count_firing(session: Session, cases: Iterable[Case]) -> None:
    """How many alerts of each incident fire, as the database has it; those that inhibition attached do not count."""
    by_id = {case.id: case for case in cases if not case.fresh}
    if not by_id:
        return
    sql = (
        "SELECT incident_id, count(*) FROM alert WHERE incident_id {list} AND firing AND latest AND attached IS NULL "
        "GROUP BY incident_id"
    )
    for incident_id, count in bulk.select_each(session, sql, by_id):
        by_id[incident_id].firing = count


_OTHER = ("id", "uuid", "dedup_key", "title", "service", "started_at", "alert_name")
_NEW = (
    *_OTHER, "kind", "source_id", "alert_count", "truncated", "is_test", "local_hour", "night", "ticket", "team",
    "resolved_at", "resolved_by", "resolve_kind",
    # of its route and its state
    "urgency", "rule", "policy", "route", "ack_due_at", "opened_at", "updated_at", "status", "level", "next_at",
    "snoozed_until", "suppressed_by",
)  # fmt: skip
_ALIKE = frozenset(_NEW) - frozenset(_OTHER)


def insert(session: Session, cases: Sequence[Case], now: datetime) -> None:
    at = micros(now)
    if is_postgres(session):  # two who open some of the same wait for each other in one order; SQLite likes that of ids
        cases = sorted(cases, key=attrgetter("dedup_key"))
    said: dict[tuple[int, int], tuple[Any, ...]] = {}  # by route and state: few, and each is long
    rows = []
    for case in cases:
        rest = said.get((id(case.route), id(case.state)))
        if rest is None:
            rest = said[id(case.route), id(case.state)] = _of_its_course(case, at)
        rows.append((*_new_row(case, at), *rest))
    bulk.insert(session, Incident, _NEW, rows, alike=_ALIKE)
    marked = [case for case in cases if case.state.phase or case.changes]  # few books ask for it
    bulk.update(session, Incident, ("id", "phase", "changes"), [(case.id, *_marks(case)) for case in marked])


def _new_row(case: Case, at: int) -> tuple[Any, ...]:
    return (
        case.id, case.uuid, case.dedup_key, case.title, case.service, _micros(case.started_at) or at, case.alert_name,
        case.kind, case.source_id, case.alert_count, case.truncated, case.is_test, case.local_hour, case.night,
        case.ticket, case.team, _micros(case.resolved_at), case.resolved_by, case.resolve_kind,
    )  # fmt: skip


def _of_its_course(case: Case, at: int) -> tuple[Any, ...]:
    route, state = case.route, case.state
    return (
        route.urgency.rank, route.rule, route.policy, route_text(route), _due(route, at), at, at, state.status.value,
        state.level, _micros(state.next_at), _micros(state.snoozed_until), state.suppressed_by or None,
    )  # fmt: skip


_KEPT = (
    "id", "status", "level", "next_at", "updated_at", "ack_at", "ack_by", "resolved_at", "resolved_by", "resolve_kind",
    "alert_count", "truncated", "ticket", "title", "snoozed_until", "snoozed_firing", "assignee_id", "suppressed_by",
    "first_ack_at", "phase", "changes",
)  # fmt: skip


def save(session: Session, cases: Sequence[Case], now: datetime) -> None:
    """Write back what decisions changed. load() reads all of these columns: a late word leaves them as they are."""
    at = micros(now)
    rows = [
        (
            case.id, case.state.status.value, case.state.level, _micros(case.state.next_at), at, _micros(case.ack_at),
            case.ack_by, _micros(case.resolved_at), case.resolved_by, case.resolve_kind, case.alert_count,
            case.truncated, case.ticket, case.title, _micros(case.state.snoozed_until),
            case.state.snoozed_firing if case.state.snoozed_until else None, case.assignee_id,
            case.state.suppressed_by or None, _micros(case.first_ack_at), *_marks(case),
        )
        for case in cases
    ]  # fmt: skip
    bulk.update(session, Incident, _KEPT, rows)
    _save_routes(session, [case for case in cases if case.rerouted], at)


def _save_routes(session: Session, cases: Sequence[Case], at: int) -> None:
    """What was raised has its time to be acknowledged anew, unless that acknowledgement stands."""
    routes = [
        (case.id, case.route.urgency.rank, case.route.rule, case.route.policy, route_text(case.route)) for case in cases
    ]
    bulk.update(session, Incident, ("id", "urgency", "rule", "policy", "route"), routes)
    due = [(case.id, _due(case.route, at)) for case in cases if case.state.status is Status.TRIGGERED]
    bulk.update(session, Incident, ("id", "ack_due_at"), due)


def _marks(case: Case) -> tuple[str, str]:
    return case.state.phase.value, to_json([micros(at) for at in case.changes]) if case.changes else "[]"


def _due(route: Route, at: int) -> int:
    return at + int(route.acknowledge_within.total_seconds() * 1_000_000)


def due(session: Session, now: datetime, limit: int, since: int = 0) -> list[int]:
    """Incidents whose next step has come, the most urgent first."""
    sql = (
        "SELECT id FROM incident WHERE next_at <= {} AND next_at >= {} AND next_at IS NOT NULL "
        "ORDER BY urgency, next_at LIMIT {}"
    )
    return [row[0] for row in bulk.select_plain(session, sql, micros(now), since, limit)]


def _case(row: Sequence[Any]) -> Case:
    (
        id_, uuid, kind, key, source_id, route, status, level, next_at, opened_at, title, service, ack_at, ack_by,
        alert_count, truncated, ticket, snoozed_until, snoozed_firing, assignee_id, resolved_at, resolved_by,
        resolve_kind, suppressed_by, phase, changes, first_ack_at,
    ) = row  # fmt: skip
    state = State(Status(status), level, _moment(next_at), _moment(snoozed_until), snoozed_firing or 0)
    state = replace(state, phase=Phase(phase)) if phase else state
    state = replace(state, suppressed_by=suppressed_by) if suppressed_by else state
    case = Case(id_, uuid, kind, key, source_id, read_route(route), state, moment(opened_at), title, service)
    case.ack_at, case.first_ack_at, case.assignee_id = _moment(ack_at), _moment(first_ack_at), assignee_id
    case.ack_by, case.alert_count, case.truncated, case.ticket = ack_by, alert_count, truncated, ticket
    case.resolved_at, case.resolved_by, case.resolve_kind = _moment(resolved_at), resolved_by, resolve_kind
    case.changes = tuple(moment(at) for at in msgspec.json.decode(changes)) if changes != "[]" else ()
    return case


def _lock(session: Session) -> str:
    return " FOR UPDATE" if is_postgres(session) else ""


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
