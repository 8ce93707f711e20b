"""Somebody who cannot be reached as they should is told so: once an hour at most, whoever asks for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.store.db import transaction
from gateway.store.directory import reach
from gateway.store.outgoing import notices
from gateway.store.upkeep import audit
from gateway.world import world
from rules.checks.reach import Found, look
from rules.words import Directory, Role

EVERY = timedelta(hours=1)
OF_PERSONS = ("nothing", "lacks", "ended", "failing")
NOBODY, REACHABLE, LATELY = "unknown", "reachable", "lately"


@dataclass(frozen=True, slots=True)
class Reminded:
    wrong: str  # nothing: they are told
    at: datetime | None = None  # of LATELY: when they were told last


def lacking(session: Session, directory: Directory, now: datetime) -> Mapping[str, Sequence[Found]]:
    """By e-mail address what stands between people and the messages that would go to them, as it is now."""
    found: dict[str, list[Found]] = {}
    for one in look(world().shelf.book, directory, reach.ended_browsers(session), now):
        if one.kind in OF_PERSONS:
            found.setdefault(one.who, []).append(one)
    for email, person in directory.people.items():
        if email not in found and person.role is not Role.VIEWER and not any(one.verified for one in person.contacts):
            found[email] = [Found("nothing", email, what="every class")]
    return found


def last(session: Session, people: Collection[int], now: datetime) -> Mapping[int, datetime]:
    """When each was reminded within the hour."""
    return notices.newest(session, people, "remind:", now - EVERY)


def remind(person_id: int, actor: Actor, now: datetime) -> Reminded:
    with transaction() as session:
        directory = world().roll.current(session)
        person = directory.by_id(person_id)
        if person is None:
            return Reminded(NOBODY)
        found = lacking(session, directory, now).get(person.email, ())
        if not found:
            return Reminded(REACHABLE)
        before = last(session, [person_id], now).get(person_id)
        if before is not None:
            return Reminded(LATELY, before)
        said = {"findings": [{"kind": one.kind, "what": one.what} for one in found], "by": actor.name}
        once = f"remind:{person_id}:{int(now.timestamp() // EVERY.total_seconds())}"
        if not notices.tell(session, person_id, once, "reach", said, now):
            return Reminded(LATELY, now)
        audit.note(session, now, actor.account or actor.name, "person reminded", person.email, actor.how)
    return Reminded("")
