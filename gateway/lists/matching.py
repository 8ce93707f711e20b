"""Which incidents a list means, one query a question. Each is a walk along an index that has an end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    TextClause,
    and_,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from gateway.lists.filters import Filter
from gateway.lists.meaning import Meant
from gateway.lists.rowwise import loose, of_answers
from gateway.store.base import ASSIGNED, AWAKE, IN_REPORTS, NAMED, OPEN, SEVERAL, SNOOZED, SUPPRESSED
from gateway.store.db import db
from gateway.store.sql import buckets, bulk
from gateway.store.tables import AlertRow, Incident
from gateway.store.types import micros
from rules.matchers import Matcher

SEARCHED = 10_000  # newest incidents of a status and an urgency that are looked through where no index leads
TRIED = 500  # incidents whose labels are read at once
MOST_TRIED = 5_000  # … and in all, for one page
SLACK = (
    10_000  # numbers by which incidents may be out of the order in which they opened: those of one second of a storm
)

_OF_ONE = "of one alert"  # an order: the newest first of what is neither resolved nor of several alerts

Condition = ColumnElement[bool] | TextClause
Numbers = tuple[int | None, int | None]


class Light(NamedTuple):
    """As much of an incident as it takes to put it into the list: as the database gives it, as there are hundreds."""

    id: int
    place: int  # of its status and urgency in the order of the list
    source_id: int
    opened: int  # microseconds
    alerts: int

    def cursor(self, order: str) -> tuple[int, int]:
        return (self.alerts if order == "-alerts" else self.place), self.id


@dataclass(frozen=True, slots=True)
class Found:
    rows: list[Light]
    stopped: tuple[int, int] | None = None  # so many were tried that the rest waits for the next page


def walk(wanted: Filter, meant: Meant, limit: int) -> Found:
    """So many incidents in the order of the list, after the cursor."""
    if not wanted.labels:
        return Found(_lights(wanted, meant, limit))
    matchers = [Matcher.parse(text) for text in wanted.labels]
    good: list[Light] = []
    for _ in range(MOST_TRIED // TRIED):
        tried = _lights(wanted, meant, TRIED)
        labels = _labels([one.id for one in tried])
        for one in tried:
            if _matches(labels.get(one.id, []), matchers):
                good.append(one)
                if len(good) == limit:
                    return Found(good)
        if len(tried) < TRIED:
            return Found(good)
        wanted = replace(wanted, after=tried[-1].cursor(wanted.order))
    return Found(good, wanted.after)


def _matches(alerts: Sequence[dict[str, str]], matchers: Sequence[Matcher]) -> bool:
    """Whether one of its alerts meets all of them."""
    return any(all(one.matches(labels) for one in matchers) for labels in alerts)


def _labels(ids: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    query = select(AlertRow.incident_id, AlertRow.labels, AlertRow.severity, AlertRow.title).where(
        AlertRow.incident_id.in_(ids)
    )
    found: dict[int, list[dict[str, str]]] = {}
    for number, labels, severity, title in db.session.execute(query):
        found.setdefault(number, []).append(
            {"severity": severity, **labels, "alertname": labels.get("alertname") or title[:200]}  # as reports name it
        )
    return found


def _lights(wanted: Filter, meant: Meant, limit: int) -> list[Light]:
    numbers = _numbers(meant)
    if wanted.order == "-alerts":
        return _loudest(wanted, meant, numbers, limit)
    return _walked(wanted, meant, numbers, limit)


def _walked(wanted: Filter, meant: Meant, numbers: Numbers, limit: int) -> list[Light]:
    query = _walking(wanted, meant, numbers, limit, jumps=buckets.jumps(db.session()))
    rows = [] if query is None else bulk.select_made(db.session(), query)
    return list(map(Light._make, rows))


@lru_cache(maxsize=64)
def _walking(wanted: Filter, meant: Meant, numbers: Numbers, limit: int, *, jumps: bool) -> Select[Any] | None:
    """Kept for who asks the same again: with SQLAlchemy putting it together takes longer than the database's work.

    So nothing in here may be asked of the database: it would be remembered as it was then.
    """
    exact = _exact(wanted, meant, numbers)
    places = [place for place in range(len(wanted.buckets)) if _reached(wanted, place)]
    parts = [
        _bucket(wanted, meant, (*exact, word), place, limit, jumps=jumps)
        for place in places
        for word in tab(wanted.status) or buckets.parts(wanted.buckets[place][0])
    ]
    if _apart(wanted, meant):
        parts += [_tickets(wanted, meant, exact, place, limit, jumps=jumps) for place in places]
    if not parts:
        return None
    found = union_all(*parts).subquery()
    newest = found.c.id if wanted.order == "-age" else found.c.id.desc()
    order = (found.c.place, newest) if wanted.order == "-urgency" else (newest,)
    query = select(found.c.id, found.c.place, found.c.source_id, found.c.opened_at, found.c.alert_count)
    return query.order_by(*order).limit(limit)


def _reached(wanted: Filter, place: int) -> bool:
    return not (wanted.order == "-urgency" and wanted.after and place < wanted.after[0])


_COLUMNS = (Incident.id, Incident.source_id, Incident.opened_at, Incident.alert_count)
_LOOKED_AT = (
    *_COLUMNS, Incident.title, Incident.service, Incident.policy, Incident.assignee_id, Incident.first_ack_at,
    Incident.resolved_at, Incident.ack_due_at,
)  # fmt: skip


def _bucket(
    wanted: Filter, meant: Meant, exact: Sequence[Condition], place: int, limit: int, *, jumps: bool
) -> Select[Any]:
    """A walk down an index of one status and urgency; where it may find little, it ends after SEARCHED."""
    one, oldest = _along(wanted, place, jumps=jumps), wanted.order == "-age"
    conditions = (one.where, *exact)
    rest = loose(wanted, meant)
    if rest:
        some = select(*_LOOKED_AT).where(*conditions).order_by(*one.order).limit(SEARCHED).subquery()
        named = {column.key: some.c[column.key] for column in _LOOKED_AT}
        query = select(*(some.c[column.key] for column in _COLUMNS), literal(place).label("place"))
        query = query.where(*(condition(named) for condition in rest), *_not(_apart(wanted, meant), named["id"]))
        return select(query.order_by(some.c.id if oldest else some.c.id.desc()).limit(limit).subquery())
    plain = select(*_COLUMNS, literal(place).label("place")).where(*conditions)
    return select(plain.order_by(*one.order).limit(limit).subquery())


def _apart(wanted: Filter, meant: Meant) -> tuple[int, ...]:
    """Tickets that are asked for beside what the text is searched in: they are found however old they are."""
    return () if wanted.number is not None else meant.tickets


def _not(these: tuple[int, ...], number: ColumnElement[int]) -> list[ColumnElement[bool]]:
    return [number.not_in(these)] if these else []


def _along(wanted: Filter, place: int, *, jumps: bool) -> buckets.Walk:
    status, urgency = wanted.buckets[place]
    going_on = wanted.after and (wanted.order != "-urgency" or place == wanted.after[0])
    after = wanted.after[1] if wanted.after and going_on else None
    return buckets.along(status.value, urgency.rank, after, oldest=wanted.order == "-age", jumps=jumps)


def _tickets(
    wanted: Filter, meant: Meant, exact: Sequence[Condition], place: int, limit: int, *, jumps: bool
) -> Select[Any]:
    """Those whose number is the text, of one status and urgency."""
    one, table = _along(wanted, place, jumps=jumps), Incident.__table__
    rest = [condition(table.c) for condition in loose(wanted, meant)]
    plain = select(*_COLUMNS, literal(place).label("place")).where(Incident.id.in_(meant.tickets), one.where, *rest)
    plain = plain.where(*tab(wanted.status), *exact)
    return select(plain.order_by(*one.order).limit(limit).subquery())


def _loudest(wanted: Filter, meant: Meant, numbers: Numbers, limit: int) -> list[Light]:
    """Most alerts first, of what is not resolved: first along the index of those with several, then all the others."""
    loud = _of_several(wanted, meant, numbers, limit) if not wanted.after or wanted.after[0] > 1 else []
    if len(loud) == limit:
        return loud
    others = replace(wanted, sort=_OF_ONE, after=wanted.after if wanted.after and wanted.after[0] <= 1 else None)
    return loud + _walked(others, meant, numbers, limit - len(loud))


def _of_several(wanted: Filter, meant: Meant, numbers: Numbers, limit: int) -> list[Light]:
    statuses = {status.value for status, _ in wanted.buckets}
    ranks = {urgency.rank for _, urgency in wanted.buckets}
    conditions: list[Condition] = [OPEN, SEVERAL, Incident.status.in_(statuses), Incident.urgency.in_(ranks)]
    if wanted.after:
        count, last = wanted.after
        before = and_(Incident.alert_count == count, Incident.id < last)
        conditions.append(or_(Incident.alert_count < count, before))
    most = SEARCHED if loose(wanted, meant) else limit
    walked = select(*_LOOKED_AT).where(*conditions, *tab(wanted.status), *_exact(wanted, meant, numbers))
    some_ = walked.order_by(Incident.alert_count.desc(), Incident.id.desc()).limit(most).subquery()
    named = {column.key: some_.c[column.key] for column in _LOOKED_AT}
    opened = type_coerce(some_.c.opened_at, BigInteger)
    query = select(some_.c.id, literal(0), some_.c.source_id, opened, some_.c.alert_count)
    query = query.where(*(condition(named) for condition in loose(wanted, meant)))
    rows = db.session.execute(query.order_by(some_.c.alert_count.desc(), some_.c.id.desc()).limit(limit))
    return [Light._make(row) for row in rows]


def tab(status: str) -> list[Condition]:
    """The words of the partial index that holds just this tab's rows."""
    word = {"open": AWAKE, "ack": AWAKE, "snoozed": SNOOZED, "suppressed": SUPPRESSED}.get(status)
    return [] if word is None else [word]


