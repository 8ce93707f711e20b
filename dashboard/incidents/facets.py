"""The menus of values above the list, each value with how often it is in what is shown."""

from dataclasses import dataclass, replace
from typing import Any

from flask import abort

from dashboard import queries, words
from dashboard.incidents import queries as list_queries
from dashboard.incidents.filters import Filter
from dashboard.incidents.meaning import meaning
from dashboard.page import reader_of
from dashboard.reader import grouped
from gateway.access.auth import Visit
from gateway.lists.meaning import teams_of
from rules.words import Urgency

SHOWN = 30  # values


@dataclass(frozen=True, slots=True)
class Value:
    word: str
    url: str
    count: str
    current: bool


@dataclass(frozen=True, slots=True)
class Values:
    name: str
    word: str
    values: list[Value]
    every: str  # the list without a choice here
    counted: str  # of how many, where it is not all


def values(visit: Visit, wanted: Filter, name: str) -> Values:
    reader = reader_of(visit)
    titles = {"urgency": reader.say("Urgency"), "service": reader.say("Service"), "team": reader.say("Team"),
              "assignee": reader.say("Assignee"), "source": reader.say("Source")}  # fmt: skip
    if name not in titles:
        abort(404)
    open_ = replace(wanted.without(name), after=None)
    found, total = list_queries.facet(open_, meaning(open_, visit), name)
    named = _named(found, name, visit)
    current = ",".join(wanted.urgencies) if name == "urgency" else wanted.value(name)
    shown = [
        Value(word, _chosen(open_, name, key), grouped(count), key == current) for key, word, count in named[:SHOWN]
    ]  # fmt: skip
    over = total >= list_queries.FACETED
    counted = reader.say("Counted: the first %(n)s of the list.", n=grouped(list_queries.FACETED)) if over else ""
    return Values(name, titles[name], shown, open_.url(), counted)


def _chosen(open_: Filter, name: str, key: str) -> str:
    return open_.url(urgencies=(key,)) if name == "urgency" else replace(open_, **{name: key}).url()  # type: ignore[arg-type]


def _named(found: list[tuple[Any, int]], name: str, visit: Visit) -> list[tuple[str, str, int]]:
    """Key as the address has it, word as people read it, count."""
    reader, directory = reader_of(visit), queries.directory()
    if name == "urgency":
        ranks = {one.rank: one for one in Urgency}
        ordered = sorted((int(str(rank)), count) for rank, count in found)
        return [(ranks[rank].value, words.urgency(rank, reader).word, count) for rank, count in ordered]
    if name == "source":
        names = {one.id: one.name for one in queries.all_sources()}
        return [(names[number], names[number], count) for number, count in found if number in names]
    if name == "assignee":
        people = {one.id: one for one in directory.people.values()}
        known = [(people[n].email, people[n].name or people[n].email, count) for n, count in found if n in people]
        nobody = [("none", reader.say("nobody"), count) for number, count in found if number is None]
        return [("me", reader.say("me"), sum(n for key, _, n in known if key == visit.person.email)), *nobody, *known]
    if name == "team":
        counted: dict[str, int] = {}
        for policy, count in found:
            for team in teams_of(str(policy), directory):
                counted[team] = counted.get(team, 0) + count
        return [(team, team, count) for team, count in sorted(counted.items(), key=lambda item: -item[1])]
    return [(str(value), str(value), count) for value, count in found if value]
