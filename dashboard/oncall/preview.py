"""What an override would change, before it is made: the schedule's week as it is, and as it would be."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.oncall import forms
from dashboard.oncall.span import span
from dashboard.oncall.views import looker_of
from dashboard.oncall.week import Line, Looker, Week, week
from dashboard.page import draw_part
from gateway.access.auth import ACTORS, Visit, require
from gateway.flows import duties
from rules.schedules import Override, Schedule

NOT_KNOWN = "Choose a schedule and a person."
NO_LENGTH = "It must end after it begins."
PROPOSED = -1  # no override has this number


@dataclass(frozen=True, slots=True)
class Side:
    """Before, or after."""

    word: str
    week: Week
    lines: list[Line]  # of the time in question


@bp.get("/oncall/override/preview")
@require(*ACTORS)
def oncall_preview(visit: Visit) -> ResponseReturnValue:
    """Reads only: nothing is kept."""
    looker = looker_of(visit)
    try:
        sides, wrong = _sides(looker), ""
    except duties.Wrong as problem:
        sides, wrong = [], looker.reader.say(str(problem))
    return draw_part(visit, "partials/oncall_preview.html", {"sides": sides, "wrong": wrong})


def _sides(looker: Looker) -> list[Side]:
    """Raises Wrong."""
    asked = forms.override(request.args, looker.reader)
    schedule = looker.directory.schedules.get(asked.schedule)
    if schedule is None or asked.who not in looker.directory.people:
        raise duties.Wrong(NOT_KNOWN)
    if asked.ends <= asked.starts:
        raise duties.Wrong(NO_LENGTH)
    changed = replace(
        schedule, overrides=(*schedule.overrides, Override(asked.starts, asked.ends, asked.who, PROPOSED))
    )
    say = looker.reader.say
    return [
        _side(say("Before"), schedule, asked.starts, asked.ends, looker),
        _side(say("After"), changed, asked.starts, asked.ends, looker),
    ]


def _side(word: str, schedule: Schedule, begins: datetime, ends: datetime, looker: Looker) -> Side:
    """Of a longer time its first week."""
    shown = week([schedule], span("week", begins.astimezone(looker.reader.zone).date()), looker, "dashboard.oncall")
    touched = [
        line for line in shown.lines
        if datetime.fromisoformat(line.begins) < ends and datetime.fromisoformat(line.ends) > begins
    ]  # fmt: skip
    return Side(word, shown, touched)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: texts that are looked up by a variable."""
    _ = str
    return (_("Choose a schedule and a person."), _("It must end after it begins."))
