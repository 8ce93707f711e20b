"""What the voice gate and the caps would do at a moment, in words, for `rules explain`. Pure."""

from collections.abc import Iterator
from datetime import datetime

from rules.calendars import standing
from rules.caps import CAPS
from rules.durations import write_duration
from rules.voice import Gate
from rules.words import Route, Urgency, Way

_NAMES = {Way.VOICE: "calls", Way.SMS: "SMS", Way.PUSH: "pushes"}


def call_remarks(gate: Gate | None, route: Route, at: datetime) -> Iterator[str]:
    """Of the first step, if it is told at `at`: when its calls leave, and what is too much for one person."""
    if route.urgency is Urgency.EMERGENCY and Way.VOICE in route.channels:
        yield from _gate(gate, at)
    for way in route.channels:
        if way in CAPS:
            most = ", ".join(f"{count} in {write_duration(span)}" for count, span in CAPS[way])
            yield f"caps (unless NABAT_CAPS=off): {_NAMES[way]} to one person at most {most}; the rest in roll-ups"


def _gate(gate: Gate | None, at: datetime) -> Iterator[str]:
    still = "if it still fires then"
    if gate is None:
        yield "voice gate: the book has none: a call leaves at once"
        return
    wait = write_duration(gate.unacknowledged_for) if gate.unacknowledged_for else ""
    why = f": {standing(gate.calendar, at).as_text()}" if gate.calendar else ""
    if gate.calendar is not None and standing(gate.calendar, at).open is gate.open:
        yield f"voice gate: a call leaves at once, {still}{why}"
    elif wait:
        yield (
            f"voice gate: the push first, and the call {wait} later unless somebody acknowledges, {still}; "
            f"whom no push reaches is called at once{why}"
        )
    else:
        yield f"voice gate: a call leaves at once, {still}"
    if gate.budget is not None:
        per = write_duration(gate.budget.per)
        yield f"voice gate: who had {gate.budget.calls} calls within {per} is not called; the next of the policy is"
