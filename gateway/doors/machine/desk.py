"""HTTP for programs: tickets, people, teams, views, the audit log, what the rules would do, an incident by hand."""

import json
from dataclasses import replace
from typing import Any

from flask import Response, request

from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import body, moment_in, object_of, text_in, zone_of
from gateway.doors.machine.door import ACT, ACTORS, ADMIN, READ, Call, Refused, as_json, bp, needs
from gateway.flows import by_hand
from gateway.store.db import reading
from gateway.store.directory import staff
from gateway.store.reading import readings_admin as readings
from gateway.telling import explaining
from gateway.world import world
from rules.duty.company import colleagues
from rules.identity import fingerprint
from rules.texts.text import one_line
from rules.words import Role, Urgency

LONGEST_FINGERPRINT = 64  # as gateway/sources has it: a longer key is kept as its fingerprint
LONGEST_TITLE, LONGEST_TEXT = 200, 4000


@bp.post("/v1/incidents")
@needs(ACT)
def open_incident(call: Call) -> Response:
    said = object_of(body())
    title, service = (one_line(text_in(said, name))[:LONGEST_TITLE] for name in ("title", "service"))
    if not title or said.get("urgency") not in tuple(Urgency):
        raise Refused(problem(400, f"a title is needed, and an urgency: {', '.join(Urgency)}"))
    told = by_hand.Told(title, Urgency(said["urgency"]), service, text_in(said, "text")[:LONGEST_TEXT])
    number = by_hand.open_incident(told, call.actor.account, call.actor.name, call.actor.how, call.now)
    return as_json({"incident": number})


@bp.get("/v1/tickets")
@needs(READ)
def tickets(_: Call) -> Response:
    statuses, after, limit = questions.wanted_tickets(request.args)
    with reading() as session:
        page = readings.tickets(session, statuses, after, limit)
        public, directory = world().settings.public_url, world().roll.current(session)
        rows = [answers.ticket(row, source, public, directory) for row, source in page.rows]
    return as_json({"tickets": rows, "next": questions.cursor("tickets", page.next)})


@bp.get("/v1/tickets/<key>")
@needs(READ)
def ticket(_: Call, key: str) -> Response:
    source = questions.wanted_source(request.args)
    print_ = key if len(key) <= LONGEST_FINGERPRINT else fingerprint({"id": key})
    with reading() as session:
        found = None if "\0" in key else readings.ticket(session, print_, key, source)
        if found is None:
            raise Refused(problem(404, f"there is no ticket {key[:40]}"))
        return as_json(answers.ticket(*found, world().settings.public_url, world().roll.current(session)))


@bp.get("/v1/people")
@needs(READ)
def people(_: Call) -> Response:
    after, limit = questions.wanted_page(request.args, "people")
    with reading() as session:
        found = staff.page(session, after if after is not None and after < 2**31 else 0, limit + 1)
        directory = world().roll.current(session)
        rows = [answers.person(row, directory) for row in found[:limit]]
    return as_json({"people": rows, "next": questions.cursor("people", found[limit - 1].id if found[limit:] else None)})


@bp.get("/v1/teams")
@needs(READ)
def teams(_: Call) -> Response:
    questions.nothing_asked(request.args)
    with reading() as session:
        directory = world().roll.current(session)
    rows = [
        {"name": one.name, "members": one.members,
         "schedules": [duty.name for duty in directory.schedules.values() if duty.team == one.name]}
        for one in directory.teams.values()
    ]  # fmt: skip
    return as_json({"teams": rows})


@bp.get("/v1/audit")
@needs(ADMIN, Role.VIEWER, Role.ADMIN, persons=READ)
def audit_log(call: Call) -> Response:
    """To a viewer what those did who share a team with them."""
    wanted, limit = questions.wanted_audit(request.args, zone_of(call))
    with reading() as session:
        if call.person and call.person.role is not Role.ADMIN:
            wanted = replace(wanted, actors=colleagues(call.person.email, world().roll.current(session)))
        found, last = readings.audit(session, wanted, limit)
        rows = [answers.audit(row) for row in found]
    return as_json({"audit": rows, "next": questions.cursor("audit", last)})


@bp.post("/v1/rules/explain")
@needs(READ, *ACTORS)
def explain(call: Call) -> Response:
    """Nothing is sent or kept."""
    said = object_of(body())
    kind = text_in(said, "kind") or "alertmanager"
    if kind not in dict(explaining.kinds()):
        raise Refused(problem(400, f"kind: known are {', '.join(dict(explaining.kinds()))}"))
    if not isinstance(said.get("payload"), dict):
        raise Refused(problem(400, "payload: must be an object, as the sender would send it"))
    sent, at = json.dumps(said["payload"]).encode(), moment_in(said, "at") or call.now
    asked = explaining.Question(sent, kind, one_line(text_in(said, "source"))[:100], at)
    with reading() as session:
        found = explaining.attempt(session, asked, world().shelf.book, world().roll.current(session))
    return as_json(_explained(found))


def _explained(found: explaining.Outcome) -> dict[str, Any]:
    tried = [
        {"title": one.alert.title, "explanation": answers.without_addresses(one.explanation.as_data()),
         "joins": one.joins, "hidden_by": one.hidden.key if one.hidden else None}
        for one in found.tried
    ]  # fmt: skip
    aside = [{"place": one.place, "reason": one.reason} for one in found.quarantined]
    told = {"problem": found.problem, "place": found.place, "alerts": found.alerts}
    return told | {"tried": tried, "quarantined": aside}
