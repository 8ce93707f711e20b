"""Policies: whom each tells first now, and one of them minute by minute with the names of a chosen moment."""

from datetime import timedelta

from flask import abort, request
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.rows import Tab
from dashboard.rulebook import bar, history, queries
from dashboard.rulebook.rows import (
    from_input,
    local_input,
    names,
    policy_row,
    policy_url,
    step_rows,
    text_lines,
    used_by,
    warned,
)
from gateway.access.auth import READERS, Visit, require
from gateway.acts.service_address import service_url
from gateway.rulebook import review
from gateway.store.tables import Incident
from gateway.world import world
from rules.book import Policy, RuleBook
from rules.checks.explain import ladder
from rules.checks.policies import routes_of, told_first
from rules.checks.services import named
from rules.duty.audience import notices
from rules.words import Route, Urgency


@bp.get("/policies")
@require(*READERS)
def policies(visit: Visit) -> ResponseReturnValue:
    book, reader, directory = world().shelf.book, reader_of(visit), queries.directory()
    found = review.findings(book, directory, visit.now)
    rows = [
        policy_row(one, book, names(told_first(one, book, directory, visit.now)), found, reader)
        for one in book.policies.values()
    ]
    services = _services(book)
    return draw(
        visit, "pages/policies.html", {"page": "policies", "rows": rows, "services": services, "version": book.version}
    )


def _services(book: RuleBook) -> dict[str, list[str]]:
    """Of each policy: those whose incidents went by it lately, and those that a rule with it names."""
    found = queries.services_by_policy()
    for name, rule in named(book).items():
        if rule is not None:
            found.setdefault(rule.route.policy, set()).add(name)
    return {policy: sorted(services) for policy, services in found.items()}


@bp.get("/policies/<path:name>")
@require(*READERS)
def policy(visit: Visit, name: str) -> ResponseReturnValue:
    book, reader, directory = world().shelf.book, reader_of(visit), queries.directory()
    one = book.policies.get(name)
    if one is None:
        abort(404)
    at = from_input(request.args.get("at", ""), reader) or visit.now
    routes = routes_of(one, book)
    route = next((each for each in routes if each.urgency == request.args.get("class")), routes[0])
    rungs = ladder(route, directory, at.astimezone(reader.zone), timedelta(), notices)
    part = review.part(book, one.place, [other.place for other in book.policies.values()])
    steps = step_rows(rungs, route, directory, reader)
    values = {
        "page": "policies",
        "policy": one,
        "steps": steps,
        "bar": bar.bar(rungs, steps, reader),
        "services": [(each, service_url(each)) for each in _services(book).get(one.name, [])],
        "versions": history.history(f"policy {one.name}", reader),
        "kept": history.kept(queries.open_by_version(one.name, Incident.policy), book.version),
        "tabs": _tabs(one, routes, route, reader),
        "urgency": words.urgency(route.urgency.rank, reader),
        "chosen": route.urgency.value,
        "at": reader.moment(at),
        "at_input": local_input(at, reader),
        "goes_on": route.urgency is Urgency.EMERGENCY,
        "lasts": reader.duration(sum((step.wait for step in one.steps), timedelta()) * (one.repeat + 1)),
        "last_wait": reader.duration(one.steps[-1].wait) if one.steps else "",
        "rules": used_by(one, book, reader),
        "warnings": warned(review.findings(book, directory, visit.now).get(one.place, ()), reader),
        "piece": part,
        "lines": text_lines(part),
    }
    return draw(visit, "pages/policy.html", values)


def _tabs(one: Policy, routes: list[Route], route: Route, reader: Reader) -> list[Tab]:
    at = request.args.get("at", "")
    more = f"&at={at}" if at else ""
    return [
        Tab(
            words.urgency(each.urgency.rank, reader).word,
            f"{policy_url(one.name)}?class={each.urgency.value}{more}",
            each is route,
        )
        for each in routes
    ]
