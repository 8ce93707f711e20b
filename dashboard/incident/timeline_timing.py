"""The timeline's sentences about time: held back, back again, flapping, an acknowledgement that ends."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dashboard.incident.timeline_lines import Event, Said, how, number, told_lines
from rules.texts.durations import parse_duration


def held(event: Event) -> Said:
    _ = event.reader.say
    rest = _("nobody is told before %(time)s", time=until(event)) if event.detail.get("until") else ""
    return Said("clock", "", _("Held back"), rest, _why(event))


def enough_alerts(event: Event) -> Said:
    small = event.reader.say("As many alerts are there as the rule waited for (at_least).")
    strong = event.reader.say("Enough alerts: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", strong, "", (small, *told_lines(event)))


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


def voice_gate(event: Event) -> Said:
    """Why a call left, or waited, or went to somebody else."""
    _ = event.reader.say
    who, why = str(event.detail.get("name") or event.detail.get("who") or "?"), str(event.detail.get("why"))
    calendar, calls = str(event.detail.get("calendar", "?")), event.detail.get("calls", "?")
    hours = event.reader.duration(timedelta(seconds=number(event, "per_s")))
    strong = _("Call to %(who)s", who=who)
    over = _("%(n)s calls within %(time)s are the budget", n=calls, time=hours)
    said = {
        "in time": _("leaves at once: this is a time for calls, says the calendar “%(name)s”", name=calendar),
        "unanswered": _("leaves: nobody has answered the push in time"),
        "no push": _("leaves at once: no push reaches this person"),
        "push first": _("waits until %(time)s: the push first", time=until(event)),
        "over budget": _("is not made: over budget, the next person is called"),
        "nobody else": _("leaves though over budget: there is nobody else to call"),
        "not firing": _("is not made: nothing fires any more"),
        "gone at the source": _("is not made: it does not fire at its source any more"),
        "source not asked": _("leaves all the same: its source could not be asked"),
    }
    problem = str(event.detail.get("problem", ""))
    small = (over,) if why in ("over budget", "nobody else") else (problem,) if problem else ()
    held = why in ("push first", "over budget", "not firing", "gone at the source")
    return Said("phone-missed" if held else "phone-call", "", strong, said.get(why, why), small)


def bundled(event: Event) -> Said:
    _ = event.reader.say
    who = str(event.detail.get("name") or event.detail.get("who") or "?")
    if event.detail.get("held"):
        return Said("clock", "", _("Held back until now"), _("%(who)s gets one digest of all of it", who=who))
    rest = _("%(who)s hears of it in the next roll-up", who=who)
    return Said("bell-ring", "", _("Too much at once"), rest)


def undone(event: Event) -> Said:
    _ = event.reader.say
    said = {
        "acknowledge": _("took back the acknowledgement: the steps go on"),
        "resolve": _("took back that it is resolved"),
        "snooze": _("took back the snooze"),
        "assign": _("took back to whom it was assigned"),
        "merge": _("took back the merge: it is open again, with its alerts"),
    }
    if number := event.detail.get("number"):
        rest = _("took back the merge: #%(n)s is an incident of its own again", n=number)
        return Said("undo-2", "blue", event.actor, rest, how(event))
    return Said("undo-2", "blue", event.actor, said.get(str(event.detail.get("what")), "?"), how(event))


def until(event: Event) -> str:
    try:
        return event.reader.moment(datetime.fromisoformat(str(event.detail.get("until")))).short
    except ValueError:
        return "?"


def _why(event: Event) -> tuple[str, ...]:
    say, what = event.reader.say, str(event.detail.get("what", "?"))
    known = {
        "hold_for": say("The rule waits whether it clears by itself (hold_for)."),
        "hold_until": say("The rule waits for the calendar “%(name)s” to open (hold_until).", name=what),
        "at_least": say("The rule waits for %(what)s (at_least).", what=_few(event, what)),
    }
    why = known.get(str(event.detail.get("why")))
    return (why,) if why else ()


def _few(event: Event, what: str) -> str:
    """“5 within 10m” in the reader's words."""
    few, _, within = what.partition(" within ")
    try:
        time = event.reader.duration(parse_duration(within), exact=True)
        count = event.reader.count("%(n)s alert", "%(n)s alerts", int(few))
    except ValueError:
        return what
    return event.reader.say("%(alerts)s within %(time)s", alerts=count, time=time)


KINDS: Mapping[str, Callable[[Event], Said]] = {
    "held": held,
    "enough alerts": enough_alerts,
    "undone": undone,
    "voice gate": voice_gate,
    "bundled": bundled,
    "reopened": reopened,
    "flapping": flapping,
    "flapping over": flapping_over,
    "acknowledgement ends": acknowledgement_ends,
    "acknowledgement over": acknowledgement_over,
}
