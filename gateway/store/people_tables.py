"""The tables of people: who they are, how they are reached, when they are on call, where they are signed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import Base


class PersonRow(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    timezone: Mapped[str] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(8), default="")  # light, dark, or as the system says
    home: Mapped[str] = mapped_column(String(64), default="", server_default="")  # the view of the list they begin at
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class TeamRow(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    members: Mapped[list[Any]]  # e-mail addresses, in order


class ContactRow(Base):
    """One address of a person or a team."""

    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    position: Mapped[int]
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]  # ciphertext where the channel's addresses are secret
    address_id: Mapped[str] = mapped_column(String(64))
    verified_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("person_id", "team_id", "channel", "address_id"),)


class ScheduleRow(Base):
    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    team: Mapped[str]
    timezone: Mapped[str] = mapped_column(String(64))
    layers: Mapped[list[Any]]  # [{"start": "2026-11-02T09:00", "every": "1w", "members": [e-mail, …]}, …]


class SignIn(Base):
    """A signed-in browser. The cookie holds a random key; only its hash is kept."""

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    agent: Mapped[str]
