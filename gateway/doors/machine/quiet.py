"""HTTP for silences and windows: what one would hide, before it is made; and one's last act on one, taken back."""

from typing import Any

from flask import Response

from gateway.acts import silence_undo
from gateway.acts import silencing as flow
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import body, flag_in, object_of, optional_body, small_number, text_in
from gateway.doors.machine.door import ACT, ACTORS, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.doors.machine.matchers import matchers_in
from gateway.store.db import reading, transaction
from gateway.world import world
from rules.telling.suppress import Wrong, read_matchers, takes_everything
from rules.texts.durations import parse_duration
from rules.times.walltime import is_zone
from rules.words import Suppressor

NEXT = 6  # times of a window that are shown


@bp.post("/v1/silences/preview")
@needs(READ, *ACTORS)
def preview_silence(call: Call) -> Response:
    said = object_of(body())
    return as_json(_foreseen(said, call, spares=flag_in(said, "page_emergencies", default=True)))


@bp.post("/v1/maintenance/preview")
@needs(READ, *PLANNERS)
def preview_window(call: Call) -> Response:
    """With its next times."""
    said = object_of(body())
    zone = text_in(said, "timezone") or world().settings.timezone
    if not is_zone(zone):
        raise Refused(problem(400, "timezone: not the name of a time zone, like Europe/Berlin"))
    try:
        length = parse_duration(text_in(said, "length"))
        wanted = flow.window(
            matchers_in(said), text_in(said, "start"), length, zone, call.now, rule=text_in(said, "rule")
        )
    except (ValueError, OverflowError) as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    coming = [{"starts_at": starts, "ends_at": ends} for starts, ends in wanted.spans[:NEXT]]
    return as_json(_foreseen(said, call, spares=False) | {"coming": coming})


def _foreseen(said: dict[str, Any], call: Call, *, spares: bool) -> dict[str, Any]:
    try:
        matchers = read_matchers(matchers_in(said))
    except Wrong as wrong:
        raise Refused(problem(400, str(wrong))) from wrong
    with reading() as session:
        seen = flow.foresee(session, matchers, call.now, spares=spares)
    counted = {"firing_alerts": seen.firing, "incidents": seen.incidents, "alerts_of_a_week": seen.week}
    return counted | {"emergencies_of_a_week": seen.emergencies, "capped": seen.capped,
                      "everything": takes_everything(matchers)}  # fmt: skip


@bp.post("/v1/silences/<number>/undo")
@needs(ACT, only_persons=True)
def undo_silence(call: Call, number: str) -> Response:
    return _undone(Suppressor.SILENCE, number, call)


@bp.post("/v1/maintenance/<number>/undo")
@needs(ACT, only_persons=True)
def undo_window(call: Call, number: str) -> Response:
    return _undone(Suppressor.MAINTENANCE, number, call)


def _undone(kind: Suppressor, number: str, call: Call) -> Response:
    """Only one's own last act, within ten minutes, and only while it stands as that act has left it."""
    wanted, _ = small_number(number, kind.value), optional_body()
    with transaction() as session:
        did = silence_undo.take_back(session, wanted, kind, call.actor, call.now)
    if did is None:
        raise Refused(problem(409, "there is nothing of yours to take back, or it has moved on since"))
    return as_json({"act": did.act, "id": wanted})
