"""The public status page: how each component is and was, from nothing but what people have published. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

DAYS = 90  # shown as bars
LONGEST_TITLE, LONGEST_TEXT, LONGEST_NAME = 120, 3000, 80
LONGEST_WORK = timedelta(days=30)
FARTHEST = timedelta(days=365)  # ahead that work is announced


class State(StrEnum):
    """How a component is; what stands later is worse."""

    WORKING = "working"
    MAINTENANCE = "maintenance"
    SLOW = "slow"
    DOWN = "down"


class Stage(StrEnum):
    """How far somebody is with it, as an update says."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    PLANNED = "planned"
    UNDER_WAY = "under way"
    DONE = "done"


class About(StrEnum):
    TROUBLE = "trouble"
    MAINTENANCE = "maintenance"


class Phase(StrEnum):
    """Where a notice stands on the page."""

    OPEN = "open"
    COMING = "coming"
    OVER = "over"


WORST_LAST = tuple(State)
STAGES: Mapping[About, tuple[Stage, ...]] = {
    About.TROUBLE: (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING, Stage.RESOLVED),
    About.MAINTENANCE: (Stage.PLANNED, Stage.UNDER_WAY, Stage.DONE),
}
ENDS = (Stage.RESOLVED, Stage.DONE)
Texts = Mapping[str, str]  # by language


class NotFit(ValueError):
    """What somebody wrote cannot be published as it is; the words say why."""


@dataclass(frozen=True, slots=True)
class Component:
    """A service as the world knows it."""

    id: int
    names: Texts
    since: datetime  # on the page
    shown: bool = True  # no longer: only old notices name it


@dataclass(frozen=True, slots=True)
class Update:
    id: int
    at: datetime
    stage: Stage
    texts: Texts
    states: Mapping[int, State]  # of the components that the notice names, from this update on
    ends_at: datetime | None = None  # of work: until when it is planned


@dataclass(frozen=True, slots=True)
class Notice:
    """What was published about one thing; `updates` in their order, and there is one at least."""

    id: int
    uuid: str
    about: About
    titles: Texts
    starts_at: datetime
    updates: tuple[Update, ...]

    @property
    def last(self) -> Update:
        return self.updates[-1]


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the page knows: whether there is one, whose it is, and what was published."""

    on: bool = False
    uuid: str = ""
    names: Texts = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    notices: tuple[Notice, ...] = ()  # the newest first
    mail: bool = False  # whether it can be subscribed to
    months: Mapping[str, int] = field(default_factory=dict)  # such as 2026-11: how many notices began in it


def in_language(texts: Texts, language: str) -> tuple[str, str]:
    """What is said, and in which language that is: the wanted one, else whichever there is."""
    if texts.get(language):
        return texts[language], language
    return next(((text, other) for other, text in texts.items() if text), ("", language))


def begins(notice: Notice) -> datetime:
    """Work may begin before its time."""
    early = (one.at for one in notice.updates if one.stage is Stage.UNDER_WAY)
    return min([notice.starts_at, *early]) if notice.about is About.MAINTENANCE else notice.starts_at


def ends(notice: Notice) -> datetime | None:
    """When it was or will be over; of trouble that goes on nobody knows.

    A word that is added to what is over already puts its end off no more.
    """
    after = len(list(takewhile(lambda one: one.stage in ENDS, reversed(notice.updates))))
    said = notice.updates[-after].at if after else None
    if notice.about is About.TROUBLE:
        return said
    before = notice.updates[: len(notice.updates) - after]
    planned = next((one.ends_at for one in reversed(before) if one.ends_at), None)
    return min((at for at in (said, planned) if at), default=None)


def phase(notice: Notice, now: datetime) -> Phase:
    over = ends(notice)
    if over is not None and over <= now:
        return Phase.OVER
    return Phase.OPEN if begins(notice) <= now else Phase.COMING


@dataclass(frozen=True, slots=True)
class Span:
    """For how long a component was in a state; without an end it still is."""

    start: datetime
    end: datetime | None
    state: State


def spans(notice: Notice, component: int) -> list[Span]:
    """What a notice says of one component. The first update speaks of how it began, each other from its moment on.

    A first one that says it is over was written afterwards: it speaks of the time until then.
    """
    over = ends(notice)
    if notice.about is About.MAINTENANCE:
        named = any(component in one.states for one in notice.updates)
        start = begins(notice)
        return [Span(start, over, State.MAINTENANCE)] if named and (over is None or start < over) else []
    starts = [notice.starts_at, *(one.at for one in notice.updates[1:])]
    stops = [*starts[1:], over]
    if notice.updates[0].stage in ENDS:
        stops[0] = notice.updates[0].at
    found = []
    for number, (one, start, stop) in enumerate(zip(notice.updates, starts, stops, strict=True)):
        state = one.states.get(component, State.WORKING)
        is_end = one.stage in ENDS and number > 0
        if state is not State.WORKING and not is_end and (stop is None or start < stop):
            found.append(Span(start, stop, state))
    return found


def all_spans(notices: Iterable[Notice], component: int) -> list[Span]:
    return [span for notice in notices for span in spans(notice, component)]


def worst(states: Iterable[State]) -> State:
    return max(states, key=WORST_LAST.index, default=State.WORKING)


def state_at(found: Iterable[Span], now: datetime) -> State:
    return worst(one.state for one in found if one.start <= now and (one.end is None or now < one.end))


def overall(standing: Standing, now: datetime) -> State:
    shown = [one.id for one in standing.components if one.shown]
    return worst(state_at(all_spans(standing.notices, number), now) for number in shown)


@dataclass(frozen=True, slots=True)
class Day:
    """The worst of a day, and for how long it was so; None: the component was not on the page yet."""

    day: date
    state: State | None
    lasted: timedelta = timedelta()


def days(found: Sequence[Span], since: datetime, now: datetime, zone: ZoneInfo, count: int = DAYS) -> tuple[Day, ...]:
    """The last days by the wall clock of the page's zone, today the last of them."""
    today = now.astimezone(zone).date()
    first = min([since, *(one.start for one in found)]).astimezone(zone).date()
    wanted = (today - timedelta(days=back) for back in reversed(range(count)))
    return tuple(_day(one, found, now, zone) if one >= first else Day(one, None) for one in wanted)


