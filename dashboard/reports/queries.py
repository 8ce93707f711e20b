"""What reports ask the database, one query a question; the figures come from gateway/store/figures/reports.py."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from gateway.store.db import db
from gateway.store.figures import reports, verdicts
from gateway.store.figures.reports import Answer
from gateway.store.figures.stats import Scope
from gateway.store.figures.verdicts import Tally
from gateway.store.tables import PersonRow
from gateway.store.types import moment
from gateway.world import world
from rules.duty.duty_load import Cover, covers


def answer(scope: Scope, now: datetime) -> Answer:
    return reports.response(db.session(), scope, now)


def alert_rows(scope: Scope, now: datetime) -> tuple[Sequence[Any], bool]:
    """And whether they are whole weeks from the sums."""
    exact = reports.counts_each(db.session(), scope)
    return reports.alert_rows(db.session(), scope, now, exact=exact), not exact


def names(ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(PersonRow.id, PersonRow.name, PersonRow.email).where(PersonRow.id.in_(set(ids))))
    return {row.id: row.name or row.email for row in rows}


def teams() -> list[str]:
    return sorted(world().roll.current(db.session()).teams)


def services() -> list[str]:
    return reports.service_names(db.session())


def covers_of(scope: Scope, now: datetime) -> list[Cover]:
    """How schedules were held in the period, as far as it is over."""
    schedules = world().roll.current(db.session()).schedules.values()
    mine = [one for one in schedules if scope.team in ("", one.team)]
    return covers(mine, moment(scope.begins), min(moment(scope.ends), now))


def verdicts_of(scope: Scope) -> list[Tally]:
    """What people thought of calls, said within the period."""
    return verdicts.tallies(db.session(), moment(scope.begins), moment(scope.ends))
