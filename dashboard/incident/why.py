"""The why-card: what the rule book was asked and what it said, who was on call, who was told, in the reader's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard import words
from dashboard.reader import Moment, Reader
from dashboard.rulebook.rows import policy_url, rule_url
from gateway.flows.own_alerts import OWN_SOURCE
from gateway.store.db import db
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Incident
from gateway.telling import why as whys
from gateway.world import world
from rules.texts.reasons import Line
from rules.words import Directory, Route

CAUSES = {"opened": "When it opened", "raised": "When it was raised", "reopened": "When it came back"}


@dataclass(frozen=True, slots=True)
class Asked:
    head: str
    at: Moment
    version: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Step:
    head: str
    at: Moment
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Why:
    rule: str
    conditions: tuple[str, ...]  # each with what was found, if that is known
    policy: str
    ways: str
    fallback: str
    asked: list[Asked]
    told: list[Step]
    rule_url: str = ""  # of the book in force, if it is still there
    policy_url: str = ""
    received: bool = True  # somebody sent what opened it; else it is a word of our own


def why(found: Incident, directory: Directory, reader: Reader) -> Why:
    route = route_of(found.route)
    both = (route.channels, route.fallback)
    ways, fallback = (", ".join(reader.say(words.WAYS[way]) for way in some) for some in both)
    kept = whys.why(db.session(), found, world().shelf.book)
    names = {email: person.name or email for email, person in directory.people.items()}
    asked = [_asked(one, reader) for one in kept.asked]
    lines = asked[0].lines if asked else []
    deciding = next((line for line in lines if line.mark == "yes" and line.text == route.rule), None)
    conditions = deciding.small if deciding else route.match
    told = [_step(one, names, reader) for one in kept.told]
    return Why(
        route.rule, conditions, route.policy, ways, fallback, asked, told, *_links(route), found.source_id != OWN_SOURCE
    )


def _links(route: Route) -> tuple[str, str]:
    book = world().shelf.book
    number = next((at for at, one in enumerate(book.routes, 1) if one.name == route.rule), 0)
    policy = policy_url(route.policy) if route.policy in book.policies else ""
    return rule_url(route.rule, number) if number else "", policy


def _asked(one: whys.Asked, reader: Reader) -> Asked:
    head = reader.say(CAUSES.get(one.cause, "When it opened"))
    return Asked(head, reader.moment(one.at), one.book_version, one.lines(reader.say, reader.duration))


def _step(one: whys.Told, names: Mapping[str, str], reader: Reader) -> Step:
    head = reader.say("Step %(level)s", level=one.level) if one.level else reader.say("Told")
    return Step(head, reader.moment(one.at), one.lines(reader.say, names, reader.duration))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("When it opened"), _("When it was raised"), _("When it came back")
