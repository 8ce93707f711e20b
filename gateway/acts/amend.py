"""What people change about an incident itself: how urgent it is, its title, what fixed it, and what it was worth."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor, NotPossible, act_in, carry_out, changes_of, write_down
from gateway.acts.hushing import hush_each
from gateway.changes import Changes, notice_to
from gateway.store.db import transaction
from gateway.store.figures import verdicts
from gateway.store.incidents import alerts, cases
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import outbox, promised
from gateway.store.outgoing.outbox import PAGES
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.tables import Incident
from gateway.world import world
from rules.lifecycle import Reason, Signal, continued, step_at
from rules.phases import decide
from rules.texts.text import clean_text, cut, one_line
from rules.words import Route, Urgency

MOST_LINE = 300  # characters of a title, a reason, or what fixed it
REACHED = ("sending", "sent", "delivered", "bundled")


def line_of(text: str) -> str:
    """What somebody typed into a field of one line."""
    return cut(one_line(clean_text(text)).strip(), MOST_LINE)


def resolve(incident_id: int, actor: Actor, now: datetime, *, mute: bool = False, fixed_by: str = "") -> Reason | None:
    """It is over. `mute`: what still fires opens nothing until it clears. `fixed_by`: for whoever has it next time."""
    with transaction() as session:
        if mute:  # before the incident is locked, as intake does
            one_writer_per_source(session, cases.sources_of(session, [incident_id]))
        reason = act_in(session, incident_id, Signal.RESOLVE, actor, now)
        if reason is not Reason.RESOLVED:
            return reason
        case = cases.load(session, [incident_id])[incident_id]
        changes = changes_of(session, now)
        if mute and (count := alerts.mute(session, incident_id)):
            changes.line(case, "muted", actor.name, {"count": count, "how": actor.how})
        if fixed_by:
            _fixed(changes, case, fixed_by, actor)
        changes.write()
        return reason


def say_fixed(incident_id: int, text: str, actor: Actor, now: datetime) -> bool:
    """What fixed it, said afterwards, or put better. False if there is no such incident; raises NotPossible."""
    with transaction() as session:
        return say_fixed_in(session, incident_id, text, actor, now)


def say_fixed_in(session: Session, incident_id: int, text: str, actor: Actor, now: datetime) -> bool:
    """The same in the caller's transaction."""
    case = cases.load(session, [incident_id]).get(incident_id)
    if case is None:
        return False
    if case.open:
        raise NotPossible("it is not resolved yet")
    changes = changes_of(session, now)
    _fixed(changes, case, text, actor)
    changes.write()
    write_down(session, now, actor, "fixed", case)
    return True


def _fixed(changes: Changes, case: Case, text: str, actor: Actor) -> None:
    cases.say_fixed(changes.session, case.id, text)
    changes.line(case, "fixed", actor.name, {"text": text, "how": actor.how})


def retitle(incident_id: int, title: str, actor: Actor, now: datetime) -> bool | None:
    """Its title from now on. False if that is its title; None if there is no such incident."""
    with transaction() as session:
        case = cases.load(session, [incident_id]).get(incident_id)
        if case is None or case.title == title:
            return None if case is None else False
        changes = changes_of(session, now)
        changes.line(case, "retitled", actor.name, {"from": cut(case.title, MOST_LINE), "to": title, "how": actor.how})
        case.title = title
        changes.touch(case)
        changes.write()
        write_down(session, now, actor, "retitle", case)
        return True


def judge(
    incident_id: int, person_id: int, actor: Actor, now: datetime, *, value: str | None = None, call: bool | None = None
) -> bool | None:
    """A person's verdict. False if it was that already; None if there is no such incident; raises NotPossible."""
    with transaction() as session:
        return judge_in(session, incident_id, person_id, actor, now, (value, call))


def judge_in(
    session: Session,
    incident_id: int,
    person_id: int,
    actor: Actor,
    now: datetime,
    said: tuple[str | None, bool | None],
) -> bool | None:
    """The same in the caller's transaction."""
    value, call = said
    case = cases.load(session, [incident_id]).get(incident_id)
    if case is None:
        return None
    if case.open:
        raise NotPossible("what is not over is not judged yet")
    if call is not None and case.route.urgency is not Urgency.EMERGENCY:
        raise NotPossible("only of an emergency it is asked whether it should have been a call")
    incident = session.get_one(Incident, incident_id)
    if not verdicts.say(session, incident, person_id, now, value=value, call=call):
        return False
    changes = changes_of(session, now)
    changes.line(case, "verdict", actor.name, {"value": value, "call": call, "how": actor.how})
    changes.write()
    write_down(session, now, actor, "verdict", case)
    return True


