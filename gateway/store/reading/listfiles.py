"""Long lists as files: who wants which, their parts, and which are let go. A file that is not whole is never read."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from gateway.store.db import locked
from gateway.store.tables import ListFile, ListFilePart

FAILED = "failed"  # it cannot be made, whatever is wrong with it


def waiting(session: Session) -> list[int]:
    """Those that are not finished, the oldest first."""
    query = select(ListFile.id).where(ListFile.finished_at.is_(None)).order_by(ListFile.id).limit(20)
    return list(session.scalars(query))


def look(session: Session, number: int) -> ListFile | None:
    """None if it is finished, or gone."""
    query = select(ListFile).where(ListFile.id == number, ListFile.finished_at.is_(None))
    return session.scalars(query.execution_options(populate_existing=True)).first()


def hold(session: Session, number: int) -> ListFile | None:
    """The same, locked: of two workers one goes on with it."""
    query = select(ListFile).where(ListFile.id == number, ListFile.finished_at.is_(None))
    return session.scalars(locked(query).execution_options(populate_existing=True)).first()


def mine(session: Session, token: str, account: str) -> ListFile | None:
    query = select(ListFile).where(ListFile.token == token, ListFile.account == account)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def latest(session: Session, account: str) -> list[ListFile]:
    """What this person has asked for lately, the newest first."""
    query = select(ListFile).where(ListFile.account == account).order_by(ListFile.id.desc()).limit(20)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def add(session: Session, file: ListFile, kept: int) -> None:
    """Of one person only so many are kept, the newest: the older ones make room."""
    session.add(file)
    session.flush()
    theirs = select(ListFile.id).where(ListFile.account == file.account).order_by(ListFile.id.desc())
    older = session.scalars(theirs.offset(kept)).all()
    session.execute(delete(ListFile).where(ListFile.id.in_(older)))


def plan(session: Session, file: ListFile, parts: Sequence[Sequence[int]]) -> None:
    """Which incidents stand in it is settled from here on."""
    file.rows = sum(map(len, parts))
    rows = [ListFilePart(file_id=file.id, place=place, numbers=list(some)) for place, some in enumerate(parts)]
    session.add_all(rows)


def next_part(session: Session, number: int) -> tuple[int, list[int]] | None:
    """The first part that is not made: its place, and its incidents."""
    query = select(ListFilePart.place, ListFilePart.numbers)
    query = query.where(ListFilePart.file_id == number, ListFilePart.body.is_(None)).order_by(ListFilePart.place)
    found = session.execute(query.limit(1)).first()
    return None if found is None else (found[0], found[1])


def keep(session: Session, number: int, place: int, body: bytes) -> bool:
    """False if somebody else has made it meanwhile."""
    part = update(ListFilePart).where(ListFilePart.file_id == number, ListFilePart.place == place)
    done = session.execute(part.where(ListFilePart.body.is_(None)).values(body=body))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def is_whole(session: Session, number: int) -> bool:
    query = select(func.count()).where(ListFilePart.file_id == number, ListFilePart.body.is_(None))
    return session.scalar(query) == 0


def body(session: Session, number: int, place: int) -> bytes | None:
    query = select(ListFilePart.body).where(ListFilePart.file_id == number, ListFilePart.place == place)
    return session.scalar(query)
