"""What a service desk's word does to the open incident of its ticket: texts, lines, and a priority that was raised."""

from dataclasses import replace

import msgspec

from gateway.actions import Actor, carry_out
from gateway.changes import Changes
from gateway.store.alerts import Known, Ready
from gateway.store.cases import Case
from gateway.store.types import to_json
from rules.lifecycle import Signal, continued
from rules.phases import decide
from rules.words import Kind, Route, Ticket

TOLD = ("commented", "assigned", "arrival", "updated")  # events that stand on the timeline


def hear(changes: Changes, case: Case, known: Known, ticket: Ticket, ready: Ready, source: str) -> None:
    """`ready` has what the rule book says of this word."""
    route = ready.route
    if known.words is not None and known.words.alert.ticket is ticket:
        before = str(msgspec.json.decode(case.ticket).get("priority", "")) if case.ticket else ""
        kept = replace(ticket, priority=before) if ticket.guessed and before else ticket
        case.ticket = to_json(kept)
        if case.kind == Kind.TICKET:
            case.title = known.words.alert.title
        changes.touch(case)
        if case.open and before and kept.priority != before and route.urgency.rank < case.route.urgency.rank:
            _raise(changes, case, route, source)
            changes.ruled(case, "raised", ready.labels)
    if ticket.event in TOLD:
        detail = {"comment": dict(ticket.comment), "assignee": ticket.assignee, "arrival_at": ticket.arrival_at}
        changes.line(case, f"ticket {ticket.event}", source, to_json(detail))


def _raise(changes: Changes, case: Case, route: Route, source: str) -> None:
    """From now on it is what it would have been had it come so: the new route's ladder begins."""
    detail = {"from": case.route.urgency.value, "to": route.urgency.value, "rule": route.rule, "policy": route.policy}
    changes.line(case, "raised", source, detail)
    case.route, case.rerouted = continued(case.route, case.state.level, route), True
    changes.touch(case)
    carry_out(changes, case, decide(case.state, Signal.RAISED, case.route, changes.now), Actor(source, "source"))
