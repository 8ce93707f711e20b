"""Saved views as people make, change, delete and take them back, begin at them and watch them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.actions import Actor, NotPossible
from gateway.lists import filters, watching
from gateway.lists.watching import SEEDS
from gateway.store.db import transaction
from gateway.store.reading import views, watches
from gateway.store.tables import SavedView
from gateway.store.upkeep import audit
from gateway.world import world
from rules.duty.company import teams_of
from rules.telling.undoing import WITHIN
from rules.texts.text import clean_text, one_line

LONGEST = 4000  # characters of a query as it is asked for
NO_NAME = "a view has a name"
NOT_YOURS = "views are for oneself, or for a team of one's own"
TOO_MANY = f"{views.MOST} views are the most that one person makes"
NO_PHONE = "nothing of yours takes push yet: set up a browser or a phone first"


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it, and by whose clock days are meant."""

    actor: Actor
    zone: ZoneInfo

    @property
    def id(self) -> int:
        assert self.actor.person_id is not None  # only a person has views
        return self.actor.person_id

    def teams(self, session: Session) -> list[str]:
        return teams_of(self.actor.account, world().roll.current(session))


@dataclass(frozen=True, slots=True)
class Done:
    """A view as it stands, or stood last."""

    number: int
    team: str
    name: str
    query: str


def name_of(text: str) -> str:
    """Raises NotPossible."""
    name = one_line(clean_text(text)).strip()[: views.LONGEST_NAME]
    if not name:
        raise NotPossible(NO_NAME)
    return name


def query_of(text: str, person: Person, now: datetime) -> str:
    """As we would write it ourselves."""
    return filters.of_query(text[:LONGEST], now, person.zone).query


def seen(session: Session, number: int, person: Person) -> SavedView | None:
    return views.seen(session, number, person.id, person.teams(session))


def add(person: Person, team: str, name: str, query: str, now: datetime) -> Done:
    """Save as: for oneself, or for a team of one's own. Raises NotPossible."""
    name, query = name_of(name), query_of(query, person, now)
    with transaction() as session:
        if team and team not in person.teams(session):
            raise NotPossible(NOT_YOURS)
        row = views.add(session, person.id, team, name, query, now)
        if row is None:
            raise NotPossible(TOO_MANY)
        _note(session, person, now, "view saved", f"view {row.id}", name=name, team=team)
        return Done(row.id, team, name, query)


def save(person: Person, number: int, query: str, now: datetime) -> Done | None:
    """It asks for something else. None if they do not see it."""
    query = query_of(query, person, now)
    with transaction() as session:
        found = seen(session, number, person)
        if found is None:
            return None
        done = Done(number, found.team, found.name, query)
        views.change(session, number, query=query)
        watching.anew(session, str(number), query, world().roll.current(session), now)
        _note(session, person, now, "view save", f"view {number}", name=done.name)
    return done


def rename(person: Person, number: int, name: str, now: datetime) -> Done | None:
    """None if they do not see it; raises NotPossible."""
    name = name_of(name)
    with transaction() as session:
        found = seen(session, number, person)
        if found is None:
            return None
        done, before = Done(number, found.team, name, found.query), views.was(session, found, deleted=False)
        views.change(session, number, name=name)
        views.remember(session, person.id, before, now)
        _note(session, person, now, "view rename", f"view {number}", name=name)
    return done


def delete(person: Person, number: int, now: datetime) -> Done | None:
    """None if they do not see it."""
    with transaction() as session:
        found = seen(session, number, person)
        if found is None:
            return None
        done = Done(number, found.team, found.name, found.query)
        before = views.was(session, found, deleted=True)
        watching.end(session, str(number), now)
        views.remove(session, number)
        views.remember(session, person.id, before, now)
        _note(session, person, now, "view delete", f"view {number}", name=done.name)
    return done


def undo(person: Person, now: datetime) -> Done | None:
    """The view that one renamed or deleted last is again as it was; one of a team only for who still belongs to it."""
    with transaction() as session:
        before = views.remembered(session, person.id, now - WITHIN)
        if before is None or (before.team and before.team not in person.teams(session)):
            return None
        number = views.take_back(session, person.id, before)
        if before.deleted:
            _watch_again(session, before, number, now)
        _note(session, person, now, "view undo", f"view {number}", name=before.name)
        return Done(number, before.team, before.name, before.query)


def _watch_again(session: Session, before: views.Was, number: int, now: datetime) -> None:
    """Whoever was told when something entered it is told again."""
    directory = world().roll.current(session)
    for person in [one for one in directory.people.values() if one.id in before.watchers]:
        watching.begin(session, person, str(number), before.query, directory, now)


def set_home(person: Person, key: str, now: datetime) -> bool:
    """One begins at this view from now on; without one, at the plain list. False if they do not see it."""
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else 0
    with transaction() as session:
        if key and key not in SEEDS and not (number and seen(session, number, person)):
            return False
        views.set_home(session, person.id, key)
        _note(session, person, now, "home view", person.actor.account, view=key)
    return True


def watch(person: Person, key: str, now: datetime, *, on: bool) -> str | None:
    """From now on they are told when something enters this view; or no longer. Done twice it is done.

    What it asks for; None for a view that they do not see. Raises NotPossible where nothing of theirs takes push.
    """
    with transaction() as session:
        directory = world().roll.current(session)
        known = directory.people.get(person.actor.account)
        saved = watches.saved(session, [key] if key.isascii() else [])
        query = watching.query_of(key, known, saved, directory)
        if known is None or query is None:
            return None
        if on and not watching.phones(known):
            raise NotPossible(NO_PHONE)
        if on:
            changed = watching.begin(session, known, key, query, directory, now)
        else:
            changed = bool(watching.end(session, key, now, known.id))
        if changed:
            _note(session, person, now, "view watch" if on else "view unwatch", f"view {key}")
    return query


def _note(session: Session, person: Person, now: datetime, action: str, target: str, **detail: str) -> None:
    audit.note(session, now, person.actor.account, action, target, person.actor.how, **detail)
