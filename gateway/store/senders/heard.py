"""What was heard once: an event, a receipt, a signed request, a note by its key. Remembered for a week."""

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Heard


def first_time(session: Session, key: str, now: datetime) -> bool:
    """Remembers it. False if it is remembered already; what is being taken in just now is waited for."""
    insert = upsert(session, Heard, [{"key": key, "at": now}]).on_conflict_do_nothing()
    return session.execute(insert.returning(Heard.key)).first() is not None
