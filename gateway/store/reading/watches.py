"""Who wants to be told when something enters a view, what is inside, how far the timeline was read, and the pushes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from gateway.store.base import UNTOLD
from gateway.store.db import locked, upsert
from gateway.store.outgoing import notes
from gateway.store.outgoing.notes import Note
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import bulk
from gateway.store.tables import Entry, EntryNotice, Fact, Incident, Inside, SavedView, Watch
from gateway.store.types import micros, to_json
from rules.words import Contact, Person, Way

KIND = "entered"  # the kind of message
PLACE = "views"  # the Fact that says how far the timeline was read
TITLES = 10  # of one push
LARGEST = 2**31 - 1  # of a view's number: PostgreSQL compares none with a larger one, SQLite none of more than 64 bits


@dataclass(frozen=True, slots=True)
class Place:
    """How far: `head` at once, `tail` once more a minute later, for what was committed out of order meanwhile."""

    head: int = 0
    tail: int = 0
    turn: int = 0  # grows whenever anything is written here: what was read before no longer holds

    def moved(self, head: int, tail: int) -> "Place":
        return Place(head, tail, self.turn + 1)


def place(session: Session) -> Place:
    return _place(session.get(Fact, PLACE, populate_existing=True))


def _place(row: Fact | None) -> Place:
    return Place(**msgspec.json.decode(row.value)) if row else Place()


def hold(session: Session, now: datetime) -> Place:
    """Until commit nobody else reads on, begins to watch or is told: each would count the other's as its own."""
    made = upsert(session, Fact, [{"key": PLACE, "value": _written(Place()), "at": now}])
    session.execute(made.on_conflict_do_nothing(index_elements=["key"]))
    query = select(Fact).where(Fact.key == PLACE).execution_options(populate_existing=True)
    return _place(session.scalars(locked(query)).one())


def go_on(session: Session, to: Place, now: datetime) -> None:
    session.execute(update(Fact).where(Fact.key == PLACE).values(value=_written(to), at=now))


def _written(one: Place) -> str:
    return to_json({"head": one.head, "tail": one.tail, "turn": one.turn})


def newest_line(session: Session) -> int:
    return session.scalar(select(Entry.id).order_by(Entry.id.desc()).limit(1)) or 0


def lines(session: Session, above: int, limit: int) -> Sequence[tuple[int, int, datetime]]:
    """Of the timeline, in order: number, incident, when."""
    query = select(Entry.id, Entry.incident_id, Entry.at).where(Entry.id > above).order_by(Entry.id).limit(limit)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def any_of_them(session: Session) -> bool:
    return session.scalar(select(Watch.id).limit(1)) is not None


def all_of_them(session: Session) -> Sequence[Watch]:
    return session.scalars(select(Watch).order_by(Watch.id)).all()


def of_person(session: Session, person_id: int) -> set[str]:
    """The views that this person watches."""
    return set(session.scalars(select(Watch.view).where(Watch.person_id == person_id)))


def watchers(session: Session, view: str) -> Sequence[Watch]:
    return session.scalars(select(Watch).where(Watch.view == view).order_by(Watch.id)).all()


def saved(session: Session, keys: Collection[str]) -> dict[str, SavedView]:
    """Views that people have saved, by their numbers as texts."""
    short = [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 20]
    numbers = [number for number in short if number <= LARGEST]
    rows = session.scalars(select(SavedView).where(SavedView.id.in_(numbers))) if numbers else ()
    return {str(row.id): row for row in rows}


def add(session: Session, person_id: int, view: str, now: datetime) -> Watch | None:
    """None if this person watches it already."""
    row = {"person_id": person_id, "view": view, "created_at": now, "below": 0, "told_at": None}
    made = upsert(session, Watch, [row]).on_conflict_do_nothing(index_elements=["person_id", "view"])
    number = session.scalar(made.returning(Watch.id))
    return session.get(Watch, number) if number else None


def begin(session: Session, watch: Watch, ids: Sequence[int], below: int, now: datetime) -> None:
    """What is in it now is told to nobody."""
    session.execute(delete(Inside).where(Inside.watch_id == watch.id))
    at = micros(now)
    bulk.insert(session, Inside, ("watch_id", "incident_id", "at", "told"), [(watch.id, one, at, True) for one in ids])
    watch.below = below
    session.flush()


