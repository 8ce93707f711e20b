"""What service desks are told of their tickets: where, what waits, and what came of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.orm import Session, aliased

from gateway.store.base import QUEUED
from gateway.store.db import locked
from gateway.store.tables import DeskAddress, DeskWord, Incident

LEASE = timedelta(seconds=60)  # longer than an attempt may take
REPLACED = text("status IN ('queued', 'failed')")


@dataclass(frozen=True, slots=True)
class Telling:
    """One word as it is sent. `attempt` fences: whoever was away too long settles nothing."""

    id: int
    incident_id: int
    attempt: int
    created_at: datetime
    ticket: Mapping[str, Any]
    assignee: Mapping[str, Any]
    actor: str
    source_id: int
    url: str
    sealed: str | None


def address(session: Session, source_id: int) -> DeskAddress | None:
    return session.get(DeskAddress, source_id, populate_existing=True)


def set_address(session: Session, source_id: int, url: str, sealed: str | None) -> None:
    """An empty one: nothing is told any more."""
    session.execute(delete(DeskAddress).where(DeskAddress.source_id == source_id))
    if url:
        session.add(DeskAddress(source_id=source_id, url=url, sealed=sealed))
        session.flush()


def add(session: Session, words: Mapping[int, tuple[int, Mapping[str, str], str]], now: datetime) -> None:
    """By incident: its source, who has it now, who did it. Only the newest is told."""
    old = update(DeskWord).where(DeskWord.incident_id.in_(words), REPLACED)
    session.execute(old.values(status="replaced", finished_at=now))
    known = select(DeskAddress.source_id).where(DeskAddress.source_id.in_({one[0] for one in words.values()}))
    heard = set(session.scalars(known))
    told = {number: word for number, word in words.items() if word[0] in heard}
    for number, (source_id, assignee, actor) in told.items():
        word = DeskWord(
            incident_id=number, source_id=source_id, assignee=dict(assignee), actor=actor, status="queued", attempts=0,
            created_at=now, due_at=now, finished_at=None, error="",
        )  # fmt: skip
        session.add(word)
    session.flush()


def is_due(session: Session, now: datetime) -> bool:
    return session.scalar(select(DeskWord.id).where(QUEUED, DeskWord.due_at <= now).limit(1)) is not None


def lease(session: Session, now: datetime, without: Collection[int] = ()) -> Telling | None:
    """The one that waits longest, ours for a minute; of other desks than these.

    Not while an older one about its ticket is on its way: it might arrive after this one, and the desk believe it.
    """
    older = aliased(DeskWord)
    on_its_way = (older.status == "replaced", older.attempts > 0, older.error == "", older.due_at > now)
    behind = exists().where(older.incident_id == DeskWord.incident_id, older.id < DeskWord.id, *on_its_way)
    due = (QUEUED, DeskWord.due_at <= now, DeskWord.source_id.not_in(without), ~behind)
    query = select(DeskWord).where(*due).order_by(DeskWord.due_at).limit(1)
    word = session.scalars(locked(query, skip=True).execution_options(populate_existing=True)).first()
    if word is None:
        return None
    word.attempts += 1
    word.due_at, word.error = now + LEASE, ""
    place = address(session, word.source_id)
    ticket = session.scalar(select(Incident.ticket).where(Incident.id == word.incident_id)) or {}
    return Telling(
        word.id, word.incident_id, word.attempts, word.created_at, ticket, word.assignee, word.actor, word.source_id,
        place.url if place else "", place.sealed if place else None,
    )  # fmt: skip


def held(session: Session, one: Telling) -> DeskWord | None:
    """If nobody has replaced or taken it meanwhile."""
    query = select(DeskWord).where(DeskWord.id == one.id, DeskWord.attempts == one.attempt, QUEUED)
    return session.scalars(locked(query).execution_options(populate_existing=True)).first()


def arrived(session: Session, one: Telling, now: datetime) -> bool:
    """Whether it was replaced on its way, by this very attempt: the one that replaced it may go."""
    mine = (DeskWord.id == one.id, DeskWord.attempts == one.attempt, DeskWord.status == "replaced")
    done = session.execute(update(DeskWord).where(*mine).values(due_at=now).returning(DeskWord.id))
    return done.first() is not None


def once_more(session: Session, incident_id: int, now: datetime) -> bool:
    """The newest word is due, if it failed or waits for its next try. One on its way is not sent beside itself."""
    query = select(DeskWord).where(DeskWord.incident_id == incident_id).order_by(DeskWord.id.desc()).limit(1)
    word = session.scalars(locked(query).execution_options(populate_existing=True)).first()
    if word is None or word.status not in ("failed", "queued") or not word.error:
        return False
    word.status, word.due_at, word.finished_at = "queued", now, None
    return True


def to_be_told(session: Session, incident_id: int) -> tuple[int, Mapping[str, Any], datetime, Mapping[str, Any]] | None:
    """The word that waits or has failed: its number, whom it names, since when; and whom the desk heard of last."""
    query = select(DeskWord.id, DeskWord.assignee, DeskWord.created_at).where(DeskWord.incident_id == incident_id)
    word = session.execute(query.where(REPLACED).order_by(DeskWord.id.desc()).limit(1)).one_or_none()
    if word is None:
        return None
    heard = session.execute(query.where(DeskWord.status == "sent").order_by(DeskWord.id.desc()).limit(1)).one_or_none()
    return word[0], word[1], word[2], heard[1] if heard else {}


def drop(session: Session, number: int, now: datetime) -> None:
    session.execute(update(DeskWord).where(DeskWord.id == number, REPLACED).values(status="replaced", finished_at=now))


def newest(session: Session, incident_id: int) -> DeskWord | None:
    query = select(DeskWord).where(DeskWord.incident_id == incident_id).order_by(DeskWord.id.desc()).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).first()
