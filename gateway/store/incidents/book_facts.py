"""The rule book as it was in force last, kept so that a change can be told with what stood there before."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import locked, upsert
from gateway.store.tables import Fact
from gateway.store.types import to_json

KEY = "rule book"


def last(session: Session) -> tuple[str, dict[str, Any]] | None:
    """Version and plain values, locked until commit: of several workers one tells of a change."""
    row = session.scalar(locked(select(Fact).where(Fact.key == KEY)))
    return None if row is None else tuple(msgspec.json.decode(row.value))


def keep(session: Session, version: str, plain: dict[str, Any], now: datetime) -> None:
    fresh = {"value": to_json([version, plain]), "at": now}
    statement = upsert(session, Fact, [{"key": KEY, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))
