"""What a service desk's word does to its ticket's open incident: texts, lines, a raised priority, who has it there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from gateway.actions import Actor, carry_out
from gateway.acts.amend import ask_again
from gateway.changes import Changes, told_of
from gateway.store.incidents.alerts import Known, Ready
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import desk
from gateway.store.senders import heard, ticket_names
from gateway.store.types import to_json
from gateway.telling import quietly
from rules.identity import fingerprint
from rules.lifecycle import NEW, Given, Signal, continued
from rules.phases import decide
from rules.senders.writeback import overtakes
from rules.words import Alert, Directory, Kind, Route, Suppression, Ticket

LASTING = ("status", "requester", "assignee", "arrival_at", "due_at", "description", "site", "url")
TOLD = ("commented", "assigned", "arrival", "updated")  # events that stand on the timeline


def hear(
    changes: Changes, case: Case, known: Known, ready: Ready, source: str, hidden: Suppression | None = None
) -> None:
    """`ready` is a desk's word, with what the rule book says of it; `hidden`: what keeps it quiet."""
    ticket = ready.alert.ticket
    assert ticket is not None
    route = ready.route
    if known.words is not None and known.words.alert.ticket is ticket:
        said = msgspec.json.decode(case.ticket) if case.ticket else {}
        before = str(said.get("priority", ""))
        kept = replace(ticket, priority=before) if ticket.guessed and before else ticket
        now_said = _kept(said, kept, known.words.alert)
        case.ticket = to_json(now_said)
        if now_said["key"] not in (known.fingerprint, "" if case.fresh else said.get("key")):
            ticket_names.keep(changes.session, known.source_id, now_said["key"], known.fingerprint)
        _give_way(changes, case, ticket, str(said.get("assignee", "")), source)
        if case.kind == Kind.TICKET and (
            case.fresh or known.words.alert.title not in (ticket.key, known.words.alert.fingerprint)
        ):
            case.title = known.words.alert.title
        changes.touch(case)
        if case.open and before and kept.priority != before and route.urgency.rank < case.route.urgency.rank:
            _raise(changes, case, route, source, hidden)
            changes.ruled(case, "raised", ready.labels)
    if ticket.event in TOLD and not _heard_before(changes, known, ticket):
        comment = {name: value for name, value in ticket.comment.items() if name != "id"}
        detail: dict[str, Any] = {
            "comment": comment, "assignee": ticket.assignee, "arrival_at": ticket.arrival_at,
        }  # fmt: skip
        if case.open and not case.fresh and _is_from_outside(ticket, changes.directory):
            detail |= told_of(quietly.commented(changes, case))
        changes.line(case, f"ticket {ticket.event}", source, to_json(detail))


def _heard_before(changes: Changes, known: Known, ticket: Ticket) -> bool:
    """The same comment again: desks say it twice (as a comment, and as a change of its ticket), and try again."""
    number = ticket.comment.get("id") if ticket.event == "commented" else None
    if not number:
        return False
    key = fingerprint({"source": str(known.source_id), "ticket": known.fingerprint, "comment": str(number)})
    return not heard.first_time(changes.session, f"comment:{key}", changes.now)


def _give_way(changes: Changes, case: Case, ticket: Ticket, before: str, source: str) -> None:
    """What the desk itself has decided since is not overwritten by what it was still to be told."""
    if case.fresh or ticket.assignee in ("", before):
        return
    waiting = desk.to_be_told(changes.session, case.id)
    if waiting is None:
        return
    number, word, written, told = waiting
    if overtakes(ticket.assignee, before, ticket.updated_at, word, written, told):
        desk.drop(changes.session, number, changes.now)
        changes.line(case, "desk overtaken", source, {"to": word.get("name", ""), "has": ticket.assignee})


def _kept(before: Mapping[str, Any], ticket: Ticket, alert: Alert) -> dict[str, Any]:
    """What is known of it: what this word leaves out was said by an earlier one, and still holds."""
    more = {"description": alert.annotations.get("description", ""), "site": alert.labels.get("site", "")}
    said = msgspec.to_builtins(ticket) | more | {"url": alert.url}
    said["key"] = said["key"] or before.get("key") or alert.fingerprint  # some comments do not name it
    return {name: value or (before.get(name, value) if name in LASTING else value) for name, value in said.items()}


def _is_from_outside(ticket: Ticket, directory: Directory) -> bool:
    """Whether the client said it: all may read it, and nobody of the desk or of ours wrote it."""
    if ticket.event != "commented" or ticket.comment.get("public") is not True or ticket.comment.get("staff"):
        return False
    author = str(ticket.comment.get("author", "")).strip().lower()
    ours = {name.lower() for person in directory.people.values() for name in (person.email, person.name) if name}
    return not author or author not in ours


def _raise(changes: Changes, case: Case, route: Route, source: str, hidden: Suppression | None) -> None:
    """From now on it is what it would have been had it come so: the new ladder begins, once nothing hides it."""
    detail = {"from": case.route.urgency.value, "to": route.urgency.value, "rule": route.rule, "policy": route.policy}
    changes.line(case, "raised", source, detail)
    case.route, case.rerouted = continued(case.route, case.state.level, route), True
    changes.touch(case)
    decision = decide(case.state, Signal.RAISED, case.route, changes.now)
    if hidden is not None and decision.step is not None:
        untold, given = replace(NEW, level=case.state.level), Given(suppression=hidden)
        decision = decide(untold, Signal.SUPPRESS, case.route, changes.now, given)
    carry_out(changes, case, decision, Actor(source, "source"))
    case.state = case.state if decision.changes else decision.after
    ask_again(case, changes.now)
