"""A rule book's own test cases: what is sent at which moment, and what must come of it. YAML in, differences out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.checks.explain import Explanation
from rules.reading.people import ListedContact, PeopleFile
from rules.reading.places import Place, given
from rules.reading.yaml_places import Complaints, Node, load
from rules.texts.durations import write_duration
from rules.times.walltime import zone_of
from rules.words import Contact, Directory, Person, Team, Urgency, Way

FILE_KEYS = ("people", "tests")
CASE_KEYS = ("name", "kind", "source", "at", "payload", "file", "expect")
EXPECT_KEYS = ("alerts", "urgency", "route", "policy", "channels", "people", "times")
LONGEST = timedelta(days=30)
Wanted = tuple[str, ...] | None


class BadCases(ValueError):
    """All that is wrong with a file of cases."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of every alert of the payload; None: no matter what."""

    alerts: int | None = None
    urgency: Wanted = None
    route: Wanted = None
    policy: Wanted = None
    channels: Wanted = None  # by which the route tries first
    people: Wanted = None  # told at once
    times: Wanted = None  # of the steps, counted from the beginning


@dataclass(frozen=True, slots=True)
class BookCase:
    name: str
    place: str  # file:line
    kind: str  # of the source
    source: str  # its name
    at: datetime
    payload: Any  # as JSON has it; None: in the file
    file: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class CaseFile:
    people: str  # a people file beside it; empty: the database's people
    cases: tuple[BookCase, ...]


def parse(text: str | bytes, file: str, timezone: str) -> CaseFile:
    """The cases of one file; moments without an offset are meant in `timezone`. Raises BadCases."""
    complaints = Complaints()
    nodes = load({file: text}, complaints)
    found = CaseFile("", ())
    if nodes:
        fields = Place(file, "", nodes[file], 1, complaints).fields(FILE_KEYS, required=("tests",))
        cases = tuple(_case(item, timezone) for item in fields["tests"].items()) if "tests" in fields else ()
        found = CaseFile(given(fields, "people", Place.text, ""), cases)
    if complaints:
        raise BadCases(complaints.lines())
    return found


def _case(place: Place, timezone: str) -> BookCase:
    fields = place.fields(CASE_KEYS, required=("name", "at", "expect"))
    if ("payload" in fields) == ("file" in fields):
        place.complain("must have a payload or the file of one")
    kind = given(fields, "kind", Place.text, "alertmanager")
    return BookCase(
        name=given(fields, "name", Place.text, ""),
        place=f"{place.file}:{place.line}",
        kind=kind,
        source=given(fields, "source", Place.text, kind),
        at=given(fields, "at", lambda at: _moment(at, timezone), datetime.min.replace(tzinfo=UTC)),
        payload=as_json(fields["payload"].node) if "payload" in fields else None,
        file=given(fields, "file", Place.text, ""),
        expected=given(fields, "expect", _expected, Expected()),
    )


def _moment(place: Place, timezone: str) -> datetime:
    text = place.text()
    try:
        moment = datetime.fromisoformat(text or "1970-01-01")
    except ValueError:
        place.complain(f"{text[:40]!r} is no moment; write it like 2026-12-05T03:12 or with an offset")
        return datetime.min.replace(tzinfo=UTC)
    if not 1970 <= moment.year < 2200:
        place.complain("must lie between 1970 and 2200")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(timezone))


def _expected(place: Place) -> Expected:
    fields = place.fields(EXPECT_KEYS)
    if not fields:
        place.complain("expects nothing")
    return Expected(
        alerts=fields["alerts"].whole(0, 100_000) if "alerts" in fields else None,
        urgency=(fields["urgency"].choice(Urgency),) if "urgency" in fields else None,
        route=(fields["route"].text(),) if "route" in fields else None,
        policy=(fields["policy"].text(),) if "policy" in fields else None,
        channels=tuple(item.choice(Way) for item in fields["channels"].items()) if "channels" in fields else None,
        people=tuple(sorted(fields["people"].texts())) if "people" in fields else None,
        times=tuple(_time(item) for item in fields["times"].items()) if "times" in fields else None,
    )


def _time(place: Place) -> str:
    return write_duration(place.duration(timedelta(), LONGEST))


def as_json(node: Node) -> Any:
    """A tree of YAML as JSON has it: what stands there without quotes may be a number, true, false or null."""
    if isinstance(node.value, tuple):
        return [as_json(item) for item in node.value]
    if isinstance(node.value, Mapping):
        return {key: as_json(item) for key, item in node.value.items()}
    if not node.plain:
        return node.value
    if node.empty or node.value in ("true", "false"):
        return None if node.empty else node.value == "true"
    for read in (int, float):
        try:
            return read(node.value) if node.value.isascii() and "_" not in node.value else node.value
        except ValueError:  # text, like most
            continue
    return node.value


def differences(expected: Expected, found: list[Explanation]) -> list[str]:
    """What is not as expected, a line each."""
    lines: list[str] = []
    if expected.alerts is not None and expected.alerts != len(found):
        lines.append(f"alerts: expected {expected.alerts}, found {len(found)}")
    if not found and expected.alerts is None:
        lines.append("the payload has no alert in it")
    for number, one in enumerate(found, 1):
        of = f" (alert {number}: {one.title})" if len(found) > 1 else ""
        for name, actual in _actual(one).items():
            wanted = getattr(expected, name)
            if wanted is not None and wanted != actual:
                lines.append(f"{name}: expected {_list(wanted)}, found {_list(actual)}{of}")
    return lines


def _actual(one: Explanation) -> dict[str, tuple[str, ...]]:
    told = one.ladder[0].told if one.ladder else ()
    return {
        "urgency": (one.route.urgency.value,),
        "route": (one.route.rule,),
        "policy": (one.route.policy,),
        "channels": tuple(way.value for way in one.route.channels),
        "people": tuple(sorted({notice.who for notice in told})),
        "times": tuple(write_duration(rung.after) for rung in one.ladder),
    }


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "none"


def directory_of(file: PeopleFile) -> Directory:
    """The people of a file as if they were in the database, every contact verified."""

    def contacts(listed: tuple[ListedContact, ...]) -> tuple[Contact, ...]:
        return tuple(Contact(one.channel, one.address, f"{one.channel} {one.address}") for one in listed)

    people = {
        one.email: Person(one.email, one.name, one.role, one.language, one.timezone, contacts(one.contacts))
        for one in file.people
    }
    teams = {one.name: Team(one.name, one.members, contacts(one.contacts)) for one in file.teams}
    return Directory(people, teams, {one.name: one for one in file.schedules})
