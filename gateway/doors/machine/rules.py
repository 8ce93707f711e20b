"""HTTP for the rule book in force: its routes and policies with their text, what is doubtful, its own tests run."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response, request

from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import missing, optional_body
from gateway.doors.machine.door import ACTORS, READ, Call, Refused, as_json, bp, needs
from gateway.rulebook import cases as booktests
from gateway.rulebook import review
from gateway.store.db import reading
from gateway.store.incidents import hits as store
from gateway.store.incidents.hits import Hits
from gateway.world import world
from rules.book import Policy, Rule
from rules.checks.book_cases import BadCases
from rules.checks.explain import ladder, rung_as_data
from rules.checks.lint import Finding
from rules.checks.policies import routes_of, told_first
from rules.duty.audience import notices
from rules.reading.people import BadPeopleFile
from rules.times.walltime import zone_of
from rules.words import Directory, Route, Urgency

MOST = 500  # rules of one answer, as on the page
MOST_CASES = 2000  # of the book's own tests


@bp.get("/v1/rules")
@needs(READ)
def rules(call: Call) -> Response:
    """All routes in order, how often each was met, and what `rules check` says of the book."""
    questions.nothing_asked(request.args)
    book, shelf = world().shelf.book, world().shelf
    with reading() as session:
        directory, hits = world().roll.current(session), store.by_rule(session, call.now)
    found = review.findings(book, directory, call.now)
    rows = [_rule(number, one, hits.get(one.name)) for number, one in enumerate(book.routes[:MOST], 1)]
    doubts = [_finding(one) for ones in found.values() for one in ones]
    more = {"routes": len(book.routes), "rules": rows, "findings": doubts, "complaints": list(shelf.complaints)}
    return as_json({"version": book.version, "files": sorted(book.files), **more})


def _rule(number: int, one: Rule, met: Hits | None) -> dict[str, Any]:
    route, book = one.route, world().shelf.book
    part = review.part(book, one.place, [other.place for other in book.routes])
    return {
        "number": number, "name": one.name, "place": one.place, "urgency": route.urgency.value,
        "policy": route.policy, "match": list(route.match), "ways": list(route.channels),
        "fallback": list(route.fallback), "group_by": list(route.group_by),
        "acknowledge_within_seconds": int(route.acknowledge_within.total_seconds()),
        "met": met.count if met else 0, "last_met_at": met.last if met else None,
        "text": "\n".join(part.lines) if part else "",
    }  # fmt: skip


def _finding(one: Finding) -> dict[str, Any]:
    return {"place": one.place, "what": one.what}


@bp.get("/v1/policies")
@needs(READ)
def policies(call: Call) -> Response:
    questions.nothing_asked(request.args)
    book, directory = world().shelf.book, _directory()
    rows = [_policy(one, directory, call.now) for one in book.policies.values()]
    return as_json({"version": book.version, "policies": rows})


@bp.get("/v1/policies/<name>")
@needs(READ)
def policy(call: Call, name: str) -> Response:
    questions.nothing_asked(request.args)
    found = world().shelf.book.policies.get(name)
    if found is None:
        raise missing("policy", name)
    return as_json(_policy(found, _directory(), call.now))


def _directory() -> Directory:
    with reading() as session:
        found: Directory = world().roll.current(session)
        return found


def _policy(one: Policy, directory: Directory, now: datetime) -> dict[str, Any]:
    """With whom each step would reach, and how, if something came now: for each class that uses it."""
    book = world().shelf.book
    part = review.part(book, one.place, [other.place for other in book.policies.values()])
    steps = [{"notify": list(step.notify), "wait_seconds": int(step.wait.total_seconds())} for step in one.steps]
    used = [rule.name for rule in book.routes if rule.route.policy == one.name]
    first = [{"who": each.who, "name": each.name} for each in told_first(one, book, directory, now)]
    lasts = sum((step.wait for step in one.steps), timedelta()) * (one.repeat + 1)
    ladders = [_ladder(route, directory, now) for route in routes_of(one, book)]
    return {"name": one.name, "place": one.place, "steps": steps, "repeat": one.repeat, "used_by": used,
            "told_first": first, "lasts_seconds": int(lasts.total_seconds()), "ladders": ladders,
            "text": "\n".join(part.lines) if part else ""}  # fmt: skip


def _ladder(route: Route, directory: Directory, now: datetime) -> dict[str, Any]:
    """`goes_on`: after the last step it is told again and again until somebody answers."""
    rungs = ladder(route, directory, now.astimezone(zone_of(world().shelf.book.timezone)), timedelta(), notices)
    told = answers.without_addresses({"ladder": [rung_as_data(rung) for rung in rungs]})
    return {"urgency": route.urgency.value, "goes_on": route.urgency is Urgency.EMERGENCY, **told}


@bp.post("/v1/rules/test")
@needs(READ, *ACTORS)
def run_tests(_: Call) -> Response:
    """The book's own cases, as `./nabat rules test` runs them, with the people as they are now. Nothing is kept."""
    optional_body()
    shelf = world().shelf
    with reading() as session:
        directory: Directory = world().roll.current(session)
    cases: list[dict[str, Any]] = []
    for path in booktests.files(shelf.place):
        try:
            for case, wrong in booktests.tried(path, shelf.book, lambda: directory):
                cases.append({"file": path.name, "name": case.name, "place": case.place, "wrong": wrong})
                if len(cases) >= MOST_CASES:
                    break
        except (BadCases, BadPeopleFile) as trouble:
            raise Refused(problem(409, "; ".join(trouble.complaints)[:2000])) from trouble
        except OSError as trouble:
            raise Refused(problem(409, f"{path.name}: cannot be read: {trouble.strerror}")) from trouble
    failed = sum(bool(one["wrong"]) for one in cases)
    return as_json({"version": shelf.book.version, "count": len(cases), "failed": failed, "cases": cases})
