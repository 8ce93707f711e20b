"""What the description of HTTP for programs says of services; as data."""

from gateway.doors.machine.services import BRIEF, NOISY, SERVICES, STATUSES
from gateway.doors.openapi.parts import (
    DAY,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    asks,
    object_of,
    operation,
    parameter,
    query,
    ref,
    rung,
    words,
)
from rules.checks.services import SORTS
from rules.words import Urgency

WHICH = """What the label service says of alerts of the last 30 days and of what is open, and what the rule book names;
the worst first. A page may hold fewer rows than asked for, even none: go on with `after` until `next` is null."""
OF_ONE = """By its name; for names with slashes and other signs `api_url` of the list is the whole address. `days` are
those of the last 30 by the rule book's zone that had any. What is open is counted to a thousand."""
OWN: dict[str, Data] = {
    "q": query("q", TEXT, "A text in the name."),
    "status": query("status", words(*STATUSES), "open: only those with open incidents. Default: all.")
    | {"explode": False},
    "urgency": parameter("services", "urgency") | {"description": "With open incidents of these classes."},
    "sort": query("sort", {"type": "string", "enum": list(SORTS)}, "Worst first, by name, or busiest first."),
}


def paths() -> Data:
    rows: Data = {"services": _many(ref("Service")), "next": TEXT_OR_NONE, "all": NUMBER, "days_counted_at": MOMENT}
    answer = {"type": "object", "properties": rows, "required": sorted(rows)}
    asked = [OWN.get(name) or parameter("services", name) for name in SERVICES]
    at = query("at", {"type": "string", "format": "date-time"}, "If it comes then: who is told. Default: now.")
    return {
        "/api/v1/services": {"get": operation("Services", answer, parameters=asked) | {"description": WHICH}},
        "/api/v1/services/{name}": {
            "get": asks("One service, who is told of it, and what makes noise there", "WholeService", at)
            | {"description": OF_ONE}
        },
    }


def _many(schema: Data) -> Data:
    return {"type": "array", "items": schema}


def schemas() -> Data:
    of_class = object_of(**{one.value: NUMBER for one in Urgency})
    service: Data = {
        **dict.fromkeys(("name", "web_url", "api_url"), TEXT),
        **dict.fromkeys(("team", "policy", "runbook"), TEXT_OR_NONE),
        **dict.fromkeys(("policy_in_book", "named_in_book", "open_is_at_least"), FLAG),
        "told_first": _many(object_of("who", "name")),
        "open": of_class,
        "incidents": NUMBER,
        "days": _many(object_of(day=DAY, incidents=of_class)),
    }
    incident = object_of(*BRIEF, "urgency", "web_url", snoozed=FLAG, hidden=FLAG)
    quiet = object_of("id", "kind", "reason", "author", "matchers", "starts_at", "ends_at", now=FLAG)
    way = object_of("urgency", "rule", "policy", team=TEXT_OR_NONE, ladder=_many(rung()))
    return {
        "Service": object_of(**service),
        "WholeService": object_of(
            "oldest_open_at",
            **service,
            open_incidents=_many(incident),
            resolved_incidents=_many(incident),
            quiet=_many(quiet),
            noisy_since=DAY,
            noisy=_many(object_of("name", **dict.fromkeys(NOISY[1:], NUMBER))),
            ways=_many(way),
        ),
    }
