"""Whether everybody who will be paged in the next days can be reached: people, schedules and rules in, findings out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.book import RuleBook
from rules.duty.oncall import gaps, shifts, to_come
from rules.schedules import Override, Schedule
from rules.texts.durations import write_duration
from rules.times.walltime import is_zone
from rules.words import CHANNELS_OF_WAY, Directory, Person, Role, Route, Urgency, Way

AHEAD = timedelta(days=14)
GAPS_AHEAD = timedelta(days=28)  # hours without anybody take longer to fill than a contact


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong. `key` is the same for as long as it is so."""

    kind: str  # nothing, lacks, ended, failing, gap, left, zone
    who: str = ""  # an e-mail address; none where nobody is on call
    team: str = ""
    what: str = ""  # classes, ways, times, schedules
    of: str = ""  # what tells it from others of its kind

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.who or self.team}:{self.of}"[:200]


def look(book: RuleBook, directory: Directory, ended: Mapping[str, Sequence[str]], at: datetime) -> tuple[Found, ...]:
    """Everything, in a steady order. `ended`: by e-mail address, why a person's browser takes no push any more."""
    turns = {name: _turns(schedule, at) for name, schedule in directory.schedules.items()}
    classes: dict[str, dict[Urgency, Route]] = {}
    found: list[Found] = []
    for route in _routes(book):
        for target in dict.fromkeys(name for step in route.steps for name in step.notify):
            for email in _who(target, directory, turns):
                classes.setdefault(email, {}).setdefault(route.urgency, route)
            found += _broken(target, route.policy, directory, at)
    for email in sorted(classes):
        person = directory.people.get(email)
        if person is not None and person.role is not Role.VIEWER:
            team = next((team.name for team in directory.teams.values() if email in team.members), "")
            found += _of_person(person, team, classes[email], directory, ended.get(email, ()))
    found += [*_leavers(directory, at), *_odd_zones(directory)]
    return tuple({one.key: one for one in found}.values())


def _routes(book: RuleBook) -> list[Route]:
    return [rule.route for rule in book.routes]


def _turns(schedule: Schedule, at: datetime) -> list[str | None]:
    """Who is on call, in turn."""
    return [one.who for one in shifts(schedule, at, at + AHEAD)]


def _who(target: str, directory: Directory, turns: Mapping[str, Sequence[str | None]]) -> list[str]:
    kind, _, name = target.partition(":")
    if kind == "person":
        return [name]
    if kind == "team":
        return list(directory.teams[name].members) if name in directory.teams else []
    if kind == "role":
        return [one.email for one in directory.people.values() if one.role == name]
    return [email for email in dict.fromkeys(turns.get(name, ())) if email]


def _broken(target: str, policy: str, directory: Directory, at: datetime) -> Iterator[Found]:
    """What a policy names and is not there: an hour without anybody, a person who has left."""
    kind, _, name = target.partition(":")
    if kind == "person" and name not in directory.people:
        yield Found("left", name, "", f"policy {policy}", f"policy:{policy}")
    if kind == "schedule" and name in directory.schedules:
        empty = gaps(directory.schedules[name], at, at + GAPS_AHEAD)
        if empty:
            lasts = sum((ends - starts for starts, ends in empty), timedelta())
            first, team = empty[0][0].isoformat(timespec="minutes"), directory.schedules[name].team
            yield Found("gap", "", team, f"{name}, {write_duration(lasts)}, {first}", f"schedule:{name}")


def _leavers(directory: Directory, at: datetime) -> Iterator[Found]:
    for schedule in directory.schedules.values():
        for email in dict.fromkeys(email for layer in to_come(schedule, at) for email in layer.members):
            if email not in directory.people:
                yield Found("left", email, schedule.team, f"schedule {schedule.name}", f"schedule:{schedule.name}")
        yield from (_passed_over(one, schedule) for one in schedule.overrides if one.left and one.ends > at)
    for team in directory.teams.values():
        for email in team.members:
            if email not in directory.people:
                yield Found("left", email, team.name, f"team {team.name}", f"team:{team.name}")


def _odd_zones(directory: Directory) -> Iterator[Found]:
    for one in directory.schedules.values():
        if not is_zone(one.timezone):
            yield Found("zone", "", one.team, f"{one.name}, {one.timezone}", f"schedule:{one.name}")


def _passed_over(one: Override, schedule: Schedule) -> Found:
    what = f"override of {schedule.name} until {one.ends.isoformat(timespec='minutes')}, the rotations decide"
    return Found("left", one.who, schedule.team, what, f"override:{one.id}")


def _of_person(
    person: Person, team: str, classes: Mapping[Urgency, Route], directory: Directory, ended: Sequence[str]
) -> Iterator[Found]:
    has = {way for way in Way if _has(person, way, directory)}
    nothing = [urgency for urgency, route in classes.items() if not has & {*route.channels, *route.fallback}]
    if nothing:
        words = ", ".join(one.value for one in sorted(nothing, key=lambda one: one.rank))
        yield Found("nothing", person.email, team, words)
    wanted = {way for urgency, route in classes.items() if urgency not in nothing for way in route.channels}
    for way in sorted(wanted - has):
        yield Found("lacks", person.email, team, way.value, way.value)
    for why in ended:
        yield Found("ended", person.email, team, why)
    for contact in person.contacts:
        if contact.failing:
            yield Found("failing", person.email, team, f"{contact.channel}: {contact.failing}", contact.channel)


def _has(person: Person, way: Way, directory: Directory) -> bool:
    """A verified contact that nothing speaks against; a call may go by the key of a team."""
    if any(one.channel in CHANNELS_OF_WAY[way] and one.verified and not one.failing for one in person.contacts):
        return True
    if way is not Way.VOICE:
        return False
    teams = (team for team in directory.teams.values() if person.email in team.members)
    return any(one.channel == "pagerduty" and one.verified for team in teams for one in team.contacts)
