"""The table of topics: whose subscription to us was asked about, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import TOPIC_WAITS, Base


class TopicRow(Base):
    """One topic that sends to a source."""

    __tablename__ = "topic"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    name: Mapped[str] = mapped_column(String(400))  # its ARN
    state: Mapped[str] = mapped_column(String(12))  # rules.topics.State
    doubt: Mapped[str] = mapped_column(String(12))  # rules.topics.Doubt, why it was refused
    error: Mapped[str]  # of the last attempt
    fields: Mapped[dict[str, Any]]  # what was asked, as long as that waits
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    settled_at: Mapped[datetime | None]
    account: Mapped[str] = mapped_column(String(12))  # of which it was confirmed once; empty: it never was

    __table_args__ = (
        Index("topic_once", "source_id", "name", unique=True),
        Index("topic_due", "due_at", postgresql_where=TOPIC_WAITS, sqlite_where=TOPIC_WAITS),
    )