def _exact(wanted: Filter, meant: Meant, numbers: Numbers = (None, None)) -> list[Condition]:
    """What an index leads to."""
    conditions: list[Condition] = []
    if wanted.number is not None:
        conditions.append(Incident.id.in_((wanted.number, *meant.tickets)))
    if wanted.service and wanted.unresolved:
        conditions += [OPEN, NAMED, Incident.service == wanted.service]
    if meant.assignee:
        conditions += [ASSIGNED, Incident.assignee_id == meant.assignee]
    if wanted.counted:
        conditions += [IN_REPORTS, *([Incident.team == meant.team] if meant.team else [])]
    conditions += [Incident.alert_count <= 1] if wanted.order == _OF_ONE else []
    opened = type_coerce(Incident.opened_at, BigInteger) + 0  # the walk is along the numbers, not along the moments
    first, last = numbers
    conditions += [opened >= micros(meant.since)] if meant.since else []
    conditions += [opened < micros(meant.until)] if meant.until else []
    conditions += [Incident.id >= first - SLACK] if first is not None else []
    conditions += [Incident.id <= last + SLACK] if last is not None else []
    return conditions


def _numbers(meant: Meant) -> Numbers:
    """Between which numbers the incidents of its time are, as far as is known by now; None: there is no such end."""
    first = _first_since(meant.since) if meant.since else None
    return first, _last_until(meant.until) if meant.until else None


