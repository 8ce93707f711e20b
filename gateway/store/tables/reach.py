"""The tables of being reached: codes that confirm a contact, what somebody is told of themselves, what was found."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base

UNTOLD = text("due_at IS NOT NULL")


class ContactCode(Base):
    """A code that was sent to a contact and is to be typed in by whoever reads there. Only its hash is kept."""

    __tablename__ = "contact_code"
    contact_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    tries: Mapped[int]


class PersonalNotice(Base):
    """Something a person is to be told about themselves: a row until one of their ways has taken it."""

    __tablename__ = "personal_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    once: Mapped[str] = mapped_column(String(200), unique=True)  # the same is told once
    kind: Mapped[str] = mapped_column(String(16))
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # the next attempt; none: told, or given up
    tries: Mapped[int]
    told_at: Mapped[datetime | None]
    way: Mapped[str]  # the channel that took it
    error: Mapped[str]

    __table_args__ = (Index("personal_notice_due", "due_at", postgresql_where=UNTOLD, sqlite_where=UNTOLD),)


class ReachFinding(Base):
    """What the nightly look ahead found: somebody who could not be reached, an empty hour, somebody who has left."""

    __tablename__ = "reach_finding"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team: Mapped[str]
    detail: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]  # the person
    passed_on_at: Mapped[datetime | None]  # the administrators of their team
