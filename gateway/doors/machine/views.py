"""HTTP for saved views: listed, made, changed, taken back, watched; and which incidents are in one."""

from datetime import datetime
from typing import Any

from flask import Response, request

from gateway.actions import NotPossible
from gateway.acts import viewing
from gateway.acts.viewing import Done, Person
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import (
    body,
    flag_in,
    line_in,
    missing,
    object_of,
    optional_body,
    small_number,
    text_in,
    zone_of,
)
from gateway.doors.machine.door import ACT, EVERYBODY, READ, Call, Refused, as_json, bp, needs
from gateway.lists import filters, matching
from gateway.lists.meaning import Asker, meaning
from gateway.lists.watching import NAMES, SEEDS
from gateway.store.db import reading
from gateway.store.reading import readings, views, watches
from gateway.store.reading import readings_admin as teams_views
from gateway.world import world
from rules.duty.company import teams_of


@bp.get("/v1/views")
@needs(READ)
def saved_views(call: Call) -> Response:
    """To a program those of all teams: it is nobody in particular. To a person their own, and those of their teams."""
    questions.nothing_asked(request.args)
    with reading() as session:
        if call.person is None:
            return as_json({"views": [answers.view(row) for row in teams_views.team_views(session)]})
        teams = teams_of(call.person.email, world().roll.current(session))
        rows = [answers.view(row) for row in views.listed(session, call.person.id, teams)]
        watched, home = watches.of_person(session, call.person.id), views.home(session, call.person.id)
    seeds = [{"id": None, "key": key, "team": "", "name": NAMES[key], "query": query} for key, query in SEEDS.items()]
    shown = [one | {"home": one["key"] == home, "watched": one["key"] in watched} for one in (*seeds, *rows)]
    return as_json({"views": shown})


def _who(call: Call) -> Person:
    call.me  # noqa: B018 - raises Refused
    return Person(call.actor, zone_of(call))


@bp.post("/v1/views")
@needs(ACT, *EVERYBODY, only_persons=True)
def add_view(call: Call) -> Response:
    said = object_of(body())
    team, name, query = line_in(said, "team"), line_in(said, "name"), text_in(said, "query")
    try:
        return _view(viewing.add(_who(call), team, name, query, call.now))
    except NotPossible as wrong:
        raise Refused(problem(403 if str(wrong) == viewing.NOT_YOURS else 400, str(wrong))) from wrong


@bp.post("/v1/views/<number>")
@needs(ACT, *EVERYBODY, only_persons=True)
def change_view(call: Call, number: str) -> Response:
    """Its name, or what it asks for, or both."""
    wanted, said, done = small_number(number, "view"), object_of(body()), None
    if not {"name", "query"} & said.keys():
        raise Refused(problem(400, "say its new name, or its new query"))
    name, query = line_in(said, "name"), text_in(said, "query")
    try:
        if "name" in said:
            done = _known(number, viewing.rename(_who(call), wanted, name, call.now))
        if "query" in said:
            done = _known(number, viewing.save(_who(call), wanted, query, call.now))
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _view(_known(number, done))


@bp.delete("/v1/views/<number>")
@needs(ACT, *EVERYBODY, only_persons=True)
def delete_view(call: Call, number: str) -> Response:
    return _view(_known(number, viewing.delete(_who(call), small_number(number, "view"), call.now)))


@bp.post("/v1/views/undo")
@needs(ACT, *EVERYBODY, only_persons=True)
def undo_view(call: Call) -> Response:
    """The view that one renamed or deleted last, within ten minutes."""
    optional_body()
    done = viewing.undo(_who(call), call.now)
    if done is None:
        raise Refused(problem(409, "there is nothing to take back"))
    return _view(done)


@bp.post("/v1/views/watch")
@needs(ACT, only_persons=True)
def watch_view(call: Call) -> Response:
    """Told by push when something enters it, or no longer. By its number, or the name of one that is there always."""
    said = object_of(body())
    key, on = line_in(said, "view", 20), flag_in(said, "on", default=True)
    try:
        query = viewing.watch(_who(call), key, call.now, on=on)
    except NotPossible as wrong:
        raise Refused(problem(409, str(wrong))) from wrong
    if query is None:
        raise missing("view", key)
    return as_json({"view": key, "watched": on})


@bp.post("/v1/me/home")
@needs(ACT, *EVERYBODY, only_persons=True)
def set_home(call: Call) -> Response:
    """The view at which one begins; empty: the plain list."""
    key = line_in(object_of(body()), "view", 20)
    if not viewing.set_home(_who(call), key, call.now):
        raise missing("view", key)
    return as_json({"view": key})


def _known(number: str, done: Done | None) -> Done:
    if done is None:
        raise missing("view", number)
    return done


def _view(done: Done) -> Response:
    return as_json({"id": done.number, "team": done.team, "name": done.name, "query": done.query})


# What is in a view, and what any question to the list finds


@bp.get("/v1/incidents/search")
@needs(READ)
def search(call: Call) -> Response:
    """The list of the page: `query` as its address or a saved view has it."""
    query, after, limit = questions.wanted_search(request.args)
    return as_json(_found(query, after, limit, call, call.now))


@bp.get("/v1/views/<key>/incidents")
@needs(READ, only_persons=True)
def in_view(call: Call, key: str) -> Response:
    after, limit = questions.wanted_view(request.args)
    query = SEEDS.get(key)
    if query is None:
        number = small_number(key, "view")
        with reading() as session:
            row = viewing.seen(session, number, _who(call))
            query = row.query if row else None
    if query is None:
        raise missing("view", key)
    return as_json(_found(query, after, limit, call, call.now))


def _found(query: str, after: tuple[int, int] | None, limit: int, call: Call, now: datetime) -> dict[str, Any]:
    zone, me = zone_of(call), call.person
    asker = Asker(me.id if me else 0, me.email if me else "", zone)
    wanted = filters.after(filters.of_query(query, now, zone), after)
    with reading() as session:
        directory = world().roll.current(session)
        meant = meaning(wanted, asker, directory, now)
        if meant.problems:
            first = meant.problems[0]
            raise Refused(problem(400, f"query: {first.word}={first.value}: {first.reason}"))
        found = matching.walk(wanted, meant, limit + 1)
        stopped = found.rows[limit - 1].cursor(wanted.order) if len(found.rows) > limit else found.stopped
        rows = readings.these(session, [one.id for one in found.rows[:limit]])
        public = world().settings.public_url
        shown = [answers.incident(row, source, public, directory) for row, source in rows]
    return {"incidents": shown, "next": questions.pair(stopped)}
