"""Tickets that people know by another name than their desk does: kept when it is heard, and looked up."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import AlertRow, Incident, TicketName
from rules.words import Kind

# Of an incident whose alert is known already: written so that nobody walks along the index of all tickets for it.
IS_TICKET = func.lower(Incident.kind) == Kind.TICKET.value


def keep(session: Session, source_id: int, key: str, fingerprint: str) -> None:
    """A key that a ticket had before it was moved goes on leading to it."""
    insert = upsert(session, TicketName, [{"key": key, "source_id": source_id, "fingerprint": fingerprint}])
    session.execute(
        insert.on_conflict_do_update(index_elements=["key", "source_id"], set_={"fingerprint": fingerprint})
    )


def called(session: Session, keys: Collection[str]) -> ColumnElement[bool]:
    """What is to be asked of the alerts of the tickets with one of these names; of none, if there are none."""
    query = select(TicketName.source_id, TicketName.fingerprint).where(TicketName.key.in_(keys))
    found = [and_(AlertRow.source_id == one[0], AlertRow.fingerprint == one[1]) for one in session.execute(query)]
    return or_(*found) if found else false()
