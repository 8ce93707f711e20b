"""The tables of reconciliation: which Alertmanagers of a source can be asked, and what looks lost until it is sure."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base


class AlertmanagerAddress(Base):
    """One Alertmanager of a source; an HA pair has two."""

    __tablename__ = "alertmanager_address"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    url: Mapped[str]
    sealed: Mapped[str | None]  # ciphertext of what we show there: a bearer token, or user and password
    receivers: Mapped[list[Any]]  # names of its receivers that are us; none: what its webhooks say
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    problem: Mapped[str]  # of the last time it was asked; empty if it answered


class Suspect(Base):
    """An alert that one side has and the other has not, since when; sure only when a later check finds it so too."""

    __tablename__ = "suspect"
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # gone: fires here only; lost: fires there only
    since: Mapped[datetime]
