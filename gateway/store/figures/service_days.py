"""Services, day by day: how many incidents each had and which were the newest. Written with the sums of reports."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gateway.store.figures import stats
from gateway.store.figures.stats import Scope
from gateway.store.sql import bulk
from gateway.store.tables import Incident
from gateway.store.tables.stats import StatService

KEPT = 31  # days
MOST = 1_000  # services of one day: the busiest. Names are made by senders
NEWEST = 5  # incidents of a day, a service and a class that are remembered
LISTED = 5_000
_COLUMNS = ("day", "service", "urgency", "incidents", "newest")
_OF_DAY = f"FROM incident i WHERE i.opened_at >= {{}} AND i.opened_at < {{}} AND {stats.COUNTS} AND i.service <> ''"
_COUNT = (
    f"SELECT service, urgency, count(*) {_OF_DAY} GROUP BY service, urgency ORDER BY count(*) DESC, service LIMIT {{}}"
)
_NEWEST = f"""
    SELECT service, urgency, id FROM (
      SELECT i.service, i.urgency, i.id,
        row_number() OVER (PARTITION BY i.service, i.urgency ORDER BY i.id DESC) AS place {_OF_DAY}
    ) ranked WHERE place <= {{}} ORDER BY id DESC
"""  # noqa: S608 - our own words
Row = tuple[int, str, int, int, str]


def count(session: Session, scope: Scope) -> list[Row]:
    """One day, as its rows are written."""
    newest: dict[tuple[str, int], list[int]] = {}
    for service, urgency, number in bulk.select_plain(session, _NEWEST, scope.begins, scope.ends, NEWEST):
        newest.setdefault((service[:200], urgency), []).append(number)
    sums: dict[tuple[str, int], int] = {}
    for service, urgency, incidents in bulk.select_plain(session, _COUNT, scope.begins, scope.ends, MOST):
        key = (service[:200], urgency)
        sums[key] = sums.get(key, 0) + int(incidents)
    return [
        (scope.first, service, urgency, incidents, json.dumps(newest.get((service, urgency), [])[:NEWEST]))
        for (service, urgency), incidents in sums.items()
    ]


def write(session: Session, day: int, rows: Sequence[Row]) -> None:
    session.execute(delete(StatService).where(StatService.day == day))
    bulk.insert(session, StatService, _COLUMNS, rows)


def forget(session: Session, today: int) -> None:
    session.execute(delete(StatService).where(StatService.day <= today - KEPT))


@dataclass(frozen=True, slots=True)
class Seen:
    """One service in the last days."""

    name: str
    incidents: int
    newest: int  # the last day it had one


def names(session: Session) -> list[Seen]:
    sums = func.sum(StatService.incidents)
    query = select(StatService.service, sums, func.max(StatService.day)).group_by(StatService.service)
    rows = session.execute(query.order_by(sums.desc(), StatService.service).limit(LISTED))
    return [Seen(row[0], int(row[1]), row[2]) for row in rows]


def by_policy(session: Session) -> dict[str, set[str]]:
    """Which services went by each policy lately: by the newest incident of each class."""
    query = select(StatService.service, StatService.urgency, StatService.newest).order_by(StatService.day.desc())
    newest: dict[tuple[str, int], int] = {}
    for service, urgency, numbers in session.execute(query.limit(LISTED)):
        if numbers:
            newest.setdefault((service, urgency), numbers[0])
    ids = list(newest.values())[:MOST]
    found: dict[str, set[str]] = {}
    for policy, service in session.execute(select(Incident.policy, Incident.service).where(Incident.id.in_(ids))):
        found.setdefault(policy, set()).add(service)
    return found


@dataclass(frozen=True, slots=True)
class Day:
    day: int
    service: str
    urgency: int
    incidents: int
    newest: tuple[int, ...]  # numbers of incidents, the newest first


def days(session: Session, services: Sequence[str]) -> list[Day]:
    """All that is kept of these, the newest day first."""
    table = StatService
    query = select(table.day, table.service, table.urgency, table.incidents, table.newest)
    rows = session.execute(query.where(table.service.in_(services)).order_by(table.day.desc()))
    return [Day(day, service, urgency, count, tuple(newest)) for day, service, urgency, count, newest in rows]
