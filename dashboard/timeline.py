"""The timeline in plain words: one sentence a line, for every kind of line and for kinds not known yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboard import words
from dashboard.reader import Moment, Reader
from gateway.store.tables import Entry
from gateway.store.types import moment
from rules.text import cut, one_line

SHOWN = 3  # titles of alerts, names of people: more are counted


@dataclass(frozen=True, slots=True)
class Line:
    at: Moment
    icon: str
    look: str  # red, green, blue, or nothing
    strong: str
    rest: str = ""
    small: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    kind: str
    actor: str
    detail: Mapping[str, Any]
    reader: Reader


@dataclass(frozen=True, slots=True)
class _Said:
    """What a kind of line comes to, before its time is added."""

    icon: str
    look: str
    strong: str
    rest: str = ""
    small: tuple[str, ...] = ()
    note: str = ""


def lines(entries: Sequence[Entry], reader: Reader) -> list[Line]:
    return [_line(entry, reader) for entry in entries]


def _line(entry: Entry, reader: Reader) -> Line:
    say = _KINDS.get(entry.kind, _ticket if entry.kind.startswith("ticket ") else _other)
    said = say(_Event(entry.kind, entry.actor, entry.detail, reader))
    at = reader.moment(entry.at)
    return Line(at, said.icon, said.look, said.strong, said.rest, said.small, said.note)


def _opened(event: _Event) -> _Said:
    _ = event.reader.say
    rest = _("by the rule “%(rule)s”", rule=event.detail["rule"]) if event.detail.get("rule") else ""
    return _Said("bell-ring", "red", _("Opened"), rest, _told_lines(event))


def _escalated(event: _Event) -> _Said:
    strong = event.reader.say("Nobody answered: step %(level)s begins", level=event.detail.get("level", "?"))
    return _Said("corner-up-right", "red", strong, "", _told_lines(event))


def _told_again(event: _Event) -> _Said:
    return _Said("corner-up-right", "red", event.reader.say("Told again"), "", _told_lines(event))


def _fallback(event: _Event) -> _Said:
    why = (str(event.detail["why"]),) if event.detail.get("why") else ()
    small = (*why, *_told_lines(event))
    return _Said("triangle-alert", "red", event.reader.say("Another way is tried"), "", small)


def _nobody(event: _Event) -> _Said:
    small = event.reader.say("Everybody of this step is told again in a minute.")
    return _Said("triangle-alert", "red", event.reader.say("Nobody could be reached"), "", (small,))


def _exhausted(event: _Event) -> _Said:
    small = event.reader.say("All steps of the policy were told; it stays open until somebody answers.")
    return _Said("bell-off", "red", event.reader.say("Nobody is told any more"), "", (small,))


def _acknowledged(event: _Event) -> _Said:
    rest = event.reader.say("acknowledged after %(time)s", time=_seconds(event))
    return _Said("check", "blue", event.actor, rest, _how(event))


def _resolved(event: _Event) -> _Said:
    _ = event.reader.say
    time = _seconds(event)
    if event.detail.get("how") in ("source", "clock"):
        small = _("%(source)s says it is over.", source=event.actor) if event.actor else ""
        rest = _("by itself after %(time)s", time=time)
        return _Said("check-check", "green", _("Resolved"), rest, (small,) if small else ())
    return _Said(
        "check-check",
        "green",
        event.actor,
        _("resolved it after %(time)s", time=time),
        _how(event),
    )


def _note(event: _Event) -> _Said:
    text = str(event.detail.get("text", ""))
    return _Said("message-circle", "", event.actor, event.reader.say("wrote"), _how(event), note=text)


def _joined(event: _Event) -> _Said:
    count = _number(event, "count")
    strong = event.reader.count("%(n)s more alert", "%(n)s more alerts", count)
    return _Said("zap", "", strong, event.reader.say("joined"), _titles(event))


def _cleared(event: _Event) -> _Said:
    count = _number(event, "count")
    strong = event.reader.count("%(n)s alert", "%(n)s alerts", count)
    return _Said("check", "green", strong, event.reader.say("no longer firing"), _titles(event))


def _ticket(event: _Event) -> _Said:
    comment = event.detail.get("comment") or {}
    text = str(comment.get("text", "")) if isinstance(comment, dict) else ""
    who = str(comment.get("author", "")) if isinstance(comment, dict) else ""
    happened = event.reader.say(_EVENTS.get(event.kind, "changed"))
    small = tuple(str(event.detail[name]) for name in ("assignee", "arrival_at") if event.detail.get(name))
    return _Said("ticket", "", event.reader.say("Ticket"), happened, ((who,) if who else ()) + small, note=text)


def _sent(event: _Event) -> _Said:
    _ = event.reader.say
    rest = _("handed over to the provider in %(time)s", time=event.reader.fraction(event.detail.get("seconds")))
    if event.detail.get("ambiguous"):
        rest = _("handed over")
    return _Said(words.ICONS.get(str(event.detail.get("way")), "send"), "", _message(event), rest)


def _delivered(event: _Event) -> _Said:
    return _Said("check", "green", _message(event), event.reader.say("arrived, says the provider"))


def _subscription_ended(event: _Event) -> _Said:
    small = event.reader.say("That browser no longer takes push; it is told again once it subscribes anew.")
    return _Said("bell-off", "red", _message(event), event.reader.say("subscription ended"), (small,))


def _logged(event: _Event) -> _Said:
    rest = event.reader.say("was only written to the log: no provider is set up")
    return _Said("scroll-text", "red", _message(event), rest, _error(event, "reference"))


def _attempt_failed(event: _Event) -> _Said:
    _ = event.reader.say
    rest = _("did not get through (try %(n)s)", n=event.detail.get("attempt", 1))
    small = _error(event, "error")
    again = event.detail.get("again_at")
    if isinstance(again, int):
        small = (*small, _("Tried again %(time)s.", time=event.reader.moment(moment(again)).clock))
    return _Said("triangle-alert", "red", _message(event), rest, small)


def _failed(event: _Event) -> _Said:
    missed = "phone-missed" if event.detail.get("way") == "voice" else "triangle-alert"
    return _Said(missed, "red", _message(event), event.reader.say("failed"), _error(event, "error"))


def _called_off(event: _Event) -> _Said:
    rest = event.reader.say("was called off: somebody had answered")
    return _Said("bell-off", "", _message(event), rest, _error(event, "error"))


def _message(event: _Event) -> str:
    """Call to Anna."""
    way = event.reader.say(words.WAYS.get(str(event.detail.get("way")), "message"))
    name = event.detail.get("name") or event.detail.get("who") or "?"
    said = event.reader.say("%(way)s to %(name)s", way=way, name=name)
    return said[:1].upper() + said[1:]


def _error(event: _Event, name: str) -> tuple[str, ...]:
    text = one_line(str(event.detail.get(name) or ""))
    return (cut(text, 240),) if text else ()


def _other(event: _Event) -> _Said:
    """A kind of line that this page does not know yet is shown as it is, never left out."""
    plain = [
        f"{name}: {cut(one_line(str(value)), 120)}" for name, value in event.detail.items() if value not in ("", None)
    ]
    return _Said("info", "", event.kind.capitalize(), event.actor, tuple(plain[:4]))


_EVENTS = {
    "ticket commented": "has a new comment",
    "ticket assigned": "was assigned",
    "ticket arrival": "has a time of arrival",
    "ticket updated": "changed",
}

_KINDS: Mapping[str, Callable[[_Event], _Said]] = {
    "opened": _opened,
    "escalated": _escalated,
    "told again": _told_again,
    "fallback": _fallback,
    "nobody reached": _nobody,
    "policy exhausted": _exhausted,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "note": _note,
    "joined": _joined,
    "cleared": _cleared,
    "sent": _sent,
    "delivered": _delivered,
    "subscription ended": _subscription_ended,
    "logged": _logged,
    "attempt failed": _attempt_failed,
    "delivery failed": _failed,
    "delivery cancelled": _called_off,
}


def _told_lines(event: _Event) -> tuple[str, ...]:
    """Whom a step told, by which way, and who was not told, and why."""
    say = event.reader.say
    by_way: dict[str, list[str]] = {}
    for one in event.detail.get("told", ()):
        by_way.setdefault(str(one.get("way", "")), []).append(str(one.get("name") or one.get("who", "")))
    told = [f"{say(words.WAYS.get(way, way))}: {_few(names, event.reader)}" for way, names in by_way.items()]
    not_told = [
        say("%(who)s is not told: %(reason)s", who=one.get("who", ""), reason=one.get("reason", ""))
        for one in event.detail.get("not_told", ())
    ]
    return ("; ".join(told), *not_told) if told else tuple(not_told)


def _titles(event: _Event) -> tuple[str, ...]:
    titles = [cut(one_line(str(title)), 120) for title in event.detail.get("titles", ())]
    unique = list(dict.fromkeys(titles))
    return (_few(unique, event.reader),) if unique else ()


def _few(names: Sequence[str], reader: Reader) -> str:
    more = len(names) - SHOWN
    shown = ", ".join(names[:SHOWN])
    return reader.say("%(names)s and %(n)s more", names=shown, n=more) if more > 0 else shown


def _how(event: _Event) -> tuple[str, ...]:
    _ = event.reader.say
    ways = {
        "link": _("by the link in a message"),
        "api": _("through the API"),
        "pagerduty": _("in PagerDuty"),
    }
    how = ways.get(str(event.detail.get("how", "")))
    return (how,) if how else ()


def _seconds(event: _Event) -> str:
    return event.reader.duration(timedelta(seconds=_number(event, "after_s")), exact=True)


def _number(event: _Event, name: str) -> int:
    value = event.detail.get(name, 0)
    return value if isinstance(value, int) else 0


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return _("has a new comment"), _("was assigned"), _("has a time of arrival"), _("changed"), _("message")
