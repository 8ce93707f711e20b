"""The timeline's sentences about time: held back, back again, flapping, an acknowledgement that ends."""

from collections.abc import Callable, Mapping
from datetime import datetime

from dashboard.timeline_lines import Event, Said, told_lines


def held(event: Event) -> Said:
    _ = event.reader.say
    rest = _("nobody is told before %(time)s", time=until(event))
    return Said("clock", "", _("Held back"), rest, _why(event))


def reopened(event: Event) -> Said:
    _ = event.reader.say
    small = _("It fires again soon after its end: the same incident goes on.")
    return Said("bell-ring", "red", _("Back again"), "", (small, *told_lines(event)))


def flapping(event: Event) -> Said:
    _ = event.reader.say
    small = _("It begins and ceases to fire again and again: held open, and nobody is called anew, until it is quiet.")
    return Said("zap", "red", _("Flapping"), "", (small, *told_lines(event)))


def flapping_over(event: Event) -> Said:
    _ = event.reader.say
    small = _("It has been quiet, and still fires.")
    return Said("bell-ring", "red", _("No longer flapping"), "", (small, *told_lines(event)))


def acknowledgement_ends(event: Event) -> Said:
    _ = event.reader.say
    rest = _("without an answer the ladder begins anew %(time)s", time=until(event))
    return Said("clock", "", _("The acknowledgement has ended"), rest, told_lines(event))


def acknowledgement_over(event: Event) -> Said:
    strong = event.reader.say("No answer after the acknowledgement ended: the ladder begins anew")
    return Said("bell-ring", "red", strong, "", told_lines(event))


def until(event: Event) -> str:
    try:
        return event.reader.moment(datetime.fromisoformat(str(event.detail.get("until")))).short
    except ValueError:
        return "?"


def _why(event: Event) -> tuple[str, ...]:
    known = {"hold_for": event.reader.say("The route waits whether it clears by itself (hold_for).")}
    why = known.get(str(event.detail.get("why")))
    return (why,) if why else ()


KINDS: Mapping[str, Callable[[Event], Said]] = {
    "held": held,
    "reopened": reopened,
    "flapping": flapping,
    "flapping over": flapping_over,
    "acknowledgement ends": acknowledgement_ends,
    "acknowledgement over": acknowledgement_over,
}
