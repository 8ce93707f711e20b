"""Saved views of the list as rows: one's own, and those of one's teams."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from gateway.store.db import locked_to_change
from gateway.store.sql.bulk import Question
from gateway.store.tables import Fact, PersonRow, SavedView, Watch
from gateway.store.types import micros, moment

MOST = 50  # of one person
LONGEST_NAME = 60
LAST_CHANGE = "view-undo:"  # and the number of a person: the view that they renamed or deleted last, as it stood


@dataclass(frozen=True, slots=True)
class Was:
    """A view as it stood before it was renamed or deleted."""

    number: int
    owner: int
    team: str
    name: str
    query: str
    made: int  # when; SQLite gives the number of a deleted view to the next one
    homes: list[int]  # who began there
    deleted: bool = False  # else renamed
    watchers: list[int] = field(default_factory=list)  # who was told when something entered it


def was(session: Session, row: SavedView, *, deleted: bool) -> Was:
    homes = session.scalars(select(PersonRow.id).where(PersonRow.home == str(row.id)).order_by(PersonRow.id)).all()
    told = session.scalars(select(Watch.person_id).where(Watch.view == str(row.id)).order_by(Watch.person_id)).all()
    made = micros(row.created_at)
    return Was(row.id, row.person_id, row.team, row.name, row.query, made, list(homes), deleted, list(told))


def remember(session: Session, person_id: int, before: Was, now: datetime) -> None:
    """Each person's last change only: what came before it stays as it is."""
    session.merge(Fact(key=f"{LAST_CHANGE}{person_id}", value=json.dumps(asdict(before)), at=now))


def remembered(session: Session, person_id: int, since: datetime) -> Was | None:
    query = select(Fact).where(Fact.key == f"{LAST_CHANGE}{person_id}", Fact.at >= since)
    row = session.scalars(locked_to_change(session, query)).first()
    before = Was(**json.loads(row.value)) if row else None
    if before is None or before.deleted:
        return before
    there = session.get(SavedView, before.number)  # what others of the team have deleted since stays so
    return before if there is not None and micros(there.created_at) == before.made else None


def take_back(session: Session, person_id: int, before: Was) -> int:
    """As it stood; who began there begins there again, unless they chose otherwise since. Its number."""
    session.execute(delete(Fact).where(Fact.key == f"{LAST_CHANGE}{person_id}"))
    there = session.get(SavedView, before.number)
    if there is not None and micros(there.created_at) == before.made:
        change(session, before.number, name=before.name)
        return before.number
    row = SavedView(
        person_id=before.owner, team=before.team, name=before.name, query=before.query, created_at=moment(before.made)
    )
    if there is None:
        row.id = before.number
    session.add(row)
    session.flush()
    chosen = update(PersonRow).where(PersonRow.id.in_(before.homes), PersonRow.home == "")
    session.execute(chosen.values(home=str(row.id)))
    return row.id


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
