"""A walk along the incidents of one status and one urgency, whatever the planner thinks of the order they came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, literal, tuple_
from sqlalchemy.orm import Session

from gateway.store.base import AT_REST, AWAKE
from gateway.store.db import is_postgres
from gateway.store.tables import Incident
from rules.words import Status

_PLACE = (Incident.status, Incident.urgency, Incident.id)  # as in incident_awake, _at_rest, _snoozed, _hidden
_FIRST, _LAST = 0, 2**63 - 1  # below and above any number


@dataclass(frozen=True, slots=True)
class Walk:
    where: ColumnElement[bool]
    order: Sequence[Any]  # of columns


def along(status: str, rank: int, after: int | None, *, oldest: bool, jumps: bool) -> Walk:
    """The newest first, or the `oldest`; behind the number `after`, if there is one. `jumps`: see jumps()."""
    if not jumps:
        mine = and_(Incident.status == status, Incident.urgency == rank)
        if after is not None:
            mine = and_(mine, Incident.id > after if oldest else Incident.id < after)
        return Walk(mine, (Incident.id if oldest else Incident.id.desc(),))
    begin = after if after is not None and oldest else _FIRST
    end = after if after is not None and not oldest else _LAST
    place = tuple_(*_PLACE)
    inside = and_(place > _at(status, rank, begin), place < _at(status, rank, end))
    return Walk(inside, _PLACE if oldest else tuple(column.desc() for column in _PLACE))


def parts(status: Status) -> Sequence[TextClause]:
    """The words of the indexes that hold incidents of a status: each stands in one of them."""
    return (AT_REST,) if status is Status.RESOLVED else (AWAKE, AT_REST)


def _at(status: str, rank: int, number: int) -> Any:
    kinds = zip((status, rank, number), _PLACE, strict=True)
    return tuple_(*(literal(value, column.type) for value, column in kinds))


def jumps(session: Session) -> bool:
    """Whether places are to be compared whole. Where status and urgency are given singly PostgreSQL may as well walk
    down all numbers, if most incidents have these: after a storm the newest hundred thousand have others.
    """
    return is_postgres(session)
