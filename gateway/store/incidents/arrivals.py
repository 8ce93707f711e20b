"""What the database knows of alerts that have come: themselves, what is open of their keys, numbers for what is new."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.incidents import cases
from gateway.store.incidents.alerts import Known, Ready
from gateway.store.sql import bulk, columns, pieces
from gateway.store.sql.columns import TEXT
from rules.episodes import Episodes

_KNOWN = (
    "a.id, a.incident_id, a.firing, a.fired, a.resolved, a.ended, a.seen, a.word_at, i.status, a.muted, "
    "CASE WHEN i.resolve_kind = 'person' THEN i.resolved_at ELSE 0 END AS closed, a.attached"
)
_NAMES = "id, incident_id, firing, fired, resolved, ended, seen, word_at, status, muted, closed, attached"
_LOOK_UP = (
    f"SELECT a.fingerprint, {_KNOWN} FROM alert a LEFT JOIN incident i ON i.id = a.incident_id "  # noqa: S608
    "WHERE a.fingerprint {list} AND a.source_id = {} AND a.latest"
)
_CAME = ("int", TEXT, TEXT)  # source, fingerprint, key
# One question for all of it, since each costs a round trip. OFFSET keeps the planner, which may know the tables as they
# were when they were empty, from reading them through: within it there is one value, and an index for it.
_ARRIVED = f"""
    WITH found AS MATERIALIZED (
        SELECT one.source_id, one.fingerprint, one.key, {", ".join(f"known.{name}" for name in _NAMES.split(", "))},
            CASE WHEN known.id IS NULL AND one.key <> '' THEN (
                SELECT o.id FROM incident o WHERE o.dedup_key = one.key AND o.status <> 'resolved') END AS open_id
        FROM {columns.source(_CAME)} AS one(source_id, fingerprint, key)
        LEFT JOIN LATERAL (
            SELECT {_KNOWN} FROM alert a LEFT JOIN incident i ON i.id = a.incident_id
            WHERE a.source_id = one.source_id AND a.fingerprint = one.fingerprint AND a.latest OFFSET 0
        ) AS known ON true)
    SELECT source_id, fingerprint, {_NAMES}, key, open_id FROM found WHERE id IS NOT NULL OR open_id IS NOT NULL
    UNION ALL
    SELECT {"NULL, " * 15}nextval('incident_id_seq')
    FROM (SELECT DISTINCT key FROM found WHERE id IS NULL AND open_id IS NULL AND key <> '') AS fresh
"""  # noqa: S608


@dataclass(slots=True)
class Arrived:
    """`numbers`: of incidents that nobody has, as many as were thought of in time; there may be none."""

    known: dict[tuple[int, str], Known] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)  # by dedup key of alerts that are not known
    numbers: list[int] = field(default_factory=list)


class Question:
    """Asked in one piece with others; SQLite, which has no way to go, is asked when it is read.

    Of each alert with every key that it has among these: it may come several times, and its last word may open nothing.
    """

    def __init__(self, session: Session, came: Sequence[tuple[int, Ready]]) -> None:
        self._session = session
        self._came = dict.fromkeys((source_id, ready.alert.fingerprint, _key(ready)) for source_id, ready in came)
        self._asked: pieces.Asked | None = None
        if self._came and is_postgres(session):
            # Of a single one without a key there is NULL instead of '' here, which is as good.
            given = columns.given(_CAME, list(zip(*self._came, strict=True)))
            self._asked = bulk.ask(session, _ARRIVED, *given)

    def read(self) -> Arrived:
        return self._one_by_one() if self._asked is None else _arrived(self._asked.rows())

    def _one_by_one(self) -> Arrived:
        found = Arrived()
        for source_id in {source_id for source_id, *_ in self._came}:
            fingerprints = list(dict.fromkeys(name for of, name, _ in self._came if of == source_id))
            for name, *row in bulk.select(self._session, _LOOK_UP, fingerprints, source_id):
                found.known[source_id, name] = _known(source_id, name, row)
        keys = {key for *one, key in self._came if key and tuple(one) not in found.known}
        found.opened = cases.open_ids(self._session, keys)
        return found


def _arrived(rows: Sequence[Any]) -> Arrived:
    found = Arrived()
    for source_id, name, *row, key, last in rows:
        if source_id is None:
            found.numbers.append(last)
        elif row[0] is None:
            found.opened[key] = last
        else:
            found.known[source_id, name] = _known(source_id, name, row)
    return found


def _key(ready: Ready) -> str:
    """What clears opens nothing."""
    return ready.key if ready.alert.firing or ready.alert.touch else ""


def _known(source_id: int, name: str, row: Sequence[Any]) -> Known:
    id_, incident_id, firing, fired, resolved, ended, seen, word_at, status, muted, closed, attached = row
    return Known(
        source_id, name, id_, incident_id, status is not None and status != "resolved", bool(firing), closed or 0,
        bool(muted), episodes=Episodes(fired, resolved, ended), seen=seen, word_at=word_at, attached=attached,
    )  # fmt: skip
