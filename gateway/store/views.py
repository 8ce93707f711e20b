"""Saved views of the list as rows: one's own, and those of one's teams."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from gateway.store.bulk import Question
from gateway.store.tables import PersonRow, SavedView

MOST = 50  # of one person
LONGEST_NAME = 60


def listed(session: Session, person_id: int, teams: Collection[str]) -> Sequence[SavedView]:
    """All that this person sees."""
    own = (SavedView.person_id == person_id) & (SavedView.team == "")
    query = select(SavedView).where(or_(own, SavedView.team.in_(teams)))
    return session.scalars(query.order_by(SavedView.name, SavedView.id)).all()


@dataclass(frozen=True, slots=True)
class View:
    """As much of a view as a menu shows."""

    id: int
    team: str
    name: str
    query: str


def listed_asked(person_id: int, teams: Collection[str]) -> Question:
    """The same as listed(), to be asked together with others."""
    sql = "SELECT id, team, name, query FROM saved_view WHERE team {list} OR (person_id = {} AND team = '') "
    return Question(f"{sql}ORDER BY name, id", (person_id,), tuple(teams))


def listed_of(rows: Sequence[Any]) -> list[View]:
    return [View(*row) for row in rows]


def seen(session: Session, number: int, person_id: int, teams: Collection[str]) -> SavedView | None:
    """One of them."""
    return next((one for one in listed(session, person_id, teams) if one.id == number), None)


def add(session: Session, person_id: int, team: str, name: str, query: str, now: datetime) -> SavedView | None:
    """None if the person has too many already."""
    made = session.scalars(select(SavedView.id).where(SavedView.person_id == person_id)).all()
    if len(made) >= MOST:
        return None
    row = SavedView(person_id=person_id, team=team, name=name[:LONGEST_NAME], query=query, created_at=now)
    session.add(row)
    session.flush()
    return row


def change(session: Session, number: int, **values: str) -> None:
    session.execute(update(SavedView).where(SavedView.id == number).values(**values))


def remove(session: Session, number: int) -> None:
    """Whoever began there begins at the plain list again."""
    session.execute(update(PersonRow).where(PersonRow.home == str(number)).values(home=""))
    session.execute(delete(SavedView).where(SavedView.id == number))


def set_home(session: Session, person_id: int, view: str) -> None:
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(home=view))


def home(session: Session, person_id: int) -> str:
    return session.scalar(select(PersonRow.home).where(PersonRow.id == person_id)) or ""
