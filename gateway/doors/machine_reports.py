"""Reports for programs: the figures of the response report, as the page and its files have them."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request

from gateway.doors import machine_questions as questions
from gateway.doors.machine_door import READ, Call, as_json, bp, needs
from gateway.store import reports
from gateway.store.db import reading
from gateway.store.stats import Scope
from gateway.world import world
from rules.report import flat

DAYS = 30


@bp.get("/v1/reports/response")
@needs(READ)
def response_report(call: Call) -> Response:
    zone = ZoneInfo(world().shelf.book.timezone)
    today = call.now.astimezone(zone).date()
    asked = questions.wanted_report(request.args, today - timedelta(days=DAYS), today - timedelta(days=1))
    scope = Scope(asked.first, asked.last + timedelta(days=1), zone, asked.team, asked.urgency, asked.service)
    with reading() as session:
        answer = reports.response(session, scope, call.now)
        before = reports.response(session, reports.before(scope), call.now)
    classes = {str(rank): {"incidents": sums.incidents, "in_time": sums.in_time, "judged": sums.eligible}
               for rank, sums in answer.figures.by_urgency.items()}  # fmt: skip
    return as_json({
        "from": _text(asked.first), "to": _text(asked.last), "timezone": zone.key, "exact": answer.exact,
        "figures": flat(answer.figures), "before": flat(before.figures), "by_urgency": classes,
    })  # fmt: skip


def _text(day: date) -> str:
    return day.isoformat()
