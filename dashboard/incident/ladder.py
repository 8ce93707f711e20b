"""The escalation card: the steps told, each with how it went, and the steps to come."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import rows, words
from dashboard.reader import Moment, Reader
from dashboard.words import Told
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Delivery, Incident
from rules.duty.audience import audience
from rules.lifecycle import step_at
from rules.texts.text import cut, one_line
from rules.words import Directory, Route, Status

SHOWN_ROUNDS = 5  # steps told lately; an emergency may have had hundreds
NEWS = ("news", "again")  # parts of messages that only tell of an answer
OUT = ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    state: str  # done, now, or nothing yet
    who: str
    told: list[Told]
    several: bool = False  # people, so that each line names one
    at: Moment | None = None
    later: str = ""
    problems: tuple[str, ...] = ()  # calls that did not get through, and what was done instead


@dataclass(frozen=True, slots=True)
class Ladder:
    steps: list[Step]
    earlier: str
    news: list[Told]


def ladder(found: Incident, sent: Sequence[Delivery], directory: Directory, reader: Reader) -> Ladder:
    route = route_of(found.route)
    first = max(1, found.level - SHOWN_ROUNDS + 1)
    pages = [one for one in sent if one.part not in NEWS]
    told = [_told_step(found, level, pages, directory, reader) for level in range(first, found.level + 1)]
    news = [words.told(one, reader) for one in sent if one.part in NEWS]
    earlier = reader.count("%(n)s earlier step", "%(n)s earlier steps", first - 1) if first > 1 else ""
    return Ladder(told + coming(found, route, directory, reader), earlier, news)


def _told_step(found: Incident, level: int, pages: Sequence[Delivery], directory: Directory, reader: Reader) -> Step:
    mine = [one for one in pages if one.level == level]
    names = list(dict.fromkeys(one.name for one in mine))
    step = step_at(route_of(found.route), level)
    policy = ", ".join(rows.target_name(one, directory, reader) for one in step.notify)
    state = "now" if level == found.level and found.status == Status.TRIGGERED else "done"
    messages = [words.told(one, reader) for one in mine]
    problems = tuple(text for one in mine if (text := _problem(one, mine, reader)))
    return Step(level, state, ", ".join(names) or policy, messages, len(names) > 1, problems=problems)


def _problem(one: Delivery, others: Sequence[Delivery], reader: Reader) -> str:
    """PagerDuty did not take a call: what it said, how often it was tried, and what went out instead."""
    failing = one.status == "failed" or (one.status == "queued" and one.attempts > 0)
    if one.channel != "pagerduty" or not failing:
        return ""
    why = cut(one_line(one.error), 120) or "?"
    tried = reader.count("%(n)s try", "%(n)s tries", one.attempts)
    said = reader.say("PagerDuty did not accept the call (%(why)s; %(tries)s).", why=why, tries=tried)
    instead = [other for other in others if other.part == "fallback" and other.who == one.who and other.status in OUT]
    for other in instead[:2]:
        way = reader.say(words.WAYS.get(other.way, other.way))
        at = reader.moment(other.finished_at or other.created_at).clock
        said += " " + reader.say("Sent instead: %(way)s, %(time)s.", way=way, time=at)
    return said


def coming(found: Incident, route: Route, directory: Directory, reader: Reader) -> list[Step]:
    if found.status != Status.TRIGGERED or found.next_at is None or not route.steps:
        return []
    steps = []
    at = found.next_at
    for level in range(found.level + 1, max(found.level + 1, len(route.steps)) + 1):
        step = step_at(route, level)
        found_now = audience(step, route, directory, at)
        names = list(dict.fromkeys(notice.name for notice in found_now.notices))
        ways = list(dict.fromkeys(reader.say(words.WAYS[notice.way]) for notice in found_now.notices))
        policy = ", ".join(rows.target_name(one, directory, reader) for one in step.notify)
        steps.append(Step(level, "", ", ".join(names) or policy, [], at=reader.moment(at), later=", ".join(ways)))
        at += step.wait
    return steps
