"""An alert that ceases and begins to fire: what was over goes on, and what does so too often is flapping."""

from datetime import datetime

from gateway.actions import Actor, carry_out
from gateway.changes import Changes
from gateway.store.incidents import timeline
from gateway.store.incidents.alerts import Known, Ready
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import promised
from rules.book import RuleBook
from rules.lifecycle import Given, Signal
from rules.phases import decide
from rules.telling.holding import hold
from rules.timing import Phase, changed, is_flapping, may_flap
from rules.words import Kind, Way

CALLS = (Way.VOICE, Way.SMS)


def incident_of(known: Known | None, ready: Ready) -> tuple[int, ...]:
    """The incident that it has, or had and may go on with: what is worth a look, or has a note written to it."""
    if known is None or known.incident_id is None:
        return ()
    alert = ready.alert
    may_return = ready.route.timing.back_within and alert.firing and alert.kind is Kind.ALERT
    is_noted = alert.said or (alert.ticket is not None and alert.ticket.event == "commented")
    return (known.incident_id,) if known.incident_open or may_return or is_noted else ()


def reopened(changes: Changes, before: Case | None, ready: Ready, source: str, book: RuleBook) -> Case | None:
    """The incident that it had before, if that goes on."""
    if before is None or not _goes_on(before, ready, changes.now):
        return None
    timing = before.route.timing
    calm = may_flap(before.changes, timing.flapping, changes.now) and _was_called(changes, before)
    answered = before.state.phase is Phase.ANSWERED
    until = timeline.acknowledged_until(changes.session, before.id, before.ack_at) if answered else None
    given = Given(until, hold(timing, book.calendars, changes.now), ready.route, calm)
    decision = decide(before.state, Signal.BACK, before.route, changes.now, given)
    carry_out(changes, before, decision, Actor(source, "source"))
    if decision.route is not None:
        changes.ruled(before, "reopened", ready.labels)
    return before


def _was_called(changes: Changes, case: Case) -> bool:
    """Whether a call or an SMS about it has left, if its class has any: one that was called off has woken nobody."""
    if not any(way in CALLS for way in case.route.channels):
        return True
    return any(one.way in CALLS for one in promised.told(changes.session, [case.id]))


def _goes_on(case: Case, ready: Ready, now: datetime) -> bool:
    """It ended by itself, a short while ago; and it is what the book takes for the same thing."""
    if case.open or case.resolved_at is None or case.resolve_kind not in ("auto", "healed"):
        return False
    within = ready.route.timing.back_within
    return bool(within) and case.dedup_key == ready.key and now - case.resolved_at <= within


def turned(changes: Changes, case: Case, source: str) -> bool:
    """It has begun, or ceased, to fire. Whether it is flapping, and so held open."""
    flapping = case.route.timing.flapping
    if flapping is None:
        return False
    case.changes = changed(case.changes, flapping, changes.now)
    if case.state.phase is not Phase.FLAPPING and not is_flapping(case.changes, flapping):
        return False
    given = Given(until=changes.now + flapping.quiet)
    carry_out(changes, case, decide(case.state, Signal.FLAPS, case.route, changes.now, given), Actor(source, "source"))
    return case.state.phase is Phase.FLAPPING
