"""What the voice gate and the caps would do at a moment, in words, for `rules explain` and the tester. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from rules.telling.caps import CAPS
from rules.telling.voice import Gate
from rules.texts.reasons import time_line
from rules.texts.sentence import Sentence
from rules.times.calendars import standing
from rules.words import Route, Urgency, Way

_CAPS = {
    Way.VOICE: Sentence("caps (unless NABAT_CAPS=off): calls to one person at most %(most)s; the rest in roll-ups"),
    Way.SMS: Sentence("caps (unless NABAT_CAPS=off): SMS to one person at most %(most)s; the rest in roll-ups"),
    Way.PUSH: Sentence("caps (unless NABAT_CAPS=off): pushes to one person at most %(most)s; the rest in roll-ups"),
}


def call_remarks(gate: Gate | None, route: Route, at: datetime) -> Iterator[Sentence]:
    """Of the first step, if it is told at `at`: when its calls leave, and what is too much for one person."""
    if route.urgency is Urgency.EMERGENCY and Way.VOICE in route.channels:
        yield from _gate(gate, at)
    for way in route.channels:
        if way in CAPS:
            most = tuple(Sentence("%(n)s in %(time)s", {"n": count, "time": span}) for count, span in CAPS[way])
            yield replace(_CAPS[way], values={"most": most})


def _gate(gate: Gate | None, at: datetime) -> Iterator[Sentence]:
    if gate is None:
        yield Sentence("voice gate: the book has none: a call leaves at once")
        return
    stands = standing(gate.calendar, at) if gate.calendar else None
    why: object = ""
    if stands is not None:
        why = Sentence(": %(why)s", {"why": partial(time_line, stands.as_data())})
    if stands is not None and stands.open is gate.open:
        yield Sentence("voice gate: a call leaves at once, if it still fires then%(why)s", {"why": why})
    elif gate.unacknowledged_for:
        yield Sentence(
            "voice gate: the push first, and the call %(time)s later unless somebody acknowledges, "
            "if it still fires then; whom no push reaches is called at once%(why)s",
            {"time": gate.unacknowledged_for, "why": why},
        )
    else:
        yield Sentence("voice gate: a call leaves at once, if it still fires then%(why)s", {"why": ""})
    if gate.budget is not None:
        yield Sentence(
            "voice gate: who had %(n)s calls within %(time)s is not called; the next of the policy is",
            {"n": gate.budget.calls, "time": gate.budget.per},
        )
