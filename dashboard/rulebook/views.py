"""Rules: all of them in order with what they do and how often they are met, and one of them with its text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Moment, Reader
from dashboard.rulebook import history, queries
from dashboard.rulebook.rows import rule_row, rule_url, text_lines, warned
from gateway.access.auth import READERS, Visit, require
from gateway.rulebook import review
from gateway.world import world
from rules.book import Rule
from rules.checks.lint import Finding

DEAD = 50  # rules whose end is looked up
OWNER = re.compile(r"(.*) \(owner of (.*)\)")  # as gateway/rulebook/authorship.py says it
MOST = 500  # rules on one page; a book may have two thousand


@bp.get("/rules")
@require(*READERS)
def rules(visit: Visit) -> ResponseReturnValue:
    book, reader = world().shelf.book, reader_of(visit)
    found = review.findings(book, queries.directory(), visit.now)
    hits = queries.hit_counts(visit.now)
    dead = _dead(found, reader)
    rows = [
        rule_row(number, rule, hits.get(rule.name), _others(found.get(rule.place, ()), number in dead), reader)
        for number, rule in enumerate(book.routes[:MOST], 1)
    ]
    shown = {rule.place for rule in book.routes} | {policy.place for policy in book.policies.values()}
    rest = [(place, warned(ones, reader)) for place, ones in found.items() if place not in shown]
    values = {
        "page": "rules",
        "rows": rows,
        "dead": dead,
        "left_out": max(0, len(book.routes) - MOST),
        "rest": rest,
        "warnings": sum(len(ones) for ones in found.values()),
        "complaints": world().shelf.complaints,
        **_about(visit),
    }
    return draw(visit, "pages/rules.html", values)


def _others(found: Sequence[Finding], said: bool) -> list[Finding]:
    """Without what is said in other words."""
    return [one for one in found if not (said and one.other)]


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule that takes everything that another would, and since when."""

    number: int
    name: str
    url: str
    since: Moment | None


def _dead(found: Mapping[str, Sequence[Finding]], reader: Reader) -> dict[int, Dead]:
    """By the number of the rule that is never reached: since one of the two was changed last, or the book was read."""
    book = world().shelf.book
    made: dict[int, Dead] = {}
    numbers = {rule.name: number for number, rule in enumerate(book.routes, 1)}
    for number, rule in enumerate(book.routes[:MOST], 1):
        other = next((one.other for one in found.get(rule.place, ()) if one.other), "")
        if other and len(made) < DEAD:
            changed = queries.changed_last((f"rule {rule.name}", f"rule {other}")) or queries.in_force_since()
            place, since = numbers[other], reader.moment(changed) if changed else None
            made[number] = Dead(place, other, rule_url(other, place), since)
    return made


def _about(visit: Visit) -> dict[str, object]:
    """Which book it is, since when, and by whom."""
    book, reader, since = world().shelf.book, reader_of(visit), queries.in_force_since()
    author = review.author(book, world().shelf.place, visit.now)
    return {
        "version": book.version,
        "since": reader.moment(since) if since else None,
        "author": author,
        "who": _who(author.who, reader),
        "files": sorted(book.files),
    }


def _who(name: str, reader: Reader) -> str:
    """Without a repository it is known who owns the file; the audit log has it in English."""
    found = OWNER.fullmatch(name)
    return reader.say("%(name)s (owner of %(file)s)", name=found[1], file=found[2]) if found else name


@bp.get("/rules/<path:name>")
@require(*READERS)
def rule(visit: Visit, name: str) -> ResponseReturnValue:
    book, reader = world().shelf.book, reader_of(visit)
    number, one = _named(name)
    found = review.findings(book, queries.directory(), visit.now)
    part = review.part(book, one.place, [other.place for other in book.routes])
    values = {
        "page": "rules",
        "row": rule_row(number, one, queries.hit_counts(visit.now).get(one.name), found.get(one.place, ()), reader),
        "piece": part,
        "lines": text_lines(part),
        "ways": [reader.say(way) for way in one.route.channels],
        "fallback": [reader.say(way) for way in one.route.fallback],
        "answer": reader.duration(one.route.acknowledge_within),
        "open": queries.open_by(one.name),
        "versions": history.history(f"rule {one.name}", reader),
        "kept": [],
        **_about(visit),
    }
    return draw(visit, "pages/rule.html", values)


def _named(name: str) -> tuple[int, Rule]:
    """By its name, or by its number where its name is no address."""
    routes = world().shelf.book.routes
    known = {one.name: number for number, one in enumerate(routes, 1)}
    number = known.get(name) or (int(name) if name.isascii() and name.isdigit() and len(name) < 5 else 0)
    if not 0 < number <= len(routes):
        abort(404)
    return number, routes[number - 1]
