"""The tables of what an incident keeps beside its course: why it was told as it was, and what people thought of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Big


class RuleBookRow(Base):
    """The files of a rule book by which something was decided, once for each version: zlib of JSON, name to text."""

    __tablename__ = "rule_book"
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]  # when it first decided something
    files: Mapped[bytes] = mapped_column(LargeBinary)


class Opening(Base):
    """What the rule book was asked when an incident opened, as in Ruling. Its key finds it: no index is written for it.

    Of incidents that opened before there was this table it is among the rulings.
    """

    __tablename__ = "opening"
    incident_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    book_version: Mapped[str] = mapped_column(String(16))
    labels: Mapped[dict[str, Any]]
    duty: Mapped[list[Any]]

    @property
    def cause(self) -> str:
        return "opened"


class Ruling(Base):
    """What the rule book was asked about an incident, and when: with the files of that version its answer again."""

    __tablename__ = "ruling"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    at: Mapped[datetime]
    cause: Mapped[str] = mapped_column(String(10))  # opened, raised, reopened
    book_version: Mapped[str] = mapped_column(String(16))
    labels: Mapped[dict[str, Any]]  # as matchers saw them, without what the book's tables add
    duty: Mapped[list[Any]]  # who was on call then in the schedules that the policy asks

    __table_args__ = (Index("ruling_incident", "incident_id", "id"),)


class Verdict(Base):
    """What a person thinks of a resolved incident: was it worth it, and should it have been a call?"""

    __tablename__ = "verdict"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    person_id: Mapped[int]
    at: Mapped[datetime]
    value: Mapped[str] = mapped_column(String(16))  # useful, not actionable, false; empty: not said
    call_right: Mapped[bool | None]  # of an emergency: whether it should have been a call
    urgency: Mapped[int]  # of the incident, as it was then: reports ask for these without looking at incidents
    rule: Mapped[str]
    alertname: Mapped[str]
    service: Mapped[str]

    __table_args__ = (
        Index("verdict_once", "incident_id", "person_id", unique=True),
        Index("verdict_at", "at"),
    )


class RuleHit(Base):
    """How many incidents a rule opened on one day (since 1970, in UTC), and when the last one."""

    __tablename__ = "rule_hit"
    rule: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    last_at: Mapped[datetime]
