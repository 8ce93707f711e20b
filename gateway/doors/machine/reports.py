"""HTTP for reports: the figures of the pages and their files, of the same days; links for guests; the hand-over."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from gateway.acts import guests, handover
from gateway.acts.handover import Shift
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, line_in, missing, object_of, optional_body, small_number
from gateway.doors.machine.door import ACT, EVERYBODY, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.figures import reports
from gateway.store.figures.reports import Answer
from gateway.store.figures.stats import Scope, date_of
from gateway.store.reading.readings_admin import names
from gateway.store.tables.stats import Guest
from gateway.store.types import moment
from gateway.world import world
from rules.duty.duty_load import covers
from rules.reports import figures
from rules.reports.noise import advice
from rules.reports.report import flat
from rules.times.walltime import zone_of
from rules.words import Role, Urgency

DAYS = 30
MOST_GAPS = 500  # of one schedule in one answer
GUEST = ("id", "query", "made_by", "created_at", "expires_at", "revoked_at")


def _asked(call: Call) -> Scope:
    zone = zone_of(world().shelf.book.timezone)
    today = call.now.astimezone(zone).date()
    asked = questions.wanted_report(request.args, today - timedelta(days=DAYS), today - timedelta(days=1))
    return Scope(asked.first, asked.last + timedelta(days=1), zone, asked.team, asked.urgency, asked.service)


def _answered(call: Call, scope: Scope) -> tuple[Answer, dict[str, Any]]:
    with reading() as session:
        answer = reports.response(session, scope, call.now)
    last = scope.end - timedelta(days=1)
    return answer, {"from": _text(scope.start), "to": _text(last), "timezone": scope.zone.key, "exact": answer.exact}


def _text(day: date) -> str:
    return day.isoformat()


@bp.get("/v1/reports/response")
@needs(READ)
def response_report(call: Call) -> Response:
    scope = _asked(call)
    answer, head = _answered(call, scope)
    with reading() as session:
        before = reports.response(session, reports.before(scope), call.now)
    classes = {str(rank): {"incidents": sums.incidents, "in_time": sums.in_time, "judged": sums.eligible}
               for rank, sums in answer.figures.by_urgency.items()}  # fmt: skip
    by_day = answer.figures.by_day
    days = [{"day": _text(date_of(day)), "incidents": [by_day.get((day, rank), 0) for rank in range(len(Urgency))]}
            for day in range(scope.first, scope.after)]  # fmt: skip
    sums = {"figures": flat(answer.figures), "before": flat(before.figures), "by_urgency": classes, "days": days}
    return as_json(head | sums)


@bp.get("/v1/reports/load")
@needs(READ)
def load_report(call: Call) -> Response:
    """Pages of each person, and of each hour of the week, from Monday."""
    answer, head = _answered(call, _asked(call))
    loads, heat = answer.figures.loads, answer.figures.heat
    with reading() as session:
        known = names(session, {one.person_id for one in loads})
    people = [
        {"person": one.person_id, "name": known.get(one.person_id, "?"), "pages": one.pages, "work": one.work,
         "off_hours": one.off, "sleep": one.sleep, "nights": one.nights}
        for one in loads
    ]  # fmt: skip
    hours = [list(heat[day * 24 : day * 24 + 24]) for day in range(7)]
    return as_json(head | {"people": people, "hours": hours, "schedules": _held(_asked(call), call)})


def _held(scope: Scope, call: Call) -> list[dict[str, Any]]:
    """As they are set today, with who stood in; as far as the period is over."""
    with reading() as session:
        schedules = world().roll.current(session).schedules.values()
    mine = [one for one in schedules if scope.team in ("", one.team)]
    found = covers(mine, moment(scope.begins), min(moment(scope.ends), call.now))
    return [
        {"schedule": one.schedule, "team": one.team, "handovers": one.handovers,
         "uncovered_seconds": int(one.uncovered.total_seconds()),
         "gaps": [{"starts_at": begin, "ends_at": end} for begin, end in one.holes[:MOST_GAPS]]}
        for one in found
    ]  # fmt: skip


@bp.get("/v1/reports/delivery")
@needs(READ)
def delivery_report(call: Call) -> Response:
    answer, head = _answered(call, _asked(call))
    ways = [
        {"channel": one.name, "sent": one.sent, "delivered": one.reached, "receipts": one.confirmed,
         "failed": one.failed, "delivered_percent": one.share,
         "ms_median": one.latency.p50 if one.latency.n >= figures.FEWEST else None,
         "ms_p95": one.latency.p95 if one.latency.n >= figures.FEWEST else None}
        for one in answer.figures.channels
    ]  # fmt: skip
    return as_json(head | {"channels": ways})


@bp.get("/v1/reports/noise")
@needs(READ)
def noise_report(call: Call) -> Response:
    """The most alerts first, each with what would help; nothing of it happens by itself."""
    scope = _asked(call)
    _, head = _answered(call, scope)
    with reading() as session:
        found = reports.judged(session, reports.noise(reports.alert_rows(session, scope, call.now)), scope)
    alerts = [
        {"name": one.name, "service": one.service, "incidents": one.incidents, "alerts": one.alerts,
         "pages": one.pages, "cleared_alone_percent": one.cleared_alone, "acted_on_percent": one.acted_on,
         "right_to_call": one.judged - one.wrong, "judged": one.judged, "proposal": advised.what.value,
         "wait_minutes": advised.minutes, "pages_spared": advised.saved}
        for one in found for advised in [advice(one)]
    ]  # fmt: skip
    return as_json(head | {"alerts": alerts})


@bp.get("/v1/reports/services")
@needs(READ)
def services_report(call: Call) -> Response:
    """The worst first; incidents by class, the most urgent first."""
    scope = _asked(call)
    _, head = _answered(call, scope)
    with reading() as session:
        found = reports.services(reports.alert_rows(session, scope, call.now))
    return as_json(head | {"services": [asdict(one) for one in found]})


# The hand-over


@bp.get("/v1/reports/shift")
@needs(READ)
def shift_report(call: Call) -> Response:
    return _handed(_shift(call, questions.wanted_schedule(request.args)), call)


def _shift(call: Call, name: str) -> Shift:
    with reading() as session:
        directory = world().roll.current(session)
    found = handover.chosen(directory, call.actor.account, name, call.now)
    if found is None or (name and found.schedule.name != name):
        raise missing("shift that has ended on", name or "any schedule")
    return found


def _handed(shift: Shift, call: Call) -> Response:
    with reading() as session:
        directory, public = world().roll.current(session), world().settings.public_url
        opened, held = handover.opened(session, shift.start, shift.end), handover.held(session)
        named = {"opened": opened[: handover.MOST], "held": held}
        lists = {name: [answers.incident(one, "", public, directory) for one in rows] for name, rows in named.items()}
        said = handover.confirmed(session, shift.key)
        quiet = [{"id": one.id, "kind": one.kind, "reason": one.reason, "ends_at": one.ends_at}
                 for one in handover.quiet(session, call.now)]  # fmt: skip
    for one in (*lists["opened"], *lists["held"]):
        one.pop("source")
    return as_json({
        "schedule": shift.schedule.name, "person": shift.who, "next": shift.following, "starts_at": shift.start,
        "ends_at": shift.end, "more": len(opened) > handover.MOST, "quiet": quiet, **lists,
        "confirmed_by": said[0] if said else None, "confirmed_at": said[1] if said else None,
    })  # fmt: skip


@bp.post("/v1/reports/shift")
@needs(ACT, only_persons=True)
def take_over(call: Call) -> Response:
    """Confirmed by whoever is on call now; twice is once."""
    shift = _shift(call, line_in(object_of(body()), "schedule"))
    if not handover.take_over(shift, call.actor, call.now):
        raise Refused(problem(403, f"it is {shift.following or 'nobody'} who takes over on {shift.schedule.name}"))
    return _handed(shift, call)


# Links for guests


@bp.get("/v1/reports/guests")
@needs(READ, only_persons=True)
def guest_links(call: Call) -> Response:
    with reading() as session:
        rows = guests.listed(session, "" if call.me.role is Role.ADMIN else call.me.email)
        return as_json({"guests": [_guest(row, call) for row in rows]})


def _guest(row: Guest, call: Call) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in GUEST}
    return said | {"url": guests.address(row, world().settings.public_url, call.now)}


@bp.post("/v1/reports/guests")
@needs(ACT, *EVERYBODY, only_persons=True)
def add_guest_link(call: Call) -> Response:
    """The response report of these days for whoever has the link, without names, for a week."""
    scope, _ = _asked(call), optional_body()
    last, urgency = scope.end - timedelta(days=1), "" if scope.urgency is None else tuple(Urgency)[scope.urgency].value
    asked = {"p": "custom", "from": _text(scope.start), "to": _text(last), "team": scope.team, "urgency": urgency}
    query = urlencode({name: value for name, value in (asked | {"service": scope.service}).items() if value})
    return as_json(_guest(guests.make(query, call.actor, call.now), call))


@bp.post("/v1/reports/guests/<number>/revoke")
@needs(ACT, *EVERYBODY, only_persons=True)
def revoke_guest_link(call: Call, number: str) -> Response:
    wanted, mine = small_number(number, "link"), "" if call.me.role is Role.ADMIN else call.me.email
    optional_body()
    if not guests.revoke(wanted, mine, call.actor, call.now):
        raise missing("link", number)
    return as_json({"revoked": wanted})
