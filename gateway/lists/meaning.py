"""What a filter's names mean today: whose number, which sources, which policies belong to a team, which moments."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from gateway.lists.filters import Filter, Problem
from gateway.store.base import LATEST
from gateway.store.db import db
from gateway.store.senders import ticket_names
from gateway.store.tables import AlertRow, Incident, Source
from gateway.world import world
from rules.identity import fingerprint
from rules.words import Directory

LONGEST_FINGERPRINT = 64  # as gateway/sources has it: a longer key is kept as its fingerprint


@dataclass(frozen=True, slots=True)
class Meant:
    since: datetime | None = None
    until: datetime | None = None
    assignee: int = 0
    nobody: bool = False  # only what nobody has in hand
    sources: tuple[int, ...] = ()
    policies: tuple[str, ...] | None = None  # of a team
    team: str = ""  # as reports count it: whose work it was when it opened
    problems: tuple[Problem, ...] = ()
    late_at: datetime | None = None  # what is not answered missed its target if that was before
    tickets: tuple[int, ...] = ()  # incidents of the tickets whose number is the text, at any service desk


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose "me" and "mine" are meant, and whose clock."""

    person_id: int
    email: str
    zone: ZoneInfo


def meaning(wanted: Filter, asker: Asker, directory: Directory, now: datetime) -> Meant:
    problems = list(wanted.problems)
    since, until = wanted.span(now, asker.zone)
    assignee = 0
    if wanted.assignee not in ("", "none"):
        assignee = asker.person_id if wanted.assignee == "me" else person_id(wanted.assignee, directory)
        if not assignee:
            problems.append(Problem("assignee", wanted.assignee, "nobody"))
    sources = _sources(wanted.source) if wanted.source else ()
    if wanted.source and not sources:
        problems.append(Problem("source", wanted.source, "no source"))
    policies, team = None, ""
    if wanted.counted and wanted.team not in ("", "mine"):
        team = wanted.team
    elif wanted.team in ("mine", *directory.teams):
        policies = policies_of(wanted.team, asker.email, directory)
    elif wanted.team:
        problems.append(Problem("team", wanted.team, "no team"))
    tickets = of_tickets(wanted.q) if wanted.q else ()
    return Meant(
        since, until, assignee, wanted.assignee == "none", sources, policies, team, tuple(problems),
        now if wanted.target else None, tickets,
    )  # fmt: skip


def person_id(text: str, directory: Directory) -> int:
    named = directory.people.get(text.lower())
    if named is not None:
        return named.id
    return next((one.id for one in directory.people.values() if str(one.id) == text or one.name == text), 0)


def _sources(name: str) -> tuple[int, ...]:
    return tuple(db.session.scalars(select(Source.id).where(Source.name == name)))


def of_tickets(key: str) -> tuple[int, ...]:
    """A walk along the index of fingerprints: a ticket's is its number, if people do not call it otherwise."""
    plain = key.strip().removeprefix("#")
    written = {key, plain, plain.upper(), plain.lower()}
    known = or_(
        AlertRow.fingerprint.in_({ticket_print(one) for one in written}),
        ticket_names.called(db.session(), written),
    )
    query = (
        select(AlertRow.incident_id)
        .join(Incident, Incident.id == AlertRow.incident_id)
        .where(AlertRow.source_id.in_(select(Source.id)), known, LATEST)
        .where(ticket_names.IS_TICKET)
    )
    return tuple(sorted(number for number in db.session.scalars(query) if number is not None))


def ticket_print(key: str) -> str:
    """The fingerprint of the ticket with this number."""
    return key if len(key) <= LONGEST_FINGERPRINT else fingerprint({"id": key})


def policies_of(team: str, email: str, directory: Directory) -> tuple[str, ...]:
    """A team's are the policies that tell it, or one of its schedules."""
    mine = {one.name for one in directory.teams.values() if email in one.members} if team == "mine" else {team}
    return tuple(name for name in world().shelf.book.policies if teams_of(name, directory) & mine)


def teams_of(policy: str, directory: Directory) -> set[str]:
    known = world().shelf.book.policies.get(policy)
    found: set[str] = set()
    for target in (one for step in known.steps for one in step.notify) if known else ():
        kind, _, name = target.partition(":")
        if kind == "team":
            found.add(name)
        elif kind == "schedule" and name in directory.schedules:
            found.add(directory.schedules[name].team)
    return found - {""}
