"""What can be taken back for a while: how incidents stood before a person's act, and right after it."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import locked
from gateway.store.incidents.cases import Case
from gateway.store.sql import bulk
from gateway.store.tables import UndoRow
from gateway.store.types import micros, moment
from rules.lifecycle import State
from rules.telling import retry
from rules.telling.undoing import Standing
from rules.timing import Phase
from rules.words import Status, Urgency

_MOMENTS = ("ack_at", "resolved_at")
_PLAIN = ("ack_by", "resolved_by", "resolve_kind", "assignee_id", "firing")


@dataclass(frozen=True, slots=True)
class Item:
    """One incident of an act."""

    number: int
    before: Standing
    after: Standing
    into: int | None = None  # where its alerts went, if it was merged …
    alerts: tuple[int, ...] = ()  # … and their numbers


def standing(case: Case) -> Standing:
    return Standing(
        case.state, case.ack_at, case.ack_by, case.resolved_at, case.resolved_by, case.resolve_kind, case.assignee_id,
        case.firing,
    )  # fmt: skip


def new_token() -> str:
    return uuid.uuid4().hex


def keep(session: Session, token: str, account: str, act: str, now: datetime, items: Iterable[Item]) -> None:
    """Inside the transaction that does it."""
    kept = [
        [one.number, _written(one.before), _written(one.after), *([one.into, list(one.alerts)] if one.into else [])]
        for one in items
    ]
    if kept:
        session.add(UndoRow(token=token, account=account, act=act, at=now, items=kept))


def offered(session: Session, account: str, at: datetime) -> UndoRow | None:
    """What this person did at just that moment."""
    query = select(UndoRow).where(UndoRow.at == at, UndoRow.account == account, UndoRow.used_at.is_(None))
    return session.scalars(query.order_by(UndoRow.id.desc()).limit(1)).first()


def unused(session: Session, token: str, account: str, since: datetime) -> UndoRow | None:
    """The first row of this act, if it can still be taken back."""
    mine = (UndoRow.token == token, UndoRow.account == account, UndoRow.used_at.is_(None), UndoRow.at >= since)
    return session.scalars(select(UndoRow).where(*mine).order_by(UndoRow.id).limit(1)).first()


def named(session: Session, token: str, account: str) -> Sequence[UndoRow]:
    """All rows of one act of this person, locked for whoever takes it back."""
    query = select(UndoRow).where(UndoRow.token == token, UndoRow.account == account).order_by(UndoRow.id)
    return session.scalars(locked(query).execution_options(populate_existing=True)).all()


def items_of(row: UndoRow) -> list[Item]:
    return [_item(*kept) for kept in row.items]


def _item(
    number: int, before: dict[str, Any], after: dict[str, Any], into: int | None = None, alerts: Iterable[int] = ()
) -> Item:
    return Item(number, _read(before), _read(after), into, tuple(alerts))


def call_off(session: Session, ids: Sequence[int], at: datetime, now: datetime) -> None:
    """What that act promised and what has not left yet. Done once more, it promises the same anew."""
    free = "UPDATE delivery SET once = 'undone:' || id WHERE part = 'news' AND created_at = {} AND incident_id {list}"
    bulk.execute(session, free, ids, micros(at))
    sql = (
        "UPDATE delivery SET status = 'cancelled', error = 'undone', finished_at = {} WHERE status = 'queued' "
        "AND created_at = {} AND (part = 'news' OR kind = 'assigned') AND incident_id {list}"
    )
    bulk.execute(session, sql, ids, micros(now), micros(at))


def got_out(session: Session, ids: Sequence[int], at: datetime) -> set[int]:
    """Incidents of which somebody has heard that they are over."""
    sql = (
        "SELECT DISTINCT incident_id FROM delivery WHERE incident_id {list} AND kind = 'resolved' "
        "AND created_at = {} AND status <> 'cancelled'"
    )
    return {row[0] for row in bulk.select(session, sql, ids, micros(at))}


_LEFT_OUT = (  # of a roll-up that has left since, or was called off: it says only what calls at that moment
    "WHERE status = 'bundled' AND EXISTS (SELECT 1 FROM delivery b WHERE b.id = delivery.bundle_id "
    "AND (b.status = 'sending' OR b.finished_at >= {})) AND incident_id {list}"
)


_GIVEN_UP = (  # was under way at that moment, and did not get through then: nobody needed it any more
    "WHERE status = 'cancelled' AND kind IN ('opened', 'escalated') AND error <> {} "
    "AND substr(error, 1, 10) <> 'voice gate' AND (finished_at >= {} OR finished_at IS NULL) AND incident_id {list}"
)


def bring_back(
    session: Session, ids: Sequence[int], calling: Sequence[int], why: str, at: datetime, now: datetime
) -> None:
    """The pages that waited when that act called them off wait again, with their time until the fallback anew.

    What was to come later, as their rules or quiet hours say, comes no sooner for it. Of incidents that are `calling`
    again what was under way then is tried again, too.
    """
    at_once = micros(now)
    begins = f"CASE WHEN part IN ('later', 'held') AND due_at > {at_once} THEN due_at ELSE {at_once} END"
    due = [(one.rank, micros(until) - at_once) for one in Urgency if (until := retry.fallback_at(one, now)) is not None]
    patience = " ".join(
        f"WHEN part IN ('primary', 'later') AND rank = {rank} THEN {begins} + {span}" for rank, span in due
    )
    again = (
        f"UPDATE delivery SET status = 'queued', error = '', finished_at = NULL, due_at = {begins}, "  # noqa: S608 - numbers
        f"fallback_at = CASE {patience} ELSE NULL END, bundle_id = NULL "
    )
    called_off = "WHERE status = 'cancelled' AND error = {} AND finished_at = {} AND incident_id {list}"
    bulk.execute(session, again + called_off, ids, why, micros(at))
    bulk.execute(session, again + _LEFT_OUT, ids, micros(at))
    if calling:
        bulk.execute(session, again + _GIVEN_UP, calling, why, micros(at))


def hand_back(session: Session, number: int, who: str, at: datetime, now: datetime) -> None:
    """What waited for their morning, and was called off since somebody else had it by that act, waits again."""
    sql = (
        "UPDATE delivery SET status = 'queued', error = '', finished_at = NULL, "
        "due_at = CASE WHEN due_at > {} THEN due_at ELSE {} END WHERE status = 'cancelled' AND error = 'assigned' "
        "AND kind = 'assigned' AND part = 'held' AND who = {} AND finished_at = {} AND incident_id {list}"
    )
    bulk.execute(session, sql, [number], micros(now), micros(now), who, micros(at))


@dataclass(frozen=True, slots=True)
class Failed:
    """A page that failed for good while nobody was to be called."""

    incident_id: int
    level: int
    who: str
    error: str


def failed_since(session: Session, ids: Sequence[int], at: datetime) -> list[Failed]:
    sql = (
        "SELECT incident_id, level, who, error FROM delivery WHERE incident_id {list} AND finished_at > {} "
        "AND status IN ('failed', 'logged') AND kind IN ('opened', 'escalated') ORDER BY id"
    )
    return [Failed(*row) for row in bulk.select(session, sql, ids, micros(at))] if ids else []


def _written(one: Standing) -> dict[str, Any]:
    state = one.state
    texts = {
        "status": state.status.value, "level": state.level, "next_at": _micros(state.next_at),
        "snoozed_until": _micros(state.snoozed_until), "snoozed_firing": state.snoozed_firing,
        "suppressed_by": state.suppressed_by, "phase": state.phase.value,
    }  # fmt: skip
    moments = {name: _micros(getattr(one, name)) for name in _MOMENTS}
    return {**texts, **moments, **{name: getattr(one, name) for name in _PLAIN}}


def _read(kept: dict[str, Any]) -> Standing:
    state = State(
        Status(kept["status"]), kept["level"], _moment(kept["next_at"]), _moment(kept["snoozed_until"]),
        kept["snoozed_firing"], kept["suppressed_by"], Phase(kept["phase"]),
    )  # fmt: skip
    more: dict[str, Any] = {name: _moment(kept[name]) for name in _MOMENTS}
    more |= {name: kept[name] for name in _PLAIN}
    return Standing(state, **more)


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
