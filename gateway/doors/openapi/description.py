"""The description of HTTP for programs (OpenAPI 3.1), written as data; a test holds it against the routes."""

from gateway.doors.machine import answers
from gateway.doors.machine.questions import ALERTS, DELIVERIES, INCIDENTS, ONCALL, REPORT
from gateway.doors.openapi import admin, me, notices, people, services
from gateway.doors.openapi import duty as openapi_duty
from gateway.doors.openapi import more as openapi_more
from gateway.doors.openapi.parts import (
    ANYTHING,
    FLAG,
    MOMENT,
    NAMES,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    content,
    object_of,
    operation,
    parameter,
    ref,
    with_places,
)  # fmt: skip
from gateway.doors.openapi.reports import REPORTS_SAY
from gateway.store.figures.verdicts import VALUES
from rules.lifecycle import Reason
from rules.words import Urgency

_SAID: Data = {"matchers": NAMES, "reason": TEXT, "author": TEXT, "confirm": TEXT}
_SILENCE: Data = {
    "type": "object",
    "required": ["matchers", "reason"],
    "properties": {**_SAID, "starts_at": TEXT, "ends_at": TEXT, "for": TEXT, "page_emergencies": FLAG},
}
_WINDOW: Data = {
    "type": "object",
    "required": ["matchers", "reason", "start", "length"],
    "properties": {**_SAID, "start": TEXT, "length": TEXT, "rule": TEXT, "timezone": TEXT},
}
_OVERRIDE: Data = {
    "type": "object",
    "required": ["schedule", "person"],
    "properties": {"schedule": TEXT, "person": TEXT, "starts_at": TEXT, "ends_at": TEXT, "for": TEXT, "reason": TEXT},
}
_OPEN: Data = {
    "type": "object",
    "required": ["title", "urgency"],
    "properties": {"title": TEXT, "urgency": {"type": "string", "enum": list(Urgency)}, "service": TEXT, "text": TEXT},
}
DONE = (
    Reason.ACKNOWLEDGED,
    Reason.RESOLVED,
    Reason.SNOOZED,
    Reason.WOKEN_BY_HAND,
    Reason.NOT_SNOOZED,
    Reason.ASSIGNED,
    Reason.REASSIGNED,
    Reason.ALREADY_ACKNOWLEDGED,
    Reason.ALREADY_RESOLVED,
    Reason.ALREADY_ASSIGNED,
    Reason.ALREADY_PASSED_ON,
    Reason.HURRIED,
    Reason.NOBODY_NEXT,
    Reason.ESCALATED,
    Reason.LOWERED,
    Reason.NOT_DUE,
)
DAYS: Data = {
    "type": "array",
    "items": object_of("day", incidents={"type": "array", "items": NUMBER}),
}
AMENDED = ("retitled", "fixed", "merged", "split", "judged", "unchanged")  # fmt: skip
PAGE_NOTE = (
    "Newest first. A page may hold fewer rows than asked for, even none: go on with `after` until `next` is null."
)


def document(public_url: str) -> Data:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nabat", "version": "1", "description": "Incidents, alerts, messages, and who is on call."},
        "servers": [{"url": public_url}],
        "security": [{"token": []}],
        "paths": with_places(_paths()),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "./nabat token create api; scopes: read, act, admin; of a screen: wall",
                }
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> Data:
    one = "/api/v1/incidents/{number}"
    note = {"type": "object", "required": ["text"], "properties": {"text": TEXT}}
    mute = {"type": "object", "properties": {"mute": FLAG, "fixed_by": TEXT}}
    snooze = {"type": "object", "properties": {"for": TEXT, "until": TEXT}, "minProperties": 1}
    person = {"type": "object", "required": ["to"], "properties": {"to": {"type": ["string", "integer"]}}}
    reported = [parameter("report", name) for name in REPORT]
    return {
        "/api/v1/incidents": {
            "get": _list("incidents", "Incident", INCIDENTS),
            "post": operation("Opened by hand; needs the scope `act`", ref("Opened")) | {"requestBody": content(_OPEN)},
        },
        one: {
            "get": operation("One incident with its alerts, timeline and messages", ref("WholeIncident"), number=True)
        },
        f"{one}/acknowledge": {
            "post": _action("Somebody deals with it, for a time if a body says so: nobody else is called", snooze)
        },
        f"{one}/resolve": {
            "post": _action("It is over; with mute, what still fires opens nothing until it clears", mute)
        },
        f"{one}/snooze": {"post": _action("Nobody is called for a time (30m), or until a moment (RFC 3339)", snooze)},
        f"{one}/wake": {"post": _action("A snooze ends before its time: the next step begins")},
        f"{one}/assign": {"post": _action("It is this person's (e-mail address or id), who is told", person)},
        f"{one}/note": {"post": _noted(note)},
        **_amend_paths(one),
        "/api/v1/alerts": {"get": _list("alerts", "Alert", ALERTS)},
        "/api/v1/deliveries": {"get": _list("deliveries", "Delivery", DELIVERIES)},
        "/api/v1/oncall": {
            "get": operation("Who is on call", ref("OnCall"), parameters=[parameter("oncall", name) for name in ONCALL])
        },
        **_override_paths(),
        **_quiet_paths("silences", "Silence", _SILENCE),
        **_extend_path(),
        **_quiet_paths("maintenance", "Window", _WINDOW),
        "/api/v1/reports/response": {"get": operation(REPORTS_SAY, ref("Report"), parameters=reported)},
        **_of_rooms(),
        "/api/v1/openapi.json": {"get": operation("This description", {"type": "object"})},
    }


