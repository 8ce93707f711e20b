"""One act on many incidents of the list: chosen one by one, or all that match."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl

from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard.blueprint import bp
from dashboard.incidents import filters, progress
from dashboard.incidents.listing import listing, people
from dashboard.incidents.meaning import meaning
from dashboard.incidents.said import words
from dashboard.page import draw, draw_part, htmx, is_local, reader_of
from dashboard.takeback import actor_of, leading_back, say
from gateway.access.auth import ACTORS, Visit, require
from gateway.actions import NotPossible
from gateway.acts import jobs, merging, several
from gateway.acts.several import ASK_ABOVE, Results
from gateway.lists.filters import QUERY
from gateway.lists.matching import walk
from rules.lifecycle import Given, Signal
from rules.telling.snoozing import end_of
from rules.telling.undoing import MERGE
from rules.texts.text import clean_text

SIGNALS = {"acknowledge": Signal.ACKNOWLEDGE, "resolve": Signal.RESOLVE, "wake": Signal.WAKE}
ACTS = (*SIGNALS, "snooze", "assign", MERGE)


@bp.post("/incidents/bulk")
@require(*ACTORS)
def bulk(visit: Visit) -> ResponseReturnValue:
    """Each has its own result: what was answered meanwhile is passed over, and said so."""
    what = request.form.get("do", "")
    if what not in ACTS:
        abort(400)
    wanted = _wanted(visit)
    numbers = _numbers(visit, wanted)
    if what == "resolve" and len(numbers) > ASK_ABOVE and request.form.get("sure") != "yes":
        return _ask(visit, numbers)
    if len(numbers) > jobs.ABOVE:
        return _promise(visit, what, numbers, wanted)
    results = _do(visit, what, numbers)
    if results is None:
        abort(400)
    said = words(what, results, reader_of(visit))
    if not htmx:
        back = request.form.get("back", "")
        place = back if is_local(back) else wanted.url()
        return redirect(leading_back(place, results.token if results.done else "", skipped=len(results.skipped)))
    back_to = filters.read(MultiDict(parse_qsl(request.form.get("shown", ""))), visit.now, reader_of(visit).zone)
    answer = draw_part(visit, "partials/incident_list.html", {**listing(visit, back_to), "form": False})
    return say(answer, said or reader_of(visit).say("Nothing was chosen."), visit)


def _wanted(visit: Visit) -> filters.Filter:
    args = MultiDict(parse_qsl(request.form.get("query", "")[:QUERY]))
    return filters.read(args, visit.now, reader_of(visit).zone)


def _numbers(visit: Visit, wanted: filters.Filter) -> list[int]:
    """Those that were checked; or as many as may be done at once of all that match, as far as that is certain."""
    if request.form.get("all") != "yes":
        texts = request.form.getlist("n")[: several.MOST]
        return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    meant = meaning(wanted, visit)
    if meant.problems:
        abort(400)
    every = replace(wanted, after=None, folded=False)
    found = walk(every, meant, several.MOST).rows
    standing = request.form.get("standing", "")  # of a storm: those that its line speaks of
    return [one.id for one in found if standing in ("", every.buckets[one.place][0].value)]


def _do(visit: Visit, what: str, numbers: Sequence[int]) -> Results | None:
    actor, now = actor_of(visit), visit.now
    if what == "assign":
        try:
            return several.assign(numbers, clean_text(request.form.get("to") or visit.person.email), actor, now)
        except NotPossible:  # somebody who was removed meanwhile
            return None
    if what == MERGE:
        return several.merge(numbers, actor, now)
    if what == "snooze":
        until = _until(visit)
        return None if until is None else several.act(numbers, Signal.SNOOZE, actor, now, Given(until=until))
    return several.act(numbers, SIGNALS[what], actor, now)


def _until(visit: Visit) -> datetime | None:
    """The end of a snooze; None for no time that can be read."""
    try:
        return end_of(clean_text(request.form.get("for") or "30m"), visit.now, reader_of(visit).zone)
    except ValueError:
        return None


def _promise(visit: Visit, what: str, numbers: Sequence[int], wanted: filters.Filter) -> ResponseReturnValue:
    """More than anybody should wait for with nothing to see: a worker does it, and its progress is shown."""
    until = _until(visit) if what == "snooze" else None
    to = clean_text(request.form.get("to") or visit.person.email)
    if (what == "snooze" and until is None) or (what == "assign" and to not in dict(people(visit))):
        abort(400)
    if what == MERGE:
        into = merging.target_of(numbers)
        if into is None:
            abort(400)
        to, numbers = str(into), [number for number in numbers if number != into]
    job = jobs.promise(numbers, what, Given(until=until), to, actor_of(visit), visit.now)
    back = request.form.get("back", "")
    return progress.begun(visit, job, back if is_local(back) else wanted.url())


def _ask(visit: Visit, numbers: Sequence[int]) -> ResponseReturnValue:
    """So many at once are rarely meant."""
    values = {
        "page": "incidents",
        "numbers": numbers,
        "query": request.form.get("query", ""),
        "shown": request.form.get("shown", ""),
        "every": request.form.get("all") == "yes",
        "back": request.form.get("back", ""),
    }
    if not htmx:
        return draw(visit, "pages/bulk_sure.html", values, 409)
    answer: Response = draw_part(visit, "partials/bulk_sure.html", values)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#flash-err", "innerHTML"
    return answer
