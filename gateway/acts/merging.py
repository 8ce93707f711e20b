"""Incidents that are one, and alerts that are not of it: merged, and split off."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor, NotPossible, carry_out, changes_of, remember, write_down
from gateway.acts.amend import hang_up, locked
from gateway.acts.gathering import look_again
from gateway.acts.hushing import hush_each
from gateway.changes import Changes
from gateway.store.db import reading, transaction
from gateway.store.incidents import alerts, cases, rulings, timeline, undos
from gateway.store.incidents.cases import Case
from gateway.store.incidents.undos import Item
from gateway.store.outgoing import outbox
from gateway.store.sql import bulk
from gateway.store.tables import Incident
from gateway.world import world
from rules.lifecycle import NEW, NOTHING, Given, Reason, Signal
from rules.phases import RECONSIDER, decide
from rules.telling.undoing import MERGE, OWN_CLEARED, Gone
from rules.times.walltime import zone_of
from rules.timing import UNTOLD, Phase
from rules.words import Kind, Status

SHOWN = 5  # titles named on a timeline line


def merge(incident_id: int, into: int, actor: Actor, now: datetime) -> bool | None:
    """Its alerts go on in the other one, and it is over. None if there is no such incident; raises NotPossible."""
    with transaction() as session:
        return merge_in(session, incident_id, into, actor, now)


def merge_in(session: Session, incident_id: int, into: int, actor: Actor, now: datetime) -> bool | None:
    """The same in the caller's transaction."""
    done = _merge(session, incident_id, into, actor, now)
    if done is None:
        return None
    remember(session, actor, MERGE, now, [done])
    return True


def _merge(session: Session, incident_id: int, into: int, actor: Actor, now: datetime) -> Item | None:
    """With what it takes to take it back; None if there is no such incident."""
    found = locked(session, (incident_id, into))
    case, target = found.get(incident_id), found.get(into)
    if case is None:
        return None
    if target is None:
        raise NotPossible(f"there is no incident #{into}")
    _check(case, target)
    rows, before = alerts.of_incident(session, case.id), undos.standing(case)
    alerts.move(session, [row[0] for row in rows], target.id)
    changes = changes_of(session, now)
    firing = sum(1 for row in rows if row[1])
    target.alert_count += case.alert_count
    target.state = replace(target.state, snoozed_firing=target.state.snoozed_firing + firing)
    changes.touch(target)
    changes.line(target, "merged in", actor.name, {"number": case.id, "title": case.title, "how": actor.how})
    if case.calls and firing:
        _heard_of(changes, case, target)
    case.state = decide(case.state, Signal.RESOLVE, case.route, now).after
    case.resolved_at, case.resolved_by, case.resolve_kind = now, actor.name, "merged"
    changes.touch(case)
    changes.line(case, "merged", actor.name, {"into": target.id, "title": target.title, "how": actor.how})
    outbox.cancel_pages(session, [case.id], "resolved", now)
    hang_up(changes, case, "resolved", actor)
    changes.write()
    cases.say_merged(session, case.id, target.id)
    write_down(session, now, actor, "merge", case, into=str(target.id))
    moved = tuple(row[0] for row in rows)
    return Item(case.id, replace(before, firing=firing), undos.standing(case), target.id, moved)


def _heard_of(changes: Changes, case: Case, target: Case) -> None:
    """What keeps the one quiet may not hide the other's alerts, and what people were told of already waits no more."""
    if target.state.phase in UNTOLD and case.state.phase not in UNTOLD:
        target.state = replace(target.state, phase=Phase.HELD, next_at=changes.now)
    else:
        look_again(changes, target)


def firing_of(session: Session, target_id: int) -> dict[int, bool]:
    """Its alerts, and whether they fire."""
    return {row[0]: row[1] for row in alerts.of_incident(session, target_id)}


def gone(item: Item, target: Case | None, firing: Mapping[int, bool]) -> Gone | None:
    """What a merge moved, as it is now: `firing` are the target's alerts. None if nothing is left of where it went."""
    if target is None:
        return None
    together = all(number in firing for number in item.alerts)
    return Gone(target.open, together, sum(1 for number in item.alerts if firing.get(number)))


def take_apart(changes: Changes, case: Case, item: Item, target: Case, actor: Actor) -> None:
    """What was moved is its own again. That it is open again is for whoever takes the merge back."""
    alerts.move(changes.session, item.alerts, case.id)
    cases.say_merged(changes.session, case.id, None)
    target.alert_count = max(1, target.alert_count - case.alert_count)
    left = max(0, target.state.snoozed_firing - item.before.firing)
    target.state = replace(target.state, snoozed_firing=left)
    changes.touch(target)
    detail = {"what": MERGE, "number": case.id, "title": case.title, "how": actor.how}
    changes.line(target, "undone", actor.name, detail)


def end_cleared(session: Session, ids: Iterable[int], now: datetime) -> None:
    """What was held open by alerts that are elsewhere again is over, as it would have been without them.

    What has no alerts of its own is left to people.
    """
    changes = changes_of(session, now)
    for case in cases.load(session, ids).values():
        firing = firing_of(session, case.id)
        if case.open and firing and not any(firing.values()):
            over = decide(case.state, Signal.ALL_RESOLVED, case.route, now)
            carry_out(changes, case, over, Actor("", "source", why=OWN_CLEARED))
    changes.write()


def target_of(ids: Iterable[int]) -> int | None:
    """Into which of them the others go: the most urgent that is open, of these the oldest that is awake. No ticket."""
    with reading() as session:
        return cases.most_urgent(session, ids, Kind.ALERT)