def _of_rooms() -> Data:
    rooms = (admin, me, people, openapi_duty, openapi_more, services, notices)
    return {path: said for room in rooms for path, said in room.paths().items()}


def _noted(body: Data) -> Data:
    words = "Of whoever writes it: a text sent again with its key is one note; another text with it is refused, 422."
    form: Data = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{8,100}$"}
    key = {"name": "Idempotency-Key", "in": "header", "schema": form, "description": words}
    said = _action("A line of text on its timeline; who is named in it with @ is told", body, "Noted")
    return said | {"parameters": [*said["parameters"], key]}


def _amend_paths(one: str) -> Data:
    """What people change about an incident itself."""
    urgency = _body(urgency={"type": "string", "enum": list(Urgency)}, reason=TEXT)
    level = {"type": "object", "properties": {"level": NUMBER}}
    verdict = {
        "type": "object",
        "properties": {"person": TEXT, "verdict": {"type": "string", "enum": list(VALUES)}, "call": FLAG},
    }
    known = {
        "escalate": ("The next step is told now; with a level, only if that was told last", level),
        "urgency": ("It has another urgency, with the ways of that class", urgency),
        "title": ("It has another title", _body(title=TEXT)),
        "desk": ("The service desk of a ticket is told once more who has it, if that failed", {"type": "object"}),
        "fixed": ("What fixed it, once it is resolved", _body(text=TEXT)),
        "merge": ("Its alerts go on in another incident, and it is over", _body(into=NUMBER)),
        "split": (
            "Some of its alerts become an incident of their own",
            _body(alerts={"type": "array", "items": NUMBER}),
        ),
        "verdict": ("Whether a resolved incident was worth it, as a person says", verdict),
    }
    done = {"escalate": "Result", "urgency": "Result"}
    return {
        f"{one}/{name}": {"post": _action(summary, said, done.get(name, "Amended"))}
        for name, (summary, said) in known.items()
    }


def _body(**names: Data) -> Data:
    return {"type": "object", "required": list(names), "properties": names}


def _override_paths() -> Data:
    page = {"type": "object", "properties": {"overrides": {"type": "array", "items": ref("Override")}}}
    place, made = "/api/v1/oncall/overrides", operation("Made; needs the scope `act`", ref("Override"))
    return {
        place: {
            "get": operation("Who stands in, now or later", page, parameters=[parameter("oncall", "schedule")]),
            "post": made | {"requestBody": content(_OVERRIDE)},
        },
        f"{place}/{{number}}": {
            "delete": operation("Over from now on; needs the scope `act`", ref("Override"), number=True)
        },
    }


def _quiet_paths(place: str, schema: str, body: Data) -> Data:
    """Silences and maintenance windows: they are asked for, made and ended alike."""
    page = {"type": "object", "properties": {place: {"type": "array", "items": ref(schema)}}}
    made = operation("Made; needs the scope `act`", ref(schema)) | {"requestBody": content(body)}
    return {
        f"/api/v1/{place}": {
            "get": operation("What is in force or to come", page, parameters=[parameter(place, "state")]),
            "post": made,
        },
        f"/api/v1/{place}/{{number}}": {
            "get": operation("One, with what it has hidden", ref(f"Whole{schema}"), number=True),
            "delete": operation("Over from now on; needs the scope `act`", ref(schema), number=True),
        },
    }


