"""How far the first run is, as rows say it: what was heard, who is reached, who is on call, and what was skipped."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import ContactRow, Delivery, Fact, Incident, PersonRow, ScheduleRow, Source

PROGRESS = "first run"  # the Fact that keeps what was skipped or said
LEFT, AWAY = "left", "checklist"  # what is said when somebody goes, or puts the list of the overview away
OWN_SOURCE = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps that somebody skipped or confirmed, and the incident of the test alert."""

    done: tuple[str, ...] = ()
    incident: int = 0

    @property
    def lasts(self) -> bool:
        return not {LEFT, AWAY} & set(self.done)


def progress(session: Session) -> Progress:
    return read(session.scalar(select(Fact.value).where(Fact.key == PROGRESS)) or "")


def read(text: str) -> Progress:
    saved = msgspec.json.decode(text) if text else {}
    return Progress(tuple(saved.get("done", ())), int(saved.get("incident", 0)))


def keep(session: Session, one: Progress, now: datetime) -> None:
    value = msgspec.json.encode({"done": list(one.done), "incident": one.incident}).decode()
    fresh = {"value": value, "at": now}
    insert = upsert(session, Fact, [{"key": PROGRESS, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def heard(session: Session) -> str:
    """The name of a source that has sent something."""
    query = select(Source.name).where(Source.id != OWN_SOURCE, Source.last_seen_at.is_not(None))
    return session.scalar(query.order_by(Source.last_seen_at.desc()).limit(1)) or ""


def own_source(session: Session) -> Source:
    return session.get_one(Source, OWN_SOURCE)


def reached(session: Session, person_id: int) -> bool:
    """Whether this person has a confirmed contact at which a test was seen."""
    mine = ContactRow.person_id == person_id, ContactRow.verified_at.is_not(None), ContactRow.seen_at.is_not(None)
    return session.scalar(select(ContactRow.id).where(*mine).limit(1)) is not None


def confirmed(session: Session, person_id: int) -> bool:
    mine = ContactRow.person_id == person_id, ContactRow.verified_at.is_not(None)
    return session.scalar(select(ContactRow.id).where(*mine).limit(1)) is not None


def company(session: Session, person_id: int) -> bool:
    """Whether somebody else is here."""
    others = select(PersonRow.id).where(PersonRow.id != person_id, PersonRow.active)
    return session.scalar(others.limit(1)) is not None


def on_call(session: Session) -> bool:
    return session.scalar(select(ScheduleRow.id).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Test:
    """What became of the test alert."""

    number: int
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    told_at: datetime | None  # when the first message about it got out
    way: str
    status: str  # of that message; or of the latest one where none got out


def test(session: Session, number: int) -> Test | None:
    row = session.get(Incident, number) if number else None
    if row is None:
        return None
    sent = session.execute(
        select(Delivery.finished_at, Delivery.way, Delivery.status)
        .where(Delivery.incident_id == number)
        .order_by(Delivery.id)
        .limit(20)
    ).all()
    good = [one for one in sent if one.status in ("sent", "delivered", "logged")]
    if not sent:
        return Test(number, row.opened_at, row.ack_at, row.resolved_at, None, "", "")
    first = (good or sent)[0]
    told = first.finished_at if good else None
    return Test(number, row.opened_at, row.ack_at, row.resolved_at, told, first.way, first.status)


def schedule(session: Session, name: str, team: str, timezone: str, start: datetime, members: list[str]) -> None:
    """One weekly rotation by the wall clock of the zone."""
    layers = [{"start": start.replace(tzinfo=None).isoformat(), "every": "1w", "members": members}]
    session.add(ScheduleRow(name=name, team=team, timezone=timezone, layers=layers))
