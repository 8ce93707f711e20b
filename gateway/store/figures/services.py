"""What is open of each service, and its incidents as lists of services tell of them. No answer takes a look at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from gateway.store.base import COUNTED, NAMED, OPEN
from gateway.store.figures import reports, rollups
from gateway.store.figures.stats import Scope
from gateway.store.sql import buckets
from gateway.store.tables import AlertRow, Incident
from gateway.store.types import moment
from rules.reports.noise import Noise
from rules.words import Status, Urgency

SHOWN = 20  # incidents of one service
SAMPLES = 20  # alerts whose labels are looked at
WEEKS = 4


def open_now(session: Session) -> dict[str, list[int]]:
    """Open incidents by service and class; of each class and status the newest are counted."""
    parts = [
        select(
            select(Incident.service, literal(urgency.rank).label("urgency"))
            .where(Incident.status == status.value, Incident.urgency == urgency.rank, part)
            .order_by(Incident.id.desc())
            .limit(COUNTED + 1)
            .subquery()
        )
        for urgency in Urgency
        for status in (Status.TRIGGERED, Status.ACKNOWLEDGED)
        for part in buckets.parts(status)
    ]
    some = union_all(*parts).subquery()
    groups = (some.c.service, some.c.urgency)
    found: dict[str, list[int]] = {}
    for service, urgency, count in session.execute(select(*groups, func.count()).group_by(*groups)):
        if service:
            found.setdefault(service, [0, 0, 0, 0])[urgency] += count
    return found


def open_of(session: Session, service: str) -> tuple[list[int], datetime | None]:
    """Of one service: how many of each class as far as that is counted, and since when the oldest is open."""
    some = (
        select(Incident.urgency, Incident.opened_at)
        .where(OPEN, NAMED, Incident.service == service)
        .limit(COUNTED + 1)
        .subquery()
    )
    counts, oldest = [0, 0, 0, 0], None
    query = select(some.c.urgency, func.count(), func.min(some.c.opened_at)).group_by(some.c.urgency)
    for urgency, count, since in session.execute(query):
        counts[urgency] = count
        oldest = since if oldest is None else min(oldest, since)
    return counts, oldest


@dataclass(frozen=True, slots=True)
class Brief:
    """An incident as far as services tell of it."""

    id: int
    service: str
    urgency: int
    status: str
    title: str
    rule: str
    policy: str
    team: str
    opened_at: datetime
    resolved_at: datetime | None
    snoozed: bool
    hidden: bool


_COLUMNS = (
    Incident.id, Incident.service, Incident.urgency, Incident.status, Incident.title, Incident.rule, Incident.policy,
    Incident.team, Incident.opened_at, Incident.resolved_at, Incident.snoozed_until, Incident.suppressed_by,
)  # fmt: skip


def _brief(row: Any) -> Brief:
    return Brief(*row[:10], *(value is not None for value in row[10:]))


def incidents(session: Session, numbers: Iterable[int]) -> dict[int, Brief]:
    rows = session.execute(select(*_COLUMNS).where(Incident.id.in_(set(numbers))))
    return {row[0]: _brief(row) for row in rows}


def open_incidents(session: Session, service: str) -> list[Brief]:
    """The most urgent and newest of what is open."""
    found: list[Brief] = []
    for urgency in Urgency:
        query = select(*_COLUMNS).where(OPEN, NAMED, Incident.service == service, Incident.urgency == urgency.rank)
        found += map(_brief, session.execute(query.order_by(Incident.id.desc()).limit(SHOWN)))
    return found[:SHOWN]


def said(session: Session, numbers: Iterable[int]) -> Mapping[int, Mapping[str, Any]]:
    """Of incidents: annotations and labels of one alert each."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    columns = (AlertRow.incident_id, AlertRow.labels, AlertRow.annotations)
    parts = [select(select(*columns).where(AlertRow.incident_id == number).limit(1).subquery()) for number in wanted]
    return {row[0]: {**row[1], **row[2]} for row in session.execute(union_all(*parts))}


def samples(session: Session, numbers: Sequence[int]) -> list[dict[str, str]]:
    """Labels as its alerts have them."""
    query = select(AlertRow.labels, AlertRow.severity).where(AlertRow.incident_id.in_(numbers))
    rows = session.execute(query.limit(SAMPLES))
    return [{"severity": severity, **labels} for labels, severity in rows]


def noisiest(session: Session, service: str, zone: ZoneInfo, now: datetime) -> tuple[list[Noise], Scope]:
    """From the sums by week, this one and those before it."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    scope = Scope(monday - timedelta(weeks=WEEKS - 1), monday + timedelta(weeks=1), zone, service=service)
    rows = reports.alert_rows(session, scope, now, exact=False)
    return reports.noise(rows), scope


def counted_at(session: Session) -> datetime | None:
    """When the days were counted last."""
    state = rollups.state(session)
    return moment(state.built) if state is not None and state.built else None
