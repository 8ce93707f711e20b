"""Taking back: what a person did to one or many incidents, within ten minutes, unless things have moved on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.actions import Actor, carry_out, changes_of, write_down
from gateway.acts import hushing, merging
from gateway.acts.gathering import look_again
from gateway.changes import Changes
from gateway.demo.mark import is_invented
from gateway.store.db import transaction
from gateway.store.incidents import alerts, cases, jobs, undos
from gateway.store.incidents.cases import Case
from gateway.store.incidents.undos import Item
from gateway.store.outgoing import outbox
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.tables import UndoRow
from gateway.store.upkeep import audit
from gateway.telling import quietly
from gateway.telling.fallback import fall_back
from rules.lifecycle import Decision, Reason, Signal
from rules.phases import decide
from rules.telling.undoing import MERGE, WITHIN, Gone, Obstacle, obstacle, resumed
from rules.words import Status

CALLED_OFF = {
    "acknowledge": "acknowledged",
    "snooze": "snoozed",
    "resolve": "resolved",
    MERGE: "resolved",
}  # as the outbox says it
ENDS = ("resolve", MERGE)  # after these it was over
SLACK = timedelta(seconds=5)  # so that the button still works which somebody sees


@dataclass(slots=True)
class Outcome:
    """What was taken back, and what was not and why."""

    act: str = ""
    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, Obstacle]] = field(default_factory=list)
    obstacle: Obstacle | None = None  # of the whole
    stopped: int = 0  # of an act that a worker is still doing: how many it will not come to


def account(actor: Actor) -> str:
    return actor.account or actor.name


def take_back(token: str, actor: Actor, now: datetime) -> Outcome:
    """Whole or in part. Of another person's act it knows nothing."""
    outcome = Outcome()
    with transaction() as session:
        _stop(session, token, outcome, actor, now)
        rows = undos.named(session, token, account(actor))
        outcome.obstacle = None if outcome.stopped and not rows else _obstacle(rows, now)
        if rows and outcome.obstacle is None:
            _lock(session, rows)
        for row in rows:
            outcome.act = row.act
            if outcome.obstacle is None:
                _take_back(session, row, actor, now, outcome)
        apart = {item.into for row in rows for item in undos.items_of(row) if item.into and item.number in outcome.done}
        if apart:
            merging.end_cleared(session, apart, now)
    return outcome


def _stop(session: Session, token: str, outcome: Outcome, actor: Actor, now: datetime) -> None:
    """If a worker is still doing it, it does no more of it."""
    stopped = jobs.stop(session, token, account(actor), now)
    if stopped:
        outcome.act, outcome.stopped = stopped
        what = f"{outcome.stopped} incidents"
        audit.note(session, now, account(actor), "act stopped", what, actor.how, name=actor.name, act=outcome.act)


def _obstacle(rows: Sequence[UndoRow], now: datetime) -> Obstacle | None:
    if not rows:
        return Obstacle.GONE
    if any(row.used_at for row in rows):
        return Obstacle.DONE
    return Obstacle.TOO_LATE if now > rows[0].at + WITHIN + SLACK else None


def _lock(session: Session, rows: Sequence[UndoRow]) -> None:
    """All portions of the act in one order, the senders first as intake has them: nobody waits in a circle."""
    items = [one for row in rows for one in undos.items_of(row)]
    numbers = {one.number for one in items} | {one.into for one in items if one.into}
    if rows[0].act in ENDS:
        one_writer_per_source(session, cases.sources_of(session, numbers))
    cases.load(session, numbers)


def _take_back(session: Session, row: UndoRow, actor: Actor, now: datetime, outcome: Outcome) -> None:
    row.used_at = now
    items = {one.number: one for one in undos.items_of(row)}
    found = cases.load(session, items)
    targets = cases.load(session, {item.into for item in items.values() if item.into})
    there = {number: merging.firing_of(session, number) for number in targets}  # once, however many went there
    cases.count_firing(session, found.values())
    keys = [case.dedup_key for case in found.values()] if row.act in ENDS else []
    others = cases.load_open(session, keys) if keys else {}
    good: list[tuple[Case, Item]] = []
    for number, item in items.items():
        case = found.get(number)
        gone = merging.gone(item, targets.get(item.into), there.get(item.into, {})) if item.into else None
        why = _why_not(row.act, item, case, others, gone)
        if why is not None or case is None:
            outcome.refused.append((number, why or Obstacle.GONE))
        else:
            good.append((case, item))
    _restore(session, row, good, targets, actor, now)
    outcome.done += [case.id for case, _ in good]


