"""Everything that can be done to an incident, whoever does it: an alert, a person, the clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from gateway import crashpoint
from gateway.changes import Changes, told_of
from gateway.store.db import transaction
from gateway.store.incidents import cases, timeline, undos
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import outbox
from gateway.store.senders.heard import first_time
from gateway.store.upkeep import audit
from gateway.telling import quietly
from gateway.telling import spared as spared_by
from gateway.world import world
from rules.duty.audience import Audience, one_person, unless_asleep
from rules.lifecycle import NOTHING, Decision, Given, Reason, Signal
from rules.phases import decide
from rules.telling.undoing import ACTS
from rules.timing import Phase
from rules.words import Directory, Person, Role, Status, Suppression


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and by what: dashboard, link, api, pagerduty, clock, source."""

    name: str
    how: str
    person_id: int | None = None
    account: str = ""  # what tells them from others of the same name: an e-mail address, a token
    key: str = ""  # of PagerDuty's keys the one it came from, as address_id, if that is known
    why: str = ""  # how we know of it, if not from themselves
    token: str = ""  # under which it can be taken back, if it is done in several portions


CLOCK = Actor("Nabat", "clock")
MACHINES = ("clock", "source")  # whoever else acts is written down in the audit log
ONCE = re.compile(r"[\w.:-]{8,100}", re.ASCII)
UNDONE = ("dashboard", "link", "api")  # ways in by which an act can be taken back


class Once(NamedTuple):
    """A key of a note's, and whether it is for one text only."""

    key: str = ""
    strict: bool = False


ANY = Once()


class NotPossible(Exception):
    """It cannot be assigned so; the text says why."""


def act(incident_id: int, signal: Signal, actor: Actor, now: datetime, given: Given = NOTHING) -> Reason | None:
    """One signal to one incident, in a transaction of its own. Says what came of it; None if there is no such one."""
    with transaction() as session:
        return act_in(session, incident_id, signal, actor, now, given)


def act_in(
    session: Session, incident_id: int, signal: Signal, actor: Actor, now: datetime, given: Given = NOTHING
) -> Reason | None:
    """The same within the caller's transaction, for what must be kept together with it."""
    return act_on(session, [incident_id], signal, actor, now, given).get(incident_id)


def act_on(
    session: Session, ids: Sequence[int], signal: Signal, actor: Actor, now: datetime, given: Given = NOTHING
) -> dict[int, Reason]:
    """The same for several at once, of those that there are."""
    found = cases.load(session, ids)
    if signal in (Signal.SNOOZE, Signal.RESOLVE) or any(one.state.phase is Phase.FLAPPING for one in found.values()):
        cases.count_firing(session, found.values())
    changes, reasons, done = changes_of(session, now), {}, []
    for case in found.values():
        before, known = undos.standing(case), _known(session, case, signal, given)
        decision = decide(case.state, signal, case.route, now, known)
        carry_out(changes, case, decision, actor)
        reasons[case.id] = decision.reason
        if decision.changes:
            done.append(undos.Item(case.id, before, undos.standing(case)))
            write_down(session, now, actor, signal.value, case)
    changes.write()
    crashpoint.passing("action written")
    remember(session, actor, signal.value, now, done)
    return reasons


def _known(session: Session, case: Case, signal: Signal, given: Given) -> Given:
    """With what an incident's own past adds to it."""
    known = replace(given, firing=case.firing or given.firing)
    if signal is Signal.TIMER and case.state.phase is Phase.FLAPPING and case.state.status is Status.ACKNOWLEDGED:
        return replace(known, until=timeline.acknowledged_until(session, case.id, case.ack_at))
    return known


def remember(session: Session, actor: Actor, what: str, now: datetime, done: Sequence[undos.Item]) -> None:
    """So that the person who did it can take it back for a while."""
    if actor.how in UNDONE and what in ACTS:
        token = actor.token or undos.new_token()
        undos.keep(session, token, actor.account or actor.name, what, now, done)


def assign(incident_id: int, to: str, actor: Actor, now: datetime) -> Reason | None:
    """Make it the person's, given by e-mail address or id. None if there is no such incident; raises NotPossible."""
    with transaction() as session:
        return assign_in(session, incident_id, to, actor, now)


def assign_in(session: Session, incident_id: int, to: str, actor: Actor, now: datetime) -> Reason | None:
    """The same within the caller's transaction."""
    return assign_on(session, [incident_id], to, actor, now).get(incident_id)