def _extend_path() -> Data:
    said = operation("Longer; needs the scope `act`", ref("Silence"), number=True)
    by = content({"type": "object", "properties": {"for": TEXT}})
    return {"/api/v1/silences/{number}/extend": {"post": said | {"requestBody": by}}}


def _list(kind: str, schema: str, names: tuple[str, ...]) -> Data:
    page = {kind: {"type": "array", "items": ref(schema)}, "next": TEXT_OR_NONE}
    parameters = [parameter(kind, name) for name in names]
    said = operation(f"A page of {kind}", {"type": "object", "properties": page}, parameters=parameters)
    return said | {"description": PAGE_NOTE}


def _action(summary: str, body: Data | None = None, answer: str = "Result") -> Data:
    said = operation(summary, ref(answer), number=True) | {"description": "Needs the scope `act`. Safe to repeat."}
    return said if body is None else said | {"requestBody": content(body)}


def _schemas() -> Data:
    urgency: Data = {"type": "string", "enum": list(Urgency)}
    incident = {"source": TEXT, "urgency": urgency, "web_url": TEXT, "assignee": TEXT_OR_NONE}
    number_or_none: Data = {"type": ["integer", "null"]}
    many = {name: {"type": "array", "items": ref(kind)} for name, kind in
            (("alerts", "Alert"), ("timeline", "Entry"), ("deliveries", "Delivery"))}  # fmt: skip
    person: Data = {"type": ["object", "null"], "properties": {"email": TEXT, "name": TEXT}}
    whose = {"person": person, "next": person, "until": MOMENT, "override": number_or_none, "gap": FLAG}
    duty = {"type": "array", "items": object_of("schedule", "team", "timezone", **whose)}
    results = [reason.value for reason in DONE]
    return {
        "Incident": object_of(*answers.INCIDENT, **incident),
        "WholeIncident": object_of(*answers.INCIDENT, ticket={"type": ["object", "null"]}, **incident, **many),
        "Alert": object_of(*answers.ALERT, "starts_at", "ends_at", source=TEXT, incident=number_or_none),
        "Delivery": object_of(*answers.DELIVERY, incident=NUMBER, source=TEXT, urgency=urgency),
        "Report": object_of(
            "from", "to", "timezone", exact=FLAG, figures=ANYTHING, before=ANYTHING, by_urgency=ANYTHING, days=DAYS
        ),
        "Entry": object_of(*answers.ENTRY),
        "OnCall": object_of("at", oncall=duty),
        "Override": object_of(*answers.OVERRIDE, schedule=TEXT, person=person),
        **_quiet_schemas(),
        **admin.schemas(incident),
        **me.schemas(),
        **people.schemas(),
        **openapi_duty.schemas(),
        **openapi_more.schemas(),
        **services.schemas(),
        **notices.schemas(),
        "Opened": object_of(incident=NUMBER),
        "Result": object_of(
            result={"type": "string", "enum": results}, incident=NUMBER, status=TEXT, undo=TEXT_OR_NONE
        ),
        "Noted": _noted_schema(),
        "Amended": object_of(
            result={"type": "string", "enum": list(AMENDED)}, incident=NUMBER, into=number_or_none, undo=TEXT_OR_NONE
        ),
        "Problem": object_of("type", "title", detail=TEXT, status={"type": "integer"}),
    }


def _noted_schema() -> Data:
    told = {"type": "array", "items": object_of("who", "name", "way", "channel")}
    not_told = {"type": "array", "items": object_of("who", "reason")}
    result = {"type": "string", "enum": ["noted"]}
    return object_of(result=result, incident=NUMBER, told=told, not_told=not_told)


def _quiet_schemas() -> Data:
    state: Data = {"type": "string", "enum": ["active", "pending", "expired"]}
    plain = {"state": state, "page_emergencies": FLAG}
    hidden = object_of("fingerprint", "title", "at", "until", "status", "resolved_at", incident=NUMBER)
    more = {"hidden": {"type": "array", "items": hidden}}
    silence = (*answers.SILENCE, "hidden_alerts", "hidden_incidents")
    window = (*silence, *answers.WINDOW)
    coming = {"type": "array", "items": object_of("starts_at", "ends_at")}
    return {
        "Silence": object_of(*silence, **plain),
        "WholeSilence": object_of(*silence, **plain, **more),
        "Window": object_of(*window, coming=coming, **plain),
        "WholeWindow": object_of(*window, coming=coming, **plain, **more),
    }
