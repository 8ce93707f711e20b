"""Policies: by which routes one is walked, and whom it tells first. Pure."""

from dataclasses import replace
from datetime import datetime

from rules.book import Policy, RuleBook, fallback_route
from rules.duty.audience import notices
from rules.words import Directory, Notice, Route, Urgency


def routes_of(policy: Policy, book: RuleBook) -> list[Route]:
    """One route of each class that uses it, the most urgent first; of none that does, as an urgent one would."""
    found = {rule.route.urgency: rule.route for rule in reversed(book.routes) if rule.route.policy == policy.name}
    if found:
        return [found[urgency] for urgency in Urgency if urgency in found]
    return [replace(fallback_route(book), policy=policy.name, steps=policy.steps, repeat=policy.repeat)]


def told_first(policy: Policy, book: RuleBook, directory: Directory, now: datetime) -> list[Notice]:
    """Who is told first, if something comes now: each once."""
    if not policy.steps:
        return []
    told, _ = notices(policy.steps[0], routes_of(policy, book)[0], directory, now)
    found: dict[str, Notice] = {}
    for one in told:
        found.setdefault(one.who, one)
    return list(found.values())
