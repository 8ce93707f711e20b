"""HTTP for the public status page: what was published, and what people publish there by tokens of their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from gateway.acts import notices as acts
from gateway.acts import status_page
from gateway.acts.notices import Wanted
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import (
    body,
    flag_in,
    line_in,
    missing,
    moment_in,
    object_of,
    optional_body,
    small_number,
    text_in,
)
from gateway.doors.machine.door import ACT, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.settings import LANGUAGES
from gateway.store.db import reading
from gateway.store.public import notices, page
from gateway.store.tables import NoticeRow
from gateway.world import world
from rules.reports.public import (
    STAGES,
    About,
    NotFit,
    Notice,
    Said,
    Stage,
    State,
    all_spans,
    begins,
    ends,
    phase,
    state_at,
)

SEVERAL = {name: list(kind) for name, kind in (("about", About), ("stage", Stage), ("components", State))}


@bp.get("/v1/notices")
@needs(READ)
def list_notices(call: Call) -> Response:
    """What is not over, however old; then the newest of the others."""
    with reading() as session:
        return as_json({"notices": [_answer(session, one, call.now) for one in notices.listed(session, call.now)]})


@bp.get("/v1/notices/<number>")
@needs(READ)
def one_notice(call: Call, number: str) -> Response:
    with reading() as session:
        return as_json(_whole(session, small_number(number, "notice"), call.now))


@bp.post("/v1/notices")
@needs(ACT, *PLANNERS, only_persons=True)
def publish_notice(call: Call) -> Response:
    """Without "publish" it is only checked."""
    said = object_of(body())
    about = About(_word(said, "about", About.TROUBLE.value))
    incident = said.get("incident")
    if incident is not None and (not isinstance(incident, int) or isinstance(incident, bool) or incident <= 0):
        raise Refused(problem(400, "incident: must be a number"))
    titles, starts = _texts(said, "titles"), moment_in(said, "starts_at") or call.now
    wanted = Wanted(about, titles, starts, _said(said, STAGES[about][0]), incident)
    try:
        if not flag_in(said, "publish"):
            with reading() as session:
                acts.check(session, wanted, call.now)
            return as_json({"published": False, "notice": None})
        number = acts.publish(wanted, call.actor, call.now).notice
    except NotFit as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return as_json({"published": True, "notice": number})


@bp.post("/v1/notices/<number>/updates")
@needs(ACT, *PLANNERS, only_persons=True)
def update_notice(call: Call, number: str) -> Response:
    wanted, said = small_number(number, "notice"), object_of(body())
    with reading() as session:
        found = notices.one(session, wanted)
    if found is None:
        raise missing("notice", number)
    update = _said(said, found.last.stage)
    try:
        done = flag_in(said, "publish")
        if done:
            done = acts.update(wanted, update, call.actor, call.now) is not None
        else:
            with reading() as session:
                acts.check_update(session, wanted, update, call.now)
    except NotFit as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return as_json({"published": done, "notice": wanted})


@bp.post("/v1/notices/<number>/undo")
@needs(ACT, *PLANNERS, only_persons=True)
def take_back_notice(call: Call, number: str) -> Response:
    """One's own last word, within ten minutes."""
    wanted, _ = small_number(number, "notice"), optional_body()
    if not acts.take_back(wanted, call.actor, call.now):
        raise Refused(problem(409, "there is nothing of yours to take back, or it has moved on since"))
    return as_json({"published": False, "notice": wanted})


@bp.get("/v1/status-page")
@needs(READ)
def status_page_now(call: Call) -> Response:
    return _page_now(call)


def _page_now(call: Call) -> Response:
    with reading() as session:
        standing = notices.standing(session, call.now)
        services = {row.id: row.service for row in notices.component_rows(session)}
    parts = [
        {"id": one.id, "names": one.names, "service": services.get(one.id, ""),
         "state": state_at(all_spans(standing.notices, one.id), call.now)}
        for one in standing.components if one.shown
    ]  # fmt: skip
    about = {"on": standing.on, "mail": standing.mail, "names": standing.names}
    return as_json({**about, "components": parts, "web_url": _root("/status")})


