"""Topics that send to a source: what each asked about its subscription, who sees to it, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.store.base import TOPIC_WAITS
from gateway.store.db import locked
from gateway.store.sql import bulk
from gateway.store.tables import TopicRow
from rules.senders.topics import Asking, State

MOST = 50  # topics of one source
LONGEST = 400  # characters of a topic's name
LEASE = timedelta(seconds=60)  # longer than an attempt may take


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it is seen to. `attempt` fences: whoever was away too long settles nothing."""

    id: int
    source_id: int
    name: str
    attempt: int
    asked_at: datetime
    fields: Mapping[str, Any]
    account: str  # that the source belongs to; empty: none yet


def hear(session: Session, source_id: int, asked: Sequence[Asking], now: datetime) -> None:
    """What topics ask, for a worker to see to at once; one that has ended is only noted."""
    for one in asked:
        if not 0 < len(one.topic) <= LONGEST:
            continue
        query = select(TopicRow).where(TopicRow.source_id == source_id, TopicRow.name == one.topic)
        row = session.scalars(locked(query).execution_options(populate_existing=True)).first()
        if row is None and (one.ended or _count(session, source_id) >= MOST):
            continue
        if row is None:
            row = TopicRow(source_id=source_id, name=one.topic, account="")
            session.add(row)
        row.state = State.ENDED if one.ended else State.WAITING
        row.fields = {} if one.ended else dict(one.fields)
        row.doubt, row.error, row.attempts = "", "", 0
        row.asked_at, row.due_at, row.settled_at = now, now, now if one.ended else None
        session.flush()
        bulk.tell(session, "nabat_outbox")  # wakes the workers


def _count(session: Session, source_id: int) -> int:
    return session.scalar(select(func.count()).where(TopicRow.source_id == source_id)) or 0


def is_due(session: Session, now: datetime) -> bool:
    return session.scalar(select(TopicRow.id).where(TOPIC_WAITS, TopicRow.due_at <= now).limit(1)) is not None


def lease(session: Session, now: datetime) -> Asked | None:
    """The one that waits longest, ours for a minute."""
    query = select(TopicRow).where(TOPIC_WAITS, TopicRow.due_at <= now).order_by(TopicRow.due_at).limit(1)
    row = session.scalars(locked(query, skip=True).execution_options(populate_existing=True)).first()
    if row is None:
        return None
    row.attempts, row.due_at = row.attempts + 1, now + LEASE
    bound = account(session, row.source_id)
    return Asked(row.id, row.source_id, row.name, row.attempts, row.asked_at, dict(row.fields), bound)


def account(session: Session, source_id: int) -> str:
    """Of the topic that was confirmed first."""
    query = select(TopicRow.account).where(TopicRow.source_id == source_id, TopicRow.account != "")
    return session.scalar(query.order_by(TopicRow.id).limit(1)) or ""


def held(session: Session, one: Asked) -> TopicRow | None:
    """If nobody has taken it, or asked anew, meanwhile."""
    mine = (TopicRow.id == one.id, TopicRow.attempts == one.attempt, TopicRow.asked_at == one.asked_at, TOPIC_WAITS)
    return session.scalars(locked(select(TopicRow).where(*mine)).execution_options(populate_existing=True)).first()


def of_source(session: Session, source_id: int) -> list[TopicRow]:
    """The newest first."""
    query = select(TopicRow).where(TopicRow.source_id == source_id).order_by(TopicRow.asked_at.desc(), TopicRow.id)
    return list(session.scalars(query))
