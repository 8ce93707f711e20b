"""The acts of the first run: a step skipped or confirmed, and who is on call first."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.store.db import transaction
from gateway.store.directory import firstrun, people, staff
from gateway.store.tables import TeamRow
from gateway.store.upkeep import audit
from rules.words import Role

WAY = "dashboard"
STEPS = (
    "zone",
    "source",
    "reach",
    "oncall",
    firstrun.LEFT,
    firstrun.AWAY,
)  # beside the first, which is why somebody is here
TEAM = "first"  # the team and the schedule that the last step makes


def finish(step: str, by: str, now: datetime) -> bool:
    """Skipped, or confirmed by a look. False if there is no such step."""
    if step not in STEPS:
        return False
    with transaction() as session:
        before = firstrun.progress(session)
        firstrun.keep(session, replace(before, done=(*(one for one in before.done if one != step), step)), now)
        audit.note(session, now, by, "first run", step, WAY)
    return True


def put_on_call(members: list[str], timezone: str, by: str, now: datetime) -> str:
    """The first team and its weekly schedule, from this Monday at nine on. What is wrong, or nothing."""
    with transaction() as session:
        if firstrun.on_call(session) or staff.team(session, TEAM) is not None:
            return "There is a schedule already: change it on the page On call."
        known = people.directory(session).people
        fit = [one for one in dict.fromkeys(members) if one in known and known[one].role is not Role.VIEWER]
        if not fit:
            return "Choose somebody who may be told."
        local = now.astimezone(ZoneInfo(timezone))
        monday = (local - timedelta(days=local.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
        begins = monday if monday <= local else monday - timedelta(weeks=1)
        session.add(TeamRow(name=TEAM, members=fit))
        firstrun.schedule(session, TEAM, TEAM, timezone, begins, fit)
        audit.note(session, now, by, "first schedule", TEAM, WAY, members=fit)
        people.bump(session, now)
    return ""
