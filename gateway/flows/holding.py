"""What is held back: enough alerts for a word, and one digest of what waited until a calendar opened."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import actions
from gateway.store import bundles, cases, gathered, timeline
from gateway.store.alerts import Known
from gateway.store.cases import Case
from gateway.store.types import moment
from gateway.world import world
from rules.calendars import Calendar
from rules.holding import deferred, enough, gathering, hold_on
from rules.lifecycle import NOTHING, Given, Reason, Signal
from rules.timing import AtLeast, Phase

TOLD = (Reason.OPENED, Reason.ESCALATED, Reason.TOLD_AGAIN)  # what is back was told before


class Gathering:
    """The incidents that wait for more alerts, within one transaction of intake."""

    def __init__(self, session: Session, calendars: Mapping[str, Calendar], now: datetime) -> None:
        self.session, self.calendars, self.now = session, calendars, now
        self.began: dict[int, dict[tuple[int, str], int]] = {}  # by incident: when each alert began to fire

    def look_up(self, known: Iterable[Case]) -> None:
        for case in known:
            if case.route.timing.at_least is not None and (case.state.phase is Phase.GATHERING or _is_hushed(case)):
                self.began[case.id] = gathered.began(self.session, case.id, case.route.timing.at_least.alerts)

    def note(self, case: Case, known: Known) -> None:
        """It began to fire in this incident."""
        if case.state.phase is Phase.GATHERING or _is_hushed(case):
            self.began.setdefault(case.id, {})[(known.source_id, known.fingerprint)] = known.episodes.fired

    def given(self, case: Case, given: Given) -> Given:
        """With what a word about an incident that nobody was told of needs to know."""
        if case.state.phase is not Phase.GATHERING and not _is_hushed(case):
            return given
        timing, began = case.route.timing, self.began.get(case.id, {})
        there = timing.at_least is None or _enough(timing.at_least, began)
        if _is_hushed(case):
            held = deferred(timing, self.calendars, self.now) if there else gathering(timing.at_least)
            return replace(given, hold=held)
        return replace(given, enough=there, hold=hold_on(timing, self.calendars, self.now) if there else None)


def _is_hushed(case: Case) -> bool:
    return bool(case.state.suppressed_by) and not case.state.level


def _enough(at_least: AtLeast, began: Mapping[tuple[int, str], int]) -> bool:
    return enough(at_least, (moment(max(0, at)) for at in began.values()))


def step_in(session: Session, incident_id: int, now: datetime) -> Reason | None:
    """The moment of the next step has come. What was held until then goes out in one digest for each person."""
    case = cases.load(session, [incident_id]).get(incident_id)
    given = NOTHING
    if case is not None and _is_hushed(case):
        waiting = Gathering(session, world().shelf.book.calendars, now)
        waiting.look_up([case])
        given = waiting.given(case, given)
    reason = actions.act_in(session, incident_id, Signal.TIMER, actions.CLOCK, now, given)
    if case is not None and case.state.phase is Phase.DEFERRED and case.state.next_at and reason in TOLD:
        for who, name, way, bundle_id in bundles.put_held(session, incident_id, case.state.next_at, now):
            detail = {"who": who, "name": name, "way": way, "bundle": bundle_id, "held": True}
            timeline.write(session, [timeline.line(incident_id, now, "bundled", actions.CLOCK.name, detail)])
    return reason