def set_urgency(incident_id: int, urgency: Urgency, why: str, actor: Actor, now: datetime) -> Reason | None:
    """The class that it has from now on, with the ways of that class, whatever the rules say of its labels."""
    with transaction() as session:
        case = cases.load(session, [incident_id]).get(incident_id)
        if case is None:
            return None
        if not case.open:
            return Reason.ALREADY_RESOLVED
        before = case.route
        if before.urgency is urgency:
            return Reason.NOT_DUE
        changes = changes_of(session, now)
        detail = {"from": before.urgency.value, "to": urgency.value, "why": why, "how": actor.how}
        changes.line(case, "urgency", actor.name, detail)
        route = _as_class(before, urgency)
        reason = (_raise if urgency.rank < before.urgency.rank else _lower)(changes, case, route, actor)
        case.rerouted = True
        ask_again(case, now)
        changes.touch(case)
        changes.write()
        if before.urgency is Urgency.EMERGENCY and case.calls:  # a silence may leave just these alone
            hush_each(session, [case.id], now)
        write_down(session, now, actor, "urgency", case, to=urgency.value, reason=why)
        return reason


def ask_again(case: Case, now: datetime) -> None:
    """What keeps it quiet may leave emergencies alone."""
    if case.state.suppressed_by and case.route.urgency is Urgency.EMERGENCY:
        case.state = replace(case.state, next_at=now)


def _as_class(route: Route, urgency: Urgency) -> Route:
    """The classes are those of the rule book in force: it is now that somebody wants it to be one of them."""
    found = world().shelf.book.classes[urgency]
    return replace(
        route, urgency=urgency, channels=found.channels, fallback=found.fallback,
        acknowledge_within=found.acknowledge_within, floor=found.floor,
    )  # fmt: skip


def _raise(changes: Changes, case: Case, route: Route, actor: Actor) -> Reason:
    """As when its sender makes it more urgent: the ladder begins anew, by the ways of the new class."""
    case.route = continued(case.route, case.state.level, route)
    decision = decide(case.state, Signal.RAISED, case.route, changes.now)
    carry_out(changes, case, decision, actor)
    case.state = case.state if decision.changes else decision.after
    return decision.reason


def _lower(changes: Changes, case: Case, route: Route, actor: Actor) -> Reason:
    """Nobody is called any more by ways that are not the new class's. The ladder stands where it stood.

    Whoever was to be called and was not yet is told by the new ways.
    """
    case.route = route
    decision = decide(case.state, Signal.LOWERED, route, changes.now)
    case.state = decision.after
    outbox.cancel_ways(changes.session, case.id, (*route.channels, *route.fallback), "lowered", changes.now)
    hang_up(changes, case, "acknowledged", actor)
    if case.calls and case.state.level and not _is_reached(changes.standing(case, case.state.level)):
        found, kind = changes.audience(step_at(route, case.state.level), route), PAGES[case.state.level > 1]
        for notice in found.notices:
            changes.promise(case, notice, kind, "primary")
        for notice in found.later:
            changes.promise(case, notice, kind, outbox.HELD if notice.held else outbox.LATER)
    return decision.reason


def _is_reached(standing: Iterable[promised.Standing]) -> bool:
    return any(one.status in REACHED for one in standing)


def hang_up(changes: Changes, case: Case, kind: str, actor: Actor) -> None:
    """PagerDuty stops calling about it: it hears that it was acknowledged, or is over. Nobody else hears of it."""
    drafts = []
    for one in promised.told(changes.session, [case.id]):
        if one.channel == "pagerduty" and not (actor.how == "pagerduty" and one.address_id == actor.key):
            made = outbox.draft(notice_to(one), case.route.urgency, kind, "news", changes.now)
            drafts.append(made.promise(case.id, case.uuid, case.state.level))
    changes.promises += drafts


def locked(session: Session, ids: Iterable[int]) -> dict[int, Case]:
    """Incidents whose alerts are about to change hands: the senders' locks first, as intake takes them."""
    wanted = sorted(set(ids))
    one_writer_per_source(session, cases.sources_of(session, wanted))
    return cases.load(session, wanted)
