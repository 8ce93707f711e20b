"""What the audit log's page asks the database, one query a question; none reads more than a bounded stretch."""

from collections.abc import Sequence

from sqlalchemy import func, select

from gateway.store.db import db
from gateway.store.reading import readings_admin
from gateway.store.reading.readings_admin import SEARCHED
from gateway.store.reading.readings_admin import WantedAudit as Wanted
from gateway.store.tables import Audit
from gateway.store.upkeep import chain
from gateway.store.upkeep.chain import Followed

__all__ = ["SEARCHED", "Wanted"]
PAGE = 50
CHOICES = 2_000  # newest rows whose actors and actions are offered as a choice


def rows(wanted: Wanted, limit: int = PAGE + 1) -> Sequence[Audit]:
    """Newest first."""
    return readings_admin.audit_rows(db.session(), wanted, limit)


def choices() -> tuple[list[str], list[str]]:
    """Actors and actions of the newest rows, for a choice."""
    newest = select(func.max(Audit.id)).scalar_subquery()
    query = select(Audit.actor, Audit.action).where(Audit.id > newest - CHOICES).distinct()
    found = db.session.execute(query).all()
    return sorted({row[0] for row in found}), sorted({row[1] for row in found})


def followed() -> Followed | None:
    return chain.last(db.session())