def assign_on(session: Session, ids: Sequence[int], to: str, actor: Actor, now: datetime) -> dict[int, Reason]:
    """The same for several at once, of those that there are."""
    changes, reasons, done = changes_of(session, now), {}, []
    person = _assignable(changes.directory, to)
    for case in cases.load(session, ids).values():
        before, given = undos.standing(case), Given(person=person.id, before=case.assignee_id)
        decision = decide(case.state, Signal.ASSIGN, case.route, now, given)
        reasons[case.id] = decision.reason
        if decision.changes:
            case.state = decision.after
            _assigned(changes, case, decision.reason, person, actor)
            done.append(undos.Item(case.id, before, undos.standing(case)))
            write_down(session, now, actor, Signal.ASSIGN.value, case, to=person.email)
    changes.write()
    remember(session, actor, Signal.ASSIGN.value, now, done)
    return reasons


def add_note(
    incident_id: int, text: str, actor: Actor, now: datetime, once: str = "", *, strict: bool = False
) -> Mapping[str, Any] | None:
    """A line of free text on the timeline, as it is kept there. None if there is no such incident.

    `once`: a key that whoever writes it has made. The same text with the same key is one note, however often it comes
    within a week. Another text is another note: a page was sent, and written on. Where `strict`, NotPossible: a program
    would not know which of them it has.
    """
    with transaction() as session:
        return note_in(session, incident_id, text, actor, now, Once(once if ONCE.fullmatch(once) else "", strict))


def note_in(
    session: Session, incident_id: int, text: str, actor: Actor, now: datetime, once: Once = ANY
) -> Mapping[str, Any] | None:
    """The same within the caller's transaction."""
    case = cases.load(session, [incident_id]).get(incident_id)
    if case is None:
        return None
    account = actor.account or actor.name
    mark = timeline.once(incident_id, account, once.key, text) if once.key else ""
    if mark and (known := timeline.noted(session, incident_id, mark, now)) is not None:
        return known
    only = timeline.once(incident_id, account, once.key, "") if mark and once.strict else ""
    if only and not first_time(session, only, now):
        raise NotPossible("this key was another text's: a note with other words wants a key of its own")
    changes = changes_of(session, now)
    told = quietly.mentioned(changes, case, text, account)
    kept = {"text": text, "how": actor.how, **told, **({"once": mark} if mark else {})}
    changes.line(case, "note", actor.name, kept)
    changes.write()
    heard = {one["who"] for one in told.get("told", ())}
    write_down(session, now, actor, "note", case, **({"told": str(len(heard))} if heard else {}))
    return kept


def write_down(session: Session, now: datetime, actor: Actor, action: str, case: Case, **more: str) -> None:
    """For the audit log: what people and programs do, not what the clock and the senders do."""
    if actor.how not in MACHINES:
        account, target = actor.account or actor.name, f"incident {case.id}"
        audit.note(session, now, account, action, target, actor.how, name=actor.name, **more)


def changes_of(session: Session, now: datetime) -> Changes:
    return Changes(session, world().roll.current(session), now)


def carry_out(changes: Changes, case: Case, decision: Decision, actor: Actor) -> None:
    """State, timeline and messages of one decision, together. One that changes nothing leaves no trace."""
    if not decision.changes:
        return
    case.state = decision.after
    changes.touch(case)
    _go_on(case, decision)
    if decision.reason in (Reason.ACKNOWLEDGED, Reason.RESOLVED):
        _answered(changes, case, decision, actor)
    elif decision.reason is Reason.SNOOZED:
        changes.line(case, decision.reason.value, actor.name, {"until": case.state.snoozed_until, "how": actor.how})
        changes.answer(case, decision.reason.value, actor)
    elif decision.suppression is not None:
        _suppressed(changes, case, decision.suppression, actor)
    elif decision.step is not None:
        _tell(changes, case, decision, actor)
    elif decision.reason in quietly.MESSAGES:
        quietly.say(changes, case, decision, actor.name)
    elif decision.reason is not Reason.STILL_FLAPPING:
        changes.line(case, decision.reason.value, actor.name, {"level": case.state.level})


