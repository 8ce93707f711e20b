"""What of a list has to be looked at row by row: functions of an incident's columns, by name."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, false, func, or_, select, type_coerce

from gateway.lists.filters import Filter, hour_of_week
from gateway.lists.meaning import Meant
from gateway.store.tables import Delivery
from gateway.store.types import micros


def loose(wanted: Filter, meant: Meant) -> list[Any]:
    """What has to be looked at row by row: functions of the columns, by name."""
    found: list[Any] = []
    if wanted.q and wanted.number is None:
        found.append(lambda row: or_(_mentions(wanted.q, row["title"], row["service"]), row["id"].in_(meant.tickets)))
    if wanted.service and not wanted.unresolved:
        found.append(lambda row: row["service"] == wanted.service)
    if meant.sources:
        found.append(lambda row: row["source_id"].in_(meant.sources))
    if meant.policies is not None:
        found.append(lambda row: row["policy"].in_(meant.policies))
    if meant.nobody:
        found.append(lambda row: row["assignee_id"].is_(None))
    return found + of_answers(wanted, meant)


def of_answers(wanted: Filter, meant: Meant) -> list[Any]:
    """The same of how people answered, and when they were called."""
    found: list[Any] = []
    if meant.late_at:
        late = micros(meant.late_at)
        found.append(lambda row: _missed(row, late))
    begin = hour_of_week(wanted.paged)
    if begin is not None:
        found.append(lambda row: _paged(row["id"], begin))
    return found


def _missed(row: Any, now: int) -> ColumnElement[bool]:
    """As the reports count it: answered after its target, or not at all though that has passed."""
    acked, over, due = (type_coerce(row[name], BigInteger) for name in ("first_ack_at", "resolved_at", "ack_due_at"))
    answered = func.coalesce(acked, over)
    return or_(answered > due, and_(answered.is_(None), due < now))


def _paged(number: ColumnElement[int], begin: int) -> ColumnElement[bool]:
    """Somebody was paged in this hour of their own week. Not written as EXISTS: see store/reading/readings.py."""
    hour = (Delivery.is_page, Delivery.local_mow >= begin, Delivery.local_mow < begin + 60)
    one = select(Delivery.id).where(Delivery.incident_id == number, *hour).limit(1)
    return one.correlate_except(Delivery).scalar_subquery().is_not(None)


def _mentions(text: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    """SQLite knows no capital letters but ASCII's, so the usual spellings are tried."""
    spellings = {text} if text.isascii() else {text, text.lower(), text.capitalize(), text.upper()}
    tests = [column.icontains(one, autoescape=True) for one in spellings for column in columns]
    return or_(false(), *tests)
