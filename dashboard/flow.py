"""What went out: the page Deliveries."""

import re
from dataclasses import dataclass
from datetime import timedelta

from flask import request, url_for
from flask.typing import ResponseReturnValue

from dashboard import filters, queries_flow, words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Moment, Reader
from dashboard.rows import Tab
from dashboard.words import Badge, Told
from gateway.access.auth import READERS, Visit, require
from gateway.store.tables import Delivery
from rules.words import Role

KINDS = {
    "opened": "new incident",
    "escalated": "next step",
    "assigned": "assigned",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "flapping": "flapping",
    "reopened": "back again",
    "reminder": "reminder",
    "commented": "new comment",
    "digest": "roll-up",
}
PARTS = {"fallback": "another way", "news": "news", "again": "put right", "also": "another route", "primary": ""}
OPEN_ADDRESSES = ("email", "sms")  # the others are keys: whoever has one may call in our name


@dataclass(frozen=True, slots=True)
class Sent:
    at: Moment
    told: Told
    address: str
    number: int
    title: str
    urgency: Badge
    what: str
    channel: str
    error: str
    took: str
    attempts: int


@bp.get("/deliveries")
@require(*READERS)
def deliveries(visit: Visit) -> ResponseReturnValue:
    status, way = request.args.get("status", ""), request.args.get("way", "")
    status = status if status in queries_flow.STATUSES else ""
    way = way if way in words.WAYS else ""
    found = queries_flow.deliveries(status, way, filters.before(request.args))
    reader = reader_of(visit)
    shown = found[: queries_flow.PAGE]
    more = shown[-1][0].id if len(found) > queries_flow.PAGE else None
    values = {
        "page": "deliveries",
        "tabs": _tabs(status, way, reader),
        "ways": [(name, reader.say(word)) for name, word in words.WAYS.items()],
        "way": way,
        "status": status,
        "sent": [_sent(message, title, visit, reader) for message, title in shown],
        "more": url_for("dashboard.deliveries", status=status or None, way=way or None, after=more) if more else "",
        "searched": f"{queries_flow.SEARCHED:,}" if status or way else "",
    }
    return draw(visit, "pages/deliveries.html", values)


def _tabs(status: str, way: str, reader: Reader) -> list[Tab]:
    _ = reader.say
    names = (("", _("All")), ("failed", _("Failed")), ("waiting", _("Waiting")), ("logged", _("Only logged")))
    return [
        Tab(word, url_for("dashboard.deliveries", status=name or None, way=way or None), name == status)
        for name, word in names
    ]


def _sent(message: Delivery, title: str, visit: Visit, reader: Reader) -> Sent:
    parts = [reader.say(word) for word in (KINDS.get(message.kind, message.kind), PARTS.get(message.part, "")) if word]
    address = message.address if message.channel in OPEN_ADDRESSES else ""
    return Sent(
        at=reader.moment(message.created_at),
        told=words.told(message, reader),
        address=_masked(address) if visit.person.role is Role.VIEWER else address,
        number=message.incident_id,
        title=title,
        urgency=words.urgency(message.rank, reader),
        what=" · ".join(parts),
        channel=message.channel,
        error=message.error,
        took=_took(message.latency_ms, reader),
        attempts=message.attempts,
    )


def _took(milliseconds: int | None, reader: Reader) -> str:
    """Tenths of a second while they matter."""
    if milliseconds is None:
        return ""
    long = milliseconds >= 60_000
    return reader.duration(timedelta(milliseconds=milliseconds)) if long else reader.fraction(milliseconds / 1000)


def _masked(address: str) -> str:
    """Enough to recognise, too little to use: +7…02, a…@example.org."""
    if "@" in address:
        return re.sub(r"(?<=^.)[^@]*(?=@)", "…", address)
    return f"{address[:2]}…{address[-2:]}" if len(address) > 4 else ""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("new incident"), _("next step"), _("assigned"), _("acknowledged"), _("resolved"), _("another way"), _("news"),
        _("put right"), _("another route"), _("flapping"), _("back again"), _("reminder"), _("roll-up"),
        _("new comment"),
    )  # fmt: skip
