"""One's own shifts: what lies ahead, what is asked, "I am away", and the calendar to subscribe to."""

from datetime import timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.oncall import forms, queries, rows, views
from dashboard.oncall.actions import actor_of
from dashboard.oncall.week import AROUND, Looker, line_of, when
from dashboard.page import draw, reader_of
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.flows import calendars, duties
from gateway.store.db import transaction
from gateway.store.directory import shifts as states
from gateway.store.tables import SwapRow
from gateway.world import world
from rules.duty.oncall import shifts_of
from rules.times.walltime import zone_of

AHEAD = timedelta(days=90)
MOST = 60
STATES = {
    states.REQUESTED: "waits for an answer",
    states.ACCEPTED: "accepted",
    states.DECLINED: "declined",
    states.WITHDRAWN: "withdrawn",
    states.EXPIRED: "never answered",
}


@bp.get("/oncall/me")
@require(*READERS)
def oncall_me(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, wrong: str = "", address: str = "") -> ResponseReturnValue:
    """`address`: of the calendar, shown this once."""
    looker = views.looker_of(visit)
    reader, email = looker.reader, visit.person.email
    found = [
        (one.starts, line_of(one, schedule, looker))
        for schedule in looker.directory.schedules.values()
        for one in shifts_of(schedule, email, visit.now - AROUND, visit.now + AHEAD)
        if one.ends > visit.now
    ]
    found.sort(key=lambda pair: pair[0])
    feed = queries.feed_of_person(visit.person.person_id)
    values = {
        "page": "oncall",
        "lines": [line for _, line in found[:MOST]],
        "swaps": [_swap(row, looker) for row in queries.swaps(email, visit.now)],
        "swap": views.swap_form(visit, looker),
        "people": [one for one in rows.pageable(looker.directory) if one[0] != email],
        "feed": reader.moment(feed.created_at) if feed else None,
        "feed_read": reader.moment(feed.read_at) if feed and feed.read_at else None,
        "address": address,
        "said": views.said_of(reader),
        "wrong": reader.say(wrong) if wrong else "",
        "default_from": rows.local_text(reader.now, reader),
    }
    return draw(visit, "pages/oncall_me.html", values, 422 if wrong else 200)


def _swap(row: SwapRow, looker: Looker) -> dict[str, object]:
    schedule = next((one for one in looker.directory.schedules.values() if one.id == row.schedule_id), None)
    zone, reader = zone_of(schedule.timezone) if schedule else looker.reader.zone, looker.reader
    mine = row.asker == looker.email
    waits = row.state == states.REQUESTED
    return {
        "number": row.id,
        "mine": mine,
        "who": looker.name(row.asked if mine else row.asker),
        "schedule": schedule.name if schedule else "",
        "gives": when(row.gives_from, row.gives_to, zone, reader),
        "takes": when(row.takes_from, row.takes_to, zone, reader) if row.takes_from and row.takes_to else "",
        "reason": row.reason,
        "state": reader.say(STATES.get(row.state, row.state)),
        "may_answer": waits and not mine,
        "may_withdraw": waits and mine,
    }


@bp.post("/oncall/me/away")
@require(*ACTORS)
def oncall_away(visit: Visit) -> ResponseReturnValue:
    """For each shift of the reader's in that time somebody is asked to stand in."""
    reader = reader_of(visit)
    try:
        begins, ends = (forms.moment(request.form, name, reader) for name in ("from", "to"))
        who, reason = forms.text(request.form, "person").lower(), forms.text(request.form, "reason", 200)
        with transaction() as session:
            duties.away(session, (begins, ends), who, reason, actor_of(visit), visit.now)
    except duties.Wrong as wrong:
        return _page(visit, str(wrong))
    return redirect(url_for("dashboard.oncall_me", said="away"))


@bp.post("/oncall/me/calendar")
@require(*READERS)
def oncall_my_calendar(visit: Visit) -> ResponseReturnValue:
    with transaction() as session:
        if request.form.get("what") == "end":
            calendars.end_feed(session, actor_of(visit), visit.now, person_id=visit.person.person_id)
            token = ""
        else:
            token = calendars.new_feed(session, actor_of(visit), visit.now, person_id=visit.person.person_id)
    if not token:
        return redirect(url_for("dashboard.oncall_me"))
    return _page(visit, address=address_of(token))


def address_of(token: str) -> str:
    return f"{world().settings.public_url}/ical/{token}.ics"


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("waits for an answer"), _("accepted"), _("declined"), _("withdrawn"), _("never answered"))
