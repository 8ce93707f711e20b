"""The nightly look ahead: whom nobody could reach in the next 14 days, and hours of the next 28 without anybody.

First they hear of it, then their team's lead.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gateway import log
from gateway.store.db import reading, transaction
from gateway.store.directory import reach
from gateway.store.outgoing import notices
from gateway.store.tables import ReachFinding
from gateway.world import world
from rules.checks.reach import look
from rules.times.walltime import zone_of
from rules.words import Directory, Role

AT = time(3, 30)  # by the clock of the installation's zone
LEAVES_TIME = timedelta(hours=20)  # for the person, before the lead hears of it: the next night's look is later


def look_ahead(now: datetime) -> int:
    """Once a night, whichever worker comes first. Returns how much is wrong."""
    local = now.astimezone(zone_of(world().settings.timezone))
    if local.time() < AT:
        return 0
    with reading() as session:
        if reach.last_day(session) == f"{local:%Y-%m-%d}":
            return 0
    with transaction() as session:
        if not reach.claim(session, f"{local:%Y-%m-%d}", now):
            return 0
        directory = world().roll.current(session)
        found = look(world().shelf.book, directory, reach.ended_browsers(session), now)
        rows = reach.keep(session, found, now)
        _tell_them(session, rows, directory, now)
        _tell_their_lead(session, rows, directory, now)
    log.info("looked_ahead", findings=len(rows))
    return len(rows)


def _tell_them(session: Session, rows: Sequence[ReachFinding], directory: Directory, now: datetime) -> None:
    for person in directory.people.values():
        fresh = [row for row in rows if row.person_id == person.id and row.told_at is None]
        if fresh:
            said = [{"kind": row.kind, "what": row.detail["what"]} for row in fresh]
            notices.tell(session, person.id, f"reach:{person.id}:{now:%Y-%m-%d}", "reach", {"findings": said}, now)
        for row in fresh:
            row.told_at = now


def _tell_their_lead(session: Session, rows: Sequence[ReachFinding], directory: Directory, now: datetime) -> None:
    """What nobody mended within a day; at once what nobody could have been told of."""
    people = {person.id: person for person in directory.people.values()}
    late = [
        row
        for row in rows
        if row.passed_on_at is None
        and (row.person_id not in people or (row.told_at is not None and now - row.told_at >= LEAVES_TIME))
    ]
    by_lead: dict[int, list[dict[str, Any]]] = {}
    for row in late:
        person = people.get(row.person_id or 0)
        name = person.name if person else str(row.detail["who"])
        for lead in leads(directory, row.team):
            if lead != row.person_id:
                by_lead.setdefault(lead, []).append({"kind": row.kind, "what": row.detail["what"], "name": name})
        row.passed_on_at = now
    for lead, said in by_lead.items():
        notices.tell(session, lead, f"radar:{lead}:{now:%Y-%m-%d}", "radar", {"findings": said}, now)


def leads(directory: Directory, team: str) -> list[int]:
    """The administrators among a team's members; all administrators where it has none."""
    admins = [person for person in directory.people.values() if person.role is Role.ADMIN]
    members = directory.teams[team].members if team in directory.teams else ()
    return [person.id for person in admins if person.email in members] or [person.id for person in admins]
