"""Sums that the worker keeps for reports: a day, a week or four weeks are written anew as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.figures import stats
from gateway.store.figures.stats import Scope
from gateway.store.sql import bulk
from gateway.store.tables import Fact
from gateway.store.tables.stats import StatChannel, StatCore, StatLoad, StatName, StatSample
from gateway.store.types import moment
from rules.reports.figures import NAMES, Tally
from rules.reports.noise import MINUTES

STATE = "rollups"  # the fact that says how far they reach, with the form's number: versions tell each other's apart
FIGURES = "report"  # the fact with the figures that /metrics shows
FORM = 2  # one more whenever something else is counted of a day: then all of them are counted anew
DAY, WEEK, BLOCK = 1, 7, 28  # spans
FIRST_MONDAY = 4  # 1970 began on a Thursday
_CORE = ("day", "team", "urgency", *NAMES)
_MINUTES = tuple(range(1, MINUTES + 1))
NAME_SUMS = (
    "incidents", "alerts", "pages", "acted", "eligible", "in_time",
    *(f"cleared_{minute}" for minute in _MINUTES), *(f"spared_{minute}" for minute in _MINUTES),
)  # fmt: skip
NAME_KEY = ("team", "urgency", "name", "service")


class State(msgspec.Struct):
    """From which day on everything is counted, when last, and up to which line of the timelines changes were seen."""

    since: int
    first: int  # the first day there is anything of
    built: int  # microseconds
    seen: int = 0
    seen_before: int = 0  # the same one turn earlier: a transaction may commit late under a lower number
    blocks: tuple[int, ...] = ()  # those four weeks that are summed as one, in order
    services: bool = False  # whether the last days were counted by service, too
    zone: str = ""  # whose days they are
    anew: int = 0  # microseconds: when all of it was begun

    @property
    def complete(self) -> bool:
        return self.since <= self.first


def state(session: Session) -> State | None:
    """Of the sums as this version makes them; while it has none, of those that there are."""
    found = states(session)
    return found.get(FORM) or (found[max(found)] if found else None)


def states(session: Session) -> dict[int, State]:
    """By form. More than one while a version replaces another."""
    facts = session.scalars(select(Fact).where(Fact.key.startswith(STATE)).execution_options(populate_existing=True))
    return {_form_of(fact.key): msgspec.json.decode(fact.value, type=State) for fact in facts}


def set_state(session: Session, wanted: State) -> None:
    keep(session, _key(FORM), msgspec.json.encode(wanted).decode(), wanted.built)


def forget(session: Session, forms: Iterable[int]) -> None:
    session.execute(delete(Fact).where(Fact.key.in_([_key(form) for form in forms])))


def _key(form: int) -> str:
    return STATE if form < 2 else f"{STATE} {form}"  # the first versions told no forms apart


def _form_of(key: str) -> int:
    return int(key.removeprefix(STATE) or 1)


def keep(session: Session, key: str, value: str, at: int) -> None:
    """A fact that replaces the one before."""
    fresh = {"value": value, "at": moment(at)}
    statement = upsert(session, Fact, [{"key": key, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def figures(session: Session) -> dict[str, float | None]:
    """Those of the last days, as they were counted last; none before."""
    fact = session.get(Fact, FIGURES, populate_existing=True)
    return {} if fact is None else msgspec.json.decode(fact.value, type=dict[str, float | None])


def monday(day: int) -> int:
    """The Monday of this day's week."""
    return day - (date.weekday(stats.date_of(day)))


def block_of(day: int) -> int:
    """The Monday on which the four weeks of this day begin."""
    return day - (day - FIRST_MONDAY) % BLOCK


def write_day(session: Session, day: int, found: Tally) -> None:
    for table in (StatCore, StatChannel):
        session.execute(delete(table).where(table.day == day))
    bulk.insert(session, StatCore, _CORE, [(*key, *astuple(sums)) for key, sums in found.sums.items()])
    channels = [(*key, count) for key, count in found.channels.items()]
    bulk.insert(session, StatChannel, ("day", "team", "urgency", "channel", "status", "n"), channels)
    write_span(session, DAY, day, found)


