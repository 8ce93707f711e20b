"""What the nightly look ahead found, as rows: new, still so, over; and who was told of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.store.tables import ContactRow, Fact, PersonRow, ReachFinding
from rules.checks.reach import Found

TURN = "reach"  # the Fact that keeps the day of the last look


def last_day(session: Session) -> str:
    return session.scalar(select(Fact.value).where(Fact.key == TURN)) or ""


def looked_at(session: Session) -> datetime | None:
    return session.scalar(select(Fact.at).where(Fact.key == TURN))


def claim(session: Session, day: str, now: datetime) -> bool:
    """Whether it is this process's turn: of several the first of the day."""
    row = session.get(Fact, TURN, with_for_update=True)
    if row is None:
        session.add(Fact(key=TURN, value=day, at=now))
    elif row.value == day:
        return False
    else:
        row.value, row.at = day, now
    session.flush()
    return True


def ended_browsers(session: Session) -> dict[str, list[str]]:
    """By e-mail address, why browsers of theirs take no push any more; of those who have no other."""
    rows = session.execute(
        select(PersonRow.email, ContactRow.failed_at, ContactRow.failure)
        .join(ContactRow, ContactRow.person_id == PersonRow.id)
        .where(ContactRow.channel == "webpush", PersonRow.active)
    ).all()
    alive = {email for email, failed, _ in rows if failed is None}
    found: dict[str, list[str]] = {}
    for email, failed, why in rows:
        if failed is not None and email not in alive:
            found.setdefault(email, []).append(why)
    return found


def keep(session: Session, found: Iterable[Found], now: datetime) -> list[ReachFinding]:
    """The rows say what was found: those that are over go, those that stay keep their beginning."""
    wanted = {one.key: one for one in found}
    held = {row.key: row for row in session.scalars(select(ReachFinding))}
    over = [row.id for key, row in held.items() if key not in wanted]
    session.execute(delete(ReachFinding).where(ReachFinding.id.in_(over)))
    ids = {row.email: row.id for row in session.execute(select(PersonRow.email, PersonRow.id))}
    for key, one in wanted.items():
        row = held.get(key)
        if row is None:
            row = ReachFinding(key=key, kind=one.kind, since=now, told_at=None, passed_on_at=None, team="", detail={})
            session.add(row)
        row.person_id, row.team = ids.get(one.who), one.team
        row.detail = {"what": one.what, "who": one.who}
    session.flush()
    return list(session.scalars(select(ReachFinding).order_by(ReachFinding.id)))


def of_person(session: Session, person_id: int) -> Sequence[ReachFinding]:
    mine = select(ReachFinding).where(ReachFinding.person_id == person_id)
    return session.scalars(mine.order_by(ReachFinding.id)).all()


def everything(session: Session) -> Sequence[ReachFinding]:
    return session.scalars(select(ReachFinding).order_by(ReachFinding.id)).all()
