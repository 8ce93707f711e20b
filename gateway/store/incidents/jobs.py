"""Acts on many incidents as rows: promised, seen to portion by portion, and what came of them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import locked
from gateway.store.tables import BulkJob

STOPPED = "stopped"  # by whoever asked for it


def waiting(session: Session) -> list[int]:
    """Those that are not finished, the oldest first."""
    query = select(BulkJob.id).where(BulkJob.finished_at.is_(None)).order_by(BulkJob.id).limit(20)
    return list(session.scalars(query))


def hold(session: Session, number: int) -> BulkJob | None:
    """Locked: of two workers one sees to a portion. None if it is finished."""
    query = select(BulkJob).where(BulkJob.id == number, BulkJob.finished_at.is_(None))
    return session.scalars(locked(query).execution_options(populate_existing=True)).first()


def mine(session: Session, token: str, account: str) -> BulkJob | None:
    query = select(BulkJob).where(BulkJob.token == token, BulkJob.account == account)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def unfinished(session: Session, account: str) -> BulkJob | None:
    """What this person began last, if it is not done yet."""
    query = select(BulkJob).where(BulkJob.finished_at.is_(None), BulkJob.account == account)
    return session.scalars(query.order_by(BulkJob.id.desc()).limit(1)).first()


def latest(session: Session, account: str) -> list[BulkJob]:
    """What this person has begun lately, the newest first; housekeeping lets go what is a day old."""
    query = select(BulkJob).where(BulkJob.account == account).order_by(BulkJob.id.desc()).limit(20)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def add(session: Session, job: BulkJob) -> None:
    session.add(job)
    session.flush()


def finish(job: BulkJob, now: datetime, ended: str = "") -> None:
    job.finished_at, job.ended = now, ended


def stop(session: Session, token: str, account: str, now: datetime) -> tuple[str, int] | None:
    """The rest of it is not done any more: its act, and how many were left. None if it is not under way.

    A portion that is just being done is waited for, so that whoever takes the whole back finds it, too.
    """
    query = select(BulkJob).where(BulkJob.token == token, BulkJob.account == account, BulkJob.finished_at.is_(None))
    job = session.scalars(locked(query).execution_options(populate_existing=True)).first()
    if job is None:
        return None
    finish(job, now, STOPPED)
    return job.act, len(job.numbers) - job.place
