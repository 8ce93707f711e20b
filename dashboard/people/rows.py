"""The list of people as its template draws it: who, in which teams, on call or not, and what they lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.reader import Reader
from dashboard.words import ROLES, WAYS, initials
from gateway.store.tables import PersonRow, ReachFinding
from rules.duty.oncall import on_call
from rules.times.walltime import is_zone, zone_of
from rules.words import Contact, Directory, Role

KINDS = {  # of what the look ahead found: the sentence and how bad it is
    "nothing": ("No verified contact at all for: %(what)s", "bad"),
    "lacks": ("No working contact for: %(what)s", "warn"),
    "ended": ("A browser no longer takes push", "warn"),
    "failing": ("A contact fails: %(what)s", "warn"),
    "gap": ("Nobody is on call: %(what)s", "bad"),
    "zone": ("An unknown time zone is read as UTC: %(what)s", "bad"),
    "left": ("Has left and still stands in: %(what)s", "warn"),
}


@dataclass(frozen=True, slots=True)
class Lack:
    words: str
    look: str  # bad, warn


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    name: str
    email: str
    initials: str
    colour: int
    role: str
    teams: list[str]
    duty: list[str]  # schedules on which they are on call now
    ready: str  # yes, no, trust (nothing has arrived yet), never (a viewer), left, nothing (no contact at all)
    lacks: list[Lack]
    clock: str  # what time it is there
    zone: str


def rows(
    people: Sequence[PersonRow], directory: Directory, found: Mapping[int, Sequence[ReachFinding]], reader: Reader
) -> list[Row]:
    duty: dict[str, list[str]] = {}
    for schedule in directory.schedules.values():
        email = on_call(schedule, reader.now)
        if email:
            duty.setdefault(email, []).append(schedule.name)
    return [_row(one, directory, duty.get(one.email, []), found.get(one.id, ()), reader) for one in people]


def _row(one: PersonRow, directory: Directory, duty: list[str], found: Sequence[ReachFinding], reader: Reader) -> Row:
    teams = [team.name for team in directory.teams.values() if one.email in team.members]
    lacks = lacks_of(found, reader) if one.active else []
    known = directory.people.get(one.email)
    used = [contact for contact in known.contacts if contact.verified] if known else []
    return Row(
        one.id, one.name, one.email, initials(one.name or one.email), one.id % 6, reader.say(ROLES[Role(one.role)]),
        teams, duty if one.active else [], _ready(one, lacks, used), lacks, clock(one.timezone, reader.now),
        one.timezone,
    )  # fmt: skip


def _ready(one: PersonRow, lacks: Sequence[Lack], used: Sequence[Contact]) -> str:
    if not one.active:
        return "left"
    if one.role == Role.VIEWER:
        return "never"
    if not used:
        return "nothing"
    if lacks:
        return "no"
    return "yes" if any(contact.proven for contact in used) else "trust"


def lacks_of(found: Sequence[ReachFinding], reader: Reader) -> list[Lack]:
    return [lack_of(one.kind, str(one.detail.get("what", "")), reader) for one in found]


def lack_of(kind: str, what: str, reader: Reader) -> Lack:
    text, look = KINDS.get(kind, ("%(what)s", "warn"))
    return Lack(reader.say(text, what=reader.say(WAYS.get(what, what)) if what else ""), look)


def clock(zone: str, now: datetime) -> str:
    """Nothing for a zone that this machine does not know any more."""
    return f"{now.astimezone(zone_of(zone)):%H:%M}" if is_zone(zone) else ""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("No verified contact at all for: %(what)s"), _("No working contact for: %(what)s"),
        _("A browser no longer takes push"), _("A contact fails: %(what)s"), _("Nobody is on call: %(what)s"),
        _("Has left and still stands in: %(what)s"), _("An unknown time zone is read as UTC: %(what)s"),
    )  # fmt: skip
