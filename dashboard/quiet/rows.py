"""Silences and windows as their templates draw them: every word ready, no decision left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.quiet import queries
from dashboard.reader import Moment, Reader
from gateway.access.auth import Visit
from gateway.acts import silencing
from gateway.store.tables import HiddenAlert, Incident, SilenceRow
from rules.words import Suppressor

PLANNERS = silencing.PLANNERS
STATES = {"active": "in force", "pending": "to come", "expired": "over"}


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    kind: str
    matchers: tuple[str, ...]
    reason: str
    author: str
    state: str
    word: str
    starts: Moment
    ends: Moment
    over: Moment | None
    over_by: str
    again: str  # the rule, if it comes again
    holds: str
    hid: str
    may_end: bool
    may_extend: bool
    spares: bool  # emergencies page all the same


def rows(found: Sequence[SilenceRow], visit: Visit, reader: Reader) -> list[Row]:
    holds, hid = queries.holds(found), queries.has_hidden(found)
    return [row(one, holds, hid, visit, reader) for one in found]


def row(
    one: SilenceRow, holds: Mapping[str, tuple[int, int]], hid: Mapping[int, tuple[int, int]], visit: Visit,
    reader: Reader,
) -> Row:  # fmt: skip
    state = silencing.state(one, reader.now)
    may = state != "expired" and may_change(one, visit)
    return Row(
        number=one.id,
        kind=one.kind,
        matchers=tuple(map(str, one.matchers)),
        reason=one.reason,
        author=one.author,
        state=state,
        word=reader.say(STATES[state]),
        starts=reader.moment(one.starts_at),
        ends=reader.moment(one.ends_at),
        over=reader.moment(one.ended_at) if one.ended_at else None,
        over_by=one.ended_by,
        again=one.rule,
        holds=_both(holds.get(f"{one.kind}:{one.id}", (0, 0)), reader) if state == "active" else "",
        hid=_both(hid.get(one.id, (0, 0)), reader),
        may_end=may,
        may_extend=may and one.kind == Suppressor.SILENCE,
        spares=one.page_emergencies,
    )


def may_change(one: SilenceRow, visit: Visit) -> bool:
    return silencing.may_change(one, visit.person.email, visit.person.role)


def _both(counted: tuple[int, int], reader: Reader) -> str:
    alerts, incidents = counted
    if not incidents:
        return ""
    return f"{reader.count('%(n)s alert', '%(n)s alerts', alerts)}, {n_incidents(incidents, reader)}"


def n_incidents(number: int, reader: Reader) -> str:
    return reader.count("%(n)s incident", "%(n)s incidents", number)


@dataclass(frozen=True, slots=True)
class Hid:
    """An alert that was kept quiet, and what became of it."""

    at: Moment
    title: str
    number: int
    became: str


def report(found: Sequence[tuple[HiddenAlert, Incident | None]], reader: Reader) -> list[Hid]:
    _ = reader.say
    words = {"triggered": _("Open"), "acknowledged": _("Acknowledged"), "resolved": _("Resolved")}
    return [
        Hid(reader.moment(alert.at), alert.title, alert.incident_id, words.get(incident.status, "") if incident else "")
        for alert, incident in found
    ]


def times(spans: Sequence[tuple[datetime, datetime]], reader: Reader) -> list[tuple[Moment, Moment]]:
    return [(reader.moment(starts), reader.moment(ends)) for starts, ends in spans]


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("in force"), _("to come"), _("over"))
