"""The voice gate: asked in the transaction that leases a call, so that what it sees is what it decides about."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions, log
from gateway.flows import at_gate
from gateway.store.db import transaction
from gateway.store.incidents import cases, timeline
from gateway.store.incidents.routes import read_route
from gateway.store.outgoing import dialling, outbox
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import bulk
from gateway.store.types import moment
from gateway.telling import fallback
from rules.telling.voice import Answer, Dial, Gate, Verdict, Why, judge, words
from rules.words import Urgency, Way

GO_ON_WITHIN = timedelta(seconds=15)
NOT_OUT = ("failed", "cancelled", "logged")


@dataclass(slots=True)
class Passed:
    """Which messages leave now, what their calls are told for, and which calls go to the next person instead."""

    taken: list[Leased] = field(default_factory=list)
    why: dict[int, str] = field(default_factory=dict)
    onward: list[Leased] = field(default_factory=list)


def through(session: Session, taken: Sequence[Leased], gate: Gate | None, now: datetime) -> Passed:
    """Of the messages that were just leased those that leave; the others are put off or called off, with the reason."""
    passed = Passed()
    calls = [one for one in taken if _asks(one, gate)]
    fires = dialling.firing(session, [one.incident_id for one in calls]) if calls else set()
    pauses = {one.incident_id for one in calls} - fires
    flaps = dialling.flapping(session, pauses) if pauses else set()
    for one in taken:
        if gate is None or one not in calls:
            passed.taken.append(one)
            continue
        gone = [other.id for other in calls if other not in passed.taken]  # leased, and not let through yet
        dial = _dial(session, one, gate, now, gone, firing=one.incident_id in fires)
        verdict = judge(gate, replace(dial, flapping=one.incident_id in flaps), now)
        _carry_out(session, one, gate, verdict, now, passed)
    return passed


def _asks(one: Leased, gate: Gate | None) -> bool:
    return gate is not None and one.way == Way.VOICE and one.kind in outbox.PAGES and one.rank == Urgency.EMERGENCY.rank


def _dial(session: Session, one: Leased, gate: Gate, now: datetime, but: Sequence[int], *, firing: bool) -> Dial:
    beside = [other for other in dialling.told_of_step(session, one) if other[2] not in NOT_OUT]
    pushed = any(who == one.who and way == Way.PUSH for who, way, _ in beside)
    somebody = any(who != one.who and way == Way.VOICE for who, way, _ in beside) or _has_next(session, one)
    calls: list[datetime] = []
    if gate.budget is not None and one.person_id is not None:
        calls = dialling.lately(session, one.person_id, Way.VOICE, gate.budget.per, now, but)
    return Dial(moment(one.created_at), firing, pushed, calls, somebody)


def _has_next(session: Session, one: Leased) -> bool:
    """Whether the policy has a step after this one that was not told yet."""
    (row,) = bulk.select_plain(session, "SELECT route, level FROM incident WHERE id = {}", one.incident_id)
    try:
        return bool(one.level == row[1] and not read_route(row[0]).is_round_over(one.level))
    except (LookupError, TypeError, ValueError) as problem:  # what cannot be read must keep no other from its call
        log.error("gate_blind", problem, delivery=one.id, incident=one.incident_id)
        return False


def _carry_out(session: Session, one: Leased, gate: Gate, verdict: Verdict, now: datetime, passed: Passed) -> None:
    if verdict.answer is Answer.CALL:
        passed.taken.append(one)
        passed.why[one.id] = words(gate, verdict.why)
    elif verdict.answer is Answer.WAIT:
        assert verdict.until is not None
        at_gate.put_off(session, one, verdict.until)
    else:
        onward = verdict.answer is Answer.NEXT
        dialling.call_off(session, one, f"voice gate: {verdict.why}", now, now + GO_ON_WITHIN if onward else None)
        passed.onward += [one] if onward else []
    asked_again = verdict.answer is Answer.WAIT and verdict.why is Why.NOT_FIRING  # each minute: no news
    if verdict.why is not Why.NO_GATE and not asked_again and not at_gate.waits_for_its_source(session, one):
        detail = {"why": verdict.why, "who": one.who, "name": one.name, "level": one.level, "until": verdict.until}
        if gate.budget is not None and verdict.why in (Why.OVER_BUDGET, Why.NOBODY_ELSE):
            detail |= {"calls": gate.budget.calls, "per_s": int(gate.budget.per.total_seconds())}
        detail |= {"calendar": gate.calendar.name} if gate.calendar is not None else {}
        timeline.write(session, [timeline.line(one.incident_id, now, "voice gate", actions.CLOCK.name, detail)])


def go_on(one: Leased, now: datetime) -> None:
    """Over budget: the person has the push, or else the fallback, and the next of the policy is called.

    If this fails, or the process dies before it, the call's fallback comes to the same after GO_ON_WITHIN.
    """
    with transaction() as session:
        case = cases.load(session, [one.incident_id]).get(one.incident_id)
        dialling.gone_on(session, one)
        if case is None or not case.calls or case.state.level != one.level:
            return
        changes = actions.changes_of(session, now)
        beside = [other for other in dialling.told_of_step(session, one) if other[2] not in NOT_OUT]
        if not any(who == one.who for who, _, _ in beside):
            fallback.fall_back(changes, case, one.level, one.who, "over budget")
        if case.state.level == one.level and not any(way == Way.VOICE for _, way, _ in beside):
            actions.hurry(changes, case)
        changes.write()
