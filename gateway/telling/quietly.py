"""What is told without calling anybody: it flaps, it is back, an acknowledgement ends. By push, else by e-mail."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.changes import Changes, told_of
from gateway.store.incidents.cases import Case
from gateway.store.upkeep import audit
from rules.duty.audience import Audience, one_person
from rules.duty.mentions import TOO_MANY, mentions, within
from rules.lifecycle import Decision, Reason, step_at
from rules.words import NotTold, Route, Way

# What is said, as a kind of message, for what has happened; empty: a line on the timeline and no message.
MESSAGES = {
    Reason.FLAPPING: "flapping",
    Reason.ACKNOWLEDGEMENT_ENDS: "reminder",
    Reason.REOPENED: "reopened",
    Reason.HELD: "",
    Reason.FLAPPING_OVER: "",
}


def quiet(route: Route) -> Route:
    """The same, by ways that call nobody."""
    return replace(route, channels=(Way.PUSH,), fallback=(Way.EMAIL,))


def say(changes: Changes, case: Case, decision: Decision, actor: str) -> None:
    """The timeline's line, and the message to whoever works on it, or else to those of the present step."""
    detail: dict[str, Any] = {"level": case.state.level, "until": case.state.next_at}
    if decision.hold is not None:
        detail |= {"why": decision.hold.why, "what": decision.hold.what}
    elif kind := MESSAGES[decision.reason]:
        found = _listeners(changes, case)
        for notice in found.notices:
            changes.promise(case, notice, kind, "news")
        detail |= told_of(found)
    changes.line(case, decision.reason.value, actor, detail)


def commented(changes: Changes, case: Case) -> Audience:
    """The client has said something: whoever has the ticket hears of it, or else whoever works on it."""
    mine = changes.directory.by_id(case.assignee_id)
    found = _one(changes, case, mine.email) if mine else Audience()
    found = found if found.notices else _listeners(changes, case)
    for notice in found.notices:
        changes.promise(case, notice, "commented", "news")
    return found


def mentioned(changes: Changes, case: Case, text: str, writer: str) -> dict[str, Any]:
    """Whoever a note names hears of it, its writer apart. Returns what the timeline keeps of that."""
    found = mentions(text, changes.directory.people.values())
    if not found:
        return {}
    told_so_far = audit.told_by_notes(changes.session, writer, changes.now - timedelta(hours=1))
    now, no_more = within([one for one in found if one.person.email != writer], told_so_far)
    heard = [_one(changes, case, one.person.email) for one in now]
    notices = tuple(notice for one in heard for notice in one.notices)
    for notice in notices:
        changes.promise(case, notice, "mentioned", "news")
    not_told = tuple(one for each in heard for one in each.not_told)
    not_told += tuple(NotTold(one.person.email, TOO_MANY) for one in no_more)
    named = [{"as": one.written, "id": one.person.id, "who": one.person.email} for one in found]
    return {"mentions": named, **told_of(Audience(notices, not_told=not_told))}


def _one(changes: Changes, case: Case, email: str) -> Audience:
    return one_person(email, quiet(case.route), changes.directory, changes.now)


def _listeners(changes: Changes, case: Case) -> Audience:
    named = [one for one in changes.directory.people.values() if case.ack_by and case.ack_by in (one.name, one.email)]
    route = quiet(case.route)
    if len(named) == 1:
        found = one_person(named[0].email, route, changes.directory, changes.now)
        if found.notices:
            return found
    return changes.audience(step_at(case.route, max(1, case.state.level)), route, personal=False)
