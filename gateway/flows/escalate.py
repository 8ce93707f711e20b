"""Time passes: incidents nobody answered go one step up, messages that do not get through get their fallback."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gateway import actions, crashpoint, log, metrics
from gateway.flows import suppress
from gateway.store.db import is_locked_out, reading, transaction
from gateway.store.incidents import cases, timers
from gateway.store.outgoing import outbox, waiting
from gateway.store.outgoing.floors import NONE, STEPS, Floors
from gateway.store.outgoing.waiting import Stuck
from gateway.store.sql import locks
from gateway.telling import fallback

LIMIT = 100  # incidents a round; the next round comes at once while there are more
TRY_AGAIN = timedelta(seconds=60)  # an incident that cannot be escalated now


def escalate_due(now: datetime, floors: Floors = NONE) -> int:
    """The next step of every incident whose time has come, each in a transaction: a slow one holds up no other.

    Returns how many were worked on; the others are held by somebody, and come again.
    """
    with reading() as session:
        due = cases.due(session, now, LIMIT, floors.low(STEPS, now))
    crashpoint.passing("timers read")
    return sum(_each(incident_id, now, lambda number: suppress.step(number, now)) for incident_id in due)


def fall_back_due(now: datetime, floors: Floors = NONE) -> int:
    """The fallback for every message that is not out within its class's patience, or has expired. Returns the same."""
    with reading() as session:
        due = waiting.stuck(session, now, LIMIT, floors)
    return sum(_each(incident_id, now, lambda number: _fall_back(number, now)) for incident_id in due)


def _each(incident_id: int, now: datetime, work: Callable[[int], object]) -> bool:
    """One incident that cannot be worked on is heard and comes again in a minute; the others have their turn.

    A link that was cut while it lay idle is found out by its first user, who takes another one at once. False of an
    incident that somebody holds: nothing is wrong with it, so it stays due. Of SQLite somebody holds the whole file,
    and the others would wait as long for it.
    """
    try:
        try:
            work(incident_id)
        except DBAPIError as problem:
            if not problem.connection_invalidated:
                raise
            log.warning("link_cut", problem=type(problem).__name__, incident=incident_id)
            work(incident_id)
    except Exception as problem:  # one broken incident must not stop every other's ladder
        if locks.is_held(problem):
            log.warning("incident_held_up", incident=incident_id)
            return False
        if isinstance(problem, DBAPIError) and is_locked_out(problem):
            raise
        log.error("escalation_failed", problem, incident=incident_id)
        metrics.worker_errors.labels("escalate one").inc()
        with transaction() as session:
            timers.postpone(session, incident_id, now + TRY_AGAIN)
    return True


def _fall_back(incident_id: int, now: datetime) -> None:
    """Marking a message and starting what follows from it are one transaction: neither is lost without the other."""
    with transaction() as session:
        locks.wait_briefly(session)
        fall_back_in(session, incident_id, now)


def fall_back_in(session: Session, incident_id: int, now: datetime) -> None:
    """The same within the caller's transaction."""
    late = waiting.impatient(session, incident_id, now)
    gone = waiting.expire(session, incident_id, now)
    case = cases.load(session, [incident_id]).get(incident_id)
    if case is None:
        return
    changes = actions.changes_of(session, now)
    for one in gone:
        changes.line(case, "delivery failed", actions.CLOCK.name, _detail(one, "expired: not delivered in time"))
        metrics.deliveries.labels(one.channel, "expired").inc()
    for one in late:
        if one.kind in outbox.PAGES:
            fallback.fall_back(changes, case, one.level, one.who, "not delivered in time", patience=True)
    for one in gone:
        if one.kind in outbox.PAGES:
            fallback.fall_back(changes, case, one.level, one.who, "expired")
    changes.write()
    crashpoint.passing("fallback written")


def _detail(one: Stuck, error: str) -> dict[str, object]:
    return {
        "delivery": one.id, "message": one.kind, "channel": one.channel, "way": one.way, "who": one.who,
        "name": one.name, "attempt": one.attempts, "level": one.level, "error": error,
    }  # fmt: skip
