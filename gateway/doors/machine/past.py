"""HTTP for what else the pages of an incident and a message show: why, before, what was received, attempts."""

from typing import Any

from flask import Response, request

from gateway.acts import resending
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, missing, not_found, number_of, numbers_in, object_of
from gateway.doors.machine.door import ACTORS, ADMIN, READ, Call, as_json, bp, needs
from gateway.doors.replay import body_of
from gateway.store.db import reading
from gateway.store.figures import verdicts
from gateway.store.reading import readings, readings_past
from gateway.store.tables import Incident
from gateway.telling.why import why
from gateway.world import world
from rules.duty.company import addressees
from rules.texts.sentence import english
from rules.texts.text import clean_text, cut
from rules.words import Role

RECEIVED = ("id", "received_at", "size")
MOST = 200_000  # characters of one payload
BEFORE = ("id", "title", "status", "opened_at", "resolved_at", "resolved_by", "resolve_kind", "fixed_by")
OF_TEAM = (Role.VIEWER, Role.RESPONDER)  # who sees what was sent to their own teams


@bp.get("/v1/incidents/<number>/why")
@needs(READ)
def incident_why(_: Call, number: str) -> Response:
    """What the rule book of that time was asked and said, and who was told or not and why; in English."""
    questions.nothing_asked(request.args)
    with reading() as session:
        found = session.get(Incident, number_of(number))
        if found is None:
            raise not_found(number)
        kept = why(session, found, world().shelf.book)
        names = {email: one.name or email for email, one in world().roll.current(session).people.items()}
    asked = [{"at": one.at, "cause": one.cause, "book_version": one.book_version,
              "lines": [line.as_text(english) for line in one.lines(english)]} for one in kept.asked]  # fmt: skip
    told = [{"at": one.at, "kind": one.kind, "level": one.level, "lines": one.lines(english, names)}
            for one in kept.told]  # fmt: skip
    return as_json({"asked": asked, "told": told})


@bp.get("/v1/incidents/<number>/related")
@needs(READ)
def related(call: Call, number: str) -> Response:
    """The same problem in the last 30 days, what began beside it, and what people thought of it."""
    questions.nothing_asked(request.args)
    with reading() as session:
        found = session.get(Incident, number_of(number))
        if found is None:
            raise not_found(number)
        before = [_before(one) for one in readings_past.seen_before(session, found, call.now)]
        near = [_before(one) for one in readings_past.near(session, found)]
        said = [{"person": name, "verdict": row.value or None, "call": row.call_right}
                for row, name in verdicts.of_incident(session, found.id)]  # fmt: skip
    return as_json({"before": before, "near": near, "verdicts": said})


def _before(one: Incident) -> dict[str, Any]:
    return {name: getattr(one, name) for name in BEFORE}


@bp.get("/v1/incidents/<number>/payloads")
@needs(ADMIN, *ACTORS, persons=READ)
def payloads(_: Call, number: str) -> Response:
    """As senders wrote them, as far as they are kept."""
    questions.nothing_asked(request.args)
    with reading() as session:
        found = session.get(Incident, number_of(number))
        if found is None:
            raise not_found(number)
        rows = [(one, body_of(one)) for one in readings_past.payloads_of(session, found)]
        shown = [{name: getattr(one, name) for name in RECEIVED} | {"body": _text(whole)} for one, whole in rows]
    return as_json({"payloads": shown})


def _text(whole: bytes) -> str:
    return cut(clean_text(whole[: MOST * 4].decode("utf-8", "replace")), MOST)


@bp.get("/v1/deliveries/<number>")
@needs(READ)
def delivery(call: Call, number: str) -> Response:
    """With every attempt, and how it reads now; the text is for whoever acts."""
    questions.nothing_asked(request.args)
    wanted = number_of(number)
    with reading() as session:
        row = readings_past.delivery(session, wanted)
        hidden = row is not None and _whose(call) is not None and row[0].who not in (_whose(call) or ())
        if row is None or hidden:
            raise missing("message", number)
        message, source = row
        attempts = [answers.entry(one) for one in readings_past.attempts(session, message)]
        may_read = call.person is None or call.person.role is not Role.VIEWER
        text = resending.text_of(session, message, world()) if may_read and message.kind != resending.DIGEST else None
        said = answers.delivery(message, source)
    return as_json(said | {"attempts_made": attempts, "title": text[0] if text else None,
                           "text": text[1] if text else None})  # fmt: skip


def _whose(call: Call) -> set[str] | None:
    """To whom messages went that this caller may see; None: to anybody."""
    if call.person is None or call.person.role not in OF_TEAM:
        return None
    with reading() as session:
        return addressees(call.person.email, world().roll.current(session))


@bp.get("/v1/deliveries")
@needs(READ)
def deliveries(call: Call) -> Response:
    wanted, whose = questions.wanted_deliveries(request.args), _whose(call)
    with reading() as session:
        page = readings.deliveries(session, wanted, whose)
        rows = [answers.delivery(row, source) for row, source in page.rows]
    return as_json({"deliveries": rows, "next": questions.cursor("deliveries", page.next)})


@bp.post("/v1/deliveries/resend")
@needs(ADMIN)
def resend_many(call: Call) -> Response:
    """Those that failed, each with what became of it."""
    numbers = numbers_in(object_of(body()), "deliveries", resending.MOST)
    done = resending.resend(numbers, call.actor, call.now)
    why_not = dict(done.left)
    results = [{"delivery": one, "done": one in done.done, "why": _why(one, done.done, why_not)}
               for one in dict.fromkeys(numbers)]  # fmt: skip
    return as_json({"results": results})


def _why(number: int, done: list[int], why_not: dict[int, str]) -> str | None:
    return None if number in done else why_not.get(number, "no such message")
