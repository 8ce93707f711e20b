"""Which alerts inhibit others, and which are attached to a bigger one's incident."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.sql import bulk
from gateway.store.tables import AlertRow, Fact, Inhibitor

RULES = "inhibitions"  # the Fact that says for which rules all that fires was looked through
PORTION = 500  # attached alerts let go in one look; the next ones wait for the next look
_TIDY = text(
    "DELETE FROM inhibitor WHERE NOT EXISTS (SELECT 1 FROM alert s WHERE s.source_id = inhibitor.source_id "
    "AND s.fingerprint = inhibitor.fingerprint AND s.latest AND s.firing) "
    "AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.attached = inhibitor.key AND a.latest AND a.firing)"
)


def active(session: Session, keys: Iterable[str], *, answered: bool = False) -> dict[str, int]:
    """Of these keys those under which something inhibits now, each with the open incident that it is in.

    `answered`: also where a person has resolved that while it fires.
    """
    sql = (
        "SELECT x.key, s.incident_id FROM inhibitor x "
        "JOIN alert s ON s.source_id = x.source_id AND s.fingerprint = x.fingerprint "
        "JOIN incident i ON i.id = s.incident_id "
        "WHERE x.key {list} AND s.latest AND s.firing AND "
        "(i.status <> 'resolved' OR {} = 1) ORDER BY s.incident_id DESC"
    )
    return {row[0]: row[1] for row in bulk.select(session, sql, sorted(set(keys)), int(answered))}


def firing(session: Session) -> list[str]:
    """The keys under which something fires that inhibits."""
    sql = (
        "SELECT DISTINCT x.key FROM inhibitor x "
        "JOIN alert s ON s.source_id = x.source_id AND s.fingerprint = x.fingerprint WHERE s.latest AND s.firing"
    )
    return [row[0] for row in bulk.select_plain(session, sql)]


def write(session: Session, rows: Iterable[tuple[str, int, str]]) -> None:
    """Key, source, fingerprint of alerts that inhibit as long as they fire."""
    columns = ("key", "source_id", "fingerprint")
    bulk.insert(session, Inhibitor, columns, list(dict.fromkeys(rows)), tail="ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Orphan:
    """An attached alert whose bigger one is over."""

    id: int
    source_id: int
    source: str
    fingerprint: str


_ORPHANS = (
    "SELECT a.id, a.source_id, n.name, a.fingerprint FROM alert a JOIN source n ON n.id = a.source_id "
    "WHERE a.attached IS NOT NULL AND a.latest AND a.firing AND NOT EXISTS ("
    "SELECT 1 FROM inhibitor x JOIN alert s ON s.source_id = x.source_id AND s.fingerprint = x.fingerprint "
    "WHERE s.latest AND s.firing AND x.key = a.attached) ORDER BY a.id LIMIT {}"
)


def orphans(session: Session) -> list[Orphan]:
    return [Orphan(*row) for row in bulk.select_plain(session, _ORPHANS, PORTION)]


def let_go(session: Session, ids: Iterable[int]) -> None:
    """What is told of them next is as if they began to fire: then they find an incident of their own."""
    bulk.update(session, AlertRow, ("id", "firing"), [(number, False) for number in ids])


def tidy(session: Session) -> None:
    session.execute(_TIDY)


def looked_through(session: Session) -> str:
    rows = bulk.select_plain(session, "SELECT value FROM fact WHERE key = {}", RULES)
    return str(rows[0][0]) if rows else ""


def say_looked_through(session: Session, rules: str, now: datetime) -> None:
    fresh = {"value": rules, "at": now}
    insert = upsert(session, Fact, [{"key": RULES, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))


def has_any(session: Session) -> bool:
    return bool(bulk.select_plain(session, "SELECT 1 FROM inhibitor LIMIT 1"))
