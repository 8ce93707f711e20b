"""HTTP for programs: silences and maintenance windows under /api/v1: listed, made, ended, and what each has hidden."""

from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from gateway.acts import silencing as flow
from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, moment_in, object_of, text_in
from gateway.doors.machine.door import ACT, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.doors.machine.matchers import matchers_in
from gateway.store.db import reading, transaction
from gateway.store.quiet import silence_undos
from gateway.store.quiet import silences as store
from gateway.store.quiet.silence_undos import Did, Stood
from gateway.store.tables import HiddenAlert, Incident, SilenceRow
from gateway.world import world
from rules.telling.suppress import Wrong
from rules.texts.durations import parse_duration
from rules.times.walltime import is_zone
from rules.words import Suppressor

HIDDEN = ("fingerprint", "title", "at", "until")
STATES = ("active", "pending", "expired")


@bp.get("/v1/silences")
@needs(READ)
def silences(call: Call) -> Response:
    return _listed(Suppressor.SILENCE, call.now)


@bp.get("/v1/maintenance")
@needs(READ)
def windows(call: Call) -> Response:
    return _listed(Suppressor.MAINTENANCE, call.now)


@bp.get("/v1/silences/<number>")
@needs(READ)
def silence(call: Call, number: str) -> Response:
    return _one(Suppressor.SILENCE, number, call.now)


@bp.get("/v1/maintenance/<number>")
@needs(READ)
def window(call: Call, number: str) -> Response:
    return _one(Suppressor.MAINTENANCE, number, call.now)


@bp.post("/v1/silences")
@needs(ACT)
def add_silence(call: Call) -> Response:
    said = object_of(body())
    starts, spares = moment_in(said, "starts_at") or call.now, said.get("page_emergencies", True)
    if not isinstance(spares, bool):
        raise Refused(problem(400, "page_emergencies: true or false"))
    ends = moment_in(said, "ends_at")
    if (ends is None) == ("for" not in said):
        raise Refused(problem(400, 'say when it ends: "ends_at", a moment with its offset, or "for", like "2h"'))
    try:
        ends = ends or starts + parse_duration(text_in(said, "for"))
        begins, reason = max(starts, call.now), text_in(said, "reason")
        wanted = flow.silence(matchers_in(said), begins, ends, reason, spares=spares, **_more(said, call))
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _added(Suppressor.SILENCE, wanted, call)


@bp.post("/v1/maintenance")
@needs(ACT, *PLANNERS)
def add_window(call: Call) -> Response:
    said = object_of(body())
    zone = text_in(said, "timezone") or world().settings.timezone
    if not is_zone(zone):
        raise Refused(problem(400, "timezone: not the name of a time zone, like Europe/Berlin"))
    more = {"rule": text_in(said, "rule"), "reason": text_in(said, "reason"), **_more(said, call)}
    try:
        length = parse_duration(text_in(said, "length"))
        wanted = flow.window(matchers_in(said), text_in(said, "start"), length, zone, call.now, **more)
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    return _added(Suppressor.MAINTENANCE, wanted, call)


@bp.post("/v1/silences/<number>/extend")
@needs(ACT)
def extend_silence(call: Call, number: str) -> Response:
    """Longer by "for", an hour if it is not given."""
    said = object_of(body())
    try:
        more = parse_duration(text_in(said, "for") or "1h")
        with transaction() as session:
            row = _changeable(session, Suppressor.SILENCE, number, call)
            before = Stood.of(row)
            row = flow.extend(session, row.id, more, call.actor, call.now) or row
            _not_too_long(row, call)
            _remember(session, row, silence_undos.LONGER, before, call)
            return as_json(answer(row, store.counts(session, [row.id]).get(row.id, (0, 0)), call.now))
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def _not_too_long(row: SilenceRow, call: Call) -> None:
    """In the transaction that made it so, which then comes to nothing."""
    if row.kind == Suppressor.SILENCE and row.ends_at - call.now > flow.LONG and ADMIN not in call.scopes:
        raise Refused(problem(403, "a silence of more than a day needs the scope admin"))


@bp.delete("/v1/silences/<number>")
@needs(ACT)
def end_silence(call: Call, number: str) -> Response:
    return _ended(Suppressor.SILENCE, number, call)


