"""What was held back is told: what waited until a calendar opened in one digest, what was silenced when it counts."""

from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import actions
from gateway.acts.gathering import Gathering, is_hushed, look_again
from gateway.store.db import reading, transaction
from gateway.store.incidents import cases, timeline
from gateway.store.outgoing import bundles
from gateway.store.quiet import suppressed
from gateway.store.sql import locks
from gateway.world import world
from rules.lifecycle import NOTHING, Reason, Signal
from rules.timing import Phase

TOLD = (Reason.OPENED, Reason.ESCALATED, Reason.TOLD_AGAIN)  # what is back was told before


def step_in(session: Session, incident_id: int, now: datetime) -> Reason | None:
    """The moment of the next step has come. What was held until then goes out in one digest for each person."""
    case = cases.load(session, [incident_id]).get(incident_id)
    given = NOTHING
    if case is not None and is_hushed(case):
        waiting = Gathering(session, world().roll.current(session), world().shelf.book.calendars, now)
        waiting.look_up([case])
        given = waiting.given(case, given)
    reason = actions.act_in(session, incident_id, Signal.TIMER, actions.CLOCK, now, given)
    if case is not None and case.state.phase is Phase.DEFERRED and case.state.next_at and reason in TOLD:
        for who, name, way, bundle_id in bundles.put_held(session, incident_id, case.state.next_at, now):
            detail = {"who": who, "name": name, "way": way, "bundle": bundle_id, "held": True}
            timeline.write(session, [timeline.line(incident_id, now, "bundled", actions.CLOCK.name, detail)])
    return reason


def count_again(now: datetime) -> None:
    """What waits for more alerts and has some whose silence, or time of a window, is over: they count from now on."""
    with reading() as session:
        found = suppressed.waiting_for_more(session, now - suppressed.LATE, now)
    for number in found:
        try:
            _count_again(number, now)
        except OperationalError as problem:
            if not locks.is_held(problem):  # if it is, the next look has its turn
                raise


def _count_again(incident_id: int, now: datetime) -> None:
    with transaction() as session:
        locks.wait_briefly(session)
        case = cases.load(session, [incident_id]).get(incident_id)
        if case is not None and case.state.phase is Phase.GATHERING:
            changes = actions.changes_of(session, now)
            look_again(changes, case)
            changes.write()
