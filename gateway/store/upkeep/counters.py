"""How often something happened within a window of time, the same for all processes."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.types import micros

_HIT = text("""
    INSERT INTO counter (key, since, count) VALUES (:key, :now, 1)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN counter.since <= :old THEN 1 ELSE counter.count + 1 END,
        since = CASE WHEN counter.since <= :old THEN :now ELSE counter.since END
    RETURNING count
""")


def hit(session: Session, key: str, window: timedelta, now: datetime) -> int:
    """It happened once more; how often within the window that began with the first time."""
    values = {"key": key, "now": micros(now), "old": micros(now - window)}
    return int(session.execute(_HIT, values).scalar_one())
