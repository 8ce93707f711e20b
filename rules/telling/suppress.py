"""What keeps an alert from telling anybody: silences and maintenance windows in, a verdict with reason and end out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from rules.matchers import Matcher
from rules.words import Silence, Suppression, Suppressor, Urgency

EVERYTHING: Final = "silence everything"  # has to be typed for matchers that leave nothing out
LONGEST = timedelta(days=90)
LEAST = timedelta(minutes=1)
REMIND: Final = timedelta(minutes=10)  # before its end its author hears of it
MOST_MATCHERS = 50
LONGEST_REASON = 500  # characters
_ODD = ("a", "7-\x00 Ж")  # values that nobody thinks of: whoever takes both of them takes all
_ALWAYS = ("kind",)  # labels that tell hardly anything apart


class Wrong(ValueError):
    """It cannot be silenced so; the text says why."""


def verdict(
    labels: Mapping[str, str], silences: Iterable[Silence], urgency: Urgency, now: datetime
) -> Suppression | None:
    """By what an alert of this class with these labels is hidden at this moment: of several, what lasts longest."""
    found: Suppression | None = None
    for one in silences:
        if one.spares and urgency is Urgency.EMERGENCY:
            continue
        until = holds_until(one, now)
        if until is None or (found is not None and until <= found.until):
            continue
        if all(matcher.matches(labels) for matcher in one.match):
            found = Suppression(one.kind, one.id, until, one.reason, one.author)
    return found


def holds_until(silence: Silence, now: datetime) -> datetime | None:
    """The end of the span that this moment lies in, if there is one; spans that touch are one."""
    end: datetime | None = None
    for starts, ends in silence.spans:
        if starts <= (end or now) < ends:
            end = ends
    return end


def together(verdicts: Sequence[Suppression | None]) -> Suppression | None:
    """Of an incident: hidden as long as each of its firing alerts is.

    Where something bigger hides some of them it is said to hide it: nobody knows its end, so it is looked for.
    """
    found = [one for one in verdicts if one is not None]
    if not found or len(found) < len(verdicts):
        return None
    soonest = min(found, key=lambda one: one.until)
    bigger = next((one for one in found if one.kind is Suppressor.INHIBITION), soonest)
    return replace(bigger, until=soonest.until)


def read_matchers(texts: Sequence[str]) -> tuple[Matcher, ...]:
    if len(texts) > MOST_MATCHERS:
        raise Wrong(f"there are at most {MOST_MATCHERS} matchers")
    try:
        return tuple(Matcher.parse(text) for text in texts)
    except ValueError as problem:
        raise Wrong(str(problem)) from problem


def takes_everything(matchers: Iterable[Matcher]) -> bool:
    """Whether nothing is left out: each of them takes a label that is missing, or whatever it says."""
    return all(_wide(one) for one in matchers)


def _wide(matcher: Matcher) -> bool:
    if matcher.label in _ALWAYS or matcher.matches({}):
        return True
    return all(matcher.matches({matcher.label: value}) for value in _ODD)


def check(
    matchers: Sequence[Matcher], starts: datetime, ends: datetime, now: datetime, *, reason: str, confirmed: str
) -> None:
    """Raises Wrong for what nobody can have meant."""
    if not reason.strip():
        raise Wrong("a reason is needed: whoever sees the silence at night wants to know")
    if len(reason) > LONGEST_REASON:
        raise Wrong(f"a reason has at most {LONGEST_REASON} characters")
    if ends <= starts:
        raise Wrong("it would end before it begins")
    if ends <= now:
        raise Wrong("it would be over already")
    if ends - starts < LEAST:
        raise Wrong("it must last a minute at least")
    if ends - starts > LONGEST:
        raise Wrong(f"it must not last longer than {LONGEST.days} days")
    if takes_everything(matchers) and confirmed != EVERYTHING:
        raise Wrong(f"these matchers leave nothing out: if that is meant, confirm it with {EVERYTHING!r}")


def next_turn(
    kind: Suppressor, span: tuple[datetime, datetime], *, begun: bool, reminded: bool, now: datetime
) -> datetime:
    """When a silence next wants attention: its beginning, the reminder, or its end."""
    starts, ends = span
    if not begun:
        return starts
    if kind is Suppressor.SILENCE and not reminded and now < ends - REMIND:
        return ends - REMIND
    return ends


def still_soon(ends: datetime, now: datetime) -> bool:
    """Whether the end that its author was reminded of is still the end."""
    return now >= ends - REMIND


def wants_reminder(kind: Suppressor, span: tuple[datetime, datetime], now: datetime) -> bool:
    """Ten minutes before the end; not of what is hardly longer than that, nor of what is planned."""
    starts, ends = span
    return kind is Suppressor.SILENCE and ends - starts > 2 * REMIND and ends - REMIND <= now < ends
