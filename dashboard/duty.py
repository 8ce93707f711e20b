"""Who is on call now, for the bar above every page: in the reader's own teams first. Reckoned once a turn of theirs."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.reader import Reader
from dashboard.words import initials
from rules.duty.company import teams_of
from rules.duty.oncall import next_handover, on_call
from rules.schedules import Schedule
from rules.texts.text import cut
from rules.words import Directory

DAY = timedelta(days=1)
LONGEST = 30  # characters of a schedule: there is little room


@dataclass(frozen=True, slots=True)
class Duty:
    """What the bar says."""

    name: str  # empty: nobody, though somebody has to be
    initials: str
    look: str
    until: str
    where: str  # the schedule
    gap: str = ""  # another one, on which nobody is though somebody has to be


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
    return _of(own, people, reader) or _of(others, people, reader)


def mark(people: Directory, now: datetime) -> str:
    """Changes whenever somebody else is on call, or an override is made or taken back."""
    planned = people.schedules.values()
    turns = [(one.name, one.overrides, _turn(one, people, now)) for one in planned]
    shown = [(name, overrides, turn.who, turn.until) for name, overrides, turn in turns]
    return f"{zlib.crc32(repr(shown).encode()):x}"


def _of(schedules: list[Schedule], people: Directory, reader: Reader) -> Duty | None:
    """Whoever is on call on the first that has somebody; and that another has nobody."""
    found = _first(schedules, people, reader)
    uncovered = next((one for one in schedules if _is_gap(one, people, reader.now)), None)
    if found is not None:
        return replace(found, gap=cut(uncovered.name, LONGEST)) if uncovered else found
    if uncovered is None:
        return None
    until = _turn(uncovered, people, reader.now).until
    return Duty("", "!", "gap", _until(until, reader), uncovered.name)


def _is_gap(schedule: Schedule, people: Directory, now: datetime) -> bool:
    """Asked of the calendar at every page, of who is on call not: that is known until the turn ends."""
    known = _turn(schedule, people, now)
    return known.who is None and (schedule.covered is None or schedule.covered.holds(now))


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
