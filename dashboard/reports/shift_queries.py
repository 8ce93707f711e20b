"""What a hand-over asks the database, one query a question, each with a limit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.store.base import DUE
from gateway.store.db import db, upsert
from gateway.store.tables import Fact, Incident, SilenceRow
from gateway.world import world
from rules.timing import Phase
from rules.words import Directory, Status

MOST = 50


def directory() -> Directory:
    return world().roll.current(db.session())


def opened(start: datetime, end: datetime) -> Sequence[Incident]:
    """Of the shift, the most urgent first; one row more if there are more."""
    query = select(Incident).where(Incident.opened_at >= start, Incident.opened_at < end, Incident.is_test.is_(False))
    return db.session.scalars(query.order_by(Incident.urgency, Incident.id.desc()).limit(MOST + 1)).all()


def held() -> Sequence[Incident]:
    """What is open and waits: held back, snoozed or silenced. Only rows whose clock runs can be."""
    waits = or_(Incident.snoozed_until.is_not(None), Incident.phase == Phase.HELD.value)
    query = select(Incident).where(DUE, Incident.status != Status.RESOLVED.value, waits)
    return db.session.scalars(query.order_by(Incident.urgency, Incident.id.desc()).limit(MOST)).all()


def quiet(now: datetime) -> Sequence[SilenceRow]:
    """Silences and windows in force."""
    query = select(SilenceRow).where(DUE, SilenceRow.starts_at <= now, SilenceRow.ends_at > now)
    return db.session.scalars(query.where(SilenceRow.ended_at.is_(None)).order_by(SilenceRow.ends_at).limit(MOST)).all()


def confirm(session: Session, key: str, name: str, now: datetime) -> bool:
    """False if somebody has before."""
    made = upsert(session, Fact, [{"key": key, "value": name, "at": now}]).on_conflict_do_nothing()
    return session.execute(made.returning(Fact.key)).first() is not None


def confirmed(key: str) -> tuple[str, datetime] | None:
    """By whom and when."""
    row = db.session.get(Fact, key)
    return (row.value, row.at) if row is not None else None
