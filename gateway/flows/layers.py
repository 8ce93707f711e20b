"""Calendars of others become layers of a schedule, and are taken out of it."""

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.flows.duties import NO_SCHEDULE, Wrong
from gateway.store.directory import calendars, people
from gateway.store.tables import ScheduleRow
from gateway.store.upkeep import audit
from gateway.world import world

MOST = 10
NO_CALENDAR = "This is neither the address of a calendar nor a calendar."
TOO_MANY = "There are ten calendars in this schedule already."


def add(session: Session, schedule_id: int, source: str, actor: Actor, now: datetime) -> None:
    """An address, or a calendar itself, as the last layer: it decides before the others. Raises Wrong."""
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise Wrong(NO_SCHEDULE)
    written = source.replace("\0", "").strip().removeprefix("\ufeff")
    is_address = written.startswith(("https://", "http://")) and written.isprintable() and " " not in written
    if not is_address and not written.startswith("BEGIN:VCALENDAR"):
        raise Wrong(NO_CALENDAR)
    if sum("ical" in layer for layer in row.layers) >= MOST:
        raise Wrong(TOO_MANY)
    key = calendars.keep(session, schedule_id, written, world().vault, now)
    row.layers = [*(layer for layer in row.layers if layer.get("ical") != key), {"ical": key}]
    _done(session, row, actor, "calendar import", now)


def remove(session: Session, schedule_id: int, key: str, actor: Actor, now: datetime) -> bool:
    row = session.get(ScheduleRow, schedule_id)
    if row is None or not any(layer.get("ical") == key for layer in row.layers):
        return False
    row.layers = [layer for layer in row.layers if layer.get("ical") != key]
    calendars.forget_others(session, schedule_id, [layer["ical"] for layer in row.layers if "ical" in layer])
    _done(session, row, actor, "calendar remove", now)
    return True


def _done(session: Session, row: ScheduleRow, actor: Actor, what: str, now: datetime) -> None:
    session.flush()
    people.bump(session, now)
    audit.note(session, now, actor.account or actor.name, what, f"schedule {row.name}", actor.how)
