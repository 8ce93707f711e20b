"""Deliveries as a provider's receipts speak of them: found by our number or by the provider's, moved forward once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, update
from sqlalchemy.orm import Session

from gateway.store.outgoing import clients
from gateway.store.tables import Delivery, Incident, NoticeRow, UpdateRow

# How far back a delivery is looked for by the provider's number, which has no index: receipts come within the hour.
LATEST = 50_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery, as far as a receipt is concerned."""

    id: int
    incident_id: int
    incident_uuid: str
    channel: str
    kind: str
    level: int
    way: str
    who: str
    name: str
    status: str
    attempts: int
    reference: str
    address_id: str = ""


def _of(about: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    return select(
        Delivery.id, Delivery.incident_id, about, Delivery.channel, Delivery.kind, Delivery.level, Delivery.way,
        Delivery.who, Delivery.name, Delivery.status, Delivery.attempts, Delivery.provider_ref, Delivery.address_id,
    ).select_from(Delivery)  # fmt: skip


_QUESTION = _of(Incident.uuid.expression).join(Incident, Incident.id == Delivery.incident_id)
# To clients: of no incident, but each of an update, whose number stands where that of a step does.
_LETTERS = (
    _of(func.coalesce(literal(clients.OF_NOTICE) + NoticeRow.uuid, clients.PAGE))
    .outerjoin(UpdateRow, and_(UpdateRow.id == Delivery.level, Delivery.kind == clients.NOTICE))
    .outerjoin(NoticeRow, NoticeRow.id == UpdateRow.notice_id)
    .where(Delivery.incident_id == 0, Delivery.kind.in_(clients.KINDS))
)


def _sent(row: Sequence[Any]) -> Sent:
    return Sent(*row)


def by_number(session: Session, numbers: Iterable[int]) -> dict[int, Sent]:
    wanted = set(numbers)
    found = {sent.id: sent for sent in map(_sent, session.execute(_QUESTION.where(Delivery.id.in_(wanted))))}
    if wanted - found.keys():
        letters = session.execute(_LETTERS.where(Delivery.id.in_(wanted - found.keys())))
        found |= {sent.id: sent for sent in map(_sent, letters)}
    return found


def by_reference(session: Session, channel: str, references: Collection[str]) -> dict[str, Sent]:
    newest = select(func.max(Delivery.id)).scalar_subquery()
    wanted = Delivery.provider_ref.in_(set(references) - {""})
    rows = session.execute(_QUESTION.where(Delivery.id > newest - LATEST, Delivery.channel == channel, wanted))
    return {sent.reference: sent for sent in map(_sent, rows)}


def move(session: Session, number: int, before: Collection[str], values: dict[str, Any]) -> bool:
    """Write down what became of it, unless it is no longer in one of these states. A worker's lease on it is over."""
    changed = update(Delivery).where(Delivery.id == number, Delivery.status.in_(before))
    done = session.execute(changed.values(**values, leased_until=None, fallback_at=None).returning(Delivery.id))
    return done.first() is not None
