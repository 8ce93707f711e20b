"""HTTP for one act on many incidents, each with its own result, and for taking back what was just done."""

from dataclasses import replace
from typing import Any

from flask import Response

from gateway.actions import NotPossible
from gateway.acts import several, undo
from gateway.acts.several import ASK_ABOVE, Results
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import body, flag_in, line_in, numbers_in, object_of, text_in, zone_of
from gateway.doors.machine.door import ACT, Call, Refused, as_json, bp, needs
from gateway.lists import filters
from gateway.lists.matching import walk
from gateway.lists.meaning import Asker, meaning
from gateway.store.db import reading
from gateway.world import world
from rules.lifecycle import Given, Signal
from rules.telling.snoozing import end_of
from rules.telling.undoing import MERGE, Obstacle

SIGNALS = {"acknowledge": Signal.ACKNOWLEDGE, "resolve": Signal.RESOLVE, "snooze": Signal.SNOOZE, "wake": Signal.WAKE}
ACTS = (*SIGNALS, "assign", MERGE)
WHICH = 'say which: "incidents", a list of numbers, or "query", as the address of the list has it'


@bp.post("/v1/incidents/bulk")
@needs(ACT)
def bulk(call: Call) -> Response:
    """What was answered meanwhile is passed over, and said so."""
    said = object_of(body())
    what = line_in(said, "do")
    if what not in ACTS:
        raise Refused(problem(400, f"do: one of {', '.join(ACTS)}"))
    numbers = _which(said, call)
    if what == "resolve" and len(numbers) > ASK_ABOVE and not flag_in(said, "sure"):
        raise Refused(problem(409, f'these are {len(numbers)} incidents: say so with "sure": true'))
    done = _assigned(said, numbers, call) if what == "assign" else _done(what, said, numbers, call)
    results: list[dict[str, Any]] = [{"incident": one, "done": True, "why": None} for one in done.done]
    results += [{"incident": one, "done": False, "why": why.value if why else "no such incident"}
                for one, why in done.skipped]  # fmt: skip
    return as_json({"results": results, "undo": done.token if done.done else None})


def _which(said: dict[str, Any], call: Call) -> list[int]:
    """Raises Refused."""
    if ("incidents" in said) == ("query" in said):
        raise Refused(problem(400, WHICH))
    if "incidents" in said:
        return list(dict.fromkeys(numbers_in(said, "incidents", several.MOST)))
    me, zone = call.person, zone_of(call)
    wanted = filters.of_query(text_in(said, "query")[: filters.QUERY], call.now, zone)
    with reading() as session:
        asker = Asker(me.id if me else 0, me.email if me else "", zone)
        meant = meaning(wanted, asker, world().roll.current(session), call.now)
        if meant.problems:
            first = meant.problems[0]
            raise Refused(problem(400, f"query: {first.word}={first.value}: {first.reason}"))
        return [one.id for one in walk(replace(wanted, after=None, folded=False), meant, several.MOST).rows]


def _assigned(said: dict[str, Any], numbers: list[int], call: Call) -> Results:
    to = text_in(said, "to") or (call.person.email if call.person else "")
    try:
        return several.assign(numbers, to, call.actor, call.now)
    except NotPossible as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def _done(what: str, said: dict[str, Any], numbers: list[int], call: Call) -> Results:
    given = Given()
    if what == MERGE:
        return several.merge(numbers, call.actor, call.now)
    if what == "snooze":
        try:
            given = Given(until=end_of(text_in(said, "for") or text_in(said, "until"), call.now, zone_of(call)))
        except ValueError as wrong:
            raise Refused(problem(400, f"for: {wrong}")) from wrong
    return several.act(numbers, SIGNALS[what], call.actor, call.now, given)


@bp.post("/v1/undo")
@needs(ACT)
def take_back(call: Call) -> Response:
    """What this person or program did within ten minutes, whole or in part: by the `undo` of its answer."""
    outcome = undo.take_back(line_in(object_of(body()), "undo", 64), call.actor, call.now)
    if outcome.obstacle is not None:
        if outcome.obstacle is Obstacle.GONE:
            raise Refused(problem(404, "there is nothing of yours to take back by this name"))
        raise Refused(problem(409, f"not taken back: {outcome.obstacle.value}"))
    refused = [{"incident": number, "why": why.value} for number, why in outcome.refused]
    return as_json({"act": outcome.act, "done": outcome.done, "refused": refused})
