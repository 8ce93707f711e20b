"""The smallest tables: what is counted, what was heard already, what every process must agree on."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base, Big


class Counter(Base):
    """How often something happened in a window of time: failed sign-ins per address, refused tokens per minute."""

    __tablename__ = "counter"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]


class Heard(Base):
    """An event id of a provider's callback, remembered so that a repeat has no second effect."""

    __tablename__ = "heard"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime]


class OutsidePage(Base):
    """Where a provider shows its own incident for one of ours."""

    __tablename__ = "outside_page"
    incident_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    url: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("outside_page_at", "at"),)


class Fact(Base):
    """What every process must agree on: the directory's version, a worker's last sign of life, the set-up link."""

    __tablename__ = "fact"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]
