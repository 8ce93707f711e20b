"""Who is on call now, for the bar above every page: in the reader's own teams first. Reckoned once a turn of theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.reader import Reader
from dashboard.words import initials
from rules.company import teams_of
from rules.oncall import is_gap, next_handover, on_call
from rules.schedules import Schedule
from rules.words import Directory

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """What the bar says."""

    name: str  # empty: nobody, though somebody has to be
    initials: str
    look: str
    until: str
    where: str  # the schedule


@dataclass(frozen=True, slots=True)
class _Turn:
    since: datetime  # when it was looked at
    who: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Held:
    people: Directory
    turns: dict[str, _Turn]


_held = _Held(Directory(), {})


def now_on_call(email: str, people: Directory, reader: Reader) -> Duty | None:
    """None: nobody is, and nobody has to be."""
    teams = teams_of(email, people)
    planned = [one for one in people.schedules.values() if one.layers or one.overrides]
    own, others = [one for one in planned if one.team in teams], [one for one in planned if one.team not in teams]
    found = _first(own, people, reader)
    if found is not None:
        return found
    uncovered = next((one for one in own if is_gap(one, reader.now)), None)
    if uncovered is not None:
        until = _turn(uncovered, people, reader.now).until
        return Duty("", "!", "gap", _until(until, reader), uncovered.name)
    return _first(others, people, reader)


def _first(schedules: list[Schedule], people: Directory, reader: Reader) -> Duty | None:
    for schedule in schedules:
        turn = _turn(schedule, people, reader.now)
        person = people.people.get(turn.who or "")
        if person is not None:
            name, look = person.name or person.email, f"a{person.id % 6}"
            return Duty(name, initials(name), look, _until(turn.until, reader), schedule.name)
    return None


def _until(end: datetime | None, reader: Reader) -> str:
    """The hour within a day, else the day: there is little room."""
    if end is None:
        return ""
    local = end.astimezone(reader.zone)
    return f"{local:%H:%M}" if end - reader.now < DAY else reader.day(local)


def _turn(schedule: Schedule, people: Directory, now: datetime) -> _Turn:
    """Of this directory; another one, which a change of any schedule makes, is reckoned anew."""
    global _held  # noqa: PLW0603 - a cache of one process, replaced as a whole
    held = _held
    if held.people is not people:
        held = _held = _Held(people, {})
    known = held.turns.get(schedule.name)
    if known is None or now < known.since or (known.until is not None and now >= known.until):
        known = held.turns[schedule.name] = _Turn(now, on_call(schedule, now), next_handover(schedule, now))
    return known
