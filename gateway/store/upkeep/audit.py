"""The audit log: who did what to what, when, from where, and by which way. Only ever added to; each row seals the last.

The hash of a row is taken of it and of the hash before, in the order in which rows are committed: whoever changes one,
puts one in or takes one out breaks the chain at that place (`./nabat audit verify` names it). What would be missed, the
last rows taken off the end, is told by the head, which is kept apart.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import log
from gateway.store.db import at_end, ending, upsert
from gateway.store.sql import bulk
from gateway.store.sql.locks import one_line_at_a_time, one_note_at_a_time
from gateway.store.tables import Audit, Fact
from gateway.store.types import micros, moment, to_json

HEAD = "audit head"  # the key of the fact: how many rows are chained, and the hash of the last
CHANGED = "it is not as it was written, or a row before it was taken out or put in"
CUT_OFF = "rows that were written after it are gone"
LONGEST = 500  # characters of an actor or a target
PORTION = 1000  # rows read at a time
MOST_NOTES = 5000  # of one author in the last hour
Line = tuple[int, str, str, str, str]
_COLUMNS = ("id", "at", "actor", "action", "target", "detail", "hash")


def note(session: Session, now: datetime, actor: str, action: str, target: str, how: str, **detail: Any) -> None:
    """One line, inside the transaction that does it: nothing is done without it, and it tells of nothing undone.

    `actor` is what cannot be shared: an e-mail address or the name of a token, not the name that a person shows.
    `how` is the way in: dashboard, link, api, pagerduty, command, file.
    """
    where = {"address": request.remote_addr} if has_request_context() and request.remote_addr else {}
    asked = {"request": log.asked.get()} if log.asked.get() else {}
    told = to_json({"how": how, **where, **asked, **detail})
    noted = next((one for one in ending(session) if isinstance(one, _Noted)), None)
    if noted is None:
        noted = _Noted()
        at_end(session, noted)
    noted.lines.append((micros(now), actor[:LONGEST], action[:64], target[:LONGEST], told))
    noted.requests.append(asked.get("request"))


def told_by_notes(session: Session, actor: str, since: datetime) -> int:
    """How many people the notes of this author have told since then; nobody counts beside us until commit."""
    one_note_at_a_time(session, actor)
    query = select(Audit.detail).where(Audit.actor == actor, Audit.action == "note", Audit.at > since)
    rows = session.scalars(query.order_by(Audit.id.desc()).limit(MOST_NOTES))
    return sum(int(detail.get("told", 0)) for detail in rows)


@dataclass(frozen=True, slots=True)
class _Noted:
    """What was noted in one transaction; gone with it if it is undone."""

    lines: list[Line] = field(default_factory=list)
    requests: list[str | None] = field(default_factory=list)  # of each line

    def __call__(self, session: Session) -> None:
        _write(session, self.lines, self.requests)


def _write(session: Session, noted: Sequence[Line], requests: Sequence[str | None]) -> None:
    """Their order is that of the commits: nobody else writes until ours."""
    one_line_at_a_time(session)
    count, last = _head(session)
    rows = []
    for id_, line, asked in zip(bulk.new_ids(session, Audit, len(noted)), noted, requests, strict=True):
        last = _hash(last, line)
        rows.append((id_, *line, last, asked))
    bulk.insert(session, Audit, (*_COLUMNS, "request"), rows)
    fresh = {"value": f"{count + len(rows)} {last}", "at": moment(noted[-1][0])}
    statement = upsert(session, Fact, [{"key": HEAD, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def _head(session: Session) -> tuple[int, str]:
    found = session.scalar(select(Fact.value).where(Fact.key == HEAD)) or "0 "
    count, _, last = found.partition(" ")
    return int(count), last


def _hash(last: str, line: Line) -> str:
    return hashlib.sha256(to_json([last, *line]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the chain was followed, and where it is broken, if it is."""

    id: int = 0  # the last row that was looked at
    hash: str = ""
    rows: int = 0  # chained ones
    older: int = 0  # rows from before there was a chain
    since: int = 0  # when the first chained row was written, in microseconds
    broken: int = 0  # the first row that is not what was written, or that does not follow the one before
    why: str = ""
    whole: bool = False  # followed to the end


def follow(session: Session, so_far: Chain, most: int | None = None) -> Chain:
    """Goes on along the chain for `most` rows, to the end if that is not given; stops at the first break."""
    seen, chain = 0, replace(so_far, whole=False)
    sql = f"SELECT {', '.join(_COLUMNS)} FROM audit WHERE id > {{}} ORDER BY id LIMIT {{}}"  # noqa: S608
    while most is None or seen < most:
        head = _head(session)  # before the rows: others may write more of them meanwhile
        rows = bulk.select_plain(session, sql, chain.id, PORTION)
        for id_, at, actor, action, target, detail, kept in rows:
            chain = _next(chain, id_, (at, actor, action, target, detail), kept)
            if chain.broken:
                return chain
        seen += len(rows)
        if len(rows) < PORTION:
            return _ended(chain, *head)
    return chain


def _next(chain: Chain, id_: int, line: Line, kept: str) -> Chain:
    if not kept and not chain.rows:
        return replace(chain, id=id_, older=chain.older + 1)
    if kept != _hash(chain.hash, line):
        return replace(chain, id=id_, broken=id_, why=CHANGED)
    return replace(chain, id=id_, hash=kept, rows=chain.rows + 1, since=chain.since or line[0])


def _ended(chain: Chain, count: int, last: str) -> Chain:
    if chain.rows > count or (chain.rows, chain.hash) == (count, last):
        return replace(chain, whole=True)
    return replace(chain, broken=chain.id or 1, why=CUT_OFF)
