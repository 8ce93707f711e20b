"""The public status page as its templates draw it: every word ready. Of what is ours nothing is known here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dashboard.reader import Reader
from rules.reports.public import (
    About,
    Component,
    Day,
    Notice,
    Phase,
    Stage,
    Standing,
    State,
    Update,
    all_spans,
    begins,
    days,
    ends,
    in_language,
    overall,
    phase,
    state_at,
)

LOOKS = {State.WORKING: "w", State.MAINTENANCE: "m", State.SLOW: "s", State.DOWN: "d"}
STEP, HEIGHT = 4, 24
STROKES = {  # of a day: how high its bar is says how good it was; maintenance is parted
    "w": "0v24", "s": "8v16", "d": "16v8", "m": "0v10m0 4v10", "n": "22v2",
}  # fmt: skip
PAST = 30  # notices that are over, on the page
NAMED = 12  # days that are told in words


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: a word, and the shape beside it."""

    word: str
    look: str


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote, and in which language that is."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class When:
    iso: str
    full: str
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The last days: a path for each state; `words` and `told` say the same."""

    paths: tuple[tuple[str, str], ...]
    words: str
    told: tuple[str, ...]
    width: int
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """A component."""

    name: Text
    mark: Mark
    bars: Bars


@dataclass(frozen=True, slots=True)
class Word:
    """An update."""

    stage: str
    at: When
    text: Text


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice."""

    number: int
    title: Text
    about: str
    phase: str
    stage: str
    began: When
    ended: When | None
    lasted: str
    components: tuple[tuple[Text, Mark], ...]
    words: tuple[Word, ...]  # the newest first


def text(texts: Mapping[str, str], reader: Reader) -> Text:
    return Text(*in_language(texts, reader.language))


def when(at: datetime, reader: Reader) -> When:
    """Always with its day, and with its year if that is another one: the page may be kept, or printed."""
    local = at.astimezone(reader.zone)
    year = "" if local.year == reader.now.astimezone(reader.zone).year else f" {local.year}"
    return When(local.isoformat(timespec="seconds"), reader.moment(at).full,
                f"{reader.day(local)}{year}, {local:%H:%M}")  # fmt: skip


def mark(state: State, reader: Reader) -> Mark:
    words = {
        State.WORKING: reader.say_as("public", "Working"),
        State.MAINTENANCE: reader.say_as("public", "Maintenance"),
        State.SLOW: reader.say_as("public", "Slow"),
        State.DOWN: reader.say_as("public", "Down"),
    }
    return Mark(words[state], LOOKS[state])


def stage(one: Stage, reader: Reader) -> str:
    return {
        Stage.INVESTIGATING: reader.say_as("public", "Investigating"),
        Stage.IDENTIFIED: reader.say_as("public", "Identified"),
        Stage.MONITORING: reader.say_as("public", "Monitoring"),
        Stage.RESOLVED: reader.say_as("public", "Resolved"),
        Stage.PLANNED: reader.say_as("public", "Planned"),
        Stage.UNDER_WAY: reader.say_as("public", "Under way"),
        Stage.DONE: reader.say_as("public", "Completed"),
    }[one]


def summary(standing: Standing, now: datetime, reader: Reader) -> Mark:
    """All of it in a sentence."""
    state = overall(standing, now)
    words = {
        State.WORKING: reader.say("Everything works"),
        State.MAINTENANCE: reader.say("Maintenance is under way"),
        State.SLOW: reader.say("Some services are slow"),
        State.DOWN: reader.say("Some services are down"),
    }
    return Mark(words[state], LOOKS[state])


def line(one: Component, standing: Standing, now: datetime, reader: Reader) -> Line:
    found = all_spans(standing.notices, one.id)
    return Line(
        text(one.names, reader),
        mark(state_at(found, now), reader),
        bars(days(found, one.since, now, reader.zone), reader),
    )