def _first_since(at: datetime) -> int:
    query = select(Incident.id).where(Incident.opened_at >= at).order_by(Incident.opened_at, Incident.id).limit(1)
    found = db.session.scalar(query)
    return found if found is not None else (db.session.scalar(select(func.max(Incident.id))) or 0) + 2 * SLACK


def _last_until(at: datetime) -> int:
    newest = (Incident.opened_at.desc(), Incident.id.desc())  # many open in one moment
    query = select(Incident.id).where(Incident.opened_at < at).order_by(*newest).limit(1)
    return db.session.scalar(query) or 0


def is_loose(wanted: Filter, meant: Meant) -> bool:
    """Whether only the newest are looked through."""
    return bool(loose(wanted, meant))


def of_these(wanted: Filter, meant: Meant, ids: Sequence[int]) -> set[int]:
    """Which of them the list would show."""
    if not ids:
        return set()
    query = select(Incident).where(Incident.id.in_(ids))
    answers = [condition(Incident.__table__.c) for condition in of_answers(wanted, meant)]
    rows = db.session.scalars(query.where(*tab(wanted.status), *_exact(wanted, meant), *answers)).all()
    buckets = {(status.value, urgency.rank) for status, urgency in wanted.buckets}
    text = wanted.q.casefold() if wanted.number is None else ""
    found = {row.id for row in rows if (row.status, row.urgency) in buckets and _fits(row, wanted, meant, text)}
    if not wanted.labels or not found:
        return found
    matchers, labels = [Matcher.parse(one) for one in wanted.labels], _labels(sorted(found))
    return {number for number in found if _matches(labels.get(number, []), matchers)}


def _fits(row: Incident, wanted: Filter, meant: Meant, text: str) -> bool:
    return (
        (not text or row.id in meant.tickets or any(text in one.casefold() for one in (row.title, row.service)))
        and (not wanted.service or row.service == wanted.service)
        and (not meant.sources or row.source_id in meant.sources)
        and (meant.policies is None or row.policy in meant.policies)
        and (not meant.nobody or row.assignee_id is None)
    )
