"""What the list was asked for, part by part: each can be taken away, and what could not be read says why."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.incidents.filters import Filter
from dashboard.reader import Reader
from gateway.lists.filters import KNOWN, ONE, Problem
from gateway.lists.grammar import WORDS


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    url: str  # the list without it
    problem: str = ""  # why it was left out


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that goes along, hidden, when something else of the form is changed."""

    name: str
    value: str


def chips(wanted: Filter, problems: tuple[Problem, ...], reader: Reader) -> list[Chip]:
    bad = {(one.word, one.value) for one in problems}
    good = [Chip(text, other.url()) for word, value, text, other in parts(wanted) if (word, value) not in bad]
    if wanted.sort != "-urgency":
        good.append(Chip(f"sort:{wanted.sort}", wanted.url(sort="-urgency")))
    return [*good, *(_bad(one, wanted, reader) for one in problems)]


def parts(wanted: Filter) -> Iterator[tuple[str, str, str, Filter]]:
    """What narrows the list, but for the text: word, value, how it is written, and the list without it."""
    if wanted.urgencies:
        value = ",".join(wanted.urgencies)
        yield "urgency", value, f"urgency:{value}", wanted.without("urgency")
    for word in ONE:
        value = wanted.value(word)
        if value:
            yield word, value, f"{word}:{_quoted(value)}", wanted.without(word)
    for label in wanted.labels:
        yield "label", label, label, wanted.without("label", label)


def _bad(one: Problem, wanted: Filter, reader: Reader) -> Chip:
    text = f"{one.word}:{_quoted(one.value)}" if one.word != "label" else one.value
    there = one.word in ONE and wanted.value(one.word) == one.value
    return Chip(text, (wanted.without(one.word) if there else wanted).url(), reason(one, reader))


def reason(one: Problem, reader: Reader) -> str:
    _ = reader.say
    known = {
        "unknown word": _("There is no such word. Put it in quotes to search for it. Words: %(words)s.",
                          words=", ".join(WORDS)),
        "not without": _("Only labels can be excluded, like -env=dev."),
        "unreadable": _("This condition cannot be read. Write label=value, with =, !=, =~ or !~."),
        "not here": _("This list has one order only."),
        "no time": _("This is no time. Write -2h, -7d, now, today-09:00 or 2026-11-22T03:00."),
        "no hour": _("This is no hour of the week. Write mon-03 or sun-22."),
        "nobody": _("There is nobody of that name or address."),
        "no source": _("There is no source of that name."),
        "no team": _("There is no team of that name."),
    }  # fmt: skip
    if one.reason != "no such value":
        return known.get(one.reason, one.reason)
    values = {**KNOWN, "urgency": ("emergency", "urgent", "fast", "ordinary")}
    return _("There is no such value. Known: %(values)s.", values=", ".join(values.get(one.word, ())))


def kept(wanted: Filter) -> list[Kept]:
    """For the form: all but the text, which is in the box."""
    return [Kept(name, value) for name, value in wanted.pairs() if name not in ("q", "after")]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
