"""Incidents as lines of CSV. Names of columns are English, so that a program reads a file alike whoever saved it."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from gateway.store.db import db
from gateway.store.tables import Incident, Source
from gateway.world import world
from rules.words import Urgency

MARK = "\ufeff"  # spreadsheets take it for UTF-8 by this
COLUMNS = (
    "number", "title", "urgency", "status", "service", "source", "assignee", "alerts", "opened", "acknowledged",
    "acknowledged_by", "resolved", "resolved_by", "rule", "policy",
)  # fmt: skip
# What a spreadsheet takes for a formula, also as wide as a Chinese letter, and after what nobody sees.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SPACES = (*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x2060, 0x2070))
_UNSEEN = " \u00a0\u00ad\u3000\ufeff" + "".join(map(chr, _SPACES))


def head() -> str:
    return MARK + line(COLUMNS)


def lines(ids: Sequence[int], zone: ZoneInfo) -> str:
    """These incidents in this order, as they are now; one that is gone has no line."""
    session = db.session()
    known = {row.id: row for row in session.scalars(select(Incident).where(Incident.id.in_(ids)))}
    sources = {row.id: row.name for row in session.execute(select(Source.id, Source.name))}
    people = {one.id: one.email for one in world().roll.current(session).people.values()}
    return "".join(line(_cells(known[one], sources, people, zone)) for one in ids if one in known)


def _cells(row: Incident, sources: dict[int, str], people: dict[int, str], zone: ZoneInfo) -> list[str]:
    urgency = next(one.value for one in Urgency if one.rank == row.urgency)
    assignee = people.get(row.assignee_id, "") if row.assignee_id else ""
    return [
        str(row.id), row.title, urgency, "snoozed" if row.snoozed_until else row.status, row.service,
        sources.get(row.source_id, ""), assignee, str(row.alert_count), _iso(row.opened_at, zone),
        _iso(row.ack_at, zone), row.ack_by or "", _iso(row.resolved_at, zone), row.resolved_by or "", row.rule,
        row.policy,
    ]  # fmt: skip


def _iso(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


def line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe(cell) for cell in cells])
    return text.getvalue()


def over(most: int) -> str:
    """The last line of a file that does not hold all of its list."""
    return line([f"only the first {most:,} are here"])


def safe(cell: str) -> str:
    """A text that a spreadsheet would run gets a mark in front that makes it text."""
    return f"'{cell}" if cell.lstrip(_UNSEEN).startswith(_STARTS) else cell
