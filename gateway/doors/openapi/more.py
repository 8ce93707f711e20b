"""What the description of HTTP for programs says of reports, one source, the rule book, an incident's past."""

from gateway.doors.machine import answers, past, sources
from gateway.doors.machine.questions import REPORT
from gateway.doors.openapi.parts import (
    ANYTHING,
    FLAG,
    MOMENT,
    NAMES,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    asks,
    does,
    object_of,
    page,
    parameter,
    rung,
    whole,
)

ADMIN = "needs the scope `admin`"
NUMBER_OR_NONE: Data = {"type": ["number", "null"]}
LINES: Data = {"type": "array", "items": TEXT}
HEAD = ("from", "to", "timezone")


def paths() -> Data:
    return {**_reports(), **_source(), **_rules(), **_past()}


def _report(summary: str, answer: str) -> Data:
    return asks(summary, answer, *(parameter("report", name) for name in REPORT))


def _reports() -> Data:
    place = "/api/v1/reports"
    days = [parameter("report", name) for name in REPORT]
    shift = {"schedule": TEXT}
    return {
        f"{place}/load": {"get": _report("Load on people, and when they were paged", "LoadReport")},
        f"{place}/noise": {"get": _report("The noisiest alerts, and what would help", "NoiseReport")},
        f"{place}/services": {"get": _report("Services, the worst first", "ServicesReport")},
        f"{place}/delivery": {"get": _report("Delivery by channel", "DeliveryReport")},
        f"{place}/shift": {
            "get": asks("The shift that ended last, for whoever takes over", "ShiftReport", parameter("", "schedule")),
            "post": does("Taken over, by whoever is on call now", "ShiftReport", [], **shift),
        },
        f"{place}/guests": {
            "get": whole("guests", "Link", "Links to a report for somebody without an account"),
            "post": does("A link to the report of these days, for a week", "Link", []) | {"parameters": days},
        },
        f"{place}/guests/{{number}}/revoke": {"post": does("It opens nothing any more", "RevokedLink", [])},
    }


def _source() -> Data:
    one = "/api/v1/sources/{number}"
    secret = {"bearer": TEXT, "user": TEXT, "password": TEXT, "keep": FLAG}
    return {
        one: {"get": asks("One source, with the keys in use and the Alertmanagers behind it", "WholeSource")},
        f"{one}/settings": {
            "post": does(f"After how long it is over, the priority to assume, our account there; {ADMIN}",
                         "WholeSource", [], stale_after=TEXT, default_priority=TEXT, account=TEXT)
        },
        f"{one}/alertmanagers": {
            "post": does(f"Where they can be asked, all of them anew; {ADMIN}", "WholeSource", ["urls"], urls=NAMES,
                         receivers=NAMES, **secret)
        },
        f"{one}/desk": {
            "post": does(f"Where a service desk hears who works on its tickets; {ADMIN}", "WholeSource", ["url"],
                         url=TEXT, bearer=TEXT, keep=FLAG)
        },
        f"{one}/test": {"post": does(f"A test alert of this source; {ADMIN}", "Replayed", [])},
        f"{one}/requests": {"get": page("requests", "Came", f"What was received; {ADMIN}")},
        f"{one}/requests/{{payload}}": {"get": asks(f"One, with what it would say today; {ADMIN}", "Request")},
    }  # fmt: skip


def _rules() -> Data:
    return {
        "/api/v1/rules": {"get": asks("The rule book in force, and what is doubtful about it", "Book")},
        "/api/v1/rules/test": {"post": does("The book's own test cases, run; nothing is kept", "Cases", [])},
        "/api/v1/policies": {"get": asks("Policies: whom each step tells now, how, and after how long", "Policies")},
        "/api/v1/policies/{name}": {"get": asks("One policy", "Policy")},
    }


def _past() -> Data:
    one, messages = "/api/v1/incidents/{number}", {"type": "array", "items": NUMBER, "minItems": 1}
    return {
        f"{one}/why": {"get": asks("What the rule book was asked and said, and who was told", "Why")},
        f"{one}/related": {"get": asks("The same before, what began beside it, and verdicts", "Related")},
        f"{one}/payloads": {"get": whole("payloads", "Received", f"What senders wrote; {ADMIN}")},
        "/api/v1/deliveries/{number}": {"get": asks("One message with its attempts and its text", "WholeDelivery")},
        "/api/v1/deliveries/resend": {
            "post": does(f"Several that failed, each with its result; {ADMIN}", "Resends", ["deliveries"],
                         deliveries=messages)
        },
    }  # fmt: skip


def _many(schema: Data) -> Data:
    return {"type": "array", "items": schema}


def schemas() -> Data:
    return {**_of_reports(), **_of_sources(), **_of_rules(), **_of_the_past()}


