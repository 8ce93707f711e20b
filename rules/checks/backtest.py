"""Two rule books over the same past: what each would have told, which emergencies the second misses. Pure."""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.book import RuleBook
from rules.checks.replay import Lived, Replay, Rung, Who
from rules.duty.audience import audience
from rules.episodes import NEVER, TOUCH, Episodes
from rules.telling.voice import Gate
from rules.times.calendars import contains
from rules.words import Alert, Directory, Notice, Route, Step, Urgency, Way

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TAKEN_IN = timedelta(seconds=10)  # from when a message came to when its incident was opened, at most
QUARTER = 900  # seconds: who is on call is asked anew so often
Counts = Counter[tuple[Urgency, Way]]
Reached = tuple[Sequence[Notice], frozenset[str], int]  # notices, who gets a push, how many calls


@dataclass(frozen=True, slots=True)
class Was:
    """An incident that an alert had then."""

    opened_at: datetime
    number: int
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fate:
    """What one book makes of an alert: rule, urgency, policy."""

    rule: str
    urgency: Urgency
    policy: str

    def as_text(self) -> str:
        return f"{self.urgency} “{self.rule}” ({self.policy})"


@dataclass(frozen=True, slots=True)
class Change:
    """One incident whose route would be another one."""

    number: int  # 0: not known
    at: datetime
    title: str
    before: tuple[Fate, ...]
    after: tuple[Fate, ...]
    missed: bool  # an emergency somebody was called for, and would not be

    def as_data(self) -> dict[str, Any]:
        fates = {"before": self.before, "after": self.after}
        return {
            "incident": self.number or None, "at": self.at.isoformat(), "title": self.title, "missed": self.missed,
            **{name: [{"rule": one.rule, "urgency": one.urgency.value, "policy": one.policy} for one in ones]
               for name, ones in fates.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """What one book comes to."""

    version: str
    incidents: Mapping[Urgency, int]
    messages: Mapping[tuple[Urgency, Way], int]

    def sent(self, way: Way, urgency: Urgency | None = None) -> int:
        return sum(n for (rank, each), n in self.messages.items() if each is way and urgency in (None, rank))

    def as_data(self) -> dict[str, Any]:
        classes = {
            urgency.value: {"incidents": self.incidents.get(urgency, 0)}
            | {way.value: self.sent(way, urgency) for way in Way}
            for urgency in Urgency
        }
        return {"version": self.version, **{way.value: self.sent(way) for way in Way}, "classes": classes}


@dataclass(frozen=True, slots=True)
class Comparison:
    before: Side
    after: Side
    changes: tuple[Change, ...]
    alerts: int

    @property
    def missed(self) -> list[Change]:
        return [one for one in self.changes if one.missed]


class Backtest:
    """Takes in what was heard then, in the order of time."""

    def __init__(
        self, before: RuleBook, after: RuleBook, directory: Directory, was: Mapping[Who, Sequence[Was]]
    ) -> None:
        self.directory, self.was = directory, was
        self.sides = (Replay(before), Replay(after))
        self.episodes: dict[Who, Episodes] = {}
        self.alerts = 0

    def hear(self, source_id: int, alert: Alert, at: datetime) -> None:
        if alert.said is not None:
            return  # when it was answered is known from the incident of then
        who = (source_id, alert.fingerprint)
        known = self.episodes.setdefault(who, Episodes())
        was, self.alerts = known.firing, self.alerts + 1
        new = _listen(known, alert, at, was=was)
        if known.firing and (not was or new):
            self._fires(who, alert, at, known)
        elif was and not known.firing:
            for side in self.sides:
                side.clears(who, at)
        elif was and alert.ticket is not None:
            for side in self.sides:
                side.raised(who, alert, at)

    def _fires(self, who: Who, alert: Alert, at: datetime, known: Episodes) -> None:
        began = EPOCH + max(0, known.fired) * MICROSECOND if known.fired > TOUCH else at
        made = [side.fires(who, alert, at, began) for side in self.sides]
        then = _then(self.was.get(who, ()), at)
        for lived in made:
            if lived is not None and then is not None:
                lived.number = lived.number or then.number
                if then.answered_at is not None and then.answered_at >= at:
                    lived.answered_at = min(lived.answered_at or then.answered_at, then.answered_at)

    def compare(self, now: datetime) -> Comparison:
        found = [_Told(side, self.directory, now) for side in self.sides]
        own = {episode: lived for lived in self.sides[1].lived for episode in lived.episodes}
        changes = []
        for lived in self.sides[0].lived:
            met = (own.get(episode) or self.sides[1].hosts.get(episode) for episode in lived.episodes)
            others = list(dict.fromkeys(one for one in met if one is not None))
            fates = [tuple(dict.fromkeys(_fate(each) for each in ones)) for ones in ([lived], others)]
            missed = lived in found[0].called and not any(other in found[1].called for other in others)
            if missed or fates[0] != fates[1]:
                changes.append(Change(lived.number, lived.opened_at, lived.title, fates[0], fates[1], missed))
        return Comparison(found[0].side(), found[1].side(), tuple(changes), self.alerts)


def _listen(known: Episodes, alert: Alert, at: datetime, *, was: bool) -> bool:
    """As intake does: a time that cannot be trusted begins and ends no episode wrongly."""
    starts = (alert.starts_at - EPOCH) // MICROSECOND
    if alert.touch:
        return known.hear_firing(TOUCH)
    if alert.firing:
        return known.hear_firing(known.fired if alert.clock_suspect and was else starts)
    if alert.clock_suspect:
        starts = max(known.fired, NEVER) if was else starts
    ends = (alert.ends_at - EPOCH) // MICROSECOND if alert.ends_at else starts
    known.hear_resolved(starts, min(ends, max(starts, (at - EPOCH) // MICROSECOND)))
    return False


def _then(known: Sequence[Was], at: datetime) -> Was | None:
    """The incident that the alert had by a message of that moment: the one that it opened, else the last before it."""
    place = bisect_left(known, at, key=lambda one: one.opened_at)
    if place < len(known) and known[place].opened_at - at <= TAKEN_IN:
        return known[place]
    return known[place - 1] if place else None


def _fate(lived: Lived) -> Fate:
    route = lived.route
    return Fate(route.rule, route.urgency, route.policy)


class _Told:
    """The messages of all that one book made."""

    def __init__(self, replay: Replay, directory: Directory, now: datetime) -> None:
        self.replay, self.directory, self.now = replay, directory, now
        self.messages: Counts = Counter()
        self.called = set[Lived]()  # emergencies of which somebody was told
        self.calls: list[tuple[datetime, str, bool]] = []
        self.digests = set[tuple[datetime, str]]()
        self._audiences: dict[tuple[int, int, int], tuple[Route, Step, Reached]] = {}
        self._open: dict[int, bool] = {}  # by minute: whether calls leave at once
        for lived in replay.lived:
            for rung in lived.rungs(now):
                self._tell(lived, rung)
        self._budget()

    def side(self) -> Side:
        opened = Counter(lived.route.urgency for lived in self.replay.lived)
        return Side(self.replay.book.version, opened, self.messages)

    def _tell(self, lived: Lived, rung: Rung) -> None:
        route = rung.stretch.route
        told, pushed, voices = self._audience(route, rung.step, rung.at)
        if told and route.urgency is Urgency.EMERGENCY:
            self.called.add(lived)
        for one in told:
            if one.way is Way.VOICE and route.urgency is Urgency.EMERGENCY and self.replay.book.voice is not None:
                others = voices > 1 or rung.level < len(route.steps)
                self._call(lived, rung, one, others=others, pushed=one.who in pushed)
            elif rung.level > 1 or not rung.stretch.digest or self._first_digest(rung.at, one):
                self.messages[route.urgency, one.way] += 1

    def _first_digest(self, at: datetime, one: Notice) -> bool:
        before = len(self.digests)
        self.digests.add((at, one.who))
        return len(self.digests) > before

    def _audience(self, route: Route, step: Step, at: datetime) -> Reached:
        """Whom the step tells, to whom of them a push goes, and how many calls it makes."""
        key = (id(route), id(step), int(at.timestamp()) // QUARTER)
        found = self._audiences.get(key)
        if found is None:
            told = audience(step, route, self.directory, at).told
            pushed = frozenset(one.who for one in told if one.way is Way.PUSH)
            known = (told, pushed, sum(one.way is Way.VOICE for one in told))
            found = self._audiences[key] = (route, step, known)  # with both, so that their ids stay theirs
        return found[2]

    def _call(self, lived: Lived, rung: Rung, one: Notice, *, others: bool, pushed: bool) -> None:
        """A call has to be earned: at its time, or when the push was not answered."""
        gate, at = self.replay.book.voice, rung.at
        assert gate is not None
        if gate.unacknowledged_for is not None and pushed and not self._in_time(gate, at):
            at += gate.unacknowledged_for
        ends = (rung.stretch.until, lived.answered_at, self.now)
        if all(end is None or at < end for end in ends):
            self.calls.append((at, one.who, others))

    def _in_time(self, gate: Gate, at: datetime) -> bool:
        """Calendars know nothing shorter than a minute."""
        minute = int(at.timestamp()) // 60
        if minute not in self._open:
            self._open[minute] = gate.calendar is not None and contains(gate.calendar, at) is gate.open
        return self._open[minute]

    def _budget(self) -> None:
        budget = self.replay.book.voice.budget if self.replay.book.voice else None
        made: dict[str, deque[datetime]] = {}
        for at, who, others in sorted(self.calls):
            mine = made.setdefault(who, deque())
            while budget and mine and at - mine[0] >= budget.per:
                mine.popleft()
            if budget is None or len(mine) < budget.calls or not others:
                mine.append(at)
                self.messages[Urgency.EMERGENCY, Way.VOICE] += 1


def report(found: Comparison, lines: Iterable[str] = ()) -> str:
    """The same for people to read."""
    text = [f"rule book {found.before.version} → {found.after.version}, {found.alerts:,} alerts", *lines, ""]
    text.append(f"{'':<22}{'before':>10}{'after':>10}")
    totals = [sum(side.incidents.values()) for side in (found.before, found.after)]
    text.append(f"{'incidents':<22}{totals[0]:>10,}{totals[1]:>10,}")
    for way, name in ((Way.VOICE, "calls"), (Way.SMS, "SMS"), (Way.PUSH, "pushes"), (Way.EMAIL, "mails")):
        text.append(f"{name:<22}{found.before.sent(way):>10,}{found.after.sent(way):>10,}")
        for urgency in Urgency:
            before, after = found.before.sent(way, urgency), found.after.sent(way, urgency)
            text += [f"  {urgency.value:<20}{before:>10,}{after:>10,}"] if before or after else []
    text += ["", f"missed emergencies: {len(found.missed)}", *map(_line, found.missed)]
    others = [one for one in found.changes if not one.missed]
    return "\n".join([*text, "", f"other incidents with another route: {len(others)}", *map(_line, others)]) + "\n"


def _line(one: Change) -> str:
    number = f"#{one.number}" if one.number else "(no number)"
    before, after = ("; ".join(each.as_text() for each in ones) or "nothing" for ones in (one.before, one.after))
    return f"  {number} {one.at:%Y-%m-%d %H:%M}Z {one.title}: {before} → {after}"
