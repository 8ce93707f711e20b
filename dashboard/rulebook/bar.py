"""A ladder as one bar: where each step comes, and by which ways; to scale as far as steps can be told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reader import Reader
from dashboard.rulebook.rows import StepRow
from rules.checks.explain import Rung

WIDTH, LEFT, LEAST, ICON = 640, 44, 84, 18
MOST = 7  # steps that have room


@dataclass(frozen=True, slots=True)
class Stop:
    x: int
    after: str
    icons: tuple[tuple[str, int], ...]  # name, where


@dataclass(frozen=True, slots=True)
class Bar:
    stops: tuple[Stop, ...]
    words: str
    more: int  # steps that are left out
    width: int = WIDTH


def bar(rungs: Sequence[Rung], steps: Sequence[StepRow], reader: Reader) -> Bar:
    shown = min(len(steps), MOST)
    last = max(rungs[shown - 1].after.total_seconds(), 1) if shown else 1
    room, stops, before = WIDTH - 2 * LEFT, [], -LEAST
    for place, (rung, step) in enumerate(zip(rungs[:shown], steps, strict=False)):
        wanted = round(rung.after.total_seconds() / last * room)
        left = room - (shown - 1 - place) * LEAST  # so that those behind it have room
        x = min(max(wanted, before + LEAST), left)
        before = x
        icons = tuple(dict.fromkeys(icon for one in step.told for icon, _ in one.ways))
        start = LEFT + x - (len(icons) * ICON) // 2
        stops.append(Stop(LEFT + x, step.after, tuple((icon, start + ICON * at) for at, icon in enumerate(icons))))
    words = "; ".join(f"{step.after}: {_ways(step, reader)}" for step in steps[:shown])
    return Bar(tuple(stops), words, len(steps) - shown)


def _ways(step: StepRow, reader: Reader) -> str:
    ways = dict.fromkeys(word for one in step.told for _, word in one.ways)
    return ", ".join(ways) if ways else reader.say("nobody")
