"""What went out, for the page Deliveries, one query a question."""

from collections.abc import Sequence

from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.tables import Delivery, Incident

PAGE = 50
SEARCHED = 20_000  # newest rows looked through where no index leads the way
WAITING = ("queued", "sending")
STATUSES = {"failed": ("failed",), "waiting": WAITING, "logged": ("logged",)}


def deliveries(status: str, way: str, after: int | None) -> Sequence[tuple[Delivery, str]]:
    """One page of messages with their incidents' titles, newest first, and one row more if there is another page."""
    query = select(Delivery, Incident.title).join(Incident, Incident.id == Delivery.incident_id)
    if after is not None:
        query = query.where(Delivery.id < after)
    if status or way:
        newest = select(func.max(Delivery.id)).scalar_subquery()
        query = query.where(Delivery.id > newest - SEARCHED)
    if status:
        query = query.where(Delivery.status.in_(STATUSES[status]))
    if way:
        query = query.where(Delivery.way == way)
    rows = db.session.execute(query.order_by(Delivery.id.desc()).limit(PAGE + 1))
    return [(row[0], row[1]) for row in rows]
