"""The page On call: now, the week, who stands in, gaps, fairness, and what an emergency would do."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from dashboard import duty
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.oncall import forms, queries, rows
from dashboard.oncall.span import Span, asked
from dashboard.oncall.week import Looker, Week, line_of, week, when, whole
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.reader import Reader
from gateway.access.auth import READERS, Visit, require
from gateway.flows.duties import is_own
from gateway.store.tables import OverrideRow
from rules.times.walltime import zone_of
from rules.words import Directory, Role

PLANNERS = (Role.DISPATCHER, Role.ADMIN)  # who may change everybody's shifts
SAID = {
    "override": "Saved: the schedule is changed.",
    "removed": "Taken back: the schedule decides again.",
    "asked": "Asked. They are told by push or e-mail; nothing changes until they accept.",
    "accepted": "Accepted: the schedule is changed.",
    "declined": "Declined: nothing changes.",
    "withdrawn": "Withdrawn: nothing changes.",
    "away": "Asked for each of your shifts in that time; nothing changes until they accept.",
    "read": "Saved. It is read within a minute.",
    "gone": "Removed from the schedule.",
    "reminded": "They are told what lacks, by their own ways or else by e-mail.",
    "lately": "They were reminded within the hour: once an hour at most.",
    "reachable": "Nothing lacks any more: they can be reached.",
}


@bp.get("/oncall")
@require(*READERS)
def oncall(visit: Visit) -> ResponseReturnValue:
    looker = looker_of(visit)
    shown = week(list(looker.directory.schedules.values()), _span(looker), looker, "dashboard.oncall")
    if htmx and htmx.target == "cal":
        return draw_part(visit, "partials/oncall_week.html", {"week": shown, **_rights(visit)})
    return page(visit, looker, shown)


def page(visit: Visit, looker: Looker, shown: Week | None = None, wrong: str = "") -> ResponseReturnValue:
    """The whole page; `wrong`: what was asked for and cannot be."""
    schedules = list(looker.directory.schedules.values())
    reader = looker.reader
    values = {
        "page": "oncall",
        "week": shown or week(schedules, _span(looker), looker, "dashboard.oncall"),
        "gaps": rows.holes(schedules, reader),
        "shares": rows.fairness(schedules, looker),
        "dry": rows.dry_run(request.args.get("policy", ""), looker),
        "people": rows.pageable(looker.directory),
        "said": said_of(reader),
        "wrong": reader.say(wrong) if wrong else "",
        "default_from": rows.local_text(reader.now, reader),
        "swap": swap_form(visit, looker),
        **now_values(visit, looker),
    }
    return draw(visit, "pages/oncall.html", values, 422 if wrong else 200)


def now_values(visit: Visit, looker: Looker) -> dict[str, object]:
    """What of the page changes while it is open: who is on call now, and who stands in."""
    return {
        "mark": now_mark(visit, looker.directory),
        "crews": rows.crews(looker, with_numbers=visit.person.role is not Role.VIEWER),
        "overrides": overrides(visit, looker),
        "schedules": [one.name for one in looker.directory.schedules.values()],
        **_rights(visit),
    }


def now_mark(visit: Visit, directory: Directory) -> str:
    return marked(duty.mark(directory, visit.now), visit.now)


def said_of(reader: Reader) -> str:
    """What the last form did, as the address says it."""
    done = SAID.get(request.args.get("said", ""))
    return reader.say(done) if done else ""


def looker_of(visit: Visit) -> Looker:
    return Looker(reader_of(visit), queries.directory(), visit.person.email)


def _rights(visit: Visit) -> dict[str, object]:
    return {"planner": visit.person.role in PLANNERS, "me": visit.person.email}


def _span(looker: Looker) -> Span:
    return asked(request.values, looker.reader)


def overrides(visit: Visit, looker: Looker, schedule_id: int = 0) -> list[dict[str, object]]:
    """Those in force and to come, with whether this reader may take each back."""
    by_id = {one.id: one for one in looker.directory.schedules.values()}
    return [
        _override(row, visit, looker)
        for row in queries.overrides(visit.now)
        if row.schedule_id in by_id and schedule_id in (0, row.schedule_id)
    ]


def _override(row: OverrideRow, visit: Visit, looker: Looker) -> dict[str, object]:
    schedule = next(one for one in looker.directory.schedules.values() if one.id == row.schedule_id)
    own = visit.may_act and is_own(row, visit.person.email)
    return {
        "number": row.id,
        "schedule": schedule.name,
        "who": looker.name(row.email),
        "when": when(row.starts_at, row.ends_at, zone_of(schedule.timezone), looker.reader),
        "reason": row.reason,
        "left": row.email not in looker.directory.people,
        "author": looker.name(row.author),
        "may_remove": own or visit.person.role in PLANNERS,
    }


def swap_form(visit: Visit, looker: Looker) -> dict[str, object] | None:
    """The reader's shifts of four weeks and everybody else's of the same schedules; nothing for who has none."""
    if not visit.may_act:
        return None
    mine, theirs = list[tuple[str, str]](), list[tuple[str, str]]()
    email = visit.person.email
    for schedule in looker.directory.schedules.values():
        held = whole(schedule, visit.now, visit.now + rows.AHEAD)
        if not any(one.who == email for one in held):
            continue
        for one in held:
            if one.who is not None:
                line = line_of(one, schedule, looker)
                value = forms.shift_value(schedule.name, one.who, line.begins, line.ends)
                words = f"{schedule.name}: {line.when}" + ("" if line.mine else f" · {line.who}")
                (mine if line.mine else theirs).append((value, words))
    people = [
        (f"person {email}", name) for email, name in rows.pageable(looker.directory) if email != visit.person.email
    ]
    return {"mine": mine[:60], "theirs": theirs[:60], "people": people} if mine else None


def back(said: str, place: str = "dashboard.oncall", **more: str) -> str:
    form = request.form
    week_of = {"from": form["week"]} if form.get("week") else {}
    week_of |= {"span": form["span"]} if form.get("span") in ("day", "month") else {}
    return url_for(place, said=said, **week_of, **more)  # type: ignore[arg-type]


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Saved: the schedule is changed."), _("Taken back: the schedule decides again."),
        _("Asked. They are told by push or e-mail; nothing changes until they accept."),
        _("Accepted: the schedule is changed."), _("Declined: nothing changes."), _("Withdrawn: nothing changes."),
        _("Asked for each of your shifts in that time; nothing changes until they accept."),
        _("Saved. It is read within a minute."), _("Removed from the schedule."),
        _("There is no such schedule."), _("There is no such person, or it is a viewer: viewers are never paged."),
        _("The end must lie after the beginning, and after now."),
        _("An override lasts 92 days at most: change the rotation instead."),
        _("There are too many overrides already."),
        _("You are not on call for the whole of this time: give away only your own shifts, or take somebody else's."),
        _("They are not on call for the whole of that time: the schedule may have changed."),
        _("Ask somebody else than yourself."), _("It has been answered already, or it is too late."),
        _("Both shifts must be of the same schedule."), _("Choose a shift of yours and a shift of somebody else."),
        _("Give both times: a date and a time of day."), _("You have no shift in that time."),
        _("This is neither the address of a calendar nor a calendar."),
        _("There are ten calendars in this schedule already."),
        _("They are told what lacks, by their own ways or else by e-mail."),
        _("They were reminded within the hour: once an hour at most."),
        _("Nothing lacks any more: they can be reached."),
    )  # fmt: skip
