"""Watched views: who may watch which, what each means to whoever watches it, and what is in it to begin with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.lists import filters
from gateway.lists.filters import Filter
from gateway.lists.matching import of_these, walk
from gateway.lists.meaning import Asker, Meant, meaning
from gateway.store.reading import watches
from gateway.store.tables import SavedView, Watch
from rules.times.walltime import zone_of
from rules.ways import CHANNELS_OF_WAY
from rules.words import Contact, Directory, Person, Role, Way

SEEDS = {  # views that are there from the start: name → what it asks for
    "mine": "team=mine",
    "assigned": "assignee=me",
    "emergencies": "status=open&urgency=emergency",
    "night": "status=all&from=yesterday-22%3A00&to=today-09%3A00",
}
NAMES = {  # as people read them
    "mine": "My teams, unresolved",
    "assigned": "Assigned to me",
    "emergencies": "Unacknowledged emergencies",
    "night": "Last night",
}
MOST = 5_000  # incidents that are remembered as being there already; older ones are taken for that


@dataclass(frozen=True, slots=True)
class Looked:
    """A watched view as it is today."""

    watch_id: int
    below: int
    wanted: Filter
    meant: Meant


def phones(person: Person) -> list[Contact]:
    """Where a push reaches them."""
    return [one for one in person.contacts if one.channel in CHANNELS_OF_WAY[Way.PUSH] and one.verified]


def query_of(key: str, person: Person | None, saved: Mapping[str, SavedView], directory: Directory) -> str | None:
    """What a view asks for; None for somebody who may not see it, or is never told."""
    if person is None or person.role is Role.VIEWER:
        return None
    if key in SEEDS:
        return SEEDS[key]
    row = saved.get(key)
    if row is not None and row.team:
        found = directory.teams.get(row.team)
        return row.query if found is not None and person.email in found.members else None
    return row.query if row is not None and row.person_id == person.id else None


def look_at(
    rows: Sequence[Watch], saved: Mapping[str, SavedView], directory: Directory, now: datetime
) -> tuple[list[Looked], list[int]]:
    """What is to be looked at; and the watches of which nothing is left: the view, the person, or the membership."""
    people, found, gone = {one.id: one for one in directory.people.values()}, list[Looked](), list[int]()
    for row in rows:
        person = people.get(row.person_id)
        query = query_of(row.view, person, saved, directory)
        if query is None or person is None:
            gone.append(row.id)
            continue
        wanted, meant = _meant(query, person, directory, now)
        if not meant.problems:  # a team or a source that is no longer there: without it the list would be another
            found.append(Looked(row.id, row.below, wanted, meant))
    return found, gone


def _meant(query: str, person: Person, directory: Directory, now: datetime) -> tuple[Filter, Meant]:
    zone = zone_of(person.timezone)
    wanted = filters.of_query(query, now, zone)
    return wanted, meaning(wanted, Asker(person.id, person.email, zone), directory, now)


def inside(looked: Sequence[Looked], ids: Collection[int]) -> set[tuple[int, int]]:
    """Which of these incidents is in which of them. Views that mean the same are asked once."""
    asked: dict[tuple[Filter, Meant], set[int]] = {}
    numbers = sorted(ids)
    for one in looked:
        if (one.wanted, one.meant) not in asked:
            asked[one.wanted, one.meant] = of_these(one.wanted, one.meant, numbers)
    return {
        (one.watch_id, number)
        for one in looked
        for number in asked[one.wanted, one.meant]
        if number > one.below
    }  # fmt: skip


def begin(session: Session, person: Person, key: str, query: str, directory: Directory, now: datetime) -> bool:
    """In the caller's transaction: from now on this person is told. False if they are already."""
    place = watches.hold(session, now)
    nobody = not watches.any_of_them(session)
    watch = watches.add(session, person.id, key, now)
    if watch is None:
        return False
    newest = watches.newest_line(session)
    watches.go_on(session, place.moved(newest, newest) if nobody else place.moved(place.head, place.tail), now)
    _fill(session, watch, query, person, directory, now)
    return True


def anew(session: Session, key: str, query: str, directory: Directory, now: datetime) -> None:
    """The view asks for something else now: what is in it is known to everybody who watches it."""
    people = {one.id: one for one in directory.people.values()}
    rows = watches.watchers(session, key)
    if not rows:
        return
    place = watches.hold(session, now)
    watches.go_on(session, place.moved(place.head, place.tail), now)
    for watch in rows:
        if watch.person_id in people:
            _fill(session, watch, query, people[watch.person_id], directory, now)


def _fill(
    session: Session, watch: Watch, query: str, person: Person, directory: Directory, now: datetime
) -> None:  # fmt: skip
    wanted, meant = _meant(query, person, directory, now)
    found = walk(replace(wanted, sort="age", after=None), meant, MOST)
    below = 0
    if found.stopped is not None:
        below = found.stopped[1]
    elif len(found.rows) == MOST:
        below = found.rows[-1].id
    watches.begin(session, watch, [one.id for one in found.rows if one.id > below], below, now)


def end(session: Session, key: str, now: datetime, person_id: int | None = None) -> list[int]:
    """Nobody is told of this view any more, or this person is not. Returns whose watches ended."""
    rows = [one for one in watches.watchers(session, key) if person_id is None or one.person_id == person_id]
    if rows:
        place = watches.hold(session, now)
        watches.go_on(session, place.moved(place.head, place.tail), now)
        watches.remove(session, [one.id for one in rows])
    return [one.person_id for one in rows]
