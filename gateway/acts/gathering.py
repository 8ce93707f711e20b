"""Whether so many alerts of an incident are there that it is told, or wakes: asked whenever they change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import CLOCK, carry_out
from gateway.changes import Changes
from gateway.store.incidents import gathered
from gateway.store.incidents.alerts import Known
from gateway.store.incidents.cases import Case
from gateway.store.types import moment
from gateway.world import world
from rules.calendars import Calendar
from rules.holding import deferred, enough, gathering, hold_on
from rules.lifecycle import Given, Signal
from rules.phases import decide
from rules.timing import AtLeast, Phase


class Gathering:
    """The incidents that wait for more alerts, within one transaction of intake."""

    def __init__(self, session: Session, calendars: Mapping[str, Calendar], now: datetime) -> None:
        self.session, self.calendars, self.now = session, calendars, now
        self.began: dict[int, dict[tuple[int, str], int]] = {}  # by incident: when each alert began to fire

    def look_up(self, known: Iterable[Case]) -> None:
        for case in known:
            if case.route.timing.at_least is not None and (case.state.phase is Phase.GATHERING or is_hushed(case)):
                self.began[case.id] = gathered.began(self.session, case.id, case.route.timing.at_least.alerts)

    def note(self, case: Case, known: Known) -> None:
        """It began to fire in this incident."""
        if case.state.phase is Phase.GATHERING or is_hushed(case):
            self.began.setdefault(case.id, {})[(known.source_id, known.fingerprint)] = known.episodes.fired

    def given(self, case: Case, given: Given) -> Given:
        """With what a word about an incident that nobody was told of needs to know."""
        if case.state.phase is not Phase.GATHERING and not is_hushed(case):
            return given
        timing, began = case.route.timing, self.began.get(case.id, {})
        there = timing.at_least is None or _enough(timing.at_least, began)
        if is_hushed(case):
            held = deferred(timing, self.calendars, self.now) if there else gathering(timing.at_least)
            return replace(given, hold=held)
        return replace(given, enough=there, hold=hold_on(timing, self.calendars, self.now) if there else None)


def is_hushed(case: Case) -> bool:
    return bool(case.state.suppressed_by) and not case.state.level


def _enough(at_least: AtLeast, began: Mapping[tuple[int, str], int]) -> bool:
    return enough(at_least, (moment(max(0, at)) for at in began.values()))


def look_again(changes: Changes, case: Case) -> None:
    """Alerts came to it by no message of theirs, or while it was answered: what waits for more of them, or was snoozed
    with fewer, hears of it now; what something keeps quiet is asked again by the clock."""
    if case.state.suppressed_by:
        case.state = replace(case.state, next_at=changes.now)
    elif case.open and case.sleeps:
        waiting = Gathering(changes.session, world().shelf.book.calendars, changes.now)
        waiting.look_up([case])
        given = waiting.given(case, Given(firing=case.firing))
        carry_out(changes, case, decide(case.state, Signal.STIRRED, case.route, changes.now, given), CLOCK)
