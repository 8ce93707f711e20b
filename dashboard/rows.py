"""The incident list as its template draws it: every word ready, no decision left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec

from dashboard import queries, words
from dashboard.reader import Moment, Reader
from dashboard.words import Badge, Sent, Told
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Delivery, Incident
from rules.lifecycle import has_next, step_at
from rules.phases import is_snoozed
from rules.timing import UNTOLD, Phase
from rules.words import Directory, Kind, Route, Status

EMPTY: Mapping[int, Sequence[int]] = {}
TALL = 12  # pixels of the highest bar


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next: words around a countdown, if there is one."""

    words: str
    bad: bool = False
    who: str = ""
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    word: str
    url: str
    current: bool
    count: str = ""
    total: str = ""  # for who points at it


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    title: str
    service: str
    tags: tuple[str, ...]
    urgency: Badge
    status: Badge
    opened: Moment
    times: str
    told: Told | None
    next: Next
    may_acknowledge: bool
    may_resolve: bool
    may_wake: bool = False
    step: int = -1  # that was told last, if another can be told
    bars: tuple[tuple[int, int], ...] = ()  # place and height of each that is not empty, of the last hour
    in_an_hour: str = ""  # the same in words
    outside: str = ""  # where PagerDuty shows it


@dataclass(frozen=True, slots=True)
class Listed:
    """As much of an incident as the list shows: columns of its row, by their names."""

    id: int
    title: str
    service: str
    kind: str
    status: str
    urgency: int
    phase: str
    is_test: bool
    alert_count: int
    level: int
    route: str  # as it is stored
    snoozed_until: datetime | None
    suppressed_by: str | None
    opened_at: datetime
    ack_due_at: datetime
    ack_at: datetime | None
    ack_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolve_kind: str | None
    next_at: datetime | None


Shown = Incident | Listed


def rows(
    found: Sequence[Listed], messages: Mapping[int, Sent], reader: Reader, bars: Mapping[int, Sequence[int]] = EMPTY
) -> list[Row]:
    """A page of the list."""
    directory = queries.directory()
    return [
        _with_bars(row(one, messages.get(one.id), directory, reader), bars.get(one.id, ()), reader) for one in found
    ]  # fmt: skip


def _with_bars(drawn: Row, counted: Sequence[int], reader: Reader) -> Row:
    total, most = sum(counted), max(counted, default=0)
    if not total:
        return drawn
    bars = tuple((place, max(2, round(TALL * count / most))) for place, count in enumerate(counted) if count)
    said = reader.count("%(n)s alert began in the last hour", "%(n)s alerts began in the last hour", total)
    return replace(drawn, bars=bars, in_an_hour=said)


def row(incident: Shown, message: Delivery | Sent | None, directory: Directory, reader: Reader) -> Row:
    _ = reader.say
    tags = [
        (incident.kind == Kind.TICKET, _("ticket")), (incident.is_test, _("TEST")),
        (incident.phase == Phase.FLAPPING, _("flapping")), (incident.phase == Phase.HELD, _("held back")),
    ]  # fmt: skip
    return Row(
        number=incident.id,
        title=incident.title,
        service=incident.service,
        tags=tuple(word for shown, word in tags if shown),
        urgency=words.urgency(incident.urgency, reader),
        status=words.status(
            incident.status, reader, snoozed=incident.snoozed_until is not None, hidden=bool(incident.suppressed_by)
        ),
        opened=reader.moment(incident.opened_at),
        times=f"×{incident.alert_count}",
        told=words.told(message, reader, short=True) if message else None,
        next=next_step(incident, directory, reader),
        may_acknowledge=may_acknowledge(incident),
        may_resolve=incident.status != Status.RESOLVED,
        step=_step(incident),
        may_wake=incident.status != Status.RESOLVED and is_snoozed(incident.snoozed_until, incident.suppressed_by),
    )


def _step(incident: Shown) -> int:
    over = incident.status == Status.RESOLVED
    return -1 if over or not has_next(_route_of(incident), incident.level) else incident.level


def may_acknowledge(incident: Shown) -> bool:
    """What was acknowledged for a time may be again."""
    return incident.status == Status.TRIGGERED or incident.phase in (Phase.TIMED, Phase.REMINDED)


def next_step(incident: Shown, directory: Directory, reader: Reader) -> Next:
    """Who is told next and when; or who answered and how fast; or that nobody is told any more."""
    _ = reader.say
    if incident.status == Status.RESOLVED:
        return _resolved(incident, reader)
    if incident.snoozed_until is not None:
        return Next(_("until %(time)s", time=reader.moment(incident.snoozed_until).short))
    if incident.status == Status.ACKNOWLEDGED:
        return Next(_after(incident.ack_by, incident.ack_at, incident.opened_at, reader))
    late = reader.now > incident.ack_due_at and incident.phase not in UNTOLD
    if incident.phase == Phase.GATHERING:
        return Next(_("waits for more alerts"))
    if incident.next_at is None:
        return Next(_("nobody is told any more"), bad=True)
    who = next_names(incident, directory, reader)
    return Next(_("overdue") if late else "", bad=late, who=who, at=reader.moment(incident.next_at))


def _resolved(incident: Shown, reader: Reader) -> Next:
    if incident.resolve_kind == "auto" or not incident.resolved_by:
        return Next(_after(reader.say("by itself"), incident.resolved_at, incident.opened_at, reader))
    return Next(_after(incident.resolved_by, incident.resolved_at, incident.opened_at, reader))


def _after(who: str | None, at: datetime | None, opened: datetime, reader: Reader) -> str:
    if at is None:
        return who or ""
    return reader.say("%(who)s, after %(time)s", who=who or "?", time=reader.duration(at - opened))


def next_names(incident: Shown, directory: Directory, reader: Reader) -> str:
    """Whom the next step tells, as the policy names them."""
    route = _route_of(incident)
    if not route.steps:
        return ""
    return ", ".join(target_name(one, directory, reader) for one in step_at(route, incident.level + 1).notify)


def _route_of(incident: Shown) -> Route:
    return route_of(incident.route) if isinstance(incident.route, dict) else _route(incident.route)


@lru_cache(maxsize=256)
def _route(stored: str) -> Route:
    """Most incidents of a page were given one of few routes."""
    return route_of(msgspec.json.decode(stored))


def target_name(target: str, directory: Directory, reader: Reader) -> str:
    """schedule:databases → databases; person:a@b → the person's name; role:admin → administrators."""
    kind, _, name = target.partition(":")
    if kind == "person" and name in directory.people:
        return directory.people[name].name
    if kind == "role":
        return reader.say("administrators") if name == "admin" else name
    return name
