"""Saved views: a name for what the list is asked to show. Four are there from the start; the others are rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from dashboard import queries
from dashboard.blueprint import bp
from dashboard.incidents import filters
from dashboard.incidents.filters import Filter
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.takeback import ARG, leading_back
from gateway.access.auth import READERS, WAY, Visit, require
from gateway.lists import watching
from gateway.lists.watching import SEEDS
from gateway.store import audit, views
from gateway.store.db import db, transaction
from rules.text import clean_text, one_line
from rules.undoing import WITHIN
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
    return [one.name for one in queries.directory().teams.values() if visit.person.email in one.members]


def home_url(visit: Visit) -> str:
    """Where this person begins, if they chose a view."""
    key = views.home(db.session(), visit.person.person_id)
    if key in SEEDS:
        return url_of(key, SEEDS[key])
    number = int(key) if key.isascii() and key.isdigit() else 0
    found = views.seen(db.session(), number, visit.person.person_id, teams_of(visit)) if number else None
    return url_of(key, found.query) if found else ""


def _asked(visit: Visit) -> str:
    """The query of the form, as we would write it ourselves."""
    args = MultiDict(parse_qsl(request.form.get("query", "")[:4000]))
    return filters.read(args, visit.now, reader_of(visit).zone).query


def _name() -> str:
    name = one_line(clean_text(request.form.get("name", ""))).strip()[: views.LONGEST_NAME]
    if not name:
        abort(400)
    return name


@bp.post("/incidents/views")
@require(*READERS)
def add_view(visit: Visit) -> ResponseReturnValue:
    """Save as: for oneself, or for a team of one's own."""
    team, name, query = request.form.get("team", ""), _name(), _asked(visit)
    if team and team not in teams_of(visit):
        abort(403)
    with transaction() as session:
        row = views.add(session, visit.person.person_id, team, name, query, visit.now)
        if row is None:
            abort(400)
        audit.note(session, visit.now, visit.person.email, "view saved", f"view {row.id}", WAY, name=name, team=team)
        key = str(row.id)
    return redirect(url_of(key, query))


@bp.post("/incidents/views/<int(max=2147483647):number>/<any(save, rename, delete):what>")
@require(*READERS)
def change_view(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    """One's own, or one of a team of one's own."""
    with transaction() as session:
        found = views.seen(session, number, visit.person.person_id, teams_of(visit))
        if found is None:
            abort(404)
        name, query, before = found.name, found.query, views.was(session, found, deleted=what == "delete")
        if what == "save":
            query = _asked(visit)
            views.change(session, number, query=query)
            watching.anew(session, str(number), query, queries.directory(), visit.now)
        elif what == "rename":
            name = _name()
            views.change(session, number, name=name)
        else:
            watching.end(session, str(number), visit.now)
            views.remove(session, number)
        if what != "save":
            views.remember(session, visit.person.person_id, before, visit.now)
        audit.note(session, visit.now, visit.person.email, f"view {what}", f"view {number}", WAY, name=name)
    place = url_of(str(number), query) if what != "delete" else url_for("dashboard.incidents")
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
    """The view that one renamed or deleted last is again as it was; one of a team only for who still belongs to it."""
    me = visit.person.person_id
    with transaction() as session:
        before = views.remembered(session, me, visit.now - WITHIN)
        if before is None or (before.team and before.team not in teams_of(visit)):
            abort(404)
        number = views.take_back(session, me, before)
        if before.deleted:
            _watch_again(session, before, number, visit.now)
        audit.note(session, visit.now, visit.person.email, "view undo", f"view {number}", WAY, name=before.name)
    return redirect(url_of(str(number), before.query))


def _watch_again(session: Session, before: views.Was, number: int, now: datetime) -> None:
    """Whoever was told when something entered it is told again."""
    directory = queries.directory()
    for person in [one for one in directory.people.values() if one.id in before.watchers]:
        watching.begin(session, person, str(number), before.query, directory, now)


@bp.post("/incidents/home")
@require(*READERS)
def set_home(visit: Visit) -> ResponseReturnValue:
    """One begins at this view from now on; without one, at the plain list."""
    key = request.form.get("view", "")
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else 0
    with transaction() as session:
        known = views.seen(session, number, visit.person.person_id, teams_of(visit)) if number else None
        if key and key not in SEEDS and known is None:
            abort(404)
        views.set_home(session, visit.person.person_id, key)
        audit.note(session, visit.now, visit.person.email, "home view", visit.person.email, WAY, view=key)
    return redirect(home_url(visit) or url_for("dashboard.incidents"))
