"""One schedule: its layers as they are set, its week, its calendar's address, and calendars of others in it."""

from datetime import datetime
from urllib.parse import urlsplit

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.oncall import forms, queries, rows, views
from dashboard.oncall.actions import actor_of
from dashboard.oncall.mine import address_of
from dashboard.oncall.span import asked
from dashboard.oncall.week import Looker, week
from dashboard.page import draw, draw_part, htmx
from dashboard.reader import Reader
from gateway.access.auth import READERS, Visit, require
from gateway.flows import calendars, duties, layers
from gateway.secrets import BadSecret
from gateway.store.db import transaction
from gateway.store.tables import ImportedCalendar
from gateway.world import world
from rules.reading.schedule_keys import layer_as_data
from rules.schedules import EVERY_DAY, Layer, Schedule
from rules.texts.durations import parse_duration
from rules.times.walltime import zone_of
from rules.words import Role


@bp.get("/oncall/schedules/<path:name>")
@require(*READERS)
def oncall_schedule(visit: Visit, name: str) -> ResponseReturnValue:
    return _page(visit, _by_name(name))


@bp.post("/oncall/calendar/<int(max=2147483647):number>")
@require(*views.PLANNERS)
def oncall_calendar(visit: Visit, number: int) -> ResponseReturnValue:
    """A new secret address of the schedule's calendar, or the end of it."""
    schedule = _by_number(number)
    with transaction() as session:
        if request.form.get("what") == "end":
            calendars.end_feed(session, actor_of(visit), visit.now, schedule_id=schedule.id)
            token = ""
        else:
            token = calendars.new_feed(session, actor_of(visit), visit.now, schedule_id=schedule.id)
    if not token:
        return redirect(url_for("dashboard.oncall_schedule", name=schedule.name))
    return _page(visit, schedule, address=address_of(token))


@bp.post("/oncall/import/<int(max=2147483647):number>")
@require(Role.ADMIN)
def oncall_import(visit: Visit, number: int) -> ResponseReturnValue:
    """Another calendar becomes the last layer of the schedule: by its address, or the calendar itself."""
    schedule = _by_number(number)
    sent = request.files.get("file")
    source = forms.text(request.form, "address", 2000) or (sent.read().decode("utf-8", "replace") if sent else "")
    try:
        with transaction() as session:
            layers.add(session, schedule.id, source, actor_of(visit), visit.now)
    except duties.Wrong as wrong:
        return _page(visit, schedule, wrong=str(wrong))
    return redirect(url_for("dashboard.oncall_schedule", name=schedule.name, said="read"))


@bp.post("/oncall/import/<int(max=2147483647):number>/remove")
@require(Role.ADMIN)
def oncall_import_remove(visit: Visit, number: int) -> ResponseReturnValue:
    schedule = _by_number(number)
    with transaction() as session:
        gone = layers.remove(session, schedule.id, forms.text(request.form, "key"), actor_of(visit), visit.now)
    if not gone:
        abort(404)
    return redirect(url_for("dashboard.oncall_schedule", name=schedule.name, said="gone"))


def _page(visit: Visit, schedule: Schedule, wrong: str = "", address: str = "") -> ResponseReturnValue:
    looker = views.looker_of(visit)
    schedule = looker.directory.schedules[schedule.name]
    reader = looker.reader
    shown = week([schedule], asked(request.values, reader), looker, "dashboard.oncall_schedule", name=schedule.name)
    rights = {"planner": visit.person.role in views.PLANNERS, "me": visit.person.email}
    if htmx and htmx.target == "cal":
        return draw_part(visit, "partials/oncall_week.html", {"week": shown, **rights})
    feed = queries.feed_of_schedule(schedule.id)
    values = {
        "page": "oncall",
        "schedule": schedule,
        "now": rows.now_of(schedule, looker, rows.readiness(looker), with_numbers=visit.person.role is not Role.VIEWER),
        "week": shown,
        "layers": _layers(schedule, looker),
        "gaps": rows.holes([schedule], reader),
        "shares": rows.fairness([schedule], looker),
        "overrides": views.overrides(visit, looker, schedule.id),
        "imports": [_imported(row, reader) for row in queries.imported(schedule.id)],
        "feed": reader.moment(feed.created_at) if feed else None,
        "address": address,
        "admin": visit.person.role is Role.ADMIN,
        "said": views.said_of(reader),
        "wrong": reader.say(wrong) if wrong else "",
        **rights,
    }
    return draw(visit, "pages/oncall_schedule.html", values, 422 if wrong else 200)


def _by_name(name: str) -> Schedule:
    found = queries.directory().schedules.get(name)
    if found is None:
        abort(404)
    return found


def _by_number(number: int) -> Schedule:
    found = next((one for one in queries.directory().schedules.values() if one.id == number), None)
    if found is None:
        abort(404)
    return found


def _layers(schedule: Schedule, looker: Looker) -> list[dict[str, object]]:
    """Top first, as they decide."""
    return [_layer(one, schedule, looker) for one in reversed(schedule.layers)]


def _layer(layer: Layer, schedule: Schedule, looker: Looker) -> dict[str, object]:
    reader = looker.reader
    if layer.ical:
        return {"ical": True}
    data = layer_as_data(layer)
    limits = [", ".join(data[key]) for key in ("days", "hours") if key in data]
    limits += [layer.when] if layer.when else []
    return {
        "ical": False,
        "members": [looker.name(email) for email in layer.members],
        "every": reader.duration(parse_duration(layer.every)),
        "start": _wall(layer.start, schedule, reader),
        "until": _wall(layer.until, schedule, reader) if layer.until else "",
        "limits": " · ".join(limits) if layer.hours or layer.when or layer.days != EVERY_DAY else "",
    }


def _wall(start: datetime, schedule: Schedule, reader: Reader) -> str:
    local = start.replace(tzinfo=zone_of(schedule.timezone))
    return f"{reader.day(local)} {local:%Y %H:%M}"


def _imported(row: ImportedCalendar, reader: Reader) -> dict[str, object]:
    """Of an address only the host: the rest of it may be a secret."""
    try:
        host = urlsplit(world().vault.open(row.address)).hostname if row.address else ""
    except (BadSecret, ValueError):  # of another key, or no address: the row says what is wrong with it
        host = "…"
    return {
        "key": row.key,
        "host": host,
        "count": len(row.duties),
        "good": reader.moment(row.good_at) if row.good_at else None,
        "error": row.error,
        "doubts": row.doubts,
    }
