"""The tables of the public status page: its components, and the notices that people have published."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import BY_FORM, FOR_INCIDENT, ON_PAGE, Base, Big


class ComponentRow(Base):
    """A service that the world is told of, by a name of its own."""

    __tablename__ = "component"
    id: Mapped[int] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(String(200))  # as the label says it; nobody outside sees it
    names: Mapped[dict[str, Any]]  # by language
    place: Mapped[int]  # on the page, from above
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]  # old notices go on naming it

    __table_args__ = (Index("component_once", "service", unique=True, postgresql_where=ON_PAGE, sqlite_where=ON_PAGE),)


class NoticeRow(Base):
    """What was published about one thing; its texts are those of its updates."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    about: Mapped[str] = mapped_column(String(12))  # rules.public.About
    titles: Mapped[dict[str, Any]]  # by language
    starts_at: Mapped[datetime]  # as it was told
    ended_at: Mapped[datetime | None]  # when it was or will be over, as its updates say
    incident_id: Mapped[int | None] = mapped_column(Big)  # of which it was written; nobody outside sees it
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]  # taken back: it is not on the page any more

    __table_args__ = (
        Index("notice_ended", "ended_at"),
        Index("notice_incident", "incident_id", postgresql_where=FOR_INCIDENT, sqlite_where=FOR_INCIDENT),
    )


class UpdateRow(Base):
    """One word about it: how far somebody is, and how the components are from then on."""

    __tablename__ = "notice_update"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(16))  # rules.public.Stage
    texts: Mapped[dict[str, Any]]  # by language
    states: Mapped[dict[str, Any]]  # by the number of a component: rules.public.State
    ends_at: Mapped[datetime | None]  # of work: until when it is planned, if this update says so
    author: Mapped[str]  # as shown to us
    author_email: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    once: Mapped[str] = mapped_column(String(64), server_default="")  # of the form that it came by, and whose that was

    __table_args__ = (
        Index("notice_update_of", "notice_id", "id"),
        Index("notice_update_once", "once", unique=True, postgresql_where=BY_FORM, sqlite_where=BY_FORM),
    )


class SubscriberRow(Base):
    """An address that is told of notices, once whoever reads there has said so. Whoever leaves leaves no row."""

    __tablename__ = "subscriber"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)  # of the links in what is sent there
    language: Mapped[str] = mapped_column(String(8))
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]  # a letter came back for good: nothing is sent until somebody says otherwise
    bounce: Mapped[str] = mapped_column(server_default="")  # what was said of it there
