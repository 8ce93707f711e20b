"""All notices that there ever were, a page a month: for everybody, as the public status page is."""

from dataclasses import dataclass

from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from dashboard.blueprint import bp
from dashboard.reader import Reader
from dashboard.slashes import with_query
from dashboard.status import public, rows
from gateway.acts.standing import Seen
from gateway.store.db import db
from gateway.store.public import notices
from rules.reports.months import month_of, month_span
from rules.reports.public import Standing

MONTH = "<int(fixed_digits=4):year>-<int(fixed_digits=2):number>"


@dataclass(frozen=True, slots=True)
class Month:
    """A link to its page; `count`: how many notices began in it."""

    name: str  # 2026-11
    word: str
    year: str
    count: int


@bp.get("/status/history")
def status_history() -> ResponseReturnValue:
    """The newest month in which there was something."""
    found, who = public.seen(), public.visitor()
    there = months(found.standing, who)
    return _page(found, who, there, there[0] if there else None)


@bp.get("/status/history/")
def status_history_with_a_slash() -> ResponseReturnValue:
    return public.led_to(with_query("/status/history"))


@bp.get(f"/status/history/{MONTH}")
def status_history_of_month(year: int, number: int) -> ResponseReturnValue:
    """Only of months in which there was something: of any other nothing is read, and no page is made."""
    found, who = public.seen(), public.visitor()
    there = months(found.standing, who)
    wanted = next((one for one in there if one.name == f"{year:04}-{number:02}"), None)
    if wanted is None:
        abort(404)
    return _page(found, who, there, wanted)


def months(standing: Standing, who: Reader) -> list[Month]:
    """In which notices began, the newest first; what is only to come has not begun."""
    words = who.say("January February March April May June July August September October November December").split()
    until = month_of(who.now, who.zone)
    return [
        Month(name, words[int(name[5:]) - 1], name[:4], count)
        for name, count in sorted(standing.months.items(), reverse=True)
        if name <= until
    ]


def _page(found: Seen, who: Reader, there: list[Month], wanted: Month | None) -> ResponseReturnValue:
    if found.stale:
        abort(503)  # nobody can read what is older

    def values() -> dict[str, object]:
        return {"there": there, "wanted": wanted, "told": _told(found.standing, wanted, who)}

    return public.page("pages/status_history.html", found, values, who)


def _told(standing: Standing, wanted: Month | None, who: Reader) -> list[rows.Shown]:
    if wanted is None:
        return []
    try:
        found = notices.began_within(db.session(), *month_span(wanted.name, who.zone))
    except SQLAlchemyError:
        abort(503)
    return [rows.shown(one, standing, who.now, who) for one in found]
