"""The tables of what keeps us quiet, and of what is told by not coming: silences, inhibition, heartbeats, rhythms."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import AWAITED, DUE, Base, Big


class SilenceRow(Base):
    """A silence, or a maintenance window (kind): once, or again and again by a rule of the wall clock."""

    __tablename__ = "silence"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # silence, maintenance
    matchers: Mapped[list[Any]]  # as written
    page_emergencies: Mapped[bool] = mapped_column(server_default=false())  # it leaves them alone
    reason: Mapped[str]
    author: Mapped[str]  # as shown
    author_email: Mapped[str]  # who is reminded; empty if nobody here
    created_at: Mapped[datetime]
    starts_at: Mapped[datetime]  # of the present span, or the next, or the last
    ends_at: Mapped[datetime]
    spans: Mapped[list[Any]]  # [start, end] in microseconds: the present one and those to come, reckoned ahead
    rule: Mapped[str]  # RRULE; empty: once
    wall_start: Mapped[str]  # of a window: its first time by the wall clock …
    timezone: Mapped[str]  # … of this zone
    seconds: Mapped[int]  # how long each span lasts
    begun_at: Mapped[datetime | None]  # that the present span has begun was seen to
    reminded: Mapped[bool]
    next_at: Mapped[datetime | None]  # its beginning, the reminder, its end; none when it is over
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]  # a name; empty: its time was over

    __table_args__ = (Index("silence_next_at", "next_at", postgresql_where=DUE, sqlite_where=DUE),)


class HiddenAlert(Base):
    """An alert that a silence or a window kept from telling anybody, once for each span."""

    __tablename__ = "hidden_alert"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    silence_id: Mapped[int] = mapped_column(ForeignKey("silence.id"))
    until: Mapped[datetime]  # the end of the span
    source_id: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[int] = mapped_column(Big)
    title: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        Index("hidden_alert_once", "silence_id", "until", "source_id", "fingerprint", unique=True),
        Index("hidden_alert_at", "at"),
    )


class Inhibitor(Base):
    """An alert that inhibits others while it fires, under the key of the rule and of the labels that must agree."""

    __tablename__ = "inhibitor"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)


class HeartbeatRow(Base):
    """Something that must come again and again: by a token, or as an alert that the rule book names (no hash)."""

    __tablename__ = "heartbeat"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    every: Mapped[int]  # seconds; 0: by the cron expression
    cron: Mapped[str]
    timezone: Mapped[str]
    grace: Mapped[int]  # seconds
    severity: Mapped[str] = mapped_column(String(8))
    hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]  # silent from then on; none: it has not come yet, or its silence was told
    silent_at: Mapped[datetime | None]  # since when its silence is known

    __table_args__ = (Index("heartbeat_due", "due_at", postgresql_where=AWAITED, sqlite_where=AWAITED),)


class Rhythm(Base):
    """How long a source was ever quiet, day by day."""

    __tablename__ = "rhythm"
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    last_at: Mapped[datetime]  # its last word, when it was last looked at
    pauses: Mapped[dict[str, Any]]  # by day of UTC: the longest pause that ended then, in seconds
    silent_at: Mapped[datetime | None]
