"""How often each rule opened an incident, day by day: counted by a worker, read by the page of rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.sql import bulk
from gateway.store.types import micros, moment

DAYS = 7
LAG = timedelta(seconds=10)  # a transaction that is older than this one is not under way any more
TAIL = timedelta(minutes=10)  # what is counted at the moment of asking, at most
KEY = "rule hits"
DAY = 86_400_000_000
_MINE = text("UPDATE fact SET value = :to WHERE key = :key AND value = :since")
_COUNT = text("""
    INSERT INTO rule_hit (rule, day, count, last_at)
    SELECT rule, opened_at / CAST(86400000000 AS BIGINT), count(*), max(opened_at) FROM incident
    WHERE opened_at >= :since AND opened_at < :to GROUP BY 1, 2
    ON CONFLICT (rule, day) DO UPDATE SET count = rule_hit.count + excluded.count, last_at = excluded.last_at
""")


@dataclass(frozen=True, slots=True)
class Hits:
    count: int  # within DAYS
    last: datetime | None


def counted_to(session: Session, now: datetime) -> int:
    """Up to which moment all is counted."""
    start = str(micros(now - DAYS * timedelta(days=1)))
    first = text("INSERT INTO fact (key, value, at) VALUES (:key, :start, :now) ON CONFLICT (key) DO NOTHING")
    session.execute(first, {"key": KEY, "start": start, "now": micros(now)})
    return int(session.execute(text("SELECT value FROM fact WHERE key = :key"), {"key": KEY}).scalar_one())


def count(session: Session, since: int, to: int) -> bool:
    """Add what opened in between; of several workers one does so."""
    mine = session.execute(_MINE, {"key": KEY, "since": str(since), "to": str(to)})
    if mine.rowcount:  # type: ignore[attr-defined]
        session.execute(_COUNT, {"since": since, "to": to})
    return bool(mine.rowcount)  # type: ignore[attr-defined]


def forget(session: Session, now: datetime) -> None:
    session.execute(text("DELETE FROM rule_hit WHERE day < :day"), {"day": micros(now) // DAY - DAYS})


def by_rule(session: Session, now: datetime) -> dict[str, Hits]:
    """The last seven days, today among them, whatever rules there were."""
    found: dict[str, Hits] = {}
    kept = "SELECT rule, sum(count), max(last_at) FROM rule_hit WHERE day > {} GROUP BY rule"
    counted = session.execute(text("SELECT value FROM fact WHERE key = :key"), {"key": KEY}).scalar()
    since = max(int(counted or 0), micros(now - TAIL))
    fresh = "SELECT rule, count(*), max(opened_at) FROM incident WHERE opened_at >= {} GROUP BY rule"
    for sql, value in ((kept, micros(now) // DAY - DAYS), (fresh, since)):
        for rule, number, at in bulk.select_plain(session, sql, value):
            before = found.get(rule, Hits(0, None))
            found[rule] = Hits(before.count + int(number), moment(at))
    return found
