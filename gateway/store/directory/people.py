"""People, teams, schedules: read as a directory, imported from a file, exported to one."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.secrets import Vault, digest
from gateway.store.db import upsert
from gateway.store.directory import calendars, shifts
from gateway.store.tables import ContactRow, Fact, PersonRow, ScheduleRow, TeamRow
from rules.duty.oncall import without_leavers
from rules.duty.personal import read_quiet, read_wishes, write_quiet, write_wishes
from rules.reading.people import ListedContact, ListedPerson, ListedTeam, PeopleFile
from rules.reading.schedule_keys import layer_as_data, layer_from_data
from rules.schedules import Duty, Layer, Override, Schedule
from rules.words import Contact, Directory, Person, Role, Team, Urgency

# Channels whose addresses are secrets. The store may not ask the channels themselves: a test keeps the two in step.
SECRET_CHANNELS = frozenset({"pagerduty", "webpush"})
# Addresses that only a browser can give: a file that does not name them does not take them away.
OWN_CHANNELS = frozenset({"webpush"})
VERSION = "directory"  # the Fact that tells other processes to read the directory again


class PersonExists(Exception):
    """Somebody has this e-mail address already."""


@dataclass(slots=True)
class Imported:
    """What an import did, counted in people, teams and schedules."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.unchanged} unchanged"

    def count(self, *, new: bool, changed: bool) -> None:
        if new:
            self.added += 1
        elif changed:
            self.changed += 1
        else:
            self.unchanged += 1


def directory(session: Session) -> Directory:
    """Everybody active, every team and schedule; addresses as they are stored."""
    of_person: dict[int, list[Contact]] = {}
    of_team: dict[int, list[Contact]] = {}
    failing = set[tuple[str, str]]()
    for row in session.scalars(select(ContactRow).order_by(ContactRow.position, ContactRow.id)):
        if row.failed_at is not None:
            failing.add((row.channel, row.address_id))
        if row.channel in OWN_CHANNELS and row.failed_at is not None:
            continue  # that browser has left and never comes back
        verified = row.verified_at is not None
        contact = Contact(row.channel, row.address, row.address_id, row.id, verified, row.failure, row.on_trust)
        if row.person_id is not None:
            of_person.setdefault(row.person_id, []).append(contact)
        elif row.team_id is not None:
            of_team.setdefault(row.team_id, []).append(contact)
    people = session.scalars(select(PersonRow).where(PersonRow.active).order_by(PersonRow.id))
    teams = session.scalars(select(TeamRow).order_by(TeamRow.id))
    schedules = session.scalars(select(ScheduleRow).order_by(ScheduleRow.id))
    overrides, duties = shifts.overrides(session), calendars.imported(session)
    everybody = {row.email: _person(row, of_person.get(row.id, [])) for row in people}
    left = session.execute(select(PersonRow.email, PersonRow.left_at).where(~PersonRow.active))
    gone = {email: at for email, at in left if at is not None}
    held = [_schedule(row, overrides.get(row.id, ()), duties) for row in schedules]
    return Directory(
        people=everybody,
        teams={row.name: Team(row.name, tuple(row.members), tuple(of_team.get(row.id, ())), row.id) for row in teams},
        schedules={one.name: without_leavers(one, everybody, gone) for one in held},
        addresses=frozenset(
            (one.channel, one.address_id) for group in (*of_person.values(), *of_team.values()) for one in group
        ),
        failing=frozenset(failing),
    )