def _of_reports() -> Data:
    load = object_of("name", person=NUMBER, **dict.fromkeys(("pages", "work", "off_hours", "sleep", "nights"), NUMBER))
    held = object_of("schedule", "team", handovers=NUMBER, uncovered_seconds=NUMBER,
                     gaps=_many(object_of("starts_at", "ends_at")))  # fmt: skip
    counts = ("incidents", "alerts", "pages", "right_to_call", "judged", "wait_minutes", "pages_spared")
    shares = ("cleared_alone_percent", "acted_on_percent")
    noisy = object_of("name", "service", "proposal", **dict.fromkeys(counts, NUMBER),
                      **dict.fromkeys(shares, NUMBER_OR_NONE))  # fmt: skip
    sums = ("incidents", "alerts", "pages", "eligible", "in_time")
    service = object_of("name", urgencies=_many(NUMBER), **dict.fromkeys(sums, NUMBER))
    sent = dict.fromkeys(("sent", "delivered", "receipts", "failed"), NUMBER)
    took = dict.fromkeys(("delivered_percent", "ms_median", "ms_p95"), NUMBER_OR_NONE)
    incident = object_of(*answers.INCIDENT, "urgency", "web_url", assignee=TEXT_OR_NONE)
    quiet = object_of("id", "kind", "reason", "ends_at")
    return {
        "LoadReport": object_of(*HEAD, exact=FLAG, people=_many(load), hours=_many(_many(NUMBER)),
                                schedules=_many(held)),
        "NoiseReport": object_of(*HEAD, exact=FLAG, alerts=_many(noisy)),
        "ServicesReport": object_of(*HEAD, exact=FLAG, services=_many(service)),
        "DeliveryReport": object_of(*HEAD, exact=FLAG, channels=_many(object_of("channel", **sent, **took))),
        "ShiftReport": object_of("schedule", "person", "next", "starts_at", "ends_at", more=FLAG, quiet=_many(quiet),
                                 opened=_many(incident), held=_many(incident), confirmed_by=TEXT_OR_NONE,
                                 confirmed_at=MOMENT),
    }  # fmt: skip


def _of_sources() -> Data:
    key = object_of(*answers.KEY)
    behind = object_of("url", "problem", receivers=NAMES, asked_at=MOMENT, secret=FLAG)
    came = dict.fromkeys(("size", "accepted", "quarantined"), NUMBER)
    aside = object_of("place", "reason")
    stale: Data = {"type": ["integer", "null"]}
    behind_it: Data = {"type": ["array", "null"], "items": behind}  # null to whoever has no scope `admin`
    return {
        "WholeSource": object_of(*answers.SOURCE, stale_after=stale, tokens=_many(key), alertmanagers=behind_it,
                                 desk=object_of("url", secret=FLAG) | {"type": ["object", "null"]}),
        "Came": object_of(*sources.CAME, **came),
        "Request": object_of(*sources.CAME, "body", "wrong", **came, alerts=NUMBER, notes=LINES,
                             explained=_many(ANYTHING), aside=_many(aside)),
    }  # fmt: skip


def _of_rules() -> Data:
    ways = dict.fromkeys(("match", "ways", "fallback", "group_by"), LINES)
    rule = object_of("name", "place", "urgency", "policy", "text", number=NUMBER, met=NUMBER, last_met_at=MOMENT,
                     acknowledge_within_seconds=NUMBER, **ways)  # fmt: skip
    step = object_of(notify=NAMES, wait_seconds=NUMBER)
    way = object_of("urgency", goes_on=FLAG, ladder=_many(rung()))
    first = object_of("who", "name")
    policy = object_of("name", "place", "text", steps=_many(step), repeat=NUMBER, used_by=LINES, lasts_seconds=NUMBER,
                       told_first=_many(first), ladders=_many(way))  # fmt: skip
    case = object_of("file", "name", "place", wrong=LINES)
    return {
        "Book": object_of("version", files=LINES, routes=NUMBER, rules=_many(rule), complaints=LINES,
                          findings=_many(object_of("place", "what"))),
        "Policies": object_of("version", policies=_many(policy)),
        "Policy": policy,
        "Cases": object_of("version", count=NUMBER, failed=NUMBER, cases=_many(case)),
    }  # fmt: skip


def _of_the_past() -> Data:
    asked = object_of("at", "cause", "book_version", lines=LINES)
    told = object_of("at", "kind", level=NUMBER, lines=LINES)
    before = object_of(*past.BEFORE)
    verdict = object_of("person", verdict=TEXT_OR_NONE, call={"type": ["boolean", "null"]})
    entry, resent = object_of(*answers.ENTRY), object_of(delivery=NUMBER, done=FLAG, why=TEXT_OR_NONE)
    return {
        "Why": object_of(asked=_many(asked), told=_many(told)),
        "Related": object_of(before=_many(before), near=_many(before), verdicts=_many(verdict)),
        "Received": object_of(*past.RECEIVED, "body", size=NUMBER),
        "WholeDelivery": object_of(*answers.DELIVERY, incident=NUMBER, source=TEXT, urgency=TEXT, title=TEXT_OR_NONE,
                                   text=TEXT_OR_NONE, attempts_made=_many(entry)),
        "Resends": object_of(results=_many(resent)),
    }  # fmt: skip
