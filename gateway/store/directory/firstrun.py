"""How far the first run is, as rows say it: what was heard, who is reached, who is on call, and what was skipped."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import ContactRow, Delivery, Entry, Fact, Incident, PersonRow, ScheduleRow, Source

PROGRESS = "first run"  # the Fact that keeps what was skipped or said
ADDRESS = "address"  # … and where `./nabat up` listened last
LEFT, AWAY = "left", "checklist"  # what is said when somebody goes, or puts the list of the overview away
OWN_SOURCE = 0
MOST = 50  # rows that are looked at of one test alert


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps that somebody skipped or confirmed, and the newest test alert: its incident and its fingerprint."""

    done: tuple[str, ...] = ()
    incident: int = 0
    mark: str = ""

    @property
    def lasts(self) -> bool:
        return not {LEFT, AWAY} & set(self.done)


def progress(session: Session) -> Progress:
    return read(session.scalar(select(Fact.value).where(Fact.key == PROGRESS)) or "")


def read(text: str) -> Progress:
    saved = msgspec.json.decode(text) if text else {}
    return Progress(tuple(saved.get("done", ())), int(saved.get("incident", 0)), str(saved.get("mark", "")))


def keep(session: Session, one: Progress, now: datetime) -> None:
    value = msgspec.json.encode({"done": list(one.done), "incident": one.incident, "mark": one.mark}).decode()
    fresh = {"value": value, "at": now}
    insert = upsert(session, Fact, [{"key": PROGRESS, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def keep_address(session: Session, address: str, now: datetime) -> None:
    """Where `./nabat up` listens."""
    fresh = {"value": address, "at": now}
    insert = upsert(session, Fact, [{"key": ADDRESS, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def address(session: Session) -> str:
    """Where it did last; empty if it was never used."""
    return session.scalar(select(Fact.value).where(Fact.key == ADDRESS)) or ""


def heard(session: Session) -> str:
    """The name of a source that has sent something."""
    query = select(Source.name).where(Source.id != OWN_SOURCE, Source.last_seen_at.is_not(None))
    return session.scalar(query.order_by(Source.last_seen_at.desc()).limit(1)) or ""


def own_source(session: Session) -> Source:
    return session.get_one(Source, OWN_SOURCE)


def reached(session: Session, person_id: int) -> bool:
    """Whether this person has a confirmed contact at which a code or a test was seen."""
    return _has(session, person_id, ContactRow.seen_at.is_not(None))


def confirmed(session: Session, person_id: int) -> bool:
    return _has(session, person_id)


def _has(session: Session, person_id: int, *more: ColumnElement[bool]) -> bool:
    mine = ContactRow.person_id == person_id, ContactRow.verified_at.is_not(None), ContactRow.on_trust.is_(False)
    return session.scalar(select(ContactRow.id).where(*mine, *more).limit(1)) is not None


def company(session: Session, person_id: int) -> bool:
    """Whether somebody else is here."""
    others = select(PersonRow.id).where(PersonRow.id != person_id, PersonRow.active)
    return session.scalar(others.limit(1)) is not None


def on_call(session: Session) -> bool:
    return session.scalar(select(ScheduleRow.id).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Message:
    """What became of one message about the test alert."""

    channel: str
    contact_id: int
    status: str
    attempts: int
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    error: str

    @property
    def accepted(self) -> bool:
        return self.status in ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered the test alert first, by what and when."""

    who: str
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Test:
    """What became of the test alert, for one person."""

    number: int
    opened_at: datetime
    over: bool
    messages: tuple[Message, ...]
    answer: Answer | None


def test(session: Session, number: int, person_id: int) -> Test | None:
    row = session.get(Incident, number, populate_existing=True) if number else None
    if row is None:
        return None
    d = Delivery
    mine = d.incident_id == number, d.person_id == person_id, d.kind.in_(("opened", "escalated"))
    columns = d.channel, d.contact_id, d.status, d.attempts, d.created_at, d.due_at, d.finished_at, d.error
    sent = session.execute(select(*columns).where(*mine).order_by(d.id).limit(MOST)).all()
    messages = {one.contact_id: Message(one.channel, one.contact_id or 0, *one[2:]) for one in sent}  # the newest each
    return Test(number, row.opened_at, row.resolved_at is not None, tuple(messages.values()), _answer(session, number))


def _answer(session: Session, number: int) -> Answer | None:
    lines = select(Entry.actor, Entry.detail, Entry.at).where(
        Entry.incident_id == number, Entry.kind.in_(("acknowledged", "resolved"))
    )
    for actor, detail, at in session.execute(lines.order_by(Entry.id).limit(MOST)):
        if detail.get("how") not in ("source", "clock"):  # its alert is over: nobody has answered
            return Answer(actor, str(detail.get("how", "")), at)
    return None


def schedule(session: Session, name: str, team: str, timezone: str, start: datetime, members: list[str]) -> None:
    """One weekly rotation by the wall clock of the zone."""
    layers = [{"start": start.replace(tzinfo=None).isoformat(), "every": "1w", "members": members}]
    session.add(ScheduleRow(name=name, team=team, timezone=timezone, layers=layers))
