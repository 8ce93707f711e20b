"""Reports from the rows themselves: incidents and messages of a period are read once and counted by day."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.demo.mark import DOMAIN
from gateway.store.sql import bulk
from gateway.store.types import micros
from rules.reports import figures, lanes
from rules.reports.figures import Load, Tally

FIRST_DAY = date(1970, 1, 1)
A_SECOND = 1_000_000
PORTION = 1_000  # numbers of rows that are read at once: a storm's day must not lie in memory whole
SKEW = 3600 * A_SECOND  # numbers of messages follow their times to within a transaction
_KINDS = "('opened', 'escalated', 'assigned', 'flapping', 'reopened', 'reminder', 'digest', 'resolved')"
_TELLS = f"d.kind IN {_KINDS} AND NOT (d.channel = 'pagerduty' AND d.kind = 'resolved')"
# What is told to somebody: not the news that keep PagerDuty in step, and nothing twice.
NOTIFIES = f"d.status IN ('queued', 'sending', 'sent', 'delivered', 'failed') AND d.part <> 'again' AND {_TELLS}"
# What became of a message, or of the one that says it: 3 a provider took it, 2 one still may, 1 none did, 0 it was
# called off before anybody tried. To invented people nothing is ever sent: theirs counts as taken when it is logged.
_BECAME = """CASE WHEN coalesce(b.status, d.status) IN ('sent', 'delivered') THEN 3
    WHEN coalesce(b.status, d.status) = 'logged' AND (lower(d.who) LIKE {} OR lower(d.who) LIKE {}) THEN 3
    WHEN coalesce(b.status, d.status) IN ('queued', 'sending', 'bundled') THEN 2
    WHEN coalesce(b.status, d.status) IN ('failed', 'logged') OR d.attempts > 0 THEN 1 ELSE 0 END"""
COUNTS = "NOT i.is_test AND coalesce(i.resolve_kind, '') <> 'merged'"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is asked for: whole days of one zone, and which incidents."""

    start: date
    end: date  # the first day after it
    zone: ZoneInfo
    team: str = ""
    urgency: int | None = None
    service: str = ""

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def first(self) -> int:
        return (self.start - FIRST_DAY).days

    @property
    def after(self) -> int:
        return (self.end - FIRST_DAY).days

    @property
    def begins(self) -> int:
        return midnight(self.start, self.zone)

    @property
    def ends(self) -> int:
        return midnight(self.end, self.zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    return micros(datetime.combine(day, time(), zone))


def day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def date_of(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


def tally(session: Session, scope: Scope, now: datetime) -> Tally:
    """Everything of the period, counted."""
    found, days = Tally(), _Days(scope)
    for row in _incidents(session, scope):
        _count_incident(found, days, row, micros(now))
    for at, team, urgency in _hidden(session, scope):
        found.of(days.of(at), team, urgency).hidden += 1
    for at, team, urgency, persons in _unreached(session, scope):
        found.of(days.of(at), team, urgency).unreached += persons
    firsts: dict[int, tuple[tuple[int, str, int], float]] = {}
    for row in _messages(session, scope):
        _count_message(found, days, row, firsts)
    for key, seconds in firsts.values():
        found.sample(*key, figures.FIRST).add(seconds)
    return found


class _Days:
    """Which day a moment belongs to, through every change of the zone's clock."""

    def __init__(self, scope: Scope) -> None:
        self.first = scope.first
        self.starts = [midnight(scope.start + timedelta(days=more), scope.zone) for more in range(scope.days)]

    def of(self, at: int) -> int:
        return self.first + bisect_right(self.starts, at) - 1


def narrowed(scope: Scope) -> tuple[str, list[Any]]:
    """The conditions on incident `i`, and their values."""
    given = [("i.team = {}", scope.team or None), ("i.urgency = {}", scope.urgency), ("i.service = {}", scope.service)]
    wanted = [(text, value) for text, value in given if value not in (None, "")]
    return "".join(f" AND {text}" for text, _ in wanted), [value for _, value in wanted]


def _incidents(session: Session, scope: Scope) -> Iterator[Any]:
    where, values = narrowed(scope)
    sql = f"""
        SELECT i.opened_at, i.team, i.urgency, i.alert_count, i.first_ack_at, i.ack_due_at, i.resolved_at,
          i.resolve_kind, i.level, i.started_at, i.local_hour,
          EXISTS (SELECT 1 FROM entry e WHERE e.incident_id = i.id AND e.kind = 'reopened'),
          (SELECT max(CASE v.value WHEN 'false' THEN 2 WHEN '' THEN 0 ELSE 1 END)
            FROM verdict v WHERE v.incident_id = i.id)
        FROM incident i WHERE i.id >= {{}} AND i.id < {{}} AND i.opened_at >= {{}} AND i.opened_at < {{}}
          AND {COUNTS}{where}
    """  # noqa: S608 - our own words
    ends = "SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM incident WHERE opened_at >= {} AND opened_at < {}"
    first, last = bulk.select_plain(session, ends, scope.begins, scope.ends)[0]
    for low, high in _portions(first, last):
        yield from bulk.select_plain(session, sql, low, high, scope.begins, scope.ends, *values)


def _portions(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Each with the first number that is not in it any more."""
    for low in range(first, last + 1, PORTION):
        yield low, min(low + PORTION, last + 1)


def _hidden(session: Session, scope: Scope) -> Sequence[Any]:
    """Alerts that a silence or a window kept from telling anybody."""
    where, values = narrowed(scope)
    sql = f"""
        SELECT h.at, i.team, i.urgency FROM hidden_alert h JOIN incident i ON i.id = h.incident_id
        WHERE h.at >= {{}} AND h.at < {{}} AND {COUNTS}{where}
    """  # noqa: S608 - our own words
    return bulk.select_plain(session, sql, scope.begins, scope.ends, *values)


def _unreached(session: Session, scope: Scope) -> Sequence[Any]:
    """Of the incidents of the period: how many persons were to be told, and no provider took anything for them."""
    where, values = narrowed(scope)
    sql = f"""
        SELECT opened_at, team, urgency, count(*) FROM (
          SELECT i.opened_at, i.team, i.urgency FROM incident i JOIN delivery d ON d.incident_id = i.id
            LEFT JOIN delivery b ON b.id = d.bundle_id
          WHERE i.opened_at >= {{}} AND i.opened_at < {{}} AND {COUNTS}{where} AND {_TELLS} AND d.person_id IS NOT NULL
          GROUP BY i.id, i.opened_at, i.team, i.urgency, d.person_id HAVING max({_BECAME}) = 1) persons
        GROUP BY opened_at, team, urgency
    """  # noqa: S608 - our own words
    return bulk.select_plain(session, sql, scope.begins, scope.ends, *values, f"%@{DOMAIN}", f"%.{DOMAIN}")


def _messages(session: Session, scope: Scope) -> Iterator[Any]:
    """By when they were promised. Numbers lead the way: there is no index of times, and none is paid for at ingest."""
    where, values = narrowed(scope)
    first, last = number_at(session, scope.begins - SKEW), number_at(session, scope.ends + SKEW)
    sql = f"""
        SELECT d.created_at, i.team, d.rank, d.channel, d.status, d.latency_ms, d.person_id, d.local_mow, d.local_night,
          d.is_page, CASE WHEN d.level = 1 AND d.kind = 'opened' THEN i.id END, i.opened_at
        FROM delivery d JOIN incident i ON i.id = d.incident_id
        WHERE d.id >= {{}} AND d.id < {{}} AND d.created_at >= {{}} AND d.created_at < {{}}
          AND {NOTIFIES} AND {COUNTS}{where}
    """  # noqa: S608 - our own words
    for low, high in _portions(first, last):
        yield from bulk.select_plain(session, sql, low, high, scope.begins, scope.ends, *values)


def number_at(session: Session, at: int) -> int:
    """The number of the first message promised at this moment or later, found by halving."""
    low, high = bulk.select_plain(session, "SELECT coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM delivery")[0]
    sql = "SELECT id, created_at FROM delivery WHERE id >= {} ORDER BY id LIMIT 1"
    while low < high:
        middle = (low + high) // 2
        found = bulk.select_plain(session, sql, middle)
        if found and found[0][1] < at:
            low = found[0][0] + 1
        else:
            high = middle
    return int(low)


def _count_incident(found: Tally, days: _Days, row: Any, now: int) -> None:
    opened, team, urgency, alerts, acked, due, resolved, kind, level, started, hour, back, verdict = row
    key = (days.of(opened), team, urgency)
    sums = found.of(*key)
    sums.incidents += 1
    sums.alerts += alerts
    sums.escalated += level > 1
    sums.reopened += bool(back)
    sums.judged += bool(verdict)
    sums.judged_false += verdict == 2
    if acked is not None:
        sums.acked += 1
        found.sample(*key, figures.ACK).add((acked - opened) / A_SECOND)
        if not figures.is_work(hour):
            found.sample(*key, figures.ACK_OFF).add((acked - opened) / A_SECOND)
    if resolved is not None:
        sums.resolved += 1
        found.sample(*key, figures.RESOLVE).add((resolved - opened) / A_SECOND)
        if not figures.is_work(hour):
            found.sample(*key, figures.RESOLVE_OFF).add((resolved - opened) / A_SECOND)
        if kind == "person":
            sums.by_person += 1
            found.sample(*key, figures.RESOLVE_PERSON).add((resolved - opened) / A_SECOND)
    if acked is not None or resolved is not None or due < now:
        sums.eligible += 1
        answered = acked if acked is not None else resolved
        sums.in_time += answered is not None and answered <= due
    if 0 < started <= opened:
        found.sample(*key, figures.SOURCE).add((opened - started) / A_SECOND)


def _count_message(found: Tally, days: _Days, row: Any, firsts: dict[int, tuple[tuple[int, str, int], float]]) -> None:
    """`firsts`: of each incident how long it took until the first message of it was out."""
    created, team, urgency, channel, status, latency, person, mow, night, page, first_of, opened = row
    key = (days.of(created), team, urgency)
    sums = found.of(*key)
    sums.notifications += 1
    sums.failed += status == "failed"
    channels = (*key, channel, status)
    found.channels[channels] = found.channels.get(channels, 0) + 1
    if latency is not None and status in ("sent", "delivered"):
        found.sample(*key, figures.LATENCY + channel).add(float(latency))
        if first_of is not None:
            took = (created - opened) / A_SECOND + latency / 1000
            firsts[first_of] = min(firsts.get(first_of, (key, took)), (key, took), key=lambda one: one[1])
    if not page:
        return
    sums.pages += 1
    if mow is None or person is None:
        return
    hour = mow // 60
    sums.off_pages += not figures.is_work(hour)
    sums.sleep_pages += figures.is_sleep(hour)
    load = found.loads.setdefault((key[0], team, person), Load())
    load.pages += lanes.one(hour)
    if night and figures.is_sleep(hour):
        load.nights.add(day_number(date.fromisoformat(night)))