def _day(day: date, found: Sequence[Span], now: datetime, zone: ZoneInfo) -> Day:
    begin, midnight = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    end = min(midnight, now)
    inside = [
        (max(one.start, begin), min(one.end or end, end), one.state)
        for one in found
        if one.start < end and (one.end is None or one.end > begin)
    ]
    state = worst(one[2] for one in inside)
    return Day(day, state, _together([one[:2] for one in inside if one[2] is state]))


def _together(parts: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long at least one of them was; what two say at once counts once."""
    total, reached = timedelta(), None
    for start, end in sorted(parts):
        new = start if reached is None else max(start, reached)
        total += max(end - new, timedelta())
        reached = end if reached is None else max(end, reached)
    return total


# What somebody wants to publish


@dataclass(frozen=True, slots=True)
class Said:
    """An update as somebody wrote it."""

    stage: Stage
    texts: Texts
    states: Mapping[int, State]
    ends_at: datetime | None = None


def check_first(about: About, titles: Texts, starts_at: datetime, said: Said, now: datetime) -> None:
    """A notice that is to be published. Raises NotFit."""
    if not any(titles.values()):
        raise NotFit("a title is needed, in one language at least")
    if any(len(text) > LONGEST_TITLE for text in titles.values()):
        raise NotFit("a title has at most 120 characters")
    if all(state is State.WORKING for state in said.states.values()):
        raise NotFit("say which component it is about, and how that is now")
    if about is About.MAINTENANCE:
        _check_work(starts_at, said, now)
    elif starts_at > now:
        raise NotFit("trouble that has not begun is planned maintenance")
    elif starts_at < now - timedelta(days=DAYS):
        raise NotFit("it began more than 90 days ago")
    check_next(about, said)


def _check_work(starts_at: datetime, said: Said, now: datetime) -> None:
    if said.ends_at is None:
        raise NotFit("say until when the work is planned")
    if said.ends_at <= max(starts_at, now):
        raise NotFit("it would be over already, or end before it begins")
    if said.ends_at - starts_at > LONGEST_WORK:
        raise NotFit("work lasts 30 days at most")
    if starts_at - now > FARTHEST:
        raise NotFit("work is announced a year ahead at most")


def check_next(about: About, said: Said) -> None:
    """An update of a notice. Raises NotFit."""
    if said.stage not in STAGES[about]:
        raise NotFit("this step does not belong to this kind of notice")
    if not any(said.texts.values()):
        raise NotFit("a text is needed, in one language at least")
    if any(len(text) > LONGEST_TEXT for text in said.texts.values()):
        raise NotFit("a text has at most 3000 characters")
    if about is About.TROUBLE and State.MAINTENANCE in said.states.values():
        raise NotFit("maintenance is a notice of its own kind")


def check_later(notice: Notice, said: Said, now: datetime) -> None:
    """An update of a notice that is there. Raises NotFit."""
    check_next(notice.about, said)
    if notice.about is About.TROUBLE and said.stage not in ENDS and not said.states:
        raise NotFit("say which component it is about, and how that is now")  # it was over, and goes on
    goes_on = notice.about is About.MAINTENANCE and said.stage not in ENDS
    if goes_on and (said.ends_at is not None or phase(notice, now) is Phase.OVER):
        _check_work(begins(notice), said, now)