def remove(session: Session, ids: Collection[int]) -> None:
    session.execute(delete(Inside).where(Inside.watch_id.in_(ids)))
    session.execute(delete(Watch).where(Watch.id.in_(ids)))


def inside(session: Session, watch_ids: Sequence[int], incident_ids: Sequence[int]) -> set[tuple[int, int]]:
    query = select(Inside.watch_id, Inside.incident_id)
    rows = session.execute(query.where(Inside.incident_id.in_(incident_ids), Inside.watch_id.in_(watch_ids)))
    return {(row[0], row[1]) for row in rows}


Pair = tuple[int, int]  # a watch and an incident


def change(session: Session, entered: Iterable[Pair], left: Iterable[Pair], now: datetime) -> None:
    at, gone = micros(now), dict[int, list[int]]()
    for watch_id, number in left:
        gone.setdefault(watch_id, []).append(number)
    for watch_id, numbers in gone.items():
        session.execute(delete(Inside).where(Inside.watch_id == watch_id, Inside.incident_id.in_(numbers)))
    columns, rows = ("watch_id", "incident_id", "at", "told"), [(*one, at, False) for one in sorted(entered)]
    bulk.insert(session, Inside, columns, rows, "ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one person is to be told."""

    person_id: int
    since: datetime  # the first of it entered
    told_at: datetime | None  # when they were told anything last


def waiting(session: Session) -> list[Waiting]:
    some = select(Inside.watch_id, func.min(Inside.at).label("at")).where(UNTOLD).group_by(Inside.watch_id).subquery()
    rows = session.execute(select(Watch.person_id, some.c.at).join(some, some.c.watch_id == Watch.id)).all()
    since: dict[int, datetime] = {}
    for person_id, at in rows:
        since[person_id] = min(at, since.get(person_id, at))
    query = select(Watch.person_id, func.max(Watch.told_at)).where(Watch.person_id.in_(since)).group_by(Watch.person_id)
    last = {row[0]: row[1] for row in session.execute(query)} if since else {}
    return [Waiting(person_id, at, last.get(person_id)) for person_id, at in sorted(since.items())]


@dataclass(frozen=True, slots=True)
class Entered:
    """What entered one view since this person was told last."""

    view: str
    count: int
    titles: tuple[tuple[int, str], ...]  # the most urgent and newest of them: number, title


def entered(session: Session, person_id: int) -> list[Entered]:
    found: list[Entered] = []
    for watch in session.scalars(select(Watch).where(Watch.person_id == person_id).order_by(Watch.id)):
        mine = (Inside.watch_id == watch.id, UNTOLD)
        count = session.scalar(select(func.count()).select_from(Inside).where(*mine)) or 0
        if count:
            query = select(Incident.id, Incident.title).join(Inside, Inside.incident_id == Incident.id).where(*mine)
            rows = session.execute(query.order_by(Incident.urgency, Incident.id.desc()).limit(TITLES))
            found.append(Entered(watch.view, count, tuple((row[0], row[1]) for row in rows)))
    return found


def say_told(session: Session, person_id: int, now: datetime) -> None:
    mine = select(Watch.id).where(Watch.person_id == person_id)
    session.execute(update(Inside).where(Inside.watch_id.in_(mine), UNTOLD).values(told=True))
    session.execute(update(Watch).where(Watch.person_id == person_id).values(told_at=now))


def promise(
    session: Session, person: Person, contact: Contact, turn: int, facts: Mapping[str, Any], now: datetime
) -> None:
    """A push about no single incident, as the weekly letter is: the outbox has it from here."""
    number = notes.promise(session, person, contact, Note(Way.PUSH, KIND, f"{KIND}:{person.id}:{turn}"), now)
    session.add(EntryNotice(delivery_id=number, facts=dict(facts), created_at=now))
    session.flush()


def facts_of(session: Session, leased: Leased) -> dict[str, Any]:
    rows = bulk.select_plain(session, "SELECT facts FROM entry_notice WHERE delivery_id = {}", leased.id)
    found: dict[str, Any] = msgspec.json.decode(rows[0][0]) if rows else {}
    return found
