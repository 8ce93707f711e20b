"""The table of the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Big


class Audit(Base):
    """Who did what to what, by dashboard, API or command. Only store/upkeep/audit.py writes here: each row seals
    the last.
    """

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str]
    detail: Mapped[dict[str, Any]]
    request: Mapped[str | None] = mapped_column(String(16))  # as in its detail, which is what is sealed; to look for it
    hash: Mapped[str] = mapped_column(String(64), server_default="")  # of it and the hash before; none: older than that

    __table_args__ = (
        Index("audit_at", "at"),
        Index("audit_actor", "actor", "id"),
        Index("audit_action", "action", "id"),
        Index("audit_target", "target", "id"),
        Index("audit_request", "request", "id"),
    )
