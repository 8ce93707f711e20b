"""What entered a view that somebody watches, told by push: looked for beside the loop, in what the timeline says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Flask
from sqlalchemy.orm import Session

from gateway import log
from gateway.flows.beside import Beside
from gateway.lists import watching
from gateway.lists.watching import Looked
from gateway.store.db import reading, transaction
from gateway.store.reading import watches
from gateway.store.reading.watches import Entered, Place, Waiting
from gateway.world import World
from rules.duty.personal import quiet_until
from rules.words import Directory, Person

LINES = 500  # of the timeline, in one portion
PORTIONS = 20  # in one turn; the next goes on
LAG = timedelta(minutes=1)  # no transaction takes longer: what it wrote below what was read is looked for after this
GATHER = timedelta(seconds=10)  # what comes at once is told at once
PAUSE = timedelta(minutes=2)  # between two pushes about views to one person
EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class Lookout:
    """One worker's turns at it."""

    app: Flask
    world: World
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "views")

    def start_due(self, now: datetime) -> None:
        with reading() as session:
            if not watches.any_of_them(session) or not _anything(session, self.world, now):
                return
        self.beside.start("entered", EVERY, now, lambda: turn(self.world, now))


def _anything(session: Session, world: World, now: datetime) -> bool:
    place = watches.place(session)
    if watches.lines(session, place.head, 1):
        return True
    behind = watches.lines(session, place.tail, 1)
    return any(at <= now - LAG for _, _, at in behind) or bool(_due(session, world, now))


def _due(session: Session, world: World, now: datetime) -> list[Waiting]:
    """Who is told now: not sooner than some seconds after the first entered, nor twice in two minutes, nor at night."""
    found = [one for one in watches.waiting(session) if _is_time(one, now)]
    if not found:
        return []
    people = {one.id: one for one in world.roll.current(session).people.values()}
    asleep = {number for number, person in people.items() if quiet_until(person, now) is not None}
    return [one for one in found if one.person_id not in asleep]


def turn(world: World, now: datetime) -> int:
    """Reads on, and tells whoever is to be told. Returns how many people were."""
    for _ in range(PORTIONS):
        if not read_on(world, now):
            break
    with reading() as session:
        due, directory = _due(session, world, now), world.roll.current(session)
    return sum(_tell(world, one, directory, now) for one in due)


def read_on(world: World, now: datetime) -> bool:
    """One portion: which incidents changed, and which views they are in now. False if there is no more."""
    with reading() as session:
        place, rows = watches.place(session), watches.all_of_them(session)
        to, ids = _next(session, place, now)
        if not rows or (to.head, to.tail) == (place.head, place.tail):
            return False
        saved = watches.saved(session, {one.view for one in rows})
        looked, gone = watching.look_at(rows, saved, world.roll.current(session), now)
        now_inside = watching.inside(looked, ids)
        before = watches.inside(session, [one.watch_id for one in looked], sorted(ids))
    with transaction() as session:
        if watches.hold(session, now) != place:
            return False  # somebody else was quicker, or began to watch: what was read may no longer hold
        watches.change(session, now_inside - before, _left(before - now_inside, looked), now)
        watches.remove(session, gone)
        watches.go_on(session, to, now)
    return True


def _left(pairs: set[tuple[int, int]], looked: Sequence[Looked]) -> set[tuple[int, int]]:
    """What is known to have been in a view before anybody looked stays known."""
    below = {one.watch_id: one.below for one in looked}
    return {(watch_id, number) for watch_id, number in pairs if number > below[watch_id]}


def _next(session: Session, place: Place, now: datetime) -> tuple[Place, set[int]]:
    """How far this portion reads, and the incidents whose lines are in it: the new ones, and those a minute old."""
    new = watches.lines(session, place.head, LINES)
    head = new[-1][0] if new else place.head
    old = watches.lines(session, place.tail, LINES)
    late = list(takewhile(lambda line: line[0] <= place.head and line[2] <= now - LAG, old))
    tail = late[-1][0] if late else place.tail
    return place.moved(head, tail), {number for _, number, _ in (*new, *late) if number}


def _is_time(one: Waiting, now: datetime) -> bool:
    return one.since <= now - GATHER and (one.told_at is None or one.told_at <= now - PAUSE)


def _tell(world: World, one: Waiting, directory: Directory, now: datetime) -> bool:
    """One push for all that has entered this person's views and is still there."""
    person = next((each for each in directory.people.values() if each.id == one.person_id), None)
    with transaction() as session:
        place = watches.hold(session, now)
        if one not in watches.waiting(session):
            return False  # another worker was quicker
        found = watches.entered(session, one.person_id)
        facts = _facts(session, found, person, directory, world) if person is not None and found else {"views": []}
        if person is not None and facts["views"]:  # else they may not see any of them any more
            for contact in watching.phones(person):
                watches.promise(session, person, contact, place.turn, facts, now)
        watches.say_told(session, one.person_id, now)
        watches.go_on(session, place.moved(place.head, place.tail), now)
    log.info("entered_told", person=one.person_id, views=len(found), incidents=sum(each.count for each in found))
    return True


def _facts(
    session: Session, found: Sequence[Entered], person: Person, directory: Directory, world: World
) -> dict[str, Any]:
    """As the message will say it, whatever happens until it is sent."""
    saved = watches.saved(session, {one.view for one in found})
    views = list[dict[str, Any]]()
    for one in found:
        row, query = saved.get(one.view), watching.query_of(one.view, person, saved, directory)
        if query is None:
            continue
        address = urlencode([*parse_qsl(query), ("view", one.view)])
        titles = [[number, title] for number, title in one.titles]
        views.append({"name": row.name if row else "", "seed": watching.NAMES.get(one.view, ""), "count": one.count,
                      "titles": titles, "url": f"{world.settings.public_url}/incidents?{address}"})  # fmt: skip
    alone = len(views) == 1
    url = views[0]["url"] if alone else f"{world.settings.public_url}/incidents"
    if alone and views[0]["count"] == 1:
        url = f"{world.settings.public_url}/incidents/{views[0]['titles'][0][0]}"
    return {"views": views, "url": url}
