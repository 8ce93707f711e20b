"""What keeps quiet: asked for each alert that begins to fire, and before the clock tells anybody the next step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway import log
from gateway.acts.hushing import hidden_whole, hush_in, hush_on, verdicts_of
from gateway.changes import Changes
from gateway.flows import holding
from gateway.flows.apart import apart
from gateway.flows.own_alerts import is_never_quiet
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Known, Ready
from gateway.store.incidents.cases import Case
from gateway.store.quiet import inhibitors, silences, suppressed
from gateway.store.quiet.silences import Hidden
from gateway.store.quiet.suppressed import Member, labels_of
from gateway.store.sql import locks
from gateway.world import world
from rules.lifecycle import Reason
from rules.matchers import Matcher, seen_labels
from rules.telling import inhibition, suppress
from rules.telling.inhibition import Inhibition
from rules.words import Alert, Kind, Suppression, Urgency

SHOWN = 5  # titles named on a timeline line
PORTION = 20  # incidents that are hushed in one transaction
AT_ONCE = 500  # and in one turn


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
        if not self.rules or alert.kind is not Kind.ALERT or is_never_quiet(known.source_id, alert):
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


def release_inhibited(now: datetime) -> None:
    """What is not all part of something bigger any more, nor silenced, is looked at now. Safe to repeat."""
    with reading() as session:
        loud = _loud(session, suppressed.inhibited(session), now) if silences.holds_any(session) else []
    _release(loud, now)


def release_left_behind(now: datetime) -> None:
    """The same of what a silence or window hid that is over, where others go on hiding the rest of the incident.

    An alert that came while that was being ended knew nothing of it.
    """
    with reading() as session:
        loud = _loud(session, suppressed.left_behind(session, now - suppressed.LATE, now), now)
    _release(loud, now)


def _loud(session: Session, members: Sequence[Member], now: datetime) -> list[int]:
    """Of these incidents, given by all that fires of them, those that are not all hidden."""
    if not members:
        return []
    verdicts = verdicts_of(session, members, world().roll.current(session), now, answered=True)
    return sorted({one.incident_id for one in members} - hidden_whole(members, verdicts).keys())


def _release(incident_ids: Sequence[int], now: datetime) -> None:
    if incident_ids:
        with transaction() as session:
            suppressed.look_now(session, incident_ids, now)


def hush_all(match: Sequence[Matcher], now: datetime) -> bool:
    """A silence has begun: what is told of now, and is all hidden by it or others, is told of no more.

    False where more is left than one turn takes, since messages wait meanwhile, or somebody holds an incident: it is to
    be done again.
    """
    return hush_what(lambda one: all(matcher.matches(labels_of(one)) for matcher in match), now)


def hush_what(meant: Callable[[Member], bool], now: datetime) -> bool:
    """The same of the incidents that have an alert of these."""
    with reading() as session:
        wanted = _to_hush(session, meant, now)
    now_on = wanted[:AT_ONCE]
    portions = [now_on[at : at + PORTION] for at in range(0, len(now_on), PORTION)]
    done = [one for portion in portions for one in _hush(portion, now)]
    if wanted:
        log.info("hushed", incidents=done.count(True), held=done.count(None), more=len(wanted) - len(done))
    return None not in done and len(done) == len(wanted)


def _to_hush(session: Session, meant: Callable[[Member], bool], now: datetime) -> list[int]:
    told = suppressed.told_now(session)
    numbers = {one.incident_id for one in told if meant(one)}
    members = [one for one in told if one.incident_id in numbers]
    verdicts = verdicts_of(session, members, world().roll.current(session), now)
    return sorted(hidden_whole(members, verdicts))


def _hush(numbers: Sequence[int], now: datetime) -> list[bool | None]:
    """Of each whether it is quiet now; None if somebody holds it. Where not all can be together, each alone."""
    alone = len(numbers) == 1
    each = partial(_hush_each, numbers, now)
    try:
        return apart("silences", partial(_hush_at_once, numbers, now), (lambda: [False]) if alone else each, of=numbers)
    except OperationalError as problem:
        if not locks.is_held(problem):
            raise
    return [None] if alone else each()


def _hush_each(numbers: Sequence[int], now: datetime) -> list[bool | None]:
    return [one for number in numbers for one in _hush([number], now)]


def _hush_at_once(numbers: Sequence[int], now: datetime) -> list[bool | None]:
    with transaction() as session:
        locks.wait_briefly(session)
        quiet = hush_on(session, numbers, world().roll.current(session), now)
    return [number in quiet for number in numbers]
