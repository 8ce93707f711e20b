"""What the description of HTTP for programs is made of: kinds of values, parameters, operations; as data."""

from collections.abc import Mapping
from typing import Any

from gateway.doors.machine.questions import DEFAULT, DELIVERED, MOST, PAGING, STATUSES
from gateway.doors.openapi.reports import OF_REPORTS
from rules.words import Urgency

Data = dict[str, Any]
TEXT: Data = {"type": "string"}
NUMBER: Data = {"type": "integer", "format": "int64"}
DAY: Data = {"type": "string", "format": "date"}
FLAG: Data = {"type": "boolean"}
MOMENT: Data = {"type": ["string", "null"], "format": "date-time"}
ANYTHING: Data = {"type": "object"}
TEXT_OR_NONE: Data = {"type": ["string", "null"]}
NAMES: Data = {"type": "array", "items": TEXT}


def words(*known: str) -> Data:
    """Of these, as many as wanted, with commas between."""
    return {"type": "array", "items": {"type": "string", "enum": list(known)}, "uniqueItems": True}


PARAMETERS: Mapping[tuple[str, str], tuple[Data, str]] = {
    ("incidents", "status"): (words(*STATUSES), "Words with commas between. Default: open."),
    ("deliveries", "status"): (words(*DELIVERED), "Words with commas between."),
    **OF_REPORTS,
    ("", "urgency"): (words(*Urgency), "Words with commas between."),
    ("", "source"): (NAMES, "A source's name; several may be given."),
    ("", "label"): (NAMES, "name=value as the sender wrote it; of several, one alert must have all."),
    ("", "q"): (TEXT, "A text in the title."),
    ("", "firing"): ({"type": "string", "enum": ["true", "false"]}, "Only alerts that fire now, or only others."),
    ("", "incident"): (NUMBER, "Of this incident only."),
    ("", "channel"): (NAMES, "A channel's name; several may be given."),
    ("", "schedule"): (TEXT, "A schedule's name. Default: all of them."),
    ("", "at"): ({"type": "string", "format": "date-time"}, "The moment, with its offset. Default: now."),
    ("", "state"): (words("active", "pending", "expired"), "Words with commas between. Default: active,pending."),
    ("", "query"): (TEXT, "As the address of the list, or a saved view, has it: status=all&team=infra&target=missed."),
    ("audit", "actor"): (TEXT, "Who did it: an e-mail address, or `token NAME #NUMBER`."),
    ("audit", "action"): (TEXT, "What was done, as the log names it."),
    ("audit", "target"): (TEXT, "A text in what it was done to; looked for in the newest rows."),
    ("audit", "request"): (TEXT, "The name of the request that did it, as the row and the page of an error show it."),
    ("audit", "from"): (DAY, "The first day."),
    ("audit", "to"): (DAY, "The last day, included."),
    ("tickets", "status"): (words(*STATUSES), "Words with commas between. Default: open."),
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


def operation(summary: str, answer: Data, *, parameters: list[Data] | None = None, number: bool = False) -> Data:
    path = [{"name": "number", "in": "path", "required": True, "schema": NUMBER}] if number else []
    wrong = {"description": "A problem (RFC 9457)", **content(ref("Problem"), "application/problem+json")}
    answers_ = {"200": {"description": "Done", **content(answer)}, "4XX": wrong, "5XX": wrong}
    return {"summary": summary, "parameters": path + (parameters or []), "responses": answers_}


def parameter(kind: str, name: str) -> Data:
    schema, words = PARAMETERS.get((kind, name)) or PARAMETERS["", name]
    commas = {"explode": False} if "enum" in schema.get("items", ()) else {}
    return {"name": name, "in": "query", "schema": schema, "description": words, **commas}


def content(schema: Data, kind: str = "application/json") -> Data:
    return {"content": {kind: {"schema": schema}}}


def ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(*names: str, **more: Data) -> Data:
    kinds = {name: KINDS.get(name, MOMENT if name.endswith("_at") else TEXT) for name in names}
    return {"type": "object", "properties": kinds | more, "required": sorted(kinds | more)}


def rung() -> Data:
    """One step of a ladder: when it comes, whom it names, and whom it reaches by which way."""
    told, spared = object_of("who", "name", "way", "channel"), object_of("who", "reason")
    return object_of("at", after_seconds=NUMBER, wait_seconds=NUMBER, notify=NAMES,
                     told={"type": "array", "items": told},
                     not_told={"type": "array", "items": spared})  # fmt: skip


NEWEST = "Newest first. Go on with `after` until `next` is null."


def page(kind: str, schema: str, summary: str, names: tuple[str, ...] = PAGING) -> Data:
    rows = {kind: {"type": "array", "items": ref(schema)}, "next": TEXT_OR_NONE}
    answer = {"type": "object", "properties": rows, "required": sorted(rows)}
    said = operation(summary, answer, parameters=[parameter(kind, name) for name in names])
    return said if kind == "people" else said | {"description": NEWEST}


def whole(kind: str, schema: str, summary: str, *parameters: Data) -> Data:
    """A list without pages."""
    rows: Data = {kind: {"type": "array", "items": ref(schema)}}
    answer = {"type": "object", "properties": rows, "required": [kind]}
    return operation(summary, answer, parameters=list(parameters))


def asks(summary: str, answer: str, *parameters: Data) -> Data:
    return operation(summary, ref(answer), parameters=list(parameters))


def does(summary: str, answer: str, required: list[str], **said: Data) -> Data:
    """With a body, if there is something to be said."""
    made = operation(summary, ref(answer))
    body = {"type": "object", "required": required, "properties": said}
    return made | {"requestBody": content(body)} if said else made


def query(name: str, schema: Data, words: str) -> Data:
    return {"name": name, "in": "query", "schema": schema, "description": words}


def with_places(paths: Data) -> Data:
    """Each operation with what stands in its address."""
    for path, methods in paths.items():
        places = [one.partition("}")[0] for one in path.split("{")[1:]]
        for said in methods.values():
            known = {one["name"] for one in said.get("parameters", ())}
            said["parameters"] = [*map(_place, (one for one in places if one not in known)), *said["parameters"]]
    return paths


def _place(name: str) -> Data:
    return {"name": name, "in": "path", "required": True, "schema": NUMBER if name == "number" else TEXT}
