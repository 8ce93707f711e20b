"""What was before, and what is beside it: the same problem in the last 30 days, what began with it, and verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboard import words
from dashboard.incident import queries
from dashboard.incident.timeline_changes import VERDICTS
from dashboard.reader import Moment, Reader
from dashboard.words import Badge
from gateway.store.db import db
from gateway.store.figures import verdicts as verdict_store
from gateway.store.tables import Incident
from rules.words import Status, Urgency

LATEST = 3


@dataclass(frozen=True, slots=True)
class Before:
    number: int
    at: Moment
    how: str
    fixed_by: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How often it was there before, and what came of the last ones."""

    count: str
    usual: str
    latest: list[Before]


def seen(found: Incident, reader: Reader) -> Seen | None:
    same = queries.seen_before(found, reader.now)
    if not same:
        return None
    more = len(same) > queries.SEEN_MOST
    number = min(len(same), queries.SEEN_MOST)
    count = reader.count("%(n)s time in 30 days", "%(n)s times in 30 days", number)
    said = [one for one in same if one.fixed_by and one not in same[:LATEST]][:1]  # the last that anybody explained
    latest = [_before(one, reader) for one in (*same[:LATEST], *said)]
    return Seen(f"≥ {count}" if more else count, reader.duration(_usual(same, reader)), latest)


def _usual(same: Sequence[Incident], reader: Reader) -> timedelta:
    """The median time to resolve (nearest rank)."""
    lasted = sorted((one.resolved_at or reader.now) - one.opened_at for one in same)
    return lasted[(len(lasted) - 1) // 2]


def _before(one: Incident, reader: Reader) -> Before:
    _ = reader.say
    lasted = reader.duration((one.resolved_at or reader.now) - one.opened_at)
    who = one.resolved_by if one.resolve_kind in ("person", "merged") and one.resolved_by else _("by itself")
    how = _("%(who)s, after %(time)s", who=who, time=lasted)
    return Before(one.id, reader.moment(one.opened_at), how, one.fixed_by)


@dataclass(frozen=True, slots=True)
class Near:
    number: int
    title: str
    urgency: Badge
    status: Badge


def near(found: Incident, reader: Reader) -> list[Near]:
    return [
        Near(one.id, one.title, words.urgency(one.urgency, reader), _status(one, reader)) for one in queries.near(found)
    ]


def _status(one: Incident, reader: Reader) -> Badge:
    return words.status(one.status, reader, snoozed=one.snoozed_until is not None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's verdict, in words."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    choices: list[tuple[str, str, bool]]  # value, word, whether the reader said so
    calls: list[tuple[str, str, bool]]  # of an emergency: should it have been a call?
    others: list[Judged]


def verdicts(found: Incident, person_id: int, reader: Reader) -> Verdicts | None:
    """Of what is over; whoever looks may say what they think, and sees what others said."""
    if found.status != Status.RESOLVED or found.merged_into is not None:
        return None
    rows = verdict_store.of_incident(db.session(), found.id)
    mine = next((row for row, _name in rows if row.person_id == person_id), None)
    choices = [(value, reader.say(word), mine is not None and mine.value == value) for value, word in VERDICTS.items()]
    asked = (("yes", True, reader.say("Yes")), ("no", False, reader.say("No")))
    calls = [(value, word, mine is not None and mine.call_right is right) for value, right, word in asked]
    others = [_judged(row.value, row.call_right, name, reader) for row, name in rows if row.person_id != person_id]
    return Verdicts(choices, calls if found.urgency == Urgency.EMERGENCY.rank else [], others)


def _judged(value: str, call: bool | None, name: str, reader: Reader) -> Judged:
    _ = reader.say
    word = VERDICTS.get(value, "")
    said = [_(word)] if word else []
    said += [_("It should have been a call.")] if call else []
    said += [_("It should not have been a call.")] if call is False else []
    return Judged(name, " · ".join(said))


def neighbours(numbers: Sequence[int], number: int) -> tuple[int, int, int]:
    """The number before and after it in a list, and its place there (from 1); 0 where there is none."""
    if number not in numbers:
        return 0, 0, 0
    at = list(numbers).index(number)
    return (numbers[at - 1] if at else 0), (numbers[at + 1] if at + 1 < len(numbers) else 0), at + 1