def _why_not(
    act: str, item: Item, case: Case | None, others: dict[str, Case], gone: Gone | None
) -> Obstacle | None:  # fmt: skip
    if case is None:
        return Obstacle.GONE
    another = case.dedup_key in others and others[case.dedup_key].id != case.id
    return obstacle(act, item.before, item.after, undos.standing(case), another=another, gone=gone)


def _restore(
    session: Session, row: UndoRow, good: list[tuple[Case, Item]], targets: dict[int, Case], actor: Actor, now: datetime
) -> None:
    ids = [case.id for case, _ in good]
    if not ids:
        return
    undos.call_off(session, ids, row.at, now)
    heard = undos.got_out(session, ids, row.at) if row.act in ENDS else set()
    changes = changes_of(session, now)
    told_anew = set()
    for case, item in good:
        changes.touch(case)
        changes.line(case, "undone", actor.name, {"what": row.act, "how": actor.how})
        if item.into:
            merging.take_apart(changes, case, item, targets[item.into], actor)
        if row.act == "assign":
            _hand_back(changes, case, item, row.at, actor)
        elif case.id in heard and _calls(item):
            told_anew.add(case.id)
            carry_out(changes, case, decide(case.state, Signal.BACK, case.route, now), actor)
        else:
            _stand_again(changes, case, item, row.at, heard=case.id in heard, by=actor.name)
            look_again(changes, case, row.at)
        if row.act == "resolve":
            alerts.unmute(session, case.id)
        write_down(session, now, actor, f"undo {row.act}", case)
    changes.write()
    if row.act in CALLED_OFF:
        _wait_again(session, row, [case for case, _ in good], told_anew, now)


def _hand_back(changes: Changes, case: Case, item: Item, acted_at: datetime, actor: Actor) -> None:
    """Whoever has it again is told in the morning, if that is what they waited for."""
    case.assignee_id = item.before.assignee_id
    changes.hand(case, actor)
    if found := changes.directory.by_id(case.assignee_id):
        undos.hand_back(changes.session, case.id, found.email, acted_at, changes.now)


def _wait_again(session: Session, row: UndoRow, good: Sequence[Case], told_anew: set[int], now: datetime) -> None:
    """The messages that the act called off, but of those incidents of which everybody is told anew."""
    waiting = [case for case in good if case.id not in told_anew]
    calling = [case for case in waiting if case.calls]
    numbers = [case.id for case in waiting], [case.id for case in calling]
    undos.bring_back(session, *numbers, CALLED_OFF[row.act], row.at, now)
    _reach_somebody(session, calling, row.at, now)
    hushing.hush_each(session, [case.id for case in good if case.calls], now)
    outbox.wake_workers(session)


def _reach_somebody(session: Session, calling: Sequence[Case], acted_at: datetime, now: datetime) -> None:
    """Of what failed meanwhile the fallback begins now: then there was no need of it."""
    by_id, changes = {case.id: case for case in calling}, changes_of(session, now)
    for one in undos.failed_since(session, list(by_id), acted_at):
        if not is_invented(one.who):
            fall_back(changes, by_id[one.incident_id], one.level, one.who, one.error)
    changes.write()


def _calls(item: Item) -> bool:
    """Nobody works on it: whoever heard that it is over has to be told anew."""
    return item.before.state.status is Status.TRIGGERED and item.before.state.snoozed_until is None


def _stand_again(changes: Changes, case: Case, item: Item, acted_at: datetime, *, heard: bool, by: str) -> None:
    """As it stood before. Whoever works on it hears that it goes on, if they heard that it is over."""
    before = item.before
    case.state = resumed(before.state, acted_at, changes.now)
    case.ack_at, case.ack_by = before.ack_at, before.ack_by
    case.resolved_at, case.resolved_by, case.resolve_kind = before.resolved_at, before.resolved_by, before.resolve_kind
    if heard:
        quietly.say(changes, case, Decision(case.state, Reason.REOPENED), by)
