"""The description of HTTP for programs (OpenAPI 3.1), written as data; a test holds it against the routes."""

from collections.abc import Mapping
from typing import Any

from gateway.doors import machine_answers as answers
from gateway.doors.machine_questions import (
    ALERTS,
    DEFAULT,
    DELIVERED,
    DELIVERIES,
    INCIDENTS,
    MOST,
    ONCALL,
    REPORT,
    STATUSES,
)
from gateway.doors.openapi_reports import OF_REPORTS, REPORTS_SAY
from gateway.store.verdicts import VALUES
from rules.lifecycle import Reason
from rules.words import Urgency

Data = dict[str, Any]
TEXT: Data = {"type": "string"}
NUMBER: Data = {"type": "integer", "format": "int64"}
FLAG: Data = {"type": "boolean"}
MOMENT: Data = {"type": ["string", "null"], "format": "date-time"}
ANYTHING: Data = {"type": "object"}
TEXT_OR_NONE: Data = {"type": ["string", "null"]}
NAMES: Data = {"type": "array", "items": TEXT}


def _words(*known: str) -> Data:
    """Of these, as many as wanted, with commas between."""
    return {"type": "array", "items": {"type": "string", "enum": list(known)}, "uniqueItems": True}


PARAMETERS: Mapping[tuple[str, str], tuple[Data, str]] = {
    ("incidents", "status"): (_words(*STATUSES), "Words with commas between. Default: open."),
    ("deliveries", "status"): (_words(*DELIVERED), "Words with commas between."),
    **OF_REPORTS,
    ("", "urgency"): (_words(*Urgency), "Words with commas between."),
    ("", "source"): (NAMES, "A source's name; several may be given."),
    ("", "label"): (NAMES, "name=value as the sender wrote it; of several, one alert must have all."),
    ("", "q"): (TEXT, "A text in the title."),
    ("", "firing"): ({"type": "string", "enum": ["true", "false"]}, "Only alerts that fire now, or only others."),
    ("", "incident"): (NUMBER, "Of this incident only."),
    ("", "channel"): (NAMES, "A channel's name; several may be given."),
    ("", "schedule"): (TEXT, "A schedule's name. Default: all of them."),
    ("", "at"): ({"type": "string", "format": "date-time"}, "The moment, with its offset. Default: now."),
    ("", "state"): (_words("active", "pending", "expired"), "Words with commas between. Default: active,pending."),
    ("", "after"): (TEXT, "The `next` of the page before."),
    ("", "limit"): ({"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}, "Rows of a page at most."),
}
KINDS: Mapping[str, Data] = {
    **dict.fromkeys(("id", "level", "alert_count", "truncated", "seen", "attempts", "seconds"), NUMBER),
    **dict.fromkeys(("hidden_alerts", "hidden_incidents"), NUMBER),
    "matchers": NAMES,
    **dict.fromkeys(("is_test", "firing", "clock_suspect"), FLAG),
    **dict.fromkeys(("labels", "annotations", "detail"), ANYTHING),
    **dict.fromkeys(("ack_by", "resolved_by", "resolve_kind", "suppressed_by"), TEXT_OR_NONE),
    "snoozed_until": MOMENT,
    "latency_ms": {"type": ["integer", "null"]},
    "at": MOMENT,
}
_SAID: Data = {"matchers": NAMES, "reason": TEXT, "author": TEXT, "confirm": TEXT}
_SILENCE: Data = {
    "type": "object",
    "required": ["matchers", "reason"],
    "properties": {**_SAID, "starts_at": TEXT, "ends_at": TEXT, "for": TEXT},
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
DONE = (
    Reason.ACKNOWLEDGED,
    Reason.RESOLVED,
    Reason.SNOOZED,
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
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "./nabat token create api; scopes: read, act",
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
    reported = [_parameter("report", name) for name in REPORT]
    return {
        "/api/v1/incidents": {"get": _list("incidents", "Incident", INCIDENTS)},
        one: {
            "get": _operation("One incident with its alerts, timeline and messages", _ref("WholeIncident"), number=True)
        },
        f"{one}/acknowledge": {
            "post": _action("Somebody deals with it, for a time if a body says so: nobody else is called", snooze)
        },
        f"{one}/resolve": {
            "post": _action("It is over; with mute, what still fires opens nothing until it clears", mute)
        },
        f"{one}/snooze": {"post": _action("Nobody is called for a time (30m), or until a moment (RFC 3339)", snooze)},
        f"{one}/assign": {"post": _action("It is this person's (e-mail address or id), who is told", person)},
        f"{one}/note": {"post": _action("A line of text on its timeline", note, "Noted")},
        **_amend_paths(one),
        "/api/v1/alerts": {"get": _list("alerts", "Alert", ALERTS)},
        "/api/v1/deliveries": {"get": _list("deliveries", "Delivery", DELIVERIES)},
        "/api/v1/oncall": {
            "get": _operation(
                "Who is on call", _ref("OnCall"), parameters=[_parameter("oncall", name) for name in ONCALL]
            )
        },
        **_override_paths(),
        **_quiet_paths("silences", "Silence", _SILENCE),
        **_quiet_paths("maintenance", "Window", _WINDOW),
        "/api/v1/reports/response": {"get": _operation(REPORTS_SAY, _ref("Report"), parameters=reported)},
        "/api/v1/openapi.json": {"get": _operation("This description", {"type": "object"})},
    }


def _amend_paths(one: str) -> Data:
    """What people change about an incident itself."""
    urgency = _body(urgency={"type": "string", "enum": list(Urgency)}, reason=TEXT)
    level = {"type": "object", "properties": {"level": NUMBER}}
    verdict = {
        "type": "object",
        "required": ["person"],
        "properties": {"person": TEXT, "verdict": {"type": "string", "enum": list(VALUES)}, "call": FLAG},
    }
    known = {
        "escalate": ("The next step is told now; with a level, only if that was told last", level),
        "urgency": ("It has another urgency, with the ways of that class", urgency),
        "title": ("It has another title", _body(title=TEXT)),
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
    page = {"type": "object", "properties": {"overrides": {"type": "array", "items": _ref("Override")}}}
    place, made = "/api/v1/oncall/overrides", _operation("Made; needs the scope `act`", _ref("Override"))
    return {
        place: {
            "get": _operation("Who stands in, now or later", page, parameters=[_parameter("oncall", "schedule")]),
            "post": made | {"requestBody": _content(_OVERRIDE)},
        },
        f"{place}/{{number}}": {
            "delete": _operation("Over from now on; needs the scope `act`", _ref("Override"), number=True)
        },
    }


def _quiet_paths(place: str, schema: str, body: Data) -> Data:
    """Silences and maintenance windows: they are asked for, made and ended alike."""
    page = {"type": "object", "properties": {place: {"type": "array", "items": _ref(schema)}}}
    made = _operation("Made; needs the scope `act`", _ref(schema)) | {"requestBody": _content(body)}
    return {
        f"/api/v1/{place}": {
            "get": _operation("What is in force or to come", page, parameters=[_parameter(place, "state")]),
            "post": made,
        },
        f"/api/v1/{place}/{{number}}": {
            "get": _operation("One, with what it has hidden", _ref(f"Whole{schema}"), number=True),
            "delete": _operation("Over from now on; needs the scope `act`", _ref(schema), number=True),
        },
    }


def _list(kind: str, schema: str, names: tuple[str, ...]) -> Data:
    page = {kind: {"type": "array", "items": _ref(schema)}, "next": TEXT_OR_NONE}
    parameters = [_parameter(kind, name) for name in names]
    said = _operation(f"A page of {kind}", {"type": "object", "properties": page}, parameters=parameters)
    return said | {"description": PAGE_NOTE}


def _action(summary: str, body: Data | None = None, answer: str = "Result") -> Data:
    said = _operation(summary, _ref(answer), number=True) | {"description": "Needs the scope `act`. Safe to repeat."}
    return said if body is None else said | {"requestBody": _content(body)}


def _operation(summary: str, answer: Data, *, parameters: list[Data] | None = None, number: bool = False) -> Data:
    path = [{"name": "number", "in": "path", "required": True, "schema": NUMBER}] if number else []
    wrong = {"description": "A problem (RFC 9457)", **_content(_ref("Problem"), "application/problem+json")}
    answers_ = {"200": {"description": "Done", **_content(answer)}, "4XX": wrong, "5XX": wrong}
    return {"summary": summary, "parameters": path + (parameters or []), "responses": answers_}


def _parameter(kind: str, name: str) -> Data:
    schema, words = PARAMETERS.get((kind, name)) or PARAMETERS["", name]
    commas = {"explode": False} if "enum" in schema.get("items", ()) else {}
    return {"name": name, "in": "query", "schema": schema, "description": words, **commas}


def _content(schema: Data, kind: str = "application/json") -> Data:
    return {"content": {kind: {"schema": schema}}}


def _ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(*names: str, **more: Data) -> Data:
    kinds = {name: KINDS.get(name, MOMENT if name.endswith("_at") else TEXT) for name in names}
    return {"type": "object", "properties": kinds | more, "required": sorted(kinds | more)}


def _schemas() -> Data:
    urgency: Data = {"type": "string", "enum": list(Urgency)}
    incident = {"source": TEXT, "urgency": urgency, "web_url": TEXT, "assignee": TEXT_OR_NONE}
    number_or_none: Data = {"type": ["integer", "null"]}
    many = {name: {"type": "array", "items": _ref(kind)} for name, kind in
            (("alerts", "Alert"), ("timeline", "Entry"), ("deliveries", "Delivery"))}  # fmt: skip
    person: Data = {"type": ["object", "null"], "properties": {"email": TEXT, "name": TEXT}}
    whose = {"person": person, "next": person, "until": MOMENT, "override": number_or_none, "gap": FLAG}
    duty = {"type": "array", "items": _object("schedule", "team", "timezone", **whose)}
    results = [reason.value for reason in DONE]
    return {
        "Incident": _object(*answers.INCIDENT, **incident),
        "WholeIncident": _object(*answers.INCIDENT, ticket={"type": ["object", "null"]}, **incident, **many),
        "Alert": _object(*answers.ALERT, "starts_at", "ends_at", source=TEXT, incident=number_or_none),
        "Delivery": _object(*answers.DELIVERY, incident=NUMBER, source=TEXT, urgency=urgency),
        "Report": _object("from", "to", "timezone", exact=FLAG, figures=ANYTHING, before=ANYTHING, by_urgency=ANYTHING),
        "Entry": _object(*answers.ENTRY),
        "OnCall": _object("at", oncall=duty),
        "Override": _object(*answers.OVERRIDE, schedule=TEXT, person=person),
        **_quiet_schemas(),
        "Result": _object(result={"type": "string", "enum": results}, incident=NUMBER, status=TEXT),
        "Noted": _object(result={"type": "string", "enum": ["noted"]}, incident=NUMBER),
        "Amended": _object(result={"type": "string", "enum": list(AMENDED)}, incident=NUMBER, into=number_or_none),
        "Problem": _object("type", "title", detail=TEXT, status={"type": "integer"}),
    }


def _quiet_schemas() -> Data:
    state: Data = {"type": "string", "enum": ["active", "pending", "expired"]}
    hidden = _object("fingerprint", "title", "at", "until", "status", "resolved_at", incident=NUMBER)
    more = {"hidden": {"type": "array", "items": hidden}}
    silence = (*answers.SILENCE, "hidden_alerts", "hidden_incidents")
    window = (*silence, *answers.WINDOW)
    coming = {"type": "array", "items": _object("starts_at", "ends_at")}
    return {
        "Silence": _object(*silence, state=state),
        "WholeSilence": _object(*silence, state=state, **more),
        "Window": _object(*window, state=state, coming=coming),
        "WholeWindow": _object(*window, state=state, coming=coming, **more),
    }
