"""The settings of the status page: on or off, its name, and which services the world is told of, by which names."""

from collections.abc import Mapping

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.page import draw, reader_of
from dashboard.status import queries, rows
from dashboard.takeback import actor_of
from gateway.access.auth import Visit, require
from gateway.acts import status_page, subscribing
from rules.reports.public import LONGEST_NAME, NotFit
from rules.words import Role

NUMBER = "<int(max=2147483647):number>"


@bp.get("/settings/status-page")
@require(Role.ADMIN)
def status_settings(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    there = queries.component_rows()
    who, taken = reader_of(visit), {one.service for one in there}
    values = {
        "page": "settings",
        "set": queries.set_page(),
        "subscribers": queries.subscribers(),
        "paused": [(one, rows.when(one.bounced_at, who)) for one in queries.paused() if one.bounced_at],
        "more_paused": queries.more_paused(),
        "parts": there,
        "services": [one for one in queries.services() if one not in taken],
        "most": LONGEST_NAME,
        "wrong": wrong,
    }
    return draw(visit, "pages/settings_status.html", values, code)


def _names() -> Mapping[str, str]:
    return {language: request.form.get(f"name-{language}", "") for language in LANGUAGES}


@bp.post("/settings/status-page")
@require(Role.ADMIN)
def set_status_page(visit: Visit) -> ResponseReturnValue:
    try:
        on, mail = (request.form.get(name) == "1" for name in ("on", "mail"))
        status_page.set_page(_names(), actor_of(visit), visit.now, on=on, mail=mail)
    except NotFit as wrong:
        return _page(visit, reader_of(visit).say(str(wrong)), 422)
    return redirect(url_for("dashboard.status_settings"))


@bp.post(f"/settings/status-page/mail/{NUMBER}/<any(again, remove):what>")
@require(Role.ADMIN)
def settle_address(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    """Of an address from which a letter came back; again/0 is all of them."""
    if what == "again":
        done = subscribing.write_again(number or None, actor_of(visit), visit.now)
    else:
        done = subscribing.take_off(number, actor_of(visit), visit.now)
    if not done:
        abort(404)
    return redirect(url_for("dashboard.status_settings"))


@bp.post("/settings/status-page/components")
@require(Role.ADMIN)
def add_component(visit: Visit) -> ResponseReturnValue:
    try:
        status_page.add_component(request.form.get("service", ""), _names(), actor_of(visit), visit.now)
    except NotFit as wrong:
        return _page(visit, reader_of(visit).say(str(wrong)), 422)
    return redirect(url_for("dashboard.status_settings"))


@bp.post(f"/settings/status-page/components/{NUMBER}/<any(save, up, down, remove):what>")
@require(Role.ADMIN)
def change_component(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    actor = actor_of(visit)
    try:
        if what == "save":
            done = status_page.rename_component(number, _names(), actor, visit.now)
        elif what == "remove":
            done = status_page.remove_component(number, actor, visit.now)
        else:
            done = status_page.move_component(number, what, actor, visit.now)
    except NotFit as wrong:
        return _page(visit, reader_of(visit).say(str(wrong)), 422)
    if not done:
        abort(404)
    return redirect(url_for("dashboard.status_settings"))
