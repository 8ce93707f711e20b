"""The timeline in plain words: one sentence a line, for every kind of line and for kinds not known yet."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from dashboard import markdown, words
from dashboard.incident import timeline_alerts, timeline_changes, timeline_messages, timeline_timing
from dashboard.incident.timeline_lines import (
    Event,
    Said,
    how,
    moment_text,
    number,
    seconds,
    times_of,
    told_lines,
)
from dashboard.reader import Moment, Reader
from gateway.store.tables import Entry
from rules.telling.undoing import OWN_CLEARED
from rules.texts.text import cut, one_line


@dataclass(frozen=True, slots=True)
class Line:
    at: Moment
    icon: str
    look: str  # red, green, blue, or nothing
    strong: str
    rest: str = ""
    small: tuple[str, ...] = ()
    note: str = ""


RAISING, BY_URGENCY = ("raised", "urgency"), "escalated by urgency"  # not because nobody answered
FOLDED = ("joined", "cleared")  # of several such lines after each other one is made


def lines(
    entries: Sequence[Entry], reader: Reader, names: Mapping[str, str] | None = None, folds: Collection[str] = FOLDED
) -> list[Line]:
    """Newest first. `names` are those of people, by e-mail address; of the kinds `folds` neighbours become one line."""
    return [_line(entry, reader, names or {}) for entry in _folded(entries, folds)]


def _folded(entries: Sequence[Entry], folds: Collection[str]) -> list[Entry]:
    found: list[Entry] = []
    for entry in entries:
        last = found[-1] if found else None
        if last is not None and last.kind == "escalated" and entry.kind in RAISING and entry.at == last.at:
            found[-1] = Entry(id=last.id, at=last.at, kind=BY_URGENCY, actor=last.actor, detail=last.detail)
        if last is None or entry.kind not in folds or last.kind != entry.kind:
            found.append(entry)
            continue
        counts = (one.detail.get("count", 0) for one in (last, entry))
        titles = [*last.detail.get("titles", ()), *entry.detail.get("titles", ())]
        detail = {"count": sum(count for count in counts if isinstance(count, int)), "titles": titles}
        found[-1] = Entry(id=entry.id, at=last.at, kind=entry.kind, actor=last.actor, detail=detail)
    return found


def _line(entry: Entry, reader: Reader, names: Mapping[str, str]) -> Line:
    say = _KINDS.get(entry.kind, timeline_alerts.ticket if entry.kind.startswith("ticket ") else _other)
    said = say(Event(entry.kind, entry.actor, entry.detail, reader, names))
    at = reader.moment(entry.at)
    return Line(at, said.icon, said.look, said.strong, said.rest, said.small, said.note)


def _opened(event: Event) -> Said:
    _ = event.reader.say
    rest = _("by the rule “%(rule)s”", rule=event.detail["rule"]) if event.detail.get("rule") else ""
    return Said("bell-ring", "red", _("Opened"), rest, (*times_of(event), *told_lines(event)))


def _escalated(event: Event) -> Said:
    strong = event.reader.say("Nobody answered: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("corner-up-right", "red", strong, "", told_lines(event))


def _by_urgency(event: Event) -> Said:
    strong = event.reader.say("More urgent now: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", strong, "", told_lines(event))


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
        own = _("Its own alerts had cleared before.") if event.detail.get("why") == OWN_CLEARED else ""
        lines = tuple(text for text in (small, healed, own) if text)
        return Said("check-check", "green", _("Resolved"), rest, lines)
    return Said(
        "check-check",
        "green",
        event.actor,
        _("resolved it after %(time)s", time=time),
        how(event),
    )


def _note(event: Event) -> Said:
    small = (*how(event), *(told_lines(event) if event.detail.get("mentions") else ()))
    return Said("message-circle", "", event.actor, event.reader.say("wrote"), small, note=markdown.kept(event.detail))


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


def _woken_by_hand(event: Event) -> Said:
    rest = event.reader.say("woke it: step %(level)s begins", level=event.detail.get("level", "?"))
    return Said("bell-ring", "red", event.actor, rest, told_lines(event))


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


def _other(event: Event) -> Said:
    """A kind of line that this page does not know yet is shown as it is, never left out."""
    plain = [
        f"{name}: {cut(one_line(str(value)), 120)}" for name, value in event.detail.items() if value not in ("", None)
    ]
    return Said("info", "", event.kind.capitalize(), event.actor, tuple(plain[:4]))


_KINDS: Mapping[str, Callable[[Event], Said]] = {
    "opened": _opened,
    "escalated": _escalated,
    BY_URGENCY: _by_urgency,
    "told again": _told_again,
    "notification missing": _missing,
    "fallback": _fallback,
    "nobody reached": _nobody,
    "policy exhausted": _exhausted,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "note": _note,
    "snoozed": _snoozed,
    "snooze over": _snooze_over,
    "woken": _woken,
    "woken by hand": _woken_by_hand,
    "suppressed": _suppressed,
    "suppression over": _suppression_over,
    "raised": _raised,
    "passed on": _passed_on,
    "assigned": _assigned,
    "reassigned": _reassigned,
    "muted": _muted,
    **timeline_messages.KINDS,
    **timeline_timing.KINDS,
    **timeline_changes.KINDS,
    **timeline_alerts.KINDS,
}

# What the parts of the timeline are made of. A line that is in none is seen among all.
OF_ALERTS = (
    "opened", "resolved", "reopened", "raised", "flapping", "flapping over", "suppressed", "suppression over", "held",
    "enough alerts", *timeline_alerts.KINDS, *timeline_alerts.TICKETS,
)  # fmt: skip
OF_MESSAGES = (
    "opened", "escalated", "told again", "notification missing", "fallback", "nobody reached", "policy exhausted",
    "woken", "woken by hand", "snooze over", "suppression over", "hurried", "passed on", "voice gate", "bundled",
    "acknowledgement ends", "acknowledgement over", "reconciled", *timeline_messages.KINDS,
)  # fmt: skip
OF_PEOPLE = (
    "acknowledged", "resolved", "note", "snoozed", "woken by hand", "passed on", "assigned", "reassigned", "muted",
    "undone", *timeline_changes.KINDS,
)  # fmt: skip
