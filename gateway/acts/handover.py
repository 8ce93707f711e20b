"""Hand-over: the turn that ended last on a schedule, what happened in it, what still waits, and who confirmed it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.store.base import DUE
from gateway.store.db import transaction, upsert
from gateway.store.tables import Fact, Incident, SilenceRow
from gateway.store.upkeep import audit
from rules.duty.oncall import shifts
from rules.schedules import Schedule
from rules.timing import UNTOLD
from rules.words import Directory, Status

BACK = timedelta(days=21)  # how far a shift may have begun
LONGEST_UNSAID = timedelta(days=3)  # after which nobody is asked to confirm any more
MOST = 50


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's turn on a schedule, and who came after."""

    schedule: Schedule
    who: str
    start: datetime
    end: datetime
    following: str

    @property
    def key(self) -> str:
        name = hashlib.sha256(self.schedule.name.encode()).hexdigest()[:16]
        return f"handover:{name}:{int(self.end.timestamp())}"


def chosen(directory: Directory, email: str, name: str, now: datetime) -> Shift | None:
    """Of the schedule that is named; else of the one in which this person gave or takes over."""
    found = [shift for one in sorted(directory.schedules) if (shift := last_shift(directory.schedules[one], now))]
    named = next((one for one in found if one.schedule.name == name), None)
    mine = next((one for one in found if email in (one.who, one.following)), None)
    return named or mine or next(iter(found), None)


def last_shift(schedule: Schedule, now: datetime) -> Shift | None:
    """The turn that ended last, of the same person from its first moment to its last."""
    turns: list[Shift] = []
    for one in shifts(schedule, now - BACK, now + timedelta(microseconds=1)):
        if turns and turns[-1].who == (one.who or ""):
            turns[-1] = replace(turns[-1], end=one.ends)
        else:
            turns.append(Shift(schedule, one.who or "", one.starts, one.ends, ""))
    over = [replace(turn, following=after.who) for turn, after in pairwise(turns) if turn.who]
    return over[-1] if over else None


def take_over(shift: Shift, actor: Actor, now: datetime) -> bool:
    """Only whoever is on call now can say so, and saying it twice changes nothing. False for anybody else."""
    if shift.following != actor.account:
        return False
    with transaction() as session:
        row = {"key": shift.key, "value": actor.name or actor.account, "at": now}
        made = upsert(session, Fact, [row]).on_conflict_do_nothing().returning(Fact.key)
        if session.execute(made).first() is not None:
            target = f"schedule {shift.schedule.name}"
            audit.note(session, now, actor.account, "hand-over confirmed", target, actor.how, of=shift.who)
    return True


def opened(session: Session, start: datetime, end: datetime) -> Sequence[Incident]:
    """Of the shift, the most urgent first; one row more if there are more."""
    query = select(Incident).where(Incident.opened_at >= start, Incident.opened_at < end, Incident.is_test.is_(False))
    return session.scalars(query.order_by(Incident.urgency, Incident.id.desc()).limit(MOST + 1)).all()


def held(session: Session) -> Sequence[Incident]:
    """What is open and waits: held back, snoozed or silenced. Only rows whose clock runs can be."""
    waits = or_(Incident.snoozed_until.is_not(None), Incident.phase.in_([one.value for one in UNTOLD]))
    query = select(Incident).where(DUE, Incident.status != Status.RESOLVED.value, waits)
    return session.scalars(query.order_by(Incident.urgency, Incident.id.desc()).limit(MOST)).all()


def quiet(session: Session, now: datetime) -> Sequence[SilenceRow]:
    """Silences and windows in force."""
    query = select(SilenceRow).where(DUE, SilenceRow.starts_at <= now, SilenceRow.ends_at > now)
    return session.scalars(query.where(SilenceRow.ended_at.is_(None)).order_by(SilenceRow.ends_at).limit(MOST)).all()


def confirmed(session: Session, key: str) -> tuple[str, datetime] | None:
    """By whom and when."""
    row = session.get(Fact, key)
    return (row.value, row.at) if row is not None else None
