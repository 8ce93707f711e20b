"""The people file: people, teams and schedules as YAML, for import and export."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import yaml

from rules.reading.person_keys import (
    EMAIL,
    VARIABLE,
    Check,
    Notify,
    contacts,
    contacts_as_data,
    notify,
    personal_as_data,
    quiet_hours,
)
from rules.reading.person_keys import ListedContact as ListedContact  # noqa: PLC0414 - told on to whoever asks here
from rules.reading.places import Place, given
from rules.reading.schedule_keys import read_schedule, schedule_as_data
from rules.reading.yaml_places import Complaints, Node, load
from rules.schedules import Schedule
from rules.words import Role

LANGUAGES = ("en", "ru")
T = TypeVar("T")


class BadPeopleFile(ValueError):
    """All that is wrong with a people file."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class ListedPerson:
    email: str
    name: str
    role: Role
    language: str
    timezone: str
    contacts: tuple[ListedContact, ...] = ()
    notify: Notify | None = None  # None: the file says nothing of it
    quiet_hours: str | None = None


@dataclass(frozen=True, slots=True)
class ListedTeam:
    name: str
    members: tuple[str, ...]
    contacts: tuple[ListedContact, ...] = ()


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """Everybody in the file, in its order."""

    people: tuple[ListedPerson, ...] = ()
    teams: tuple[ListedTeam, ...] = ()
    schedules: tuple[Schedule, ...] = ()


def parse(
    text: str | bytes, file_name: str, environment: Mapping[str, str], *, language: str = "en", timezone: str = "UTC",
    check: Check = lambda _channel, _address: "",
) -> PeopleFile:  # fmt: skip
    """The people, ${NAME} read from `environment`, addresses checked by `check` too; raises BadPeopleFile."""
    complaints = Complaints()
    nodes = load({file_name: text}, complaints)
    found = PeopleFile()
    if nodes:
        root = Place(file_name, "", nodes[file_name], 1, complaints)
        found = _Reader(language, timezone, check).read(replace(root, node=_filled(root, environment)))
    if complaints:
        raise BadPeopleFile(complaints.lines())
    return found


def dump(file: PeopleFile) -> str:
    """YAML that parse() reads back as the same file."""
    content = {
        "people": [_person_as_data(person) for person in file.people],
        "teams": [
            {"name": team.name, "members": list(team.members), "contacts": contacts_as_data(team.contacts)}
            for team in file.teams
        ],
        "schedules": [schedule_as_data(schedule) for schedule in file.schedules],
    }
    return yaml.safe_dump(_escaped(content), allow_unicode=True, sort_keys=False, width=10_000)


def _filled(place: Place, environment: Mapping[str, str]) -> Node:
    """The same tree with the environment's values in it; keys stay as they are."""
    value = place.node.value
    if isinstance(value, str):
        text = VARIABLE.sub(lambda found: _variable(found, place, environment), value)
        return replace(place.node, value=text, plain=place.node.plain and text == value)
    if isinstance(value, tuple):
        return replace(place.node, value=tuple(_filled(item, environment) for item in place.items()))
    return replace(place.node, value={key: _filled(item, environment) for key, item in place.entries().items()})


def _variable(found: re.Match[str], place: Place, environment: Mapping[str, str]) -> str:
    escaped, name = found.groups()
    if escaped:
        return found[0][1:]
    if not environment.get(name):
        place.complain(f"the environment has no {name}")
        return found[0]
    return environment[name]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads people first: teams and schedules refer to them."""

    language: str
    timezone: str
    check: Check

    def read(self, root: Place) -> PeopleFile:
        fields = root.fields(("people", "teams", "schedules"))
        people = self._all(fields, "people", self._person, lambda person: person.email)
        by_email = {person.email.casefold(): person for person in people}
        teams = self._all(fields, "teams", lambda place: self._team(place, by_email), lambda team: team.name)
        names = {team.name for team in teams}
        schedules = self._all(
            fields,
            "schedules",
            lambda place: read_schedule(place, lambda one: _on_duty(one, by_email), names, self.timezone),
            lambda schedule: schedule.name,
        )
        return PeopleFile(people, teams, schedules)

    def _all(
        self, fields: Mapping[str, Place], key: str, read: Callable[[Place], T], identity: Callable[[T], str]
    ) -> tuple[T, ...]:
        seen: dict[str, Place] = {}
        found: list[T] = []
        for place in fields[key].items() if key in fields else ():
            found.append(read(place))
            name = identity(found[-1]).casefold()
            if name and name in seen:
                place.complain(f"{identity(found[-1])[:60]!r} is already in line {seen[name].line}")
            seen.setdefault(name, place)
        return tuple(found)

    def _person(self, place: Place) -> ListedPerson:
        known = ("email", "name", "role", "language", "timezone", "contacts", "notify", "quiet_hours")
        fields = place.fields(known, required=("email", "name"))
        return ListedPerson(
            email=given(fields, "email", _email, ""),
            name=given(fields, "name", Place.name, ""),
            role=given(fields, "role", _role, Role.RESPONDER),
            language=given(fields, "language", _language, self.language),
            timezone=given(fields, "timezone", Place.timezone, self.timezone),
            contacts=contacts(fields, self.check),
            notify=notify(fields["notify"]) if "notify" in fields else None,
            quiet_hours=quiet_hours(fields["quiet_hours"]) if "quiet_hours" in fields else None,
        )

    def _team(self, place: Place, people: Mapping[str, ListedPerson]) -> ListedTeam:
        fields = place.fields(("name", "members", "contacts"), required=("name", "members"))
        members = tuple(_member(item, people) for item in fields["members"].items()) if "members" in fields else ()
        if len(set(members)) != len(members):
            fields["members"].complain("names somebody twice")
        return ListedTeam(given(fields, "name", Place.name, ""), members, contacts(fields, self.check))


def _on_duty(place: Place, people: Mapping[str, ListedPerson]) -> str:
    """Of a schedule: somebody who may be paged."""
    email = _member(place, people)
    if email.casefold() in people and people[email.casefold()].role is Role.VIEWER:
        place.complain(f"{email} is a viewer, and viewers are never paged")
    return email


def _member(place: Place, people: Mapping[str, ListedPerson]) -> str:
    """A person's address, spelled as in `people`."""
    text = place.text()
    if text and text.casefold() not in people:
        place.complain(f"there is no person {text[:60]!r}")
        return text
    return people[text.casefold()].email if text else ""


def _email(place: Place) -> str:
    text = place.text()
    if text and (len(text) > 254 or not EMAIL.fullmatch(text)):
        place.complain(f"{text[:60]!r} is not an e-mail address")
    return text


def _role(place: Place) -> Role:
    return place.choice(Role)


def _language(place: Place) -> str:
    text = place.text()
    if text and text not in LANGUAGES:
        place.complain(f"{text[:20]!r} is none of {', '.join(LANGUAGES)}")
    return text


def _person_as_data(person: ListedPerson) -> dict[str, Any]:
    head = {"email": person.email, "name": person.name, "role": person.role.value}
    tail = {"language": person.language, "timezone": person.timezone, "contacts": contacts_as_data(person.contacts)}
    return head | tail | personal_as_data(person.notify, person.quiet_hours)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: f"${found[0]}", value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return {key: _escaped(item) for key, item in value.items()}