def write_span(session: Session, span: int, day: int, found: Tally) -> None:
    """What adds up in other ways than by a plus sign. The days of its keys are all joined into one."""
    for table in (StatSample, StatLoad):
        session.execute(delete(table).where(table.span == span, table.day == day))
    samples = [
        (span, day, *key[1:], f"{sample.counted() + sample.buckets:x}", round(sample.total * 1000))
        for key, sample in found.samples.items()
    ]
    bulk.insert(session, StatSample, ("span", "day", "team", "urgency", "metric", "buckets", "total"), samples)
    loads = [
        (span, day, *key[1:], f"{load.pages:x}", ",".join(map(str, sorted(load.nights))))
        for key, load in found.loads.items()
    ]
    bulk.insert(session, StatLoad, ("span", "day", "team", "person_id", "pages", "nights"), loads)


def write_week(session: Session, week: int, rows: Sequence[Any]) -> None:
    session.execute(delete(StatName).where(StatName.span == WEEK, StatName.day == week))
    bulk.insert(session, StatName, ("span", "day", *NAME_KEY, *NAME_SUMS), [(WEEK, week, *row) for row in rows])


def write_block(session: Session, block: int, found: Tally) -> None:
    """Four weeks whose days and weeks are written. `found`: the samples and loads of its days, joined."""
    write_span(session, BLOCK, block, found)
    session.execute(delete(StatName).where(StatName.span == BLOCK, StatName.day == block))
    key, sums = ", ".join(NAME_KEY), ", ".join(f"sum({name})" for name in NAME_SUMS)
    sql = f"""
        INSERT INTO stat_name (span, day, {key}, {", ".join(NAME_SUMS)})
        SELECT {BLOCK}, :block, {key}, {sums} FROM stat_name WHERE span = {WEEK} AND day >= :block AND day < :after
        GROUP BY {key}
    """  # noqa: S608 - our own words
    session.execute(text(sql), {"block": block, "after": block + BLOCK})


def alert_rows(session: Session, scope: Scope, now: int) -> Sequence[Any]:
    """Of each name of alerts, from the incidents themselves, in the columns of the table."""
    where, values = stats.narrowed(scope)
    auto = "i.resolve_kind IN ('auto', 'healed')"
    within = [f"sum(CASE WHEN {auto} AND took < {minute * 60_000_000} THEN {{what}} ELSE 0 END)" for minute in _MINUTES]
    short = ", ".join(one.format(what="1") for one in within)
    spared = ", ".join(one.format(what="pages") for one in within)
    sql = f"""
        SELECT team, urgency, alert_name, service, count(*), sum(alert_count), sum(pages), sum(acted),
          sum(CASE WHEN acked IS NOT NULL OR resolved_at IS NOT NULL OR ack_due_at < {{}} THEN 1 ELSE 0 END),
          sum(CASE WHEN coalesce(acked, resolved_at) <= ack_due_at THEN 1 ELSE 0 END), {short}, {spared}
        FROM (SELECT i.*, i.first_ack_at AS acked, i.resolved_at - i.opened_at AS took,
            (SELECT count(*) FROM delivery d WHERE d.incident_id = i.id AND d.is_page) AS pages,
            CASE WHEN i.resolve_kind = 'person' OR (i.first_ack_at IS NOT NULL AND (
                i.resolved_at - i.first_ack_at > 120000000
                OR EXISTS (SELECT 1 FROM entry e WHERE e.incident_id = i.id AND e.kind = 'note')))
              THEN 1 ELSE 0 END AS acted
          FROM incident i WHERE i.opened_at >= {{}} AND i.opened_at < {{}} AND {stats.COUNTS}{where}) i
        GROUP BY team, urgency, alert_name, service
    """  # noqa: S608 - our own words
    found = bulk.select_plain(session, sql, now, scope.begins, scope.ends, *values)
    return [(row[0], row[1], row[2], row[3][:200], *map(int, row[4:])) for row in found]
