"""What keeps quiet: asked for each alert that begins to fire, and before the clock tells anybody the next step."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import actions, log
from gateway.changes import Changes
from gateway.flows import holding
from gateway.flows.apart import apart
from gateway.flows.own_alerts import is_never_quiet
from gateway.store import cases, inhibitors, locks, silences, suppressed
from gateway.store.alerts import Known, Ready
from gateway.store.cases import Case
from gateway.store.db import reading, transaction
from gateway.store.silences import Hidden
from gateway.store.suppressed import Member, alert_of, labels_of
from gateway.world import world
from rules import inhibition, suppress
from rules.inhibition import Inhibition
from rules.lifecycle import Given, Reason, Signal
from rules.matchers import Matcher, seen_labels
from rules.words import Alert, Directory, Kind, Suppression, Suppressor, Urgency

SHOWN = 5  # titles named on a timeline line
ASK_AGAIN = timedelta(days=1)


class Quiet:
    """What keeps quiet within one transaction of intake."""

    def __init__(self, changes: Changes, rules: Sequence[Inhibition]) -> None:
        self.changes = changes
        self.silences = changes.directory.silences
        self.rules = rules
        self.hidden: list[Hidden] = []
        self.active: dict[str, int] = {}  # by key of inhibition: the incident of the alert that inhibits
        self.inhibitors: list[tuple[str, int, str]] = []
        self.attached: dict[int, list[str]] = {}

    def look_up(self, found: Iterable[Alert]) -> Iterable[int]:
        """The incidents that these alerts may be attached to."""
        if not self.rules:
            return ()
        firing = (alert for alert in found if alert.firing and alert.kind is Kind.ALERT)
        keys = {key for alert in firing for key in inhibition.targets(self.rules, seen_labels(alert))}
        self.active = inhibitors.active(self.changes.session, keys) if keys else {}
        return self.active.values()

    def in_order(self, found: Sequence[Ready]) -> Sequence[Ready]:
        """What inhibits before what is inhibited by it, in a message that has both."""
        if not self.rules or len(found) < 2:
            return found
        return sorted(found, key=lambda ready: not inhibition.sources(self.rules, seen_labels(ready.alert)))

    def attach(self, known: Known, alert: Alert, by_id: Mapping[int, Case]) -> bool:
        """It is part of something bigger that fires: of that one's incident then, and nobody is told."""
        if not self.rules or alert.kind is not Kind.ALERT:
            return False
        for key in inhibition.targets(self.rules, seen_labels(alert)):
            case = by_id.get(self.active.get(key, 0))
            if case is not None and case.open:
                known.move_to(case.id)
                known.attached, known.incident_open = key, True
                case.alert_count += 1
                self.changes.touch(case)
                self.attached.setdefault(case.id, []).append(alert.title)
                return True
        return False

    def verdict(self, source_id: int, alert: Alert, urgency: Urgency) -> Suppression | None:
        if not self.silences or is_never_quiet(source_id, alert):
            return None
        return suppress.verdict(seen_labels(alert), self.silences, urgency, self.changes.now)

    def note(self, by: Suppression | None, case: Case, source_id: int, alert: Alert) -> None:
        """It began to fire in this incident, hidden or not."""
        if by is not None:
            self.hidden.append(Hidden(by, source_id, alert.fingerprint, case.id, alert.title))
        if self.rules and alert.kind is Kind.ALERT:
            for key in inhibition.sources(self.rules, seen_labels(alert)):
                self.active[key] = case.id
                self.inhibitors.append((key, source_id, alert.fingerprint))

    def write(self) -> None:
        for case_id, titles in self.attached.items():
            detail = {"count": len(titles), "titles": titles[:SHOWN]}
            self.changes.line(self.changes.cases[case_id], "attached", "", detail)
        if self.hidden:
            silences.note_hidden(self.changes.session, self.hidden, self.changes.now)
        if self.inhibitors:
            inhibitors.write(self.changes.session, self.inhibitors)


