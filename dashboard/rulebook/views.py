"""Rules: all of them in order with what they do and how often they are met, and one of them with its text."""

from flask import abort
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.rulebook import history, queries
from dashboard.rulebook.rows import rule_row, text_lines, warned
from gateway import bookreview
from gateway.access.auth import READERS, Visit, require
from gateway.world import world
from rules.book import Rule

MOST = 500  # rules on one page; a book may have two thousand


@bp.get("/rules")
@require(*READERS)
def rules(visit: Visit) -> ResponseReturnValue:
    book, reader = world().shelf.book, reader_of(visit)
    found = bookreview.findings(book, queries.directory(), visit.now)
    hits = queries.hit_counts(visit.now)
    rows = [
        rule_row(number, rule, hits.get(rule.name), found.get(rule.place, ()), reader)
        for number, rule in enumerate(book.routes[:MOST], 1)
    ]
    shown = {rule.place for rule in book.routes} | {policy.place for policy in book.policies.values()}
    rest = [(place, warned(ones, reader)) for place, ones in found.items() if place not in shown]
    values = {
        "page": "rules",
        "rows": rows,
        "left_out": max(0, len(book.routes) - MOST),
        "rest": rest,
        "warnings": sum(len(ones) for ones in found.values()),
        "complaints": world().shelf.complaints,
        **_about(visit),
    }
    return draw(visit, "pages/rules.html", values)


def _about(visit: Visit) -> dict[str, object]:
    """Which book it is, since when, and by whom."""
    book, reader, since = world().shelf.book, reader_of(visit), queries.in_force_since()
    return {
        "version": book.version,
        "since": reader.moment(since) if since else None,
        "author": bookreview.author(book, world().shelf.place, visit.now),
        "files": sorted(book.files),
    }


@bp.get("/rules/<path:name>")
@require(*READERS)
def rule(visit: Visit, name: str) -> ResponseReturnValue:
    book, reader = world().shelf.book, reader_of(visit)
    number, one = _named(name)
    found = bookreview.findings(book, queries.directory(), visit.now)
    part = bookreview.part(book, one.place, [other.place for other in book.routes])
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
