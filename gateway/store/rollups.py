"""Reports from sums that the worker keeps: a day or a week is written anew as a whole, and many are read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from gateway.store import bulk, stats
from gateway.store.db import upsert
from gateway.store.stat_tables import StatAlert, StatChannel, StatCore, StatHist, StatPerson
from gateway.store.stats import Scope
from gateway.store.tables import Fact
from gateway.store.types import moment
from rules.figures import NAMES, Sample, Sums, Tally
from rules.noise import MINUTES

STATE = "rollups"  # the fact that says how far they reach
FIGURES = "report"  # the fact with the figures that /metrics shows
TOTAL = -1  # the bucket that holds the sum, times a thousand
_CORE = ("day", "team", "urgency", *NAMES)
_MINUTES = tuple(range(1, MINUTES + 1))
ALERT_SUMS = (
    "incidents", "alerts", "pages", "acted", "eligible", "in_time",
    *(f"cleared_{minute}" for minute in _MINUTES), *(f"spared_{minute}" for minute in _MINUTES),
)  # fmt: skip
ALERT_KEY = ("team", "urgency", "name", "service")


class State(msgspec.Struct):
    """From which day on everything is counted, when last, and up to which line of the timelines changes were seen."""

    since: int
    first: int  # the first day there is anything of
    built: int  # microseconds
    seen: int = 0
    seen_before: int = 0  # the same one turn earlier: a transaction may commit late under a lower number

    @property
    def complete(self) -> bool:
        return self.since <= self.first


def state(session: Session) -> State | None:
    fact = session.get(Fact, STATE, populate_existing=True)
    return msgspec.json.decode(fact.value, type=State) if fact is not None else None


def set_state(session: Session, wanted: State) -> None:
    keep(session, STATE, msgspec.json.encode(wanted).decode(), wanted.built)


def keep(session: Session, key: str, value: str, at: int) -> None:
    """A fact that replaces the one before."""
    fresh = {"value": value, "at": moment(at)}
    statement = upsert(session, Fact, [{"key": key, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def figures(session: Session) -> dict[str, float | None]:
    """Those of the last days, as they were counted last; none before."""
    fact = session.get(Fact, FIGURES, populate_existing=True)
    return {} if fact is None else msgspec.json.decode(fact.value, type=dict[str, float | None])


def write_day(session: Session, day: int, found: Tally) -> None:
    for table in (StatCore, StatHist, StatPerson, StatChannel):
        session.execute(delete(table).where(table.day == day))
    bulk.insert(session, StatCore, _CORE, [(*key, *astuple(sums)) for key, sums in found.sums.items()])
    hist = [
        (*key, number, count)
        for key, sample in found.samples.items()
        for number, count in [*sample.counted().items(), (TOTAL, round(sample.total * 1000))]
    ]
    bulk.insert(session, StatHist, ("day", "team", "urgency", "metric", "bucket", "n"), hist)
    people = [(*key, *value) for key, value in found.loads.items()]
    bulk.insert(session, StatPerson, ("day", "team", "person_id", "hour", "pages", "night"), people)
    channels = [(*key, count) for key, count in found.channels.items()]
    bulk.insert(session, StatChannel, ("day", "team", "urgency", "channel", "status", "n"), channels)


def write_week(session: Session, week: int, rows: Sequence[Any]) -> None:
    session.execute(delete(StatAlert).where(StatAlert.week == week))
    bulk.insert(session, StatAlert, ("week", *ALERT_KEY, *ALERT_SUMS), [(week, *row) for row in rows])


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


# Reading


def tally(session: Session, scope: Scope) -> Tally:
    """The same as stats.tally() of any period; all teams as one. Of persons every urgency."""
    found = Tally()
    where, values = _where(scope)
    sums = ", ".join(f"sum({name}) AS {name}" for name in NAMES)
    for row in _rows(session, f"day, urgency, {sums}", "stat_core", f"{where} GROUP BY day, urgency", values):
        found.sums[row["day"], "", row["urgency"]] = Sums(*map(int, tuple(row.values())[2:]))
    columns = "urgency, metric, bucket, sum(n) AS n"
    for row in _rows(session, columns, "stat_hist", f"{where} GROUP BY urgency, metric, bucket", values):
        sample = found.samples.setdefault((0, "", row["urgency"], row["metric"]), Sample())
        if row["bucket"] == TOTAL:
            sample.total = int(row["n"]) / 1000
        else:
            sample.buckets[row["bucket"]] = int(row["n"])
    columns = "urgency, channel, status, sum(n) AS n"
    for row in _rows(session, columns, "stat_channel", f"{where} GROUP BY urgency, channel, status", values):
        found.channels[0, "", row["urgency"], row["channel"], row["status"]] = int(row["n"])
    _read_loads(session, scope, found)
    return found


def _read_loads(session: Session, scope: Scope, found: Tally) -> None:
    """Hours of waking are joined; of nights each is wanted."""
    where, values = _where(scope, urgencies=False)
    columns = "night, person_id, hour, sum(pages) AS pages"
    for row in _rows(session, columns, "stat_person", f"{where} GROUP BY night, person_id, hour", values):
        night = row["night"]
        found.loads[night or 0, "", row["person_id"], row["hour"]] = (int(row["pages"]), night)


def _where(scope: Scope, *, urgencies: bool = True) -> tuple[str, dict[str, Any]]:
    where, values = "day >= :first AND day < :after", {"first": scope.first, "after": scope.after}
    if scope.team:
        where, values["team"] = f"{where} AND team = :team", scope.team  # type: ignore[assignment]
    if scope.urgency is not None and urgencies:
        where, values["urgency"] = f"{where} AND urgency = :urgency", scope.urgency
    return where, values


def _rows(
    session: Session, columns: str, table: str, rest: str, values: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    sql = text(f"SELECT {columns} FROM {table} WHERE {rest}")  # noqa: S608 - our own words
    return [dict(row) for row in session.execute(sql, dict(values)).mappings()]


def kept_alert_rows(session: Session, scope: Scope) -> Sequence[Any]:
    """Of the weeks whose Monday is in the period, all teams as one."""
    where, values = _where(scope)
    where = where.replace("day", "week")
    if scope.service:
        where, values["service"] = f"{where} AND service = :service", scope.service
    sums = ", ".join(f"sum({name})" for name in ALERT_SUMS)
    rest = f"{where} GROUP BY urgency, name, service"
    sql = text(f"SELECT '', urgency, name, service, {sums} FROM stat_alert WHERE {rest}")  # noqa: S608 - our own words
    return [(*row[:4], *map(int, row[4:])) for row in session.execute(sql, values)]


def monday(day: int) -> int:
    """The Monday of this day's week."""
    return day - (date.weekday(stats.date_of(day)))
