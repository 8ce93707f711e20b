"""The tables of what was received, as it was received, and of what of it nobody could read."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import REFUSED, Base, Big


class Payload(Base):
    """What was received, as it was received (zlib), kept for explain and replay."""

    __tablename__ = "payload"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    received_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]  # bytes before compression
    accepted: Mapped[int]
    quarantined: Mapped[int]
    error: Mapped[str]  # why nothing of it could be read; else empty
    took: Mapped[int | None]  # tenths of a millisecond from its last byte until it was written down

    __table_args__ = (
        Index("payload_of_source", "source_id", "received_at", "id"),
        Index("payload_refused", "source_id", "received_at", postgresql_where=REFUSED, sqlite_where=REFUSED),
    )


class QuarantinedItem(Base):
    """One item of a payload that could not be read, shown until somebody has looked."""

    __tablename__ = "quarantined_item"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    payload_id: Mapped[int] = mapped_column(Big)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    received_at: Mapped[datetime]
    place: Mapped[str]
    reason: Mapped[str]
    excerpt: Mapped[str]
