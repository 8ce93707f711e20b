"""What the list and the frame of every page show, one query a question; none counts or skips without a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    TextClause,
    bindparam,
    func,
    select,
)  # fmt: skip
from sqlalchemy.orm import aliased

from gateway.demo.mark import FACT as DEMO
from gateway.store.base import AWAKE, SNOOZED, SUPPRESSED
from gateway.store.db import db
from gateway.store.tables import Delivery, Entry, Fact, Incident, PersonRow, Source
from gateway.world import world
from rules.words import Directory, Status, Urgency

COUNTED = 1000  # more are not counted: nobody acts differently on 1,000 than on 100,000
NEWEST = 200  # lines of the timeline whose sum notices a transaction that commits late under a lower id


class Count(int):
    """How many there are, as far as that was counted."""

    def __str__(self) -> str:
        return f"{COUNTED:,}+" if self > COUNTED else f"{int(self):,}"


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


def counts() -> Counts:
    """Each is a walk along an index of its own, and ends after COUNTED."""
    return Counts(*(Count(number) for number in db.session.execute(_counting()).one()))


@cache
def _counting() -> Select[*tuple[int, ...]]:
    """Put together once: with SQLAlchemy that takes longer than the database's work."""
    triggered = Incident.status == Status.TRIGGERED.value
    unresolved = Incident.status.in_((Status.TRIGGERED.value, Status.ACKNOWLEDGED.value))
    wanted = (
        (AWAKE, triggered),
        (AWAKE, Incident.status == Status.ACKNOWLEDGED.value),
        (SNOOZED, unresolved),
        (SUPPRESSED, unresolved),
        (AWAKE, triggered, Incident.urgency == Urgency.EMERGENCY.rank),
    )
    return select(*(_counted(*conditions) for conditions in wanted))


def _counted(*conditions: ColumnElement[bool] | TextClause) -> ScalarSelect[int]:
    some = select(Incident.id).where(*conditions).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def last_notifications(ids: Sequence[int]) -> dict[int, Delivery]:
    """The newest message of each incident; one that was called off before it left says nothing."""
    if not ids:
        return {}
    found = db.session.scalars(_newest(), {"ids": list(ids)}).all()
    query = select(Delivery).where(Delivery.id.in_([number for number in found if number is not None]))
    return {row.incident_id: row for row in db.session.scalars(query)}


@cache
def _newest() -> Select[Any]:
    one = aliased(Delivery)
    mine = select(one.id).where(one.incident_id == Incident.id, one.status != "cancelled")
    newest = mine.order_by(one.id.desc()).limit(1).correlate(Incident).scalar_subquery()
    return select(newest).where(Incident.id.in_(bindparam("ids", expanding=True)))


def list_mark() -> str:
    """Changes whenever a line is written on any timeline."""
    newest = select(Entry.id).order_by(Entry.id.desc()).limit(NEWEST).subquery()
    top, total = db.session.execute(select(func.max(newest.c.id), func.sum(newest.c.id))).one()
    return f"{top or 0}-{total or 0}"


def is_demo() -> bool:
    """Whether the database was filled with invented data."""
    return db.session.execute(select(Fact.key).where(Fact.key == DEMO)).first() is not None


def any_incident() -> bool:
    return db.session.execute(select(Incident.id).limit(1)).first() is not None


def last_resolved_at() -> datetime | None:
    """When it became quiet: the last resolution among the newest incidents."""
    newest = select(Incident.resolved_at).order_by(Incident.id.desc()).limit(NEWEST).subquery()
    found: datetime | None = db.session.execute(select(func.max(newest.c.resolved_at))).scalar_one()
    return found


def sources() -> Sequence[Source]:
    """All sources, the one heard last first."""
    others = select(Source).where(Source.kind.not_in(("nabat", "people")))  # neither falls silent
    return db.session.scalars(others.order_by(Source.last_seen_at.is_(None), Source.last_seen_at.desc())).all()


def all_sources() -> Sequence[Source]:
    """Our own word among them."""
    return db.session.scalars(select(Source).order_by(Source.name)).all()


def directory() -> Directory:
    """Everybody who can be told."""
    return world().roll.current(db.session())


def person(person_id: int) -> PersonRow | None:
    return db.session.get(PersonRow, person_id)