def _suppressed(changes: Changes, case: Case, by: Suppression, actor: Actor) -> None:
    """Nobody is told; who was told before is called no more, as when it is snoozed."""
    detail = {"by": by.kind, "id": by.id, "until": by.until, "why": by.reason, "author": by.author}
    changes.line(case, Reason.SUPPRESSED.value, actor.name, {**detail, "rule": case.route.rule})
    if case.state.level:
        changes.answer(case, Reason.SNOOZED.value, actor)


def _go_on(case: Case, decision: Decision) -> None:
    """With another route, or though it was over."""
    if decision.route is not None:
        case.route, case.rerouted = decision.route, True
    if decision.reason is Reason.REOPENED:
        case.resolved_at = case.resolved_by = case.resolve_kind = None


def _answered(changes: Changes, case: Case, decision: Decision, actor: Actor) -> None:
    reason = decision.reason
    name = "" if actor.how == "source" else actor.name
    if reason is Reason.ACKNOWLEDGED:
        case.ack_at, case.ack_by = changes.now, actor.name
        case.first_ack_at = case.first_ack_at or changes.now
        since = case.opened_at
    else:
        case.resolved_at, case.resolved_by = changes.now, name or None
        by_itself = "auto" if case.state.level else "healed"  # before anybody was told
        case.resolve_kind = by_itself if actor.how in MACHINES else "person"
        since = case.opened_at
    seconds = max(0, int((changes.now - since).total_seconds()))
    why = {"why": actor.why} if actor.why else {}
    until = {"until": decision.until} if decision.until else {}
    healed = {"healed": True} if reason is Reason.RESOLVED and case.resolve_kind == "healed" else {}
    changes.line(case, reason.value, actor.name, {"how": actor.how, "after_s": seconds, **why, **until, **healed})
    changes.answer(case, reason.value, actor)


def _tell(changes: Changes, case: Case, decision: Decision, actor: Actor) -> None:
    """The messages of one step. A step that can only be told by the fallback is not waited for."""
    assert decision.step is not None
    found = changes.audience(decision.step, case.route)
    if decision.quiet:
        found = changes.audience(replace(decision.step, also=()), quietly.quiet(case.route), personal=False)
    kind = "opened" if case.state.level == 1 else "escalated"
    spared = [] if case.fresh else spared_by.called_already(changes, case, found)
    found = spared_by.without(changes, case, found, spared) if spared else found
    for notice in found.notices:
        part = "primary" if notice.own or notice.way in case.route.channels else "fallback"
        changes.promise(case, notice, kind, part)
    for notice in found.later:
        changes.promise(case, notice, kind, outbox.HELD if notice.held else outbox.LATER)
    for notice in found.also:
        changes.promise(case, notice, kind, outbox.ALSO)
    text = changes.told_text(found, case.state.level, case.route.rule, case.times)
    changes.line(case, decision.reason.value, actor.name, text)
    if found.fell_back and not spared and not decision.quiet and not case.route.is_round_over(case.state.level):
        hurry(changes, case)


def _assignable(directory: Directory, to: str) -> Person:
    named = directory.people.get(to.strip().lower())
    person = named or next((one for one in directory.people.values() if str(one.id) == to), None)
    if person is None:
        raise NotPossible(f"there is nobody with the address {to[:100]!r}")
    if person.role is Role.VIEWER:
        raise NotPossible(f"{person.name} is a viewer, and a viewer is never paged")
    return person


def _assigned(changes: Changes, case: Case, reason: Reason, person: Person, actor: Actor) -> None:
    """They are told by the incident's class, unless it was they who took it; that nobody was told stands there too."""
    case.assignee_id = person.id
    changes.touch(case)
    changes.hand(case, actor)
    found = one_person(person.email, case.route, changes.directory, changes.now)
    if actor.person_id == person.id:
        found = Audience()
    elif spared := spared_by.called_already(changes, case, found):
        found = spared_by.without(changes, case, found, spared, instead=True)
    found = unless_asleep(found, person.email, case.route, changes.directory, changes.now)
    for notice in found.told:
        part = "primary" if notice.way in case.route.channels else "fallback"
        changes.promise(case, notice, "assigned", outbox.HELD if notice.held else part)
    detail = {"to": person.name, "who": person.email, "how": actor.how, **told_of(found)}
    changes.line(case, reason.value, actor.name, detail)


def hurry(changes: Changes, case: Case) -> None:
    """Nobody of the present step can be reached: the next one starts now."""
    carry_out(changes, case, decide(case.state, Signal.UNREACHED, case.route, changes.now), CLOCK)
