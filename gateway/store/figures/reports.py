"""The one place where reports come from, for pages, files, the API and /metrics alike.

Few incidents of a short time are counted one by one; else the sums that the worker keeps are read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway.store.figures import rollup_readings, rollups, stats, verdicts
from gateway.store.figures.stats import Scope
from gateway.store.sql import bulk
from gateway.store.types import micros, moment
from rules.reports.noise import MINUTES, Noise
from rules.reports.report import Figures, report

EXACT_DAYS, EXACT_MOST = 31, 1500  # more would take longer than a page may: bench/reports.py
LISTED = 20
LOOKED_AT = 2000  # newest incidents that are looked at for those that missed their target


@dataclass(frozen=True, slots=True)
class Answer:
    """Figures, and how they came about."""

    scope: Scope
    figures: Figures
    exact: bool
    until: datetime | None = None  # sums: when they were made last
    since: int | None = None  # sums: the first day they have, while the days before are still being counted


def response(session: Session, scope: Scope, now: datetime, *, exact: bool | None = None) -> Answer:
    """`exact`: for tests; else the smaller way is chosen."""
    if exact if exact is not None else counts_each(session, scope):
        return Answer(scope, report(stats.tally(session, scope, now)), exact=True)
    state = rollups.state(session)
    since = state.since if state is not None and not state.complete and state.since > scope.first else None
    until = moment(state.built) if state is not None else None
    return Answer(scope, report(rollup_readings.tally(session, scope)), exact=False, until=until, since=since)


def missed(session: Session, scope: Scope, now: datetime) -> Sequence[Any]:
    """Number, title, service, class, opened, due and answered of what missed its target, the newest; looked for among
    the newest incidents of the period only, so that a page of a month with a million of them is as quick.
    """
    where, values = stats.narrowed(scope)
    sql = f"""
        SELECT id, title, service, urgency, opened_at, ack_due_at, answered FROM (
          SELECT i.id, i.title, i.service, i.urgency, i.opened_at, i.ack_due_at,
            coalesce(i.first_ack_at, i.resolved_at) AS answered
          FROM incident i WHERE i.opened_at >= {{}} AND i.opened_at < {{}} AND {stats.COUNTS}{where}
          ORDER BY i.opened_at DESC LIMIT {LOOKED_AT}) newest
        WHERE answered > ack_due_at OR (answered IS NULL AND ack_due_at < {{}}) ORDER BY opened_at DESC LIMIT {LISTED}
    """  # noqa: S608 - our own words
    return bulk.select_plain(session, sql, scope.begins, scope.ends, *values, micros(now))


def before(scope: Scope) -> Scope:
    """The period of the same length before it."""
    return replace(scope, start=scope.start - timedelta(days=scope.days), end=scope.start)


def counts_each(session: Session, scope: Scope) -> bool:
    """A service alone is always counted one by one: the sums of a day do not tell services apart."""
    if scope.service:
        return True
    if scope.days > EXACT_DAYS:
        return False
    sql = "SELECT count(*) FROM (SELECT 1 FROM incident WHERE opened_at >= {} AND opened_at < {} LIMIT {}) few"
    found = bulk.select_plain(session, sql, scope.begins, scope.ends, EXACT_MOST + 1)
    return bool(found[0][0] <= EXACT_MOST)


def alert_rows(session: Session, scope: Scope, now: datetime, *, exact: bool | None = None) -> Sequence[Any]:
    if exact if exact is not None else counts_each(session, scope):
        return rollups.alert_rows(session, scope, micros(now))
    return rollup_readings.alert_rows(session, scope)


def noise(rows: Iterable[Any]) -> list[Noise]:
    """By name and service, the most alerts first; tickets have no name and are none."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if row[2]:
            sums = found.setdefault((row[2], row[3]), [0] * len(rollups.NAME_SUMS))
            found[row[2], row[3]] = [one + more for one, more in zip(sums, row[4:], strict=True)]
    made = [_noise(name, service, sums) for (name, service), sums in found.items()]
    return sorted(made, key=lambda one: (-one.alerts, one.name, one.service))


def _noise(name: str, service: str, sums: Sequence[int]) -> Noise:
    incidents, alerts, pages, acted = sums[:4]
    cleared, spared = sums[6 : 6 + MINUTES], sums[6 + MINUTES :]
    return Noise(name, service, incidents, alerts, pages, acted, tuple(cleared), tuple(spared))


def judged(session: Session, found: Iterable[Noise], scope: Scope) -> list[Noise]:
    """With the verdicts of people about each, said within the period."""
    by_name: dict[str, tuple[int, int]] = {}
    for one in verdicts.tallies(session, moment(scope.begins), moment(scope.ends)):
        all_, wrong = by_name.get(one.alertname, (0, 0))
        _, said = one.precision
        by_name[one.alertname] = (all_ + said, wrong + one.calls_wrong)
    return [
        replace(one, judged=by_name[one.name][0], wrong=by_name[one.name][1]) if one.name in by_name else one
        for one in found
    ]


@dataclass(slots=True)
class Service:
    """One service, and how its incidents were answered."""

    name: str
    incidents: int = 0
    alerts: int = 0
    pages: int = 0
    eligible: int = 0
    in_time: int = 0
    urgencies: tuple[int, ...] = (0, 0, 0, 0)


def services(rows: Iterable[Any]) -> list[Service]:
    """The worst first: by emergencies, then by the next class, and so on."""
    found: dict[str, Service] = {}
    for row in rows:
        one = found.setdefault(row[3], Service(row[3]))
        one.incidents += row[4]
        one.alerts += row[5]
        one.pages += row[6]
        one.eligible += row[8]
        one.in_time += row[9]
        one.urgencies = tuple(count + (row[4] if rank == row[1] else 0) for rank, count in enumerate(one.urgencies))
    return sorted(found.values(), key=lambda one: (*(-count for count in one.urgencies), one.name))


def service_names(session: Session, limit: int = 200) -> list[str]:
    """For a choice: those of the newest incidents."""
    sql = "SELECT DISTINCT service FROM (SELECT service FROM incident ORDER BY id DESC LIMIT 2000) newest"
    return sorted(row[0] for row in bulk.select_plain(session, sql) if row[0])[:limit]
