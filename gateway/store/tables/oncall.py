"""The tables of on call: who stands in for whom, swaps that are asked for, secret addresses, imported calendars."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import DUE, Base


class OverrideRow(Base):
    """One person from then to then, whatever the schedule says. One that is taken back ends then, or is empty."""

    __tablename__ = "oncall_override"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    author: Mapped[str]  # an e-mail address, or the name of a token
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    swap_id: Mapped[int | None]  # of the swap that it is a part of

    __table_args__ = (Index("oncall_override_ends_at", "ends_at"),)


class SwapRow(Base):
    """Somebody asks somebody else to be on call instead; with `takes_…` for a time of theirs in return."""

    __tablename__ = "oncall_swap"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    asker: Mapped[str] = mapped_column(String(254))  # e-mail addresses
    asked: Mapped[str] = mapped_column(String(254))
    gives_from: Mapped[datetime]
    gives_to: Mapped[datetime]
    takes_from: Mapped[datetime | None]
    takes_to: Mapped[datetime | None]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))  # requested, accepted, declined, withdrawn, expired
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # too late to answer; or: whoever asked has had time to hear the answer

    __table_args__ = (Index("oncall_swap_next_at", "next_at", postgresql_where=DUE, sqlite_where=DUE),)


class CalendarFeed(Base):
    """A secret address at which calendars read when somebody, or anybody of a schedule, is on call."""

    __tablename__ = "calendar_feed"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"), index=True)
    author: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class ImportedCalendar(Base):
    """A calendar that is a layer of a schedule: read from an address again and again, or given once."""

    __tablename__ = "imported_calendar"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    key: Mapped[str] = mapped_column(String(64))  # a hash of the address, or of the calendar
    address: Mapped[str]  # sealed; empty: the calendar was given
    body: Mapped[str]  # the last good copy
    duties: Mapped[list[Any]]  # [start, end, e-mail] in microseconds, reckoned around the last reading
    doubts: Mapped[list[Any]]  # what of it could not be understood
    error: Mapped[str]  # of the last try
    tried_at: Mapped[datetime | None]
    good_at: Mapped[datetime | None]
    next_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("schedule_id", "key"),
        Index("imported_calendar_next_at", "next_at"),
    )
