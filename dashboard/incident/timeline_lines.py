"""What the timeline's sentences are made of: an event as it was kept, a line as it is shown, and what both share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboard import words
from dashboard.reader import Reader
from rules.senders.drift import RECONCILED
from rules.texts.reasons import reason
from rules.texts.text import cut, one_line

SHOWN = 3  # titles of alerts, names of people: more are counted


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    actor: str
    detail: Mapping[str, Any]
    reader: Reader
    names: Mapping[str, str] = field(default_factory=dict)  # of people, by e-mail address


@dataclass(frozen=True, slots=True)
class Said:
    """What a kind of line comes to, before its time is added."""

    icon: str
    look: str
    strong: str
    rest: str = ""
    small: tuple[str, ...] = ()
    note: str = ""


def told_lines(event: Event) -> tuple[str, ...]:
    """Whom a step told, by which way, and who was not told, and why."""
    say = event.reader.say
    by_way: dict[str, list[str]] = {}
    for one in event.detail.get("told", ()):
        by_way.setdefault(str(one.get("way", "")), []).append(str(one.get("name") or one.get("who", "")))
    told = [f"{say(words.WAYS.get(way, way))}: {few(names, event.reader)}" for way, names in by_way.items()]
    not_told = [
        say("%(who)s is not told: %(reason)s", who=_name(event, one), reason=reason(one.get("reason", ""), say))
        for one in event.detail.get("not_told", ())
    ]
    return ("; ".join(told), *not_told) if told else tuple(not_told)


def _name(event: Event, one: Mapping[str, Any]) -> str:
    """Whoever is not told, as people call them; for the policy itself and for a role there is a word."""
    who = str(one.get("who", ""))
    known = {"policy": event.reader.say("this step"), "role:admin": event.reader.say("administrators")}
    return event.names.get(who) or known.get(who) or who.partition(":")[2] or who


def times_of(event: Event) -> tuple[str, ...]:
    """How the calendars stood that the rule book asked, when the rule was found."""
    return tuple(_time(one, event.reader) for one in event.detail.get("when", ()))


def _time(one: Mapping[str, Any], reader: Reader) -> str:
    _ = reader.say
    why = {
        "holiday": _("public holiday: %(name)s", name=one.get("holiday", "")),
        "weekday": _("not one of its days"),
        "day off": _("day off"),
        "short day": _("short day"),
    }.get(str(one.get("why", "")), _("within its hours") if one.get("open") else _("outside its hours"))
    said = {"name": one.get("calendar", "?"), "why": why, "time": f"{one.get('local', '?')} {one.get('timezone', '')}"}
    if one.get("open"):
        return _("Calendar “%(name)s” was open: %(why)s (%(time)s)", **said)
    return _("Calendar “%(name)s” was closed: %(why)s (%(time)s)", **said)


def titles_of(event: Event) -> tuple[str, ...]:
    found = [cut(one_line(str(title)), 120) for title in event.detail.get("titles", ())]
    unique = list(dict.fromkeys(found))
    return (few(unique, event.reader),) if unique else ()


def few(names: Sequence[str], reader: Reader) -> str:
    more = len(names) - SHOWN
    shown = ", ".join(names[:SHOWN])
    return reader.say("%(names)s and %(n)s more", names=shown, n=more) if more > 0 else shown


def how(event: Event) -> tuple[str, ...]:
    _ = event.reader.say
    ways = {
        "link": _("by the link in a message"),
        "api": _("through the API"),
        "pagerduty": _("in PagerDuty"),
    }
    said = ways.get(str(event.detail.get("how", ""))) or _at_the_sender(event)
    found = _("found by reconciliation: we were not told") if event.detail.get("why") == RECONCILED else ""
    return tuple(text for text in (said, found) if text)


def _at_the_sender(event: Event) -> str:
    """Somebody there said so; the source's own name stands for whom it does not name."""
    source = str(event.detail.get("why", "")) if event.detail.get("how") == "source" else ""
    if source and source == event.actor:
        return event.reader.say("It does not say who.")
    return event.reader.say("in %(source)s", source=source) if source else ""


def seconds(event: Event) -> str:
    return event.reader.duration(timedelta(seconds=number(event, "after_s")), exact=True)


def number(event: Event, name: str) -> int:
    value = event.detail.get(name, 0)
    return value if isinstance(value, int) else 0


def moment_text(event: Event, name: str) -> str:
    try:
        return event.reader.moment(datetime.fromisoformat(str(event.detail.get(name)))).short
    except ValueError:
        return "?"
