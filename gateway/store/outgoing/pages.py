"""What a message was to the person who got it: fields that reports need and that nobody can compute later."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.outgoing.outbox import RINGING, Leased
from gateway.store.sql import bulk
from gateway.store.tables import PersonRow
from gateway.store.types import micros
from rules.times.walltime import zone_of

SAME_INTERRUPTION = timedelta(seconds=60)  # several messages to one person within this are one page
NIGHT_ENDS = timedelta(hours=7)


def load_on_person(session: Session, leased: Leased, now: datetime) -> dict[str, Any]:
    """The person's own local minute of the week and night at sending, and whether it interrupted them."""
    if leased.person_id is None:
        return {"is_page": leased.way != "email" and leased.kind in RINGING}
    zone = session.scalar(select(PersonRow.timezone).where(PersonRow.id == leased.person_id)) or "UTC"
    local = now.astimezone(zone_of(zone))
    page = leased.way != "email" and leased.kind in RINGING and not _interrupted(session, leased.person_id, now)
    return {
        "local_mow": local.weekday() * 1440 + local.hour * 60 + local.minute,
        "local_night": (local - NIGHT_ENDS).date().isoformat(),
        "is_page": page,
    }


def _interrupted(session: Session, person_id: int, now: datetime) -> bool:
    sql = "SELECT 1 FROM delivery WHERE person_id = {} AND finished_at >= {} AND is_page LIMIT 1"
    return bool(bulk.select_plain(session, sql, person_id, micros(now - SAME_INTERRUPTION)))
