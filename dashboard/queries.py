"""What the list and the frame of every page show, one query a question; none counts or skips without a limit."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Select,
    bindparam,
    func,
    select,
)  # fmt: skip
from sqlalchemy.orm import aliased

from dashboard.glance import people
from gateway.store.db import db
from gateway.store.tables import Delivery, Incident, PersonRow, Source
from rules.words import Directory

NEWEST = 200  # incidents among which the last resolution is looked for


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
    return people()


def person(person_id: int) -> PersonRow | None:
    return db.session.get(PersonRow, person_id)


def ticket_key(number: int) -> str:
    """What the service desk calls the ticket of this incident; empty: it is no ticket."""
    ticket = db.session.scalar(select(Incident.ticket).where(Incident.id == number))
    return str((ticket or {}).get("key") or "")
