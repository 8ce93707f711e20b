"""The tables of the people at the desk: what they may still take back, and the views they have saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Big


class UndoRow(Base):
    """What one person did to one or many incidents at once, with how each stood before and right after it."""

    __tablename__ = "undo"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), index=True)  # several rows of one act share it
    account: Mapped[str]
    act: Mapped[str] = mapped_column(String(16))  # acknowledge, resolve, snooze, assign
    at: Mapped[datetime]
    items: Mapped[list[Any]]  # [[incident, before, after], …]
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("undo_at", "at"),)


class SavedView(Base):
    """A name for what a list is asked to show: of one person, or of a team."""

    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)  # whoever made it
    team: Mapped[str] = mapped_column(String(100))  # empty: only that person sees it
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str]
    created_at: Mapped[datetime]
