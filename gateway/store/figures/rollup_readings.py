"""Reports from sums: of a long period, whole blocks of four weeks are read in place of their days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.figures import rollups
from gateway.store.figures.rollups import BLOCK, DAY, NAME_SUMS, WEEK
from gateway.store.figures.stats import Scope
from rules.reports.figures import NAMES, Load, Sample, Sums, Tally


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of one span, of the days from `first` to before `after`."""

    span: int
    first: int
    after: int


def tally(session: Session, scope: Scope) -> Tally:
    """The same as stats.tally() of any period; all teams as one. Of persons every urgency."""
    found = Tally()
    where, values = _narrowed(scope)
    days = f"day >= {scope.first} AND day < {scope.after}{where}"
    sums = ", ".join(f"sum({name})" for name in NAMES)
    for day, urgency, *row in _rows(session, f"day, urgency, {sums} FROM stat_core WHERE {days} GROUP BY 1, 2", values):
        found.sums[day, "", urgency] = Sums(*map(int, row))
    columns = f"urgency, channel, status, sum(n) FROM stat_channel WHERE {days} GROUP BY 1, 2, 3"
    for urgency, channel, status, count in _rows(session, columns, values):
        found.channels[0, "", urgency, channel, status] = int(count)
    stretches = _stretches(scope.first, scope.after, _blocks(session), DAY)
    _read_samples(session, stretches, scope, found)
    _read_loads(session, stretches, scope, found)
    return found


def days_of(session: Session, block: int) -> Tally:
    """Samples and loads of the days of a block, joined; each team apart."""
    found = Tally()
    where = f"WHERE span = {DAY} AND day >= {block} AND day < {block + BLOCK}"
    for team, urgency, metric, buckets, total in _rows(
        session, f"team, urgency, metric, buckets, total FROM stat_sample {where}", {}
    ):
        _add_sample(found.sample(block, team, urgency, metric), buckets, total)
    for team, person, pages, nights in _rows(session, f"team, person_id, pages, nights FROM stat_load {where}", {}):
        _add_load(found, (block, team, person), pages, nights)
    return found


def alert_rows(session: Session, scope: Scope) -> Sequence[Any]:
    """Of the weeks whose Monday is in the period, all teams as one, in the columns of the table."""
    where, values = _narrowed(scope)
    if scope.service:
        where, values["service"] = f"{where} AND service = :service", scope.service
    columns = f"urgency, name, service, {', '.join(NAME_SUMS)}"
    stretches = _stretches(scope.first, scope.after, _blocks(session), WEEK)
    source = " UNION ALL ".join(f"SELECT {columns} FROM stat_name WHERE {_in(one)}{where}" for one in stretches)  # noqa: S608
    sums = ", ".join(f"sum({name})" for name in NAME_SUMS)
    rows = _rows(session, f"'', urgency, name, service, {sums} FROM ({source}) found GROUP BY 2, 3, 4", values)
    return [(*row[:4], *map(int, row[4:])) for row in rows]


def _read_samples(session: Session, stretches: Sequence[Stretch], scope: Scope, found: Tally) -> None:
    where, values = _narrowed(scope)
    for one in stretches:
        rows = _rows(session, f"urgency, metric, buckets, total FROM stat_sample WHERE {_in(one)}{where}", values)
        for urgency, metric, buckets, total in rows:
            _add_sample(found.sample(0, "", urgency, metric), buckets, total)


def _read_loads(session: Session, stretches: Sequence[Stretch], scope: Scope, found: Tally) -> None:
    where, values = _narrowed(scope, urgencies=False)
    for one in stretches:
        rows = _rows(session, f"person_id, pages, nights FROM stat_load WHERE {_in(one)}{where}", values)
        for person, pages, nights in rows:
            _add_load(found, (0, "", person), pages, nights)


# A report of a month reads some twenty thousand rows: nothing is made for one that need not be.


def _add_sample(sample: Sample, buckets: str, total: int) -> None:
    sample.buckets += int(buckets, 16)
    sample.total += total / 1000


def _add_load(found: Tally, key: tuple[int, str, int], pages: str, nights: str) -> None:
    load = found.loads.get(key)
    if load is None:
        load = found.loads[key] = Load()
    load.pages += int(pages, 16)
    if nights:
        load.nights.update(map(int, nights.split(",")))


def _blocks(session: Session) -> Sequence[int]:
    state = rollups.state(session)
    return state.blocks if state is not None else ()


def _stretches(first: int, after: int, blocks: Sequence[int], span: int) -> list[Stretch]:
    """Blocks where the whole of one is in the period, and smaller spans that begin before, between and after them.

    >>> _stretches(0, 70, (4, 32), DAY)
    [Stretch(span=1, first=0, after=4), Stretch(span=28, first=4, after=60), Stretch(span=1, first=60, after=70)]
    """
    found, day = list[Stretch](), first
    for block in blocks:
        if first <= block and block + BLOCK <= after:
            if day < block or not found:
                found += [Stretch(span, day, block), Stretch(BLOCK, block, block + BLOCK)]
            else:
                found[-1] = replace(found[-1], after=block + BLOCK)
            day = block + BLOCK
    found.append(Stretch(span, day, after))
    return [one for one in found if one.first < one.after]


def _in(one: Stretch) -> str:
    return f"span = {one.span} AND day >= {one.first} AND day < {one.after}"


def _narrowed(scope: Scope, *, urgencies: bool = True) -> tuple[str, dict[str, Any]]:
    """The further conditions, and their values."""
    where, values = "", dict[str, Any]()
    if scope.team:
        where, values["team"] = f"{where} AND team = :team", scope.team
    if scope.urgency is not None and urgencies:
        where, values["urgency"] = f"{where} AND urgency = :urgency", scope.urgency
    return where, values


def _rows(session: Session, wanted: str, values: Mapping[str, Any]) -> Sequence[Any]:
    return session.execute(text(f"SELECT {wanted}"), dict(values)).all()