def merge_on(session: Session, ids: Sequence[int], into: int, actor: Actor, now: datetime) -> dict[int, Reason]:
    """Several into one, of those that there are. All are locked first, in the order in which everybody locks them."""
    locked(session, (*ids, into))
    reasons, done = dict[int, Reason](), list[Item]()
    for number in ids:
        try:
            item = _merge(session, number, into, actor, now)
        except NotPossible:  # a ticket, or over meanwhile, or the very one that the others go to
            reasons[number] = Reason.NOT_DUE
            continue
        if item is not None:
            done.append(item)
            reasons[number] = Reason.MERGED
    remember(session, actor, MERGE, now, done)
    return reasons


def _check(case: Case, target: Case) -> None:
    if case.id == target.id:
        raise NotPossible("an incident cannot be merged into itself")
    if not case.open or not target.open:
        raise NotPossible(f"#{case.id if not case.open else target.id} is resolved: only open incidents are merged")
    if Kind.TICKET in (case.kind, target.kind):
        raise NotPossible("a ticket is not merged: its service desk goes on speaking of it")
    if case.route.urgency.rank < target.route.urgency.rank:
        raise NotPossible(f"#{case.id} is more urgent than #{target.id}: merge the other one into it")


def split(incident_id: int, chosen: Iterable[int], actor: Actor, now: datetime) -> int | None:
    """These of its alerts become an incident of their own; its number. None if there is no such; raises NotPossible.

    Whoever works on the one works on the other; if nobody has answered, the new one's ladder begins.
    """
    with transaction() as session:
        case = locked(session, [incident_id]).get(incident_id)
        if case is None:
            return None
        wanted = set(chosen)
        rows = alerts.of_incident(session, case.id)
        going = [row for row in rows if row[0] in wanted]
        if case.kind != Kind.ALERT or not case.open:
            raise NotPossible("only an open incident of alerts can be split")
        if not any(row[1] for row in going) or not any(row[1] for row in rows if row[0] not in wanted):
            raise NotPossible("of the alerts that go, and of those that stay, at least one must fire")
        fresh = _part_of(session, case, going, now)
        fresh.team, fresh.alert_name = cases.named(session, case.id)
        changes = changes_of(session, now)
        titles = {"count": len(going), "titles": [row[2] for row in going[:SHOWN]], "how": actor.how}
        changes.line(case, "split", actor.name, {**titles, "into": fresh.id})
        changes.line(fresh, "split from", actor.name, {**titles, "from": case.id})
        changes.touch(case)
        changes.touch(fresh)
        changes.write()  # then it is there, and is answered, hidden or told like any other
        alerts.move(session, [row[0] for row in going], fresh.id)
        rulings.copy(session, case.id, fresh.id)
        if case.state.status is Status.ACKNOWLEDGED or not case.calls:
            _rests_too(session, case, fresh, sum(1 for row in going if row[1]), actor, now)
        else:
            _goes_on(session, case.id, fresh.id, actor, now)
        write_down(session, now, actor, "split", case, into=str(fresh.id))
        return fresh.id


def _goes_on(session: Session, number: int, fresh_id: int, actor: Actor, now: datetime) -> None:
    """Nobody has answered: the new one's ladder begins. What keeps quiet may hide all that is left of the one, or all
    of the other."""
    hush_each(session, (number, fresh_id), now)
    fresh, changes = cases.load(session, [fresh_id])[fresh_id], changes_of(session, now)
    if fresh.calls:
        carry_out(changes, fresh, decide(fresh.state, Signal.OPENED, fresh.route, now), actor)
        changes.write()


def _rests_too(session: Session, case: Case, fresh: Case, firing: int, actor: Actor, now: datetime) -> None:
    """Whoever works on the one, or has put it off for a time, does so with the other, and for no longer."""
    changes = changes_of(session, now)
    _rest(changes, case, fresh, firing, actor)
    changes.write()


def _rest(changes: Changes, case: Case, fresh: Case, firing: int, actor: Actor) -> None:
    state = case.state
    if state.snoozed_until is None and state.phase not in (Phase.TIMED, Phase.REMINDED):
        until = timeline.acknowledged_until(changes.session, case.id, case.ack_at)  # what flaps does not say it itself
        given = (
            Given(until=max(until, changes.now + RECONSIDER)) if until and state.phase is Phase.FLAPPING else NOTHING
        )
        carry_out(changes, fresh, decide(fresh.state, Signal.ACKNOWLEDGE, fresh.route, changes.now, given), actor)
        return
    phase = Phase.NONE if state.phase is Phase.FLAPPING else state.phase
    fresh.state = replace(state, level=0, snoozed_firing=firing, phase=phase)
    if state.status is Status.ACKNOWLEDGED:
        fresh.ack_at, fresh.first_ack_at, fresh.ack_by = changes.now, changes.now, case.ack_by
    case.state = replace(state, snoozed_firing=max(0, state.snoozed_firing - firing))
    changes.touch(fresh)
    changes.touch(case)


def _part_of(session: Session, case: Case, going: Sequence[tuple[int, bool, str]], now: datetime) -> Case:
    """An incident like the other one, under a key that no alert asks for: what comes anew joins the old one."""
    (number,) = bulk.new_ids(session, Incident, 1)
    uuid = cases.new_uuid(now)
    case.alert_count = max(1, case.alert_count - len(going))
    local = now.astimezone(zone_of(world().shelf.book.timezone))
    return Case(
        number, uuid, case.kind, hashlib.sha256(f"split:{uuid}".encode()).hexdigest(), case.source_id, case.route,
        NEW, now, next(row[2] for row in going if row[1]), service=case.service, started_at=now,
        local_hour=local.weekday() * 24 + local.hour, night=local.hour >= 22 or local.hour < 7,
        is_test=case.is_test, alert_count=len(going), fresh=True,
    )  # fmt: skip
