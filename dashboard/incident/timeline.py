"""The timeline in plain words: one sentence a line, for every kind of line and for kinds not known yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dashboard import words
from dashboard.incident import timeline_messages, timeline_timing
from dashboard.incident.timeline_lines import (
    Event,
    Said,
    how,
    moment_text,
    number,
    seconds,
    times_of,
    titles_of,
    told_lines,
)
from dashboard.reader import Moment, Reader
from gateway.store.tables import Entry
from rules.text import cut, one_line


@dataclass(frozen=True, slots=True)
class Line:
    at: Moment
    icon: str
    look: str  # red, green, blue, or nothing
    strong: str
    rest: str = ""
    small: tuple[str, ...] = ()
    note: str = ""


def lines(entries: Sequence[Entry], reader: Reader) -> list[Line]:
    return [_line(entry, reader) for entry in entries]


def _line(entry: Entry, reader: Reader) -> Line:
    say = _KINDS.get(entry.kind, _ticket if entry.kind.startswith("ticket ") else _other)
    said = say(Event(entry.kind, entry.actor, entry.detail, reader))
    at = reader.moment(entry.at)
    return Line(at, said.icon, said.look, said.strong, said.rest, said.small, said.note)


def _opened(event: Event) -> Said:
    _ = event.reader.say
    rest = _("by the rule “%(rule)s”", rule=event.detail["rule"]) if event.detail.get("rule") else ""
    return Said("bell-ring", "red", _("Opened"), rest, (*times_of(event), *told_lines(event)))


def _escalated(event: Event) -> Said:
    strong = event.reader.say("Nobody answered: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("corner-up-right", "red", strong, "", told_lines(event))


def _told_again(event: Event) -> Said:
    return Said("corner-up-right", "red", event.reader.say("Told again"), "", told_lines(event))


def _missing(event: Event) -> Said:
    strong = event.reader.say("A notification was missing: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("corner-up-right", "red", strong, "", told_lines(event))


def _fallback(event: Event) -> Said:
    why = (str(event.detail["why"]),) if event.detail.get("why") else ()
    small = (*why, *told_lines(event))
    return Said("triangle-alert", "red", event.reader.say("Another way is tried"), "", small)


def _nobody(event: Event) -> Said:
    small = event.reader.say("Everybody of this step is told again in a minute.")
    return Said("triangle-alert", "red", event.reader.say("Nobody could be reached"), "", (small,))


def _exhausted(event: Event) -> Said:
    small = event.reader.say("All steps of the policy were told; it stays open until somebody answers.")
    return Said("bell-off", "red", event.reader.say("Nobody is told any more"), "", (small,))


def _acknowledged(event: Event) -> Said:
    rest = event.reader.say("acknowledged after %(time)s", time=seconds(event))
    ends = event.reader.say("For a time: until %(time)s.", time=timeline_timing.until(event))
    return Said("check", "blue", event.actor, rest, (*how(event), ends) if event.detail.get("until") else how(event))


def _resolved(event: Event) -> Said:
    _ = event.reader.say
    time = seconds(event)
    if event.detail.get("how") in ("source", "clock"):
        small = _("%(source)s says it is over.", source=event.actor) if event.actor else ""
        rest = _("by itself after %(time)s", time=time)
        healed = _("Healed by itself before anybody was told.") if event.detail.get("healed") else ""
        lines = tuple(text for text in (small, healed) if text)
        return Said("check-check", "green", _("Resolved"), rest, lines)
    return Said(
        "check-check",
        "green",
        event.actor,
        _("resolved it after %(time)s", time=time),
        how(event),
    )


def _note(event: Event) -> Said:
    text = str(event.detail.get("text", ""))
    return Said("message-circle", "", event.actor, event.reader.say("wrote"), how(event), note=text)


def _snoozed(event: Event) -> Said:
    until = moment_text(event, "until")
    return Said("clock", "blue", event.actor, event.reader.say("snoozed it until %(time)s", time=until), how(event))


def _snooze_over(event: Event) -> Said:
    strong = event.reader.say("The snooze is over: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", strong, "", told_lines(event))


def _suppressed(event: Event) -> Said:
    """By what, until when, why, and the number to look it up by."""
    detail, say = event.detail, event.reader.say
    kind, number_ = str(detail.get("by", "")), number(event, "id")
    until = moment_text(event, "until")
    who = str(detail.get("author") or "?")
    if kind == "maintenance":
        rest = say("maintenance window %(n)s, planned by %(who)s, until %(time)s", n=number_, who=who, time=until)
    elif kind == "inhibition":
        rest = say("as long as incident #%(n)s goes on", n=number_)
    else:
        rest = say("silence %(n)s by %(who)s, until %(time)s", n=number_, who=who, time=until)
    why = str(detail.get("why", ""))
    return Said("bell-off", "", say("Nobody is told"), rest, (why,) if why else ())


def _suppression_over(event: Event) -> Said:
    strong = event.reader.say("It may be told again: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", strong, "", told_lines(event))


def _woken(event: Event) -> Said:
    small = event.reader.say("More fires than when it was snoozed, or something more urgent.")
    strong = event.reader.say("Woken early: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", strong, "", (small, *told_lines(event)))


def _raised(event: Event) -> Said:
    say, detail = event.reader.say, event.detail
    before, after = (say(words.BY_VALUE.get(str(detail.get(name, "")), "?")) for name in ("from", "to"))
    rest = say("made it more urgent: %(before)s → %(after)s", before=before, after=after)
    rule = say("rule “%(rule)s”, policy “%(policy)s”", rule=detail.get("rule", "?"), policy=detail.get("policy", "?"))
    return Said("bell-ring", "red", event.actor, rest, (rule,))


def _passed_on(event: Event) -> Said:
    rest = event.reader.say("cannot take it: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("corner-up-right", "red", event.actor, rest, told_lines(event))


def _assigned(event: Event) -> Said:
    to = str(event.detail.get("to", "?"))
    rest = event.reader.say("took it") if to == event.actor else event.reader.say("assigned it to %(who)s", who=to)
    return Said("user-plus", "blue", event.actor, rest, (*how(event), *told_lines(event)))


def _reassigned(event: Event) -> Said:
    to = str(event.detail.get("to", "?"))
    rest = event.reader.say("took it over") if to == event.actor else event.reader.say("passed it to %(who)s", who=to)
    return Said("user-plus", "blue", event.actor, rest, (*how(event), *told_lines(event)))


def _muted(event: Event) -> Said:
    count = number(event, "count")
    rest = event.reader.count("muted %(n)s alert until it clears", "muted %(n)s alerts until they clear", count)
    return Said("bell-off", "", event.actor, rest, how(event))


def _joined(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s more alert", "%(n)s more alerts", count)
    return Said("zap", "", strong, event.reader.say("joined"), titles_of(event))


def _cleared(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s alert", "%(n)s alerts", count)
    return Said("check", "green", strong, event.reader.say("no longer firing"), titles_of(event))


def _attached(event: Event) -> Said:
    count = number(event, "count")
    strong = event.reader.count("%(n)s more alert", "%(n)s more alerts", count)
    small = event.reader.say("Attached by inhibition: as long as this fires, nobody is told of it.")
    return Said("zap", "", strong, event.reader.say("joined"), (*titles_of(event), small))


def _stale(event: Event) -> Said:
    strong = event.reader.say("Stale: nothing was heard of it for %(time)s", time=event.detail.get("after", "?"))
    small = event.reader.say("It is taken for over, as the source's setting says.")
    return Said("check", "green", strong, "", (*titles_of(event), small))


def _lost_resolve(event: Event) -> Said:
    strong = event.reader.say("Lost resolve: %(source)s no longer has it", source=event.actor)
    small = event.reader.say("Found by reconciliation, in two checks: nobody told us that it is over.")
    return Said("check", "green", strong, "", (*titles_of(event), small))


def _lost_alert(event: Event) -> Said:
    strong = event.reader.say("Lost alert: %(source)s has had it for some time", source=event.actor)
    small = event.reader.say("Found by reconciliation, in two checks: nobody told us that it fires.")
    return Said("triangle-alert", "red", strong, "", (*titles_of(event), small))


def _reconciled(event: Event) -> Said:
    small = event.reader.say("Found by reconciliation: PagerDuty did not know, and is told again.")
    return Said("corner-up-right", "", event.reader.say("PagerDuty is told again"), "", (small,))


def _ticket(event: Event) -> Said:
    comment = event.detail.get("comment") or {}
    text = str(comment.get("text", "")) if isinstance(comment, dict) else ""
    who = str(comment.get("author", "")) if isinstance(comment, dict) else ""
    happened = event.reader.say(_EVENTS.get(event.kind, "changed"))
    arrival = moment_text(event, "arrival_at") if event.detail.get("arrival_at") else ""
    small = tuple(word for word in (who, str(event.detail.get("assignee") or ""), arrival) if word)
    return Said("ticket", "", event.reader.say("Ticket"), happened, (*small, *told_lines(event)), note=text)


def _other(event: Event) -> Said:
    """A kind of line that this page does not know yet is shown as it is, never left out."""
    plain = [
        f"{name}: {cut(one_line(str(value)), 120)}" for name, value in event.detail.items() if value not in ("", None)
    ]
    return Said("info", "", event.kind.capitalize(), event.actor, tuple(plain[:4]))


_EVENTS = {
    "ticket commented": "has a new comment",
    "ticket assigned": "was assigned",
    "ticket arrival": "has a time of arrival",
    "ticket updated": "changed",
}

_KINDS: Mapping[str, Callable[[Event], Said]] = {
    "opened": _opened,
    "escalated": _escalated,
    "told again": _told_again,
    "notification missing": _missing,
    "fallback": _fallback,
    "nobody reached": _nobody,
    "policy exhausted": _exhausted,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "note": _note,
    "joined": _joined,
    "cleared": _cleared,
    "snoozed": _snoozed,
    "snooze over": _snooze_over,
    "woken": _woken,
    "suppressed": _suppressed,
    "suppression over": _suppression_over,
    "raised": _raised,
    "passed on": _passed_on,
    "assigned": _assigned,
    "reassigned": _reassigned,
    "muted": _muted,
    "attached": _attached,
    "stale": _stale,
    "lost resolve": _lost_resolve,
    "lost alert": _lost_alert,
    "reconciled": _reconciled,
    **timeline_messages.KINDS,
    **timeline_timing.KINDS,
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("has a new comment"), _("was assigned"), _("has a time of arrival"), _("changed")