@bp.delete("/v1/maintenance/<number>")
@needs(ACT, *PLANNERS)
def end_window(call: Call, number: str) -> Response:
    return _ended(Suppressor.MAINTENANCE, number, call)


def _listed(kind: Suppressor, now: datetime) -> Response:
    wanted = questions.wanted_state(request.args, STATES)
    with reading() as session:
        rows = [
            *(() if wanted == ("expired",) else store.listed(session, kind, ended=False, now=now)),
            *(store.listed(session, kind, ended=True, now=now) if "expired" in wanted else ()),
        ]
        counts = store.counts(session, [row.id for row in rows])
        shown = [answer(row, counts.get(row.id, (0, 0)), now) for row in rows]
    name = "silences" if kind is Suppressor.SILENCE else "maintenance"
    return as_json({name: [one for one in shown if one["state"] in wanted]})


def _one(kind: Suppressor, number: str, now: datetime) -> Response:
    questions.nothing_asked(request.args)
    with reading() as session:
        return as_json(whole(session, _found(session, kind, number), now))


def _added(kind: Suppressor, wanted: flow.Wanted, call: Call) -> Response:
    try:
        with transaction() as session:
            row = flow.add(session, kind, wanted, call.actor, call.now)
            _not_too_long(row, call)
            _remember(session, row, silence_undos.MADE, Stood.of(row), call)
            return as_json(answer(row, (0, 0), call.now))
    except Wrong as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def _ended(kind: Suppressor, number: str, call: Call) -> Response:
    with transaction() as session:
        row = _changeable(session, kind, number, call)
        before = Stood.of(row)
        flow.end(session, kind, row.id, call.actor, call.now)
        if before.ended_at is None:
            _remember(session, row, silence_undos.ENDED, before, call)
        counts = store.counts(session, [row.id])
        return as_json(answer(row, counts.get(row.id, (0, 0)), call.now))


def _found(session: Session, kind: Suppressor, number: str) -> SilenceRow:
    wanted = questions.number_of(number)
    row = None if wanted is None or wanted >= 2**31 else store.find(session, wanted, kind)
    if row is None:
        raise Refused(problem(404, f"there is no {kind} {number[:20]}"))
    return row


def _remember(session: Session, row: SilenceRow, act: str, before: Stood, call: Call) -> None:
    """So that a person can take it back; a program makes another one."""
    if call.person:
        did = Did(row.id, row.kind, act, before, Stood.of(row))
        silence_undos.remember(session, call.person.id, did, call.now)


def _changeable(session: Session, kind: Suppressor, number: str, call: Call) -> SilenceRow:
    row, me = _found(session, kind, number), call.person
    if me and not flow.may_change(row, me.email, me.role):
        raise Refused(problem(403, "it is somebody else's: dispatchers and administrators may change it"))
    return row


def answer(row: SilenceRow, hidden: tuple[int, int], now: datetime) -> dict[str, Any]:
    fields = answers.SILENCE + (() if row.kind == Suppressor.SILENCE else answers.WINDOW)
    shown = {name: getattr(row, name) for name in fields}
    shown |= {"state": flow.state(row, now), "hidden_alerts": hidden[0], "hidden_incidents": hidden[1]}
    if row.kind == Suppressor.MAINTENANCE:
        shown["coming"] = [{"starts_at": starts, "ends_at": ends} for starts, ends in flow.coming(row, now)]
    return shown


def whole(session: Session, row: SilenceRow, now: datetime) -> dict[str, Any]:
    """With what it hid, the newest first, and what became of it."""
    counts = store.counts(session, [row.id]).get(row.id, (0, 0))
    return answer(row, counts, now) | {"hidden": [_hidden(*pair) for pair in store.report(session, row.id)]}


def _hidden(alert: HiddenAlert, incident: Incident | None) -> dict[str, Any]:
    became = {"incident": alert.incident_id, "status": incident.status if incident else None}
    times = {"resolved_at": incident.resolved_at if incident else None}
    return {name: getattr(alert, name) for name in HIDDEN} | became | times


# What was said


def _more(said: dict[str, Any], call: Call) -> dict[str, str]:
    """A program may say for whom it asks; a person asks for themselves."""
    return {"author": "" if call.person else text_in(said, "author")[:200], "confirmed": text_in(said, "confirm")}