def step(incident_id: int, now: datetime) -> Reason | None:
    """The next step of the ladder, unless something keeps it quiet: then that stands on the timeline instead."""
    with transaction() as session:
        locks.wait_briefly(session)  # others are due as well
        directory = world().roll.current(session)
        may_be_quiet = directory.silences or world().shelf.book.inhibitions
        if may_be_quiet and (reason := hush_in(session, incident_id, directory, now)) is not None:
            return reason
        return holding.step_in(session, incident_id, now)


def hush_in(session: Session, incident_id: int, directory: Directory, now: datetime) -> Reason | None:
    """Within the caller's transaction: it is suppressed, if all that fires of it is. None if it is not."""
    case = cases.load(session, [incident_id]).get(incident_id)
    members = suppressed.firing(session, incident_id) if case is not None and case.open else []
    verdicts = _verdicts(session, members, directory, now)
    by = suppress.together(verdicts)
    if by is None:
        return None
    given = Given(suppression=by)
    reason = actions.act_in(session, incident_id, Signal.SUPPRESS, actions.CLOCK, now, given)
    if reason is not Reason.SUPPRESSED:
        return None
    hidden = [
        Hidden(found, one.source_id, one.fingerprint, incident_id, one.title)
        for one, found in zip(members, verdicts, strict=True)
        if found is not None
    ]
    silences.note_hidden(session, hidden, now)
    return reason


def release_inhibited(now: datetime) -> None:
    """What is not all part of something bigger any more, nor silenced, is looked at now. Safe to repeat."""
    with reading() as session:
        members = suppressed.inhibited(session)
        verdicts = _verdicts(session, members, world().roll.current(session), now, answered=True) if members else []
    found = dict[int, list[Suppression | None]]()
    for one, verdict in zip(members, verdicts, strict=True):
        found.setdefault(one.incident_id, []).append(verdict)
    loud = [number for number, each in found.items() if suppress.together(each) is None]
    if loud:
        with transaction() as session:
            inhibitors.release(session, loud, now)


def _verdicts(
    session: Session, members: Sequence[Member], directory: Directory, now: datetime, *, answered: bool = False
) -> list[Suppression | None]:
    """A silence, or something bigger, for each; there is no end to know of the latter: it is asked again in a day."""
    rules = world().shelf.book.inhibitions
    keys = {key for one in members if one.kind == Kind.ALERT for key in inhibition.targets(rules, labels_of(one))}
    active = inhibitors.active(session, keys, answered=answered) if keys else {}
    found: list[Suppression | None] = []
    for one in members:
        bigger = [active[key] for key in inhibition.targets(rules, labels_of(one)) if key in active] if active else []
        others = [number for number in bigger if number != one.incident_id]
        by = _verdict(one, directory, now)
        if by is None and others:
            by = Suppression(Suppressor.INHIBITION, others[0], now + ASK_AGAIN)
        found.append(by)
    return found


def hush_all(match: Sequence[Matcher], now: datetime) -> bool:
    """A silence has begun: what is told of now, and is all hidden by it or others, is told of no more.

    False where somebody holds an incident, and it is to be done again; the others are quiet then.
    """
    with reading() as session:
        members = suppressed.told_now(session)
    wanted = {one.incident_id for one in members if all(matcher.matches(labels_of(one)) for matcher in match)}
    done = [_hush(one, now) for one in sorted(wanted)]
    log.info("hushed", incidents=done.count(True), held=done.count(None))
    return None not in done


def _hush(incident_id: int, now: datetime) -> bool | None:
    """Whether it is quiet now; None if somebody holds it."""
    try:
        return apart("silences", partial(_hush_alone, incident_id, now), lambda: False, incident=incident_id)
    except OperationalError as problem:
        if not locks.is_held(problem):
            raise
    return None


def _hush_alone(incident_id: int, now: datetime) -> bool:
    with transaction() as session:
        locks.wait_briefly(session)
        return hush_in(session, incident_id, world().roll.current(session), now) is not None


def _verdict(one: Member, directory: Directory, now: datetime) -> Suppression | None:
    alert = alert_of(one)
    if is_never_quiet(one.source_id, alert):
        return None
    return suppress.verdict(seen_labels(alert), directory.silences, one.urgency, now)