def bars(found: Sequence[Day], reader: Reader) -> Bars:
    strokes: dict[str, list[str]] = {}
    for place, one in enumerate(found):
        look = LOOKS[one.state] if one.state else "n"
        strokes.setdefault(look, []).append(f"M{place * STEP + 2} {STROKES[look]}")
    counts = [(state, sum(one.state is state for one in found)) for state in reversed(State)]
    parts = [
        reader.count("%(state)s on %(n)s day", "%(state)s on %(n)s days", n, state=mark(state, reader).word)
        for state, n in counts
        if n
    ]
    bad = [one for one in reversed(found) if one.state not in (None, State.WORKING)]
    told = [_told(one, reader) for one in bad[:NAMED]]
    said = reader.count("Last %(n)s day: %(what)s", "Last %(n)s days: %(what)s", len(found), what=", ".join(parts))
    paths = tuple((look, "".join(some)) for look, some in sorted(strokes.items()))
    return Bars(paths, said, tuple(told), len(found) * STEP)


def _told(one: Day, reader: Reader) -> str:
    at = datetime.combine(one.day, time(), reader.zone)
    state = mark(one.state or State.WORKING, reader).word
    lasted = reader.duration(max(one.lasted, timedelta(minutes=1)))
    return reader.say("%(day)s: %(state)s, %(time)s", day=reader.day(at), state=state, time=lasted)


def shown(one: Notice, standing: Standing, now: datetime, reader: Reader) -> Shown:
    began, over = begins(one), ends(one)
    at = phase(one, now)
    return Shown(
        number=one.id,
        title=text(one.titles, reader),
        about=one.about.value,
        phase=at.value,
        stage=_stage_now(one, at, reader),
        began=when(began, reader),
        ended=when(over, reader) if over is not None else None,
        lasted=reader.duration(over - began) if at is Phase.OVER and over is not None and over > began else "",
        components=_named(one, standing, reader),
        words=tuple(_word(each, reader) for each in reversed(one.updates)),
    )


def _stage_now(one: Notice, at: Phase, reader: Reader) -> str:
    """Planned work begins and is over by the clock, whether somebody says so or not."""
    if one.about is About.MAINTENANCE:
        by_phase = {Phase.COMING: Stage.PLANNED, Phase.OPEN: Stage.UNDER_WAY, Phase.OVER: Stage.DONE}
        return stage(by_phase[at], reader)
    return stage(one.last.stage, reader)


def _named(one: Notice, standing: Standing, reader: Reader) -> tuple[tuple[Text, Mark], ...]:
    """What it names, each as it was said last to be: of what is over only the names are shown."""
    known = {each.id: each for each in standing.components}
    last = next((each.states for each in reversed(one.updates) if each.states), {})
    return tuple(
        (text(known[number].names, reader), mark(state, reader)) for number, state in last.items() if number in known
    )


def _word(one: Update, reader: Reader) -> Word:
    return Word(stage(one.stage, reader), when(one.at, reader), text(one.texts, reader))


def whole(standing: Standing, now: datetime, reader: Reader) -> dict[str, object]:
    """What the page shows: what goes on first, the newest of it before all; then what is to come, and what was."""
    newest = sorted(standing.notices, key=begins, reverse=True)
    found = {each: [one for one in newest if phase(one, now) is each] for each in Phase}
    coming = found[Phase.COMING][::-1]
    return {
        "summary": summary(standing, now, reader),
        "lines": [line(one, standing, now, reader) for one in standing.components if one.shown],
        "open": _all(found[Phase.OPEN], standing, now, reader),
        "coming": _all(coming, standing, now, reader),
        "past": _all(found[Phase.OVER][:PAST], standing, now, reader),
        "legend": [mark(state, reader) for state in State],
    }


def _all(some: Iterable[Notice], standing: Standing, now: datetime, reader: Reader) -> list[Shown]:
    return [shown(one, standing, now, reader) for one in some]
