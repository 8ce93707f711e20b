"""The weekly report: Monday at eight by each reader's own clock, once, whichever worker looks first."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway.access import links
from gateway.store.db import reading, transaction
from gateway.store.figures import reports, stats
from gateway.store.figures.stats import Scope
from gateway.store.outgoing import letters
from gateway.world import World
from rules.reports.report import flat
from rules.times.walltime import zone_of
from rules.words import Person

AT = 8  # o'clock, on Monday; a worker that was away sends it until the day is over
WEEK = 7
NOISY = 3


def send_due(world: World, now: datetime) -> int:
    """Returns how many letters were promised."""
    with reading() as session:
        wanted = set(letters.readers(session))
        directory = world.roll.current(session)
    due = [(one, monday) for one in directory.people.values() if one.id in wanted and (monday := _monday(one, now))]
    weeks = {monday for _, monday in due}
    facts: dict[date, Mapping[str, Any]] = {}
    with reading() as session:
        having = {monday: letters.written(session, stats.day_number(monday)) for monday in weeks}
        missing = [(one, monday) for one, monday in due if one.id not in having[monday]]
        for monday in {monday for _, monday in missing}:
            facts[monday] = _facts(session, world, monday, now)
    promised = 0
    for one, monday in missing:
        own = {**facts[monday], "stop": _stop(world, one)}
        with transaction() as session:
            promised += letters.write(session, one, stats.day_number(monday), own, now)
    return promised


def _monday(person: Person, now: datetime) -> date | None:
    """The Monday that it is for them, once it is eight; none on other days."""
    local = now.astimezone(zone_of(person.timezone))
    return local.date() if local.weekday() == 0 and local.hour >= AT else None


def _facts(session: Session, world: World, monday: date, now: datetime) -> Mapping[str, Any]:
    """The week that is over, the one before it, and what was noisiest."""
    scope = Scope(monday - timedelta(days=WEEK), monday, zone_of(world.shelf.book.timezone))
    found = reports.noise(reports.alert_rows(session, scope, now))[:NOISY]
    query = f"?p=custom&from={scope.start.isoformat()}&to={(monday - timedelta(days=1)).isoformat()}"
    return {
        "start": scope.start.isoformat(),
        "end": (monday - timedelta(days=1)).isoformat(),
        "now": flat(reports.response(session, scope, now).figures),
        "then": flat(reports.response(session, reports.before(scope), now).figures),
        "noise": [[one.name, one.incidents, one.pages] for one in found],
        "url": f"{world.settings.public_url}/reports{query}",
    }


def _stop(world: World, person: Person) -> str:
    token = links.make_number(world.settings.secret_key, person.id, links.WEEKLY)
    return f"{world.settings.public_url}/weekly/{token}"
