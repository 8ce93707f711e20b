"""People and teams as those see them who look after them: pages of people, one of them, and what hangs on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gateway.store.tables import ContactRow, Incident, PersonRow, ScheduleRow, SignIn, TeamRow
from rules.words import Role


def page(session: Session, after: int, limit: int) -> list[PersonRow]:
    """By name; whoever has left comes last. Goes on behind the person with the number `after`."""
    query = select(PersonRow).order_by(PersonRow.active.desc(), PersonRow.name, PersonRow.id).limit(limit)
    last = session.get(PersonRow, after) if after else None
    if last is not None:
        behind = or_(PersonRow.name > last.name, (PersonRow.name == last.name) & (PersonRow.id > last.id))
        here = (PersonRow.active == last.active) & behind
        query = query.where(or_(here, ~PersonRow.active) if last.active else here)
    return list(session.scalars(query))


def count(session: Session) -> tuple[int, int]:
    """How many are here, and how many have left."""
    rows = session.execute(select(PersonRow.active, func.count()).group_by(PersonRow.active))
    found = {bool(active): number for active, number in rows}
    return found.get(True, 0), found.get(False, 0)


def person(session: Session, number: int) -> PersonRow | None:
    return session.get(PersonRow, number, populate_existing=True)


def teams(session: Session) -> Sequence[TeamRow]:
    return session.scalars(select(TeamRow).order_by(TeamRow.name)).all()


def team(session: Session, name: str) -> TeamRow | None:
    return session.scalars(select(TeamRow).where(TeamRow.name == name)).one_or_none()


def contacts_of_team(session: Session, team_id: int) -> Sequence[ContactRow]:
    return session.scalars(select(ContactRow).where(ContactRow.team_id == team_id).order_by(ContactRow.id)).all()


def schedules(session: Session) -> Sequence[ScheduleRow]:
    return session.scalars(select(ScheduleRow).order_by(ScheduleRow.name)).all()


def signed_in(session: Session, person_id: int) -> int:
    return session.scalar(select(func.count()).select_from(SignIn).where(SignIn.person_id == person_id)) or 0


def admins(session: Session) -> list[int]:
    """Who can sign in and may do everything."""
    able = PersonRow.role == Role.ADMIN.value, PersonRow.active, PersonRow.password_hash.is_not(None)
    return list(session.scalars(select(PersonRow.id).where(*able)))


@dataclass(frozen=True, slots=True)
class Assigned:
    """An open incident that is somebody's."""

    id: int
    title: str


def assigned(session: Session, person_id: int, limit: int = 20) -> list[Assigned]:
    mine = Incident.assignee_id == person_id, Incident.assignee_id.is_not(None), Incident.status != "resolved"
    rows = session.execute(select(Incident.id, Incident.title).where(*mine).order_by(Incident.id.desc()).limit(limit))
    return [Assigned(number, title) for number, title in rows]
