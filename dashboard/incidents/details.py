"""What the rows of the list are drawn from, and what stands above them: all of it asked in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec

from dashboard.rows import Listed
from dashboard.words import Sent
from gateway.store.base import COUNTED
from gateway.store.db import db
from gateway.store.outgoing import echoes, promised
from gateway.store.reading import views
from gateway.store.sql import bulk
from gateway.store.sql.bulk import Question
from gateway.store.types import moment

BARS, BAR = 12, 300_000_000  # of five minutes, in microseconds
MANY_ALERTS = 5_000  # of one incident: no bars are drawn then
MOMENTS = {"snoozed_until", "opened_at", "ack_due_at", "ack_at", "resolved_at", "next_at"}

_NAMES = tuple(field.name for field in fields(Listed))
_TIMES = tuple(place for place, name in enumerate(_NAMES) if name in MOMENTS)
_TEST = _NAMES.index("is_test")
# In two steps, the numbers first: as a join PostgreSQL may walk through all there is to find these fifty.
_ROWS = f"SELECT {', '.join(_NAMES)} FROM incident WHERE id {{list}}"  # noqa: S608 - our own words, as all below
_BARS = "SELECT incident_id, fired FROM alert WHERE incident_id {list} AND fired >= {}"
_SILENT = (
    "SELECT s.name, r.last_at, r.pauses FROM rhythm r JOIN source s ON s.id = r.source_id "
    "WHERE r.silent_at IS NOT NULL ORDER BY r.last_at LIMIT {}"
)


_SOURCES = "SELECT id, name FROM source"
_RESOLVED = (
    "SELECT count(*) FROM (SELECT id FROM incident "  # noqa: S608
    f"WHERE status = 'resolved' LIMIT {COUNTED + 1}) AS few"
)
_WATCHED = "SELECT view FROM watch WHERE person_id = {}"


@dataclass(frozen=True, slots=True)
class Details:
    rows: dict[int, Listed]
    messages: dict[int, Sent]  # the newest of each; one that was called off before it left says nothing
    fired: dict[int, list[int]]  # how many alerts of each began to fire, in each five minutes of the last hour
    sources: dict[int, str]  # names by numbers: storms say theirs
    silent: Sequence[tuple[str, datetime, dict[str, int]]]  # sources: since when, and how long at most on which day
    views: Sequence[views.View]
    resolved: int  # how many incidents are, counted to COUNTED and one more
    watched: set[str]  # views of which this person is told when something enters
    outside: dict[int, str]  # where PagerDuty shows some of them


def details(ids: Sequence[int], now_us: int, person_id: int, teams: Sequence[str], silent: int) -> Details:
    since, values = now_us - BARS * BAR, tuple(ids)
    rows, messages, fired, quiet, seen, sources, watched, outside, resolved = bulk.several(
        db.session(),
        [
            Question(_ROWS, values=values),
            promised.newest_asked(db.session(), values),
            Question(_BARS, (since,), values),
            Question(_SILENT, (silent,)),
            views.listed_asked(person_id, teams),
            Question(_SOURCES),
            Question(_WATCHED, (person_id,)),
            echoes.pages_asked(values),
            Question(_RESOLVED),
        ],
    )
    listed = {row[0]: _listed(row) for row in rows}
    return Details(
        listed,
        {number: Sent(way, status, name, moment(at), _moment(end)) for number, way, status, name, at, end in messages},
        _bars(listed, fired, since),
        dict(sources),
        [(name, moment(at), msgspec.json.decode(pauses)) for name, at, pauses in quiet],
        views.listed_of(seen),
        int(resolved[0][0]),
        {row[0] for row in watched},
        dict(outside),
    )


def _listed(row: Sequence[Any]) -> Listed:
    values = list(row)
    for place in _TIMES:
        values[place] = _moment(values[place])
    values[_TEST] = bool(values[_TEST])
    return Listed(*values)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _bars(listed: dict[int, Listed], fired: Sequence[Any], since: int) -> dict[int, list[int]]:
    found = {number: [0] * BARS for number, row in listed.items() if row.alert_count <= MANY_ALERTS}
    for number, at in fired:
        if number in found:
            found[number][min(BARS - 1, max(0, (at - since) // BAR))] += 1
    return found
