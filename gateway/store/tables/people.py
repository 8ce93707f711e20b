"""The tables of people: who they are, how they are reached, when they are on call, where they are signed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, false, true
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
    left_at: Mapped[datetime | None]
    weekly: Mapped[bool | None]  # whether they want the weekly report; none: as their role has it
    created_at: Mapped[datetime]
    notify: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default="{}"
    )  # {"fast": ["push", "sms after 5m"]}
    quiet_hours: Mapped[str] = mapped_column(default="", server_default="")  # "22:00-07:00" where they are
    zone_asked: Mapped[bool] = mapped_column(default=False, server_default=false())  # whether they chose their zone
    exact_times: Mapped[bool] = mapped_column(default=False, server_default=false())
    single_keys: Mapped[bool] = mapped_column(default=True, server_default=true())
    own_keys: Mapped[str] = mapped_column(
        String(100), default="", server_default=""
    )  # "jd": d does what j usually does


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
    # Used, though nothing has shown yet that a message arrives there: the first administrator's address, a new browser.
    on_trust: Mapped[bool] = mapped_column(default=False, server_default=false())
    own: Mapped[bool] = mapped_column(default=False, server_default=false())  # entered on a page: an import leaves it
    failed_at: Mapped[datetime | None]  # a provider refused it for good, and nothing has arrived since
    failure: Mapped[str] = mapped_column(default="", server_default="")
    tested_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]  # when the test was seen there

    __table_args__ = (UniqueConstraint("person_id", "team_id", "channel", "address_id"),)


class ScheduleRow(Base):
    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    team: Mapped[str]
    timezone: Mapped[str] = mapped_column(String(64))
    layers: Mapped[list[Any]]  # [{"start": "2026-11-02T09:00", "every": "1w", "members": [e-mail, …]}, …]
    covers: Mapped[str] = mapped_column(default="", server_default="")  # a calendar of the rule book; empty: always


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
    address: Mapped[str] = mapped_column(default="", server_default="")  # where it was used last
    lasting: Mapped[bool] = mapped_column(default=False, server_default=false())  # "keep me signed in on this device"
