"""The tables of reports: sums by day kept by the worker, weekly letters, and pages shown to guests.

A day is the number of days since 1970 by the wall clock of the rule book's zone. A span is how many days from this one
on are summed in a row: 1, a week from its Monday, or four weeks.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base


class StatCore(Base):
    """What rules/reports/figures.py counts, of one day."""

    __tablename__ = "stat_core"
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(100), primary_key=True)
    urgency: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    incidents: Mapped[int]
    alerts: Mapped[int] = mapped_column(BigInteger)
    acked: Mapped[int]
    resolved: Mapped[int]
    by_person: Mapped[int]
    eligible: Mapped[int]
    in_time: Mapped[int]
    escalated: Mapped[int]
    hidden: Mapped[int]
    notifications: Mapped[int]
    failed: Mapped[int]
    pages: Mapped[int]
    off_pages: Mapped[int]
    sleep_pages: Mapped[int]
    reopened: Mapped[int] = mapped_column(server_default="0")
    unreached: Mapped[int] = mapped_column(server_default="0")
    judged: Mapped[int] = mapped_column(server_default="0")
    judged_false: Mapped[int] = mapped_column(server_default="0")


class StatSample(Base):
    """How long something took: a hexadecimal number of rules/reports/lanes.py, each bucket four per cent wide."""

    __tablename__ = "stat_sample"
    span: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(100), primary_key=True)
    urgency: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(String(32), primary_key=True)
    buckets: Mapped[str]
    total: Mapped[int] = mapped_column(BigInteger)  # of all values, in thousandths


class StatName(Base):
    """One name of alerts in one or four weeks; tickets have no name. `cleared` and `spared`: within 1 … 5 minutes."""

    __tablename__ = "stat_name"
    span: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(100), primary_key=True)
    urgency: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    service: Mapped[str] = mapped_column(String(200), primary_key=True)
    incidents: Mapped[int]
    alerts: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    acted: Mapped[int]
    eligible: Mapped[int]
    in_time: Mapped[int]
    cleared_1: Mapped[int]
    cleared_2: Mapped[int]
    cleared_3: Mapped[int]
    cleared_4: Mapped[int]
    cleared_5: Mapped[int]
    spared_1: Mapped[int]
    spared_2: Mapped[int]
    spared_3: Mapped[int]
    spared_4: Mapped[int]
    spared_5: Mapped[int]


class StatLoad(Base):
    """Pages of one person: a hexadecimal number of rules/reports/lanes.py, a lane for each hour of the week by the
    person's clock; and the nights they broke, as the days whose evenings they began, with commas between.
    """

    __tablename__ = "stat_load"
    span: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(100), primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pages: Mapped[str]
    nights: Mapped[str]


class StatChannel(Base):
    __tablename__ = "stat_channel"
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team: Mapped[str] = mapped_column(String(100), primary_key=True)
    urgency: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    status: Mapped[str] = mapped_column(String(16), primary_key=True)
    n: Mapped[int]


class StatService(Base):
    """A day of one service; days that are long over are forgotten."""

    __tablename__ = "stat_service"
    service: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    urgency: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    incidents: Mapped[int]
    newest: Mapped[list[Any]]  # numbers of its newest incidents, the newest first

    __table_args__ = (Index("stat_service_day", "day"),)


class Letter(Base):
    """One person's weekly report, with its figures as they were written: the same on every attempt."""

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    week: Mapped[int]
    delivery_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (Index("letter_once", "person_id", "week", unique=True),)


class Guest(Base):
    """A page of a report that somebody without an account may see, until it expires or is revoked."""

    __tablename__ = "guest"
    id: Mapped[int] = mapped_column(primary_key=True)
    query: Mapped[str]  # what the page was asked, dates fixed
    made_by: Mapped[str]  # an e-mail address
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
