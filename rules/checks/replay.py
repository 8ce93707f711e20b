"""A rule book lived through again: the incidents that alerts of the past make by it. Pure, and told to nobody."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rules.book import RuleBook
from rules.identity import dedup_key
from rules.lifecycle import step_at
from rules.matchers import seen_labels
from rules.reading import lookups
from rules.telling import inhibition
from rules.telling.holding import enough, hold, hold_on
from rules.timing import Hold, Phase, changed, is_flapping
from rules.words import Alert, Kind, Route, Step, Urgency

Who = tuple[int, str]  # source and fingerprint
Episode = tuple[Who, datetime]  # an alert, and when it began to fire
MOST_RUNGS = 500  # of one stretch: an emergency that nobody answers goes on telling


@dataclass(slots=True)
class Stretch:
    """A time in which the ladder of one route is walked."""

    route: Route
    since: datetime | None  # none: held back, and nobody knows until when
    until: datetime | None = None
    again: bool = False  # the step at which it stood is told once more
    digest: bool = False  # it was held until a calendar opened


@dataclass(frozen=True, slots=True)
class Rung:
    """One step that would have been told."""

    at: datetime
    level: int
    step: Step
    stretch: Stretch


@dataclass(slots=True, eq=False)
class Lived:
    """One incident, as this book makes it."""

    key: str
    title: str
    opened_at: datetime
    stretches: list[Stretch]
    number: int = 0  # of the incident that it was then, if that is known
    answered_at: datetime | None = None  # by a person, as it was then
    ended_at: datetime | None = None
    firing: set[Who] = field(default_factory=set)
    began: dict[Who, datetime] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    changes: tuple[datetime, ...] = ()
    flaps: bool = False

    @property
    def route(self) -> Route:
        return self.stretches[-1].route

    def rungs(self, now: datetime) -> Iterator[Rung]:
        """Who answered then does so here as well, at the same moment; until then the clock tells step after step."""
        level = 0
        for stretch in self.stretches:
            ends = [moment for moment in (stretch.until, self.answered_at, now) if moment is not None]
            level, at, told = max(0, level - 1) if stretch.again else 0, stretch.since, 0
            while at is not None and at < min(ends) and told < MOST_RUNGS and _goes_on(stretch.route, level):
                level, told = level + 1, told + 1
                step = step_at(stretch.route, level)
                yield Rung(at, level, step, stretch)
                at += step.wait


def _goes_on(route: Route, level: int) -> bool:
    return bool(route.steps) and (route.urgency is Urgency.EMERGENCY or level < len(route.steps) * (1 + route.repeat))


class Replay:
    """What this book makes of alerts that begin and cease to fire, in the order of time."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.lived: list[Lived] = []
        self.of: dict[Who, Lived] = {}
        self.by_key: dict[str, Lived] = {}
        self.inhibiting: dict[str, tuple[set[Who], Lived]] = {}
        self.attached: dict[str, dict[Who, tuple[Alert, datetime]]] = {}
        self.hosts: dict[Episode, Lived] = {}  # of what is attached

    def fires(self, who: Who, alert: Alert, at: datetime, began: datetime) -> Lived | None:
        """It begins to fire, or fires anew: its incident; none for a heartbeat, and for what is attached to another."""
        labels = seen_labels(alert)
        lookups.add(self.book.lookups, labels)
        if any(all(one.matches(labels) for one in beat.match) for beat in self.book.heartbeats):
            return None
        rules = self.book.inhibitions if alert.kind is Kind.ALERT else ()
        for key in inhibition.targets(rules, labels) if rules else ():
            if key in self.inhibiting:
                self.attached.setdefault(key, {})[who] = (alert, began)
                self.hosts[who, began] = self.inhibiting[key][1]
                return None
        route = self.book.at(at).route(labels)
        lived = self._incident(who, alert, route, dedup_key(alert, route, labels), at)
        for key in inhibition.sources(rules, labels) if rules else ():
            self.inhibiting.setdefault(key, (set(), lived))[0].add(who)
        self.of[who] = lived
        if not lived.firing:
            self._turned(lived, at)
        lived.firing.add(who)
        lived.began[who] = began
        lived.episodes.append((who, began))
        self._gathered(lived, at)
        return lived

    def _incident(self, who: Who, alert: Alert, route: Route, key: str, at: datetime) -> Lived:
        mine, same = self.of.get(who), self.by_key.get(key)
        for lived in (mine, same):
            if lived is not None and lived.flaps and not lived.firing:
                self._calmed(lived, at)
        if mine is not None and mine.ended_at is None:
            return mine
        if same is not None and same.ended_at is None:
            return same
        within = route.timing.back_within
        if mine and mine.ended_at and within and mine.key == key and at - mine.ended_at <= within:
            return self._back(mine, at)
        held = hold(route.timing, self.book.calendars, at)
        lived = Lived(key, alert.title, at, [_stretch(route, held, at)])
        self.lived.append(lived)
        self.by_key[key] = lived
        return lived

    def _back(self, lived: Lived, at: datetime) -> Lived:
        answered = lived.answered_at is not None and lived.ended_at is not None and lived.answered_at <= lived.ended_at
        lived.ended_at = None
        self.by_key[lived.key] = lived
        if not answered and not lived.flaps:
            held = hold(lived.route.timing, self.book.calendars, at)
            stretch = _stretch(lived.route, held, at)
            stretch.again = True
            lived.stretches.append(stretch)
        return lived

    def _gathered(self, lived: Lived, at: datetime) -> None:
        last, few = lived.stretches[-1], lived.route.timing.at_least
        if last.since is None and few is not None and enough(few, lived.began.values()):
            lived.stretches[-1] = _stretch(last.route, hold_on(last.route.timing, self.book.calendars, at), at)

    def raised(self, who: Who, alert: Alert, at: datetime) -> None:
        """A ticket that was heard of again: more urgent now, the ladder of its new route begins."""
        lived = self.of.get(who)
        if lived is None or lived.ended_at is not None:
            return
        labels = seen_labels(alert)
        lookups.add(self.book.lookups, labels)
        route = self.book.at(at).route(labels)
        if route.urgency.rank < lived.route.urgency.rank:
            lived.stretches[-1].until = at
            lived.stretches.append(Stretch(route, at))

    def clears(self, who: Who, at: datetime) -> None:
        """It no longer fires; when it was the last of its incident, that is over."""
        for attached in self.attached.values():
            attached.pop(who, None)
        for key in [key for key, (sources, _) in self.inhibiting.items() if who in sources]:
            self._let_go(key, who, at)
        lived = self.of.get(who)
        if lived is None or who not in lived.firing:
            return
        lived.firing.discard(who)
        if not lived.firing and not self._turned(lived, at):
            self._end(lived, at)

    def _let_go(self, key: str, who: Who, at: datetime) -> None:
        sources, _ = self.inhibiting[key]
        sources.discard(who)
        if not sources:
            del self.inhibiting[key]
            for target, (alert, began) in self.attached.pop(key, {}).items():
                self.fires(target, alert, at, began)

    def _turned(self, lived: Lived, at: datetime) -> bool:
        """Whether it is flapping: then nobody is told any more, and it is held open."""
        flapping = lived.route.timing.flapping
        if flapping is None:
            return False
        lived.changes = changed(lived.changes, flapping, at)
        last = lived.stretches[-1]
        waits = last.digest and last.since is not None and at < last.since  # nobody is told before a calendar opens
        if not lived.flaps and not waits and is_flapping(lived.changes, flapping):
            lived.flaps, last.until = True, at
        return lived.flaps

    def _calmed(self, lived: Lived, at: datetime) -> None:
        flapping = lived.route.timing.flapping
        if flapping is not None and lived.ended_at is None and at - lived.changes[-1] >= flapping.quiet:
            self._end(lived, lived.changes[-1] + flapping.quiet)

    def _end(self, lived: Lived, at: datetime) -> None:
        lived.ended_at, lived.flaps = at, False
        lived.stretches[-1].until = lived.stretches[-1].until or at
        self.by_key.pop(lived.key, None)


def _stretch(route: Route, held: Hold | None, at: datetime) -> Stretch:
    since = at if held is None else held.until
    return Stretch(route, since, digest=held is not None and held.phase is Phase.DEFERRED)
