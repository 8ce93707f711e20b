"""The tables of the people at the desk: views, acts on many, and what desks are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import QUEUED, UNTOLD, Base, Big


class UndoRow(Base):
    """What one person did to one or many incidents at once, with how each stood before and right after it."""

    __tablename__ = "undo"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), index=True)  # several rows of one act share it
    account: Mapped[str]
    act: Mapped[str] = mapped_column(String(16))  # acknowledge, resolve, snooze, assign, merge
    at: Mapped[datetime]
    items: Mapped[list[Any]]  # [[incident, before, after], …]; of a merge also where to, and which alerts went
    used_at: Mapped[datetime | None]

    __table_args__ = (Index("undo_at", "at"),)


class SavedView(Base):
    """A name for what a list is asked to show: of one person, or of a team."""

    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)  # whoever made it
    team: Mapped[str] = mapped_column(String(100))  # empty: only that person sees it
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str]
    created_at: Mapped[datetime]


class Watch(Base):
    """A person who wants to be told when something enters a view: a saved one's number, or a name of one of ours."""

    __tablename__ = "watch"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    view: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    below: Mapped[int] = mapped_column(Big)  # incidents up to this number were in it already: too many to be listed
    told_at: Mapped[datetime | None]  # when this person was told last, of whatever view

    __table_args__ = (Index("watch_once", "person_id", "view", unique=True),)


class Inside(Base):
    """An incident that is in a watched view, as far as is known. What leaves it, and enters again, is told again."""

    __tablename__ = "inside"
    watch_id: Mapped[int] = mapped_column(ForeignKey("watch.id"), primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big, primary_key=True)
    at: Mapped[datetime]
    told: Mapped[bool]  # or was there when somebody began to watch

    __table_args__ = (Index("inside_untold", "watch_id", "at", postgresql_where=UNTOLD, sqlite_where=UNTOLD),)


class EntryNotice(Base):
    """What a push about views says: which, how many entered each, and the titles of the first."""

    __tablename__ = "entry_notice"
    delivery_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class BulkJob(Base):
    """One act of a person on so many incidents that it is done portion by portion, while they look on or not."""

    __tablename__ = "bulk_job"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)  # also under which it can be taken back
    account: Mapped[str]
    actor: Mapped[str]  # their name
    person_id: Mapped[int]
    act: Mapped[str] = mapped_column(String(16))  # acknowledge, resolve, snooze, assign
    given: Mapped[dict[str, Any]]  # until when, to whom
    numbers: Mapped[list[Any]]
    at: Mapped[datetime]
    place: Mapped[int]  # how many of them were seen to
    done: Mapped[list[Any]]
    skipped: Mapped[list[Any]]  # [number, reason]; no reason: there is no such incident
    finished_at: Mapped[datetime | None]
    ended: Mapped[str] = mapped_column(String(8), default="", server_default="")  # late, stopped; empty: it was done

    __table_args__ = (Index("bulk_job_at", "at"),)


class ListFile(Base):
    """A list that somebody wants as a file and that is so long that a worker makes it, part by part."""

    __tablename__ = "list_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    account: Mapped[str]
    person_id: Mapped[int]
    query: Mapped[str]  # as the list's address says it
    zone: Mapped[str]  # whose wall clock its times are of
    at: Mapped[datetime]
    rows: Mapped[int | None]  # in all; nothing: nobody has begun
    made: Mapped[int]  # rows so far
    size: Mapped[int] = mapped_column(BigInteger)  # bytes so far
    cut: Mapped[bool]  # the list goes on beyond the longest file
    finished_at: Mapped[datetime | None]
    ended: Mapped[str] = mapped_column(String(8), default="", server_default="")  # failed; empty: it is whole

    __table_args__ = (Index("list_file_at", "at"),)


class ListFilePart(Base):
    """Some rows of such a file: which incidents they are, and their lines once they are written."""

    __tablename__ = "list_file_part"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("list_file.id", ondelete="CASCADE"))
    place: Mapped[int]
    numbers: Mapped[list[Any]]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)  # zlib

    __table_args__ = (Index("list_file_part_once", "file_id", "place", unique=True),)


class Looking(Base):
    """A person whose browser has a ticket's page open: told by the page itself, and good for some seconds only."""

    __tablename__ = "looking"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    person_id: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        Index("looking_once", "incident_id", "person_id", unique=True),
        Index("looking_at", "at"),
    )


class TicketName(Base):
    """The key by which people know a ticket, where its desk knows it by another: Jira's TES-41 is its issue 10040."""

    __tablename__ = "ticket_name"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # of its alert


class DeskAddress(Base):
    """Where a service desk hears who works on its tickets."""

    __tablename__ = "desk_address"
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    url: Mapped[str]
    sealed: Mapped[str | None]  # ciphertext of the bearer token we show there


class DeskWord(Base):
    """What one service desk is told of one ticket: who has it. queued → sent, failed, or replaced by what is newer."""

    __tablename__ = "desk_word"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    source_id: Mapped[int]
    assignee: Mapped[dict[str, Any]]  # email, name; empty: nobody any more
    actor: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]  # while it is being sent: when another worker may
    finished_at: Mapped[datetime | None]
    error: Mapped[str]

    __table_args__ = (
        Index("desk_word_due", "due_at", postgresql_where=QUEUED, sqlite_where=QUEUED),
        Index("desk_word_incident", "incident_id", "id"),
    )
