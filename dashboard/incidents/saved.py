"""Saved views: a name for what the list is asked to show. Four are there from the start; the others are rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import queries
from dashboard.blueprint import bp
from dashboard.incidents.filters import Filter
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.takeback import ARG, actor_of, leading_back
from gateway.access.auth import READERS, Visit, require
from gateway.actions import NotPossible
from gateway.acts import viewing
from gateway.lists import watching
from gateway.lists.watching import SEEDS
from gateway.store.db import db
from gateway.store.reading import views
from rules.duty import company
from rules.telling.undoing import WITHIN
from rules.words import Contact

OFFERED = "view"  # in an address: a view can be taken back


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    name: str
    url: str
    team: str = ""
    current: bool = False
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu beside the title."""

    current: Entry | None
    changed: bool  # what is shown is no longer what the view keeps
    mine: bool  # the current one may be changed and deleted here
    at_home: bool  # one begins at the current one
    may_watch: bool  # one can be told when something enters the current one
    reached: bool  # and there is a browser or a phone that would say so
    seeds: list[Entry]
    others: list[Entry]
    teams: list[str]
    query: str  # what would be saved


def seed_names(reader: Reader) -> dict[str, str]:
    _ = reader.say
    return {"mine": _("My teams, unresolved"), "assigned": _("Assigned to me"),
            "emergencies": _("Unacknowledged emergencies"), "night": _("Last night")}  # fmt: skip


def menu(
    visit: Visit, wanted: Filter, rows: Sequence[views.View], teams: list[str], watched: set[str]
) -> Menu:  # fmt: skip
    names = seed_names(reader_of(visit))

    def entry(key: str, name: str, query: str, team: str = "") -> Entry:
        return Entry(key, name, url_of(key, query), team, wanted.view == key, key in watched)

    seeds = [entry(key, names[key], query) for key, query in SEEDS.items()]
    others = [entry(str(one.id), one.name, one.query, one.team) for one in rows]
    current = next((one for one in (*seeds, *others) if one.current), None)
    kept = {**SEEDS, **{str(one.id): one.query for one in rows}}
    return Menu(
        current=current,
        changed=current is not None and _sorted(kept[current.id]) != _sorted(wanted.query),
        mine=current is not None and current.id not in SEEDS,
        at_home=current is not None and views.home(db.session(), visit.person.person_id) == current.id,
        may_watch=current is not None and visit.may_act,
        reached=current is not None and bool(phones_of(visit)),
        seeds=seeds,
        others=others,
        teams=sorted(teams),
        query=wanted.query,
    )


def _sorted(query: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(query))


def url_of(key: str, query: str) -> str:
    parts = [*parse_qsl(query), ("view", key)]
    return f"{url_for('dashboard.incidents')}?{urlencode(parts)}"


def phones_of(visit: Visit) -> list[Contact]:
    """Where a push reaches whoever looks at the page."""
    person = queries.directory().people.get(visit.person.email)
    return watching.phones(person) if person else []


def teams_of(visit: Visit) -> list[str]:
    return company.teams_of(visit.person.email, queries.directory())


def home_url(visit: Visit) -> str:
    """Where this person begins, if they chose a view."""
    return place_of(views.home(db.session(), visit.person.person_id), visit)


def place_of(key: str, visit: Visit) -> str:
    """What the view of this name asks the list for, as an address; nothing if they see no such view."""
    if key in SEEDS:
        return url_of(key, SEEDS[key])
    number = int(key) if key.isascii() and key.isdigit() else 0
    found = views.seen(db.session(), number, visit.person.person_id, teams_of(visit)) if number else None
    return url_of(key, found.query) if found else ""


def viewer(visit: Visit) -> viewing.Person:
    return viewing.Person(actor_of(visit), reader_of(visit).zone)


@bp.post("/incidents/views")
@require(*READERS)
def add_view(visit: Visit) -> ResponseReturnValue:
    """Save as: for oneself, or for a team of one's own."""
    form = request.form
    try:
        made = viewing.add(viewer(visit), form.get("team", ""), form.get("name", ""), form.get("query", ""), visit.now)
    except NotPossible as wrong:
        abort(403 if str(wrong) == viewing.NOT_YOURS else 400)
    return redirect(url_of(str(made.number), made.query))


@bp.post("/incidents/views/<int(max=2147483647):number>/<any(save, rename, delete):what>")
@require(*READERS)
def change_view(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    """One's own, or one of a team of one's own."""
    who, now = viewer(visit), visit.now
    try:
        if what == "save":
            done = viewing.save(who, number, request.form.get("query", ""), now)
        elif what == "rename":
            done = viewing.rename(who, number, request.form.get("name", ""), now)
        else:
            done = viewing.delete(who, number, now)
    except NotPossible:
        abort(400)
    if done is None:
        abort(404)
    place = url_of(str(number), done.query) if what != "delete" else url_for("dashboard.incidents")
    return redirect(place if what == "save" else leading_back(place, OFFERED))


def offer(visit: Visit) -> str:
    """The word about the view just renamed or deleted, for as long as that can be taken back; else nothing."""
    if request.args.get(ARG) != OFFERED:
        return ""
    _ = reader_of(visit).say
    before = views.remembered(db.session(), visit.person.person_id, visit.now - WITHIN)
    if before is None:
        return ""
    there = views.seen(db.session(), before.number, visit.person.person_id, teams_of(visit))
    if there is None:
        return _("The view “%(name)s” is deleted.", name=before.name)
    return _("“%(old)s” is called “%(new)s” now.", old=before.name, new=there.name)


@bp.post("/incidents/views/undo")
@require(*READERS)
def undo_view(visit: Visit) -> ResponseReturnValue:
    """The view that one renamed or deleted last is again as it was."""
    done = viewing.undo(viewer(visit), visit.now)
    if done is None:
        abort(404)
    return redirect(url_of(str(done.number), done.query))


@bp.post("/incidents/home")
@require(*READERS)
def set_home(visit: Visit) -> ResponseReturnValue:
    """One begins at this view from now on; without one, at the plain list."""
    if not viewing.set_home(viewer(visit), request.form.get("view", ""), visit.now):
        abort(404)
    return redirect(home_url(visit) or url_for("dashboard.incidents"))
