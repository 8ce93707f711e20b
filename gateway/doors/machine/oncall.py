"""HTTP for programs: who stands in for whom under /api/v1/oncall/overrides: listed, made, taken back."""

from flask import Response, request
from sqlalchemy.orm import Session

from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, moment_in, object_of, text_in
from gateway.doors.machine.door import ACT, READ, Call, Refused, as_json, bp, needs
from gateway.flows import duties
from gateway.store.db import reading, transaction
from gateway.store.directory import shifts
from gateway.store.tables import OverrideRow
from gateway.world import world
from rules.texts.durations import parse_duration


@bp.get("/v1/oncall/overrides")
@needs(READ)
def overrides(call: Call) -> Response:
    name = questions.wanted_schedule(request.args)
    with reading() as session:
        directory = world().roll.current(session)
        if name and name not in directory.schedules:
            raise Refused(problem(404, "there is no schedule of this name"))
        rows = [answers.override(row, directory) for row in shifts.listed(session, call.now)]
    return as_json({"overrides": [row for row in rows if name in ("", row["schedule"])]})


@bp.post("/v1/oncall/overrides")
@needs(ACT)
def add_override(call: Call) -> Response:
    said = object_of(body())
    starts, ends = moment_in(said, "starts_at") or call.now, moment_in(said, "ends_at")
    if (ends is None) == ("for" not in said):
        raise Refused(problem(400, 'say when it ends: "ends_at", a moment with its offset, or "for", like "8h"'))
    try:
        ends = ends or starts + parse_duration(text_in(said, "for"))
        asked = duties.Asked(text_in(said, "schedule"), text_in(said, "person"), starts, ends, text_in(said, "reason"))
        with transaction() as session:
            row = duties.add(session, asked, call.actor, call.now, own=call.own)
            return as_json(answers.override(row, world().roll.current(session)))
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


@bp.delete("/v1/oncall/overrides/<number>")
@needs(ACT)
def remove_override(call: Call, number: str) -> Response:
    wanted = questions.number_of(number)
    with transaction() as session:
        row = None if wanted is None or wanted >= 2**31 else _removed(session, wanted, call)
        if row is None:
            raise Refused(problem(404, f"there is no override {number[:20]}"))
        return as_json(answers.override(row, world().roll.current(session)))


def _removed(session: Session, number: int, call: Call) -> OverrideRow | None:
    try:
        return duties.remove(session, number, call.actor, call.now, own=call.own)
    except duties.Wrong as wrong:
        raise Refused(problem(403, str(wrong))) from wrong
