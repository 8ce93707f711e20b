"""The forms of on call: stand in, take back, ask to swap, answer. Each leads back to where it was pressed."""

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.oncall import forms, views
from dashboard.oncall.views import PLANNERS, back
from dashboard.page import reader_of
from gateway.access.auth import ACTORS, Visit, require
from gateway.actions import Actor
from gateway.acts import reminding
from gateway.flows import duties
from gateway.store.db import transaction


def actor_of(visit: Visit) -> Actor:
    return Actor(visit.person.name, "dashboard", visit.person.person_id, visit.person.email)


def own_of(visit: Visit) -> str:
    """Whose shifts only may be changed; empty: everybody's."""
    return "" if visit.person.role in PLANNERS else visit.person.email


@bp.post("/oncall/override")
@require(*ACTORS)
def oncall_override(visit: Visit) -> ResponseReturnValue:
    try:
        asked = forms.override(request.form, reader_of(visit))
        with transaction() as session:
            duties.add(session, asked, actor_of(visit), visit.now, own=own_of(visit))
    except duties.Wrong as wrong:
        return views.page(visit, views.looker_of(visit), wrong=str(wrong))
    return redirect(back("override"))


@bp.post("/oncall/override/<int(max=2147483647):number>/remove")
@require(*ACTORS)
def oncall_remove(visit: Visit, number: int) -> ResponseReturnValue:
    try:
        with transaction() as session:
            row = duties.remove(session, number, actor_of(visit), visit.now, own=own_of(visit))
    except duties.Wrong as wrong:
        return views.page(visit, views.looker_of(visit), wrong=str(wrong))
    if not row:
        abort(404)
    return redirect(back("removed"))


@bp.post("/oncall/remind/<int(max=2147483647):number>")
@require(*PLANNERS)
def oncall_remind(visit: Visit, number: int) -> ResponseReturnValue:
    """Who cannot be reached as they should is told so, by whatever way there is."""
    came = reminding.remind(number, actor_of(visit), visit.now)
    if came.wrong == reminding.NOBODY:
        abort(404)
    return redirect(back({"": "reminded", reminding.LATELY: "lately"}.get(came.wrong, "reachable")))


@bp.post("/oncall/swap")
@require(*ACTORS)
def oncall_swap(visit: Visit) -> ResponseReturnValue:
    try:
        asked = forms.swap(request.form, visit.person.email)
        with transaction() as session:
            duties.ask(session, asked, actor_of(visit), visit.now)
    except duties.Wrong as wrong:
        return views.page(visit, views.looker_of(visit), wrong=str(wrong))
    return redirect(back("asked", "dashboard.oncall_me"))


@bp.post("/oncall/swap/<int(max=2147483647):number>/<any(accept, decline, withdraw):what>")
@require(*ACTORS)
def oncall_answer(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    actor = actor_of(visit)
    try:
        with transaction() as session:
            if what == "withdraw":
                row = duties.withdraw(session, number, actor, visit.now)
            else:
                row = duties.answer(session, number, actor, visit.now, accept=what == "accept")
            state = row.state if row else ""
    except duties.Wrong as wrong:
        return views.page(visit, views.looker_of(visit), wrong=str(wrong))
    if not state:
        abort(404)
    return redirect(back(state, "dashboard.oncall_me"))