@bp.post("/v1/status-page")
@needs(ADMIN, only_persons=True)
def set_status_page(call: Call) -> Response:
    said = object_of(body())
    with reading() as session:
        before = page.found(session)
    names = _texts(said, "names") if "names" in said else before.names
    on = flag_in(said, "on", default=before.on)
    try:
        mail = flag_in(said, "mail", default=before.mail)
        status_page.set_page(names, call.actor, call.now, on=on, mail=mail)
    except NotFit as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _page_now(call)


@bp.post("/v1/status-page/components")
@needs(ADMIN, only_persons=True)
def add_component(call: Call) -> Response:
    said = object_of(body())
    try:
        number = status_page.add_component(line_in(said, "service"), _texts(said, "names"), call.actor, call.now)
    except NotFit as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return as_json({"id": number})


@bp.post("/v1/status-page/components/<number>")
@needs(ADMIN, only_persons=True)
def change_component(call: Call, number: str) -> Response:
    """Other names, or a place up or down."""
    wanted, said = small_number(number, "component"), object_of(body())
    try:
        if "names" in said:
            done = status_page.rename_component(wanted, _texts(said, "names"), call.actor, call.now)
        else:
            way = _word(said, "move", "", tuple(status_page.WAYS))
            done = status_page.move_component(wanted, way, call.actor, call.now)
    except NotFit as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _done(number, done=done)


@bp.delete("/v1/status-page/components/<number>")
@needs(ADMIN, only_persons=True)
def remove_component(call: Call, number: str) -> Response:
    return _done(number, done=status_page.remove_component(small_number(number, "component"), call.actor, call.now))


def _done(number: str, *, done: bool) -> Response:
    if not done:
        raise missing("component", number)
    return as_json({"id": int(number)})


# What was said


def _said(said: dict[str, Any], otherwise: Stage) -> Said:
    stage = Stage(_word(said, "stage", otherwise.value))
    given = said.get("components", {})
    if not isinstance(given, dict):
        raise Refused(problem(400, "components: must be an object, of each number how it is"))
    states = {_number(name): State(_word(given, name, "")) for name in given}
    return Said(stage, _texts(said, "texts"), states, moment_in(said, "ends_at"))


def _number(name: str) -> int:
    if not (name.isascii() and name.isdigit() and len(name) < 10):
        raise Refused(problem(400, "components: each is named by its number"))
    return int(name)


def _word(said: dict[str, Any], name: str, otherwise: str, known: tuple[str, ...] = ()) -> str:
    """One of those that this field may be; a component's is a state."""
    words = known or SEVERAL.get(name, SEVERAL["components"])
    word = text_in(said, name) or otherwise
    if word not in words:
        raise Refused(problem(400, f"{name[:40]}: must be one of {', '.join(words)}"))
    return word


def _texts(said: dict[str, Any], name: str) -> Mapping[str, str]:
    given = said.get(name, {})
    if not isinstance(given, dict) or set(given) - set(LANGUAGES):
        raise Refused(problem(400, f"{name}: must be an object, of each language a text: {', '.join(LANGUAGES)}"))
    return {language: text_in(given, language) for language in given}


# What is answered


def _whole(session: Session, number: int, now: datetime) -> dict[str, Any]:
    found = notices.one(session, number)
    if found is None:
        raise missing("notice", str(number))
    return _answer(session, found, now)


def _answer(session: Session, one: Notice, now: datetime) -> dict[str, Any]:
    row, authors = session.get_one(NoticeRow, one.id), notices.authors(session, one.id)
    updates = [
        {"at": each.at, "stage": each.stage, "texts": each.texts, "author": authors.get(each.id, ""),
         "components": {str(number): state for number, state in each.states.items()}}
        for each in reversed(one.updates)
    ]  # fmt: skip
    return {
        "id": one.id, "about": one.about, "titles": one.titles, "phase": phase(one, now), "stage": one.last.stage,
        "starts_at": begins(one), "ends_at": ends(one), "incident": row.incident_id, "updates": updates,
        "web_url": _root(f"/notices/{one.id}"), "public_url": _root(f"/status/{one.id}"),
    }  # fmt: skip


def _root(path: str) -> str:
    return f"{world().settings.public_url}{path}"
