"""Whether so many alerts of an incident are there that it is told, or wakes: asked whenever they change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import CLOCK, carry_out
from gateway.acts import hushing
from gateway.changes import Changes
from gateway.store.incidents import gathered
from gateway.store.incidents.alerts import Known
from gateway.store.incidents.cases import Case
from gateway.store.quiet import suppressed
from gateway.store.types import micros, moment
from gateway.world import world
from rules.lifecycle import Given, Signal
from rules.phases import decide
from rules.telling.holding import deferred, enough, gathering, hold_on
from rules.times.calendars import Calendar
from rules.timing import AtLeast, Phase
from rules.words import Directory, Suppression

Key = tuple[int, str]  # source and fingerprint


class Gathering:
    """The incidents that wait for more alerts, within one transaction. What is silenced is none of them."""

    def __init__(
        self, session: Session, directory: Directory, calendars: Mapping[str, Calendar], now: datetime
    ) -> None:
        self.session, self.directory, self.calendars, self.now = session, directory, calendars, now
        self.began: dict[int, dict[Key, int]] = {}  # by incident: when each alert began to fire
        self.came: dict[int, dict[Key, int | None]] = {}  # the same of this transaction's own; none: silenced

    def look_up(self, known: Iterable[Case]) -> None:
        for case in known:
            if case.route.timing.at_least is not None and (case.state.phase is Phase.GATHERING or is_hushed(case)):
                self.began[case.id] = gathered.began(self.session, case.id, case.route.timing.at_least.alerts)

    def note(self, case: Case, known: Known, hidden: Suppression | None) -> None:
        """It began to fire in this incident."""
        if case.state.phase is Phase.GATHERING or is_hushed(case):
            fired = None if hidden else known.episodes.fired
            self.came.setdefault(case.id, {})[known.source_id, known.fingerprint] = fired

    def given(self, case: Case, given: Given) -> Given:
        """With what a word about an incident that nobody was told of needs to know."""
        if case.state.phase is not Phase.GATHERING and not is_hushed(case):
            return given
        timing = case.route.timing
        there = timing.at_least is None or self._enough(case, timing.at_least)
        if is_hushed(case):
            held = deferred(timing, self.calendars, self.now) if there else gathering(timing.at_least)
            return replace(given, hold=held)
        return replace(given, enough=there, hold=hold_on(timing, self.calendars, self.now) if there else None)

    def _enough(self, case: Case, at_least: AtLeast) -> bool:
        """Which of them are silenced is asked only where all of them together would do."""
        began = self._with_news(case, self.began.get(case.id, {}))
        if not _enough(at_least, began) or case.fresh:
            return _enough(at_least, began)
        hidden = self._hidden(case, min(began.values()))
        if hidden.isdisjoint(began):
            return True
        more = self._with_news(case, gathered.began(self.session, case.id, gathered.MOST))
        return _enough(at_least, {key: at for key, at in more.items() if key not in hidden})

    def _with_news(self, case: Case, began: Mapping[Key, int]) -> dict[Key, int]:
        found = {**began, **self.came.get(case.id, {})}
        return {key: at for key, at in found.items() if at is not None}

    def _hidden(self, case: Case, since: int) -> set[Key]:
        """What is silenced now, and what began and ended silenced since then; without this transaction's own."""
        fires = suppressed.firing(self.session, [case.id]) if self.directory.silences else ()
        silenced = {
            (one.source_id, one.fingerprint) for one in fires if hushing.silenced(one, self.directory, self.now)
        }
        over = gathered.over_in_silence(self.session, case.id, since)
        return (silenced | over) - self.came.get(case.id, {}).keys()


def is_hushed(case: Case) -> bool:
    return bool(case.state.suppressed_by) and not case.state.level


def _enough(at_least: AtLeast, began: Mapping[Key, int]) -> bool:
    return enough(at_least, (moment(max(0, at)) for at in began.values()))


def look_again(changes: Changes, case: Case, since: datetime | None = None) -> None:
    """Alerts came to it by no message of theirs, or while it was answered (`since` then): what waits for more of them,
    or was snoozed with fewer or others, hears of it now; what something keeps quiet is asked again by the clock."""
    if case.state.suppressed_by:
        case.state = replace(case.state, next_at=changes.now)
    elif case.open and case.sleeps:
        waiting = Gathering(changes.session, changes.directory, world().shelf.book.calendars, changes.now)
        waiting.look_up([case])
        news = since is not None and gathered.began_anew(changes.session, case.id, micros(since))
        given = waiting.given(case, Given(firing=case.firing, news=news))
        carry_out(changes, case, decide(case.state, Signal.STIRRED, case.route, changes.now, given), CLOCK)
