"""HTTP for programs: what the dashboard shows, as JSON under /api/v1, for tokens that have the scope."""

from flask import Response, request

from gateway.doors.ingest import problem
from gateway.doors.machine import answers, questions
from gateway.doors.machine.bodies import not_found, number_of
from gateway.doors.machine.door import READ, Call, Refused, as_json, bp, needs
from gateway.doors.openapi.description import document
from gateway.store.db import reading
from gateway.store.reading import readings
from gateway.store.reading.readings import WantedAlerts, WantedDeliveries
from gateway.world import world


@bp.get("/v1/incidents")
@needs(READ)
def incidents(_: Call) -> Response:
    wanted = questions.wanted_incidents(request.args)
    with reading() as session:
        page = readings.incidents(session, wanted)
        public, directory = world().settings.public_url, world().roll.current(session)
        rows = [answers.incident(row, source, public, directory) for row, source in page.rows]
    return as_json({"incidents": rows, "next": questions.cursor("incidents", page.next)})


@bp.get("/v1/incidents/<number>")
@needs(READ)
def incident(_: Call, number: str) -> Response:
    questions.nothing_asked(request.args)
    wanted = number_of(number)
    with reading() as session:
        found = readings.incident(session, wanted)
        if found is None:
            raise not_found(number)
        alerts = readings.alerts(session, WantedAlerts(readings.MOST, incident=wanted))
        messages = readings.deliveries(session, WantedDeliveries(readings.MOST, incident=wanted))
        lines = readings.timeline(session, wanted)
        directory = world().roll.current(session)
        return as_json(answers.whole(found, alerts, lines, messages, world().settings.public_url, directory))


@bp.get("/v1/alerts")
@needs(READ)
def alerts(_: Call) -> Response:
    wanted = questions.wanted_alerts(request.args)
    with reading() as session:
        page = readings.alerts(session, wanted)
        rows = [answers.alert(row, source) for row, source in page.rows]
    return as_json({"alerts": rows, "next": questions.cursor("alerts", page.next)})


@bp.get("/v1/oncall")
@needs(READ)
def oncall(call: Call) -> Response:
    name, at = questions.wanted_oncall(request.args, call.now)
    with reading() as session:
        directory = world().roll.current(session)
    wanted = [schedule for schedule in directory.schedules.values() if name in ("", schedule.name)]
    if name and not wanted:
        raise Refused(problem(404, "there is no schedule of this name"))
    return as_json({"at": at, "oncall": [answers.duty(schedule, directory, at) for schedule in wanted]})


@bp.get("/v1/openapi.json")
@needs(READ)
def description(_: Call) -> Response:
    return as_json(document(world().settings.public_url))