def bump(session: Session, now: datetime) -> None:
    """Makes every process read the directory again. A random version: two changes at once never look like one."""
    fresh = {"value": uuid.uuid4().hex, "at": now}
    insert = upsert(session, Fact, [{"key": VERSION, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def create_user(
    session: Session, email: str, name: str, role: Role, password_hash: str | None, now: datetime
) -> PersonRow:
    """Somebody who can sign in (with a password, once there is one). Raises PersonExists."""
    row = PersonRow(
        email=email.strip().lower(), name=name or email, role=role.value, language="en", timezone="UTC",
        password_hash=password_hash, created_at=now,
    )  # fmt: skip
    if session.scalar(select(PersonRow.id).where(PersonRow.email == row.email)) is not None:
        raise PersonExists(f"{row.email} exists already")
    session.add(row)
    session.flush()
    bump(session, now)
    return row


def import_people(
    session: Session, file: PeopleFile, vault: Vault, now: datetime, secret: Collection[str] = SECRET_CHANNELS
) -> Imported:
    """Make the database say what the file says; whoever is not in the file stays as they are."""
    done = Imported()
    sealer = _Sealer(vault, secret, now)
    for person in file.people:
        _import_person(session, person, sealer, done)
    for team in file.teams:
        _import_team(session, team, sealer, done)
    for schedule in file.schedules:
        _import_schedule(session, schedule, sealer, done)
    if done.added or done.changed:
        session.flush()
        bump(session, now)
    return done


def export_people(session: Session, vault: Vault, secret: Collection[str] = SECRET_CHANNELS) -> PeopleFile:
    """What import_people reads back, secrets in clear. Raises BadSecret when the vault has another key."""
    found = directory(session)

    def listed(contacts: Sequence[Contact]) -> tuple[ListedContact, ...]:
        return tuple(
            ListedContact(one.channel, vault.open(one.address) if one.channel in secret else one.address)
            for one in contacts
            if one.verified  # an import takes what it reads for verified
        )

    people = [
        ListedPerson(
            one.email,
            one.name,
            one.role,
            one.language,
            one.timezone,
            listed(one.contacts),
            tuple((urgency, tuple(write_wishes(wishes))) for urgency, wishes in one.wishes) or None,
            write_quiet(one.quiet) or None,
        )
        for one in found.people.values()
    ]
    teams = [ListedTeam(one.name, one.members, listed(one.contacts)) for one in found.teams.values()]
    sources = calendars.sources(session, vault)
    schedules = [_exported(schedule, sources, found.people) for schedule in found.schedules.values()]
    return PeopleFile(tuple(people), tuple(teams), tuple(schedules))


def _person(row: PersonRow, contacts: Sequence[Contact]) -> Person:
    try:
        wishes = tuple((one, read_wishes(row.notify[one])) for one in Urgency if row.notify.get(one))
        quiet = read_quiet(row.quiet_hours)
    except ValueError:  # written by another version: told as whoever has no rules, rather than not at all
        wishes, quiet = (), None
    known = tuple(contacts)
    return Person(row.email, row.name, Role(row.role), row.language, row.timezone, known, row.id, wishes, quiet)


def _schedule(
    row: ScheduleRow, overrides: tuple[Override, ...], duties: Mapping[tuple[int, str], tuple[Duty, ...]]
) -> Schedule:
    layers = (layer_from_data(layer) for layer in row.layers)
    filled = tuple(replace(one, duties=duties.get((row.id, one.ical), ())) if one.ical else one for one in layers)
    return Schedule(row.name, row.timezone, filled, row.team, row.id, row.covers, overrides=overrides)


def _exported(schedule: Schedule, sources: Mapping[tuple[int, str], str], people: Collection[str]) -> Schedule:
    """With the addresses of imported calendars instead of their keys, and without the past turns of who has left."""
    kept = [one for one in schedule.layers if one.until is None or all(email in people for email in one.members)]
    layers = (replace(one, ical=sources[schedule.id, one.ical]) if one.ical else one for one in kept)
    return replace(schedule, layers=tuple(layers))


@dataclass(frozen=True, slots=True)
class _Sealer:
    """What it takes to keep a contact."""

    vault: Vault
    secret: Collection[str]
    now: datetime

    def keep(self, session: Session, owner: dict[str, int], listed: Sequence[ListedContact]) -> bool:
        """Make the owner's contacts these, keeping the rows of those that stay. True if anything changed."""
        wanted = {(one.channel, digest(one.address)): one for one in listed}
        rows = list(session.scalars(select(ContactRow).filter_by(**owner).order_by(ContactRow.position, ContactRow.id)))
        rows = [row for row in rows if not (row.own or row.channel in OWN_CHANNELS) or _key(row) in wanted]
        held = {(row.channel, row.address_id): row for row in rows}
        as_it_was = list(held) == list(wanted) and len(rows) == len(held)
        if as_it_was and all(row.verified_at is not None and not row.own for row in rows):
            return False
        gone = [row.id for row in rows if held[(row.channel, row.address_id)] is not row or _key(row) not in wanted]
        session.execute(delete(ContactRow).where(ContactRow.id.in_(gone)))
        for position, (key, one) in enumerate(wanted.items()):
            row = held.get(key)
            if row is None:
                address = self.vault.seal(one.address) if one.channel in self.secret else one.address
                row = ContactRow(channel=one.channel, address=address, address_id=key[1], position=position, **owner)
                session.add(row)
            row.position, row.own, row.on_trust = position, False, False
            row.verified_at = row.verified_at or self.now
        return True


def _key(row: ContactRow) -> tuple[str, str]:
    return row.channel, row.address_id


def _set(row: object, wanted: dict[str, Any]) -> bool:
    """Set the row's columns that differ. True if any did."""
    differing = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def _import_person(session: Session, person: ListedPerson, sealer: _Sealer, done: Imported) -> None:
    email = person.email.lower()
    said: dict[str, Any] = {"name": person.name, "role": person.role.value}
    said |= {"language": person.language, "timezone": person.timezone}
    if person.notify is not None:
        said["notify"] = {urgency.value: list(texts) for urgency, texts in person.notify}
    if person.quiet_hours is not None:
        said["quiet_hours"] = person.quiet_hours
    row = session.scalar(select(PersonRow).where(PersonRow.email == email))
    new = row is None
    if row is None:
        row = PersonRow(email=email, password_hash=None, created_at=sealer.now, **said)
        session.add(row)
        session.flush()
    changed = _set(row, said)
    changed |= sealer.keep(session, {"person_id": row.id}, person.contacts)
    done.count(new=new, changed=changed)


def _import_team(session: Session, team: ListedTeam, sealer: _Sealer, done: Imported) -> None:
    said = {"members": [email.lower() for email in team.members]}
    row = session.scalar(select(TeamRow).where(TeamRow.name == team.name))
    new = row is None
    if row is None:
        row = TeamRow(name=team.name, **said)
        session.add(row)
        session.flush()
    changed = _set(row, said)
    changed |= sealer.keep(session, {"team_id": row.id}, team.contacts)
    done.count(new=new, changed=changed)


def _import_schedule(session: Session, schedule: Schedule, sealer: _Sealer, done: Imported) -> None:
    row = session.scalar(select(ScheduleRow).where(ScheduleRow.name == schedule.name))
    new = row is None
    if row is None:
        row = ScheduleRow(name=schedule.name, team=schedule.team, timezone=schedule.timezone, layers=[])
        session.add(row)
        session.flush()
    layers = [_kept(session, row.id, layer, sealer) for layer in schedule.layers]
    calendars.forget_others(session, row.id, [layer["ical"] for layer in layers if "ical" in layer])
    said = {"team": schedule.team, "timezone": schedule.timezone, "layers": layers, "covers": schedule.covers}
    done.count(new=new, changed=_set(row, said))


def _kept(session: Session, schedule_id: int, layer: Layer, sealer: _Sealer) -> dict[str, Any]:
    """The layer as its schedule's row has it."""
    if layer.ical:
        return {"ical": calendars.keep(session, schedule_id, layer.ical, sealer.vault, sealer.now)}
    return layer_as_data(replace(layer, members=tuple(email.lower() for email in layer.members)))
