"""Whether the people whom a rule book names can be told: what `rules check` says where it knows them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rules.book import Policy, RuleBook
from rules.checks.lint import Finding, unused
from rules.duty.audience import one_person, reaches
from rules.duty.oncall import all_bound, is_gap, to_come
from rules.schedules import Layer, Schedule
from rules.times.calendars import named
from rules.words import Directory, Role, Route

AHEAD = timedelta(days=14)
EVERY = timedelta(hours=1)  # how finely the time ahead is looked at


def lint_people(book: RuleBook, directory: Directory, at: datetime) -> Iterator[Finding]:
    """Targets that do not exist or are never paged, empty schedules, policies and people that nobody can reach."""
    if not directory.people:
        return  # nobody has been entered yet: everything would be wrong
    directory = all_bound(directory, book.calendars)
    for schedule in directory.schedules.values():
        yield from _calendars(schedule, book)
    idle = {policy.name for policy in unused(book)}
    for policy in book.policies.values():
        yield from _targets(policy, directory, at)
        routes = {rule.route.urgency: rule.route for rule in book.routes if rule.route.policy == policy.name}
        for route in routes.values():
            yield from _people(policy, route, directory, at)
        if policy.name not in idle and not any(
            reaches(step, route, directory, at) for route in routes.values() for step in route.steps
        ):
            yield Finding(policy.place, "reaches nobody: only the administrators would be told", mistake=True)


def _targets(policy: Policy, directory: Directory, at: datetime) -> Iterator[Finding]:
    for target in dict.fromkeys(target for step in policy.steps for target in step.notify):
        kind, _, name = target.partition(":")
        if kind == "person":
            yield from _person(policy.place, target, name, directory)
        elif kind == "team":
            yield from _team(policy.place, name, directory)
        elif kind == "schedule":
            schedule = directory.schedules.get(name)
            if schedule is None:
                yield Finding(policy.place, f"{target}: there is no such schedule")
            else:
                yield from _schedule(policy.place, schedule, directory, at)


def _person(place: str, target: str, email: str, directory: Directory) -> Iterator[Finding]:
    person = directory.people.get(email)
    if person is None:
        yield Finding(place, f"{target}: there is no such person")
    elif person.role is Role.VIEWER:
        yield Finding(place, f"{target}: {email} is a viewer, and viewers are never paged", mistake=True)


def _team(place: str, name: str, directory: Directory) -> Iterator[Finding]:
    team = directory.teams.get(name)
    if team is None:
        yield Finding(place, f"team:{name}: there is no such team")
        return
    if not team.members and not team.contacts:
        yield Finding(place, f"team:{name}: the team has no members and no address")
    for email in team.members:
        if email in directory.people and directory.people[email].role is Role.VIEWER:
            yield Finding(place, f"team:{name}: {email} is a viewer, and viewers are never paged", mistake=True)


def _schedule(place: str, schedule: Schedule, directory: Directory, at: datetime) -> Iterator[Finding]:
    target = f"schedule:{schedule.name}"
    for email in _members(schedule, to_come(schedule, at)):
        yield from _person(place, target, email, directory)
    empty = [moment for moment in _hours(at) if is_gap(schedule, moment)]
    if empty:
        first = empty[0].isoformat(timespec="minutes")
        yield Finding(place, f"{target}: nobody is on call for {len(empty)} of the next 336 hours, first at {first}")


def _hours(at: datetime) -> Iterator[datetime]:
    for count in range(AHEAD // EVERY):
        yield at + count * EVERY


def _members(schedule: Schedule, layers: Sequence[Layer]) -> list[str]:
    found = [email for layer in layers for email in layer.members]
    found += [duty.who for layer in schedule.layers for duty in layer.duties]
    return list(dict.fromkeys(found))


def _calendars(schedule: Schedule, book: RuleBook) -> Iterator[Finding]:
    for name in dict.fromkeys([schedule.covers, *(layer.when for layer in schedule.layers)]):
        if name and named(name, book.calendars) is None:
            yield Finding(f"schedule {schedule.name}", f"there is no calendar {name[:60]!r}: it restricts nothing")


def _people(policy: Policy, route: Route, directory: Directory, at: datetime) -> Iterator[Finding]:
    """Everybody whom the policy can page in this class, and has no way for it."""
    ways, others = " or ".join(route.channels), " or ".join(route.fallback)
    for email in sorted(_everybody(policy, directory)):
        person = directory.people.get(email)
        if person is None or person.role is Role.VIEWER:
            continue
        found = one_person(email, route, directory, at)
        if not found.notices:
            said = f"can be paged as {route.urgency} and has no verified contact for {ways}"
            yield Finding(policy.place, f"{email} {said}{f' or {others}' if others else ''}")
        elif found.fell_back:
            yield Finding(
                policy.place, f"{email} has no verified contact for {ways} ({route.urgency}): told by {others}"
            )


def _everybody(policy: Policy, directory: Directory) -> set[str]:
    found: set[str] = set()
    for target in (target for step in policy.steps for target in step.notify):
        kind, _, name = target.partition(":")
        if kind == "person":
            found.add(name)
        elif kind == "team" and name in directory.teams:
            found.update(directory.teams[name].members)
        elif kind == "schedule" and name in directory.schedules:
            found.update(_members(directory.schedules[name], directory.schedules[name].layers))
        elif kind == "role":
            found.update(person.email for person in directory.people.values() if person.role == name)
    return found
