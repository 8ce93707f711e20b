"""What the description of HTTP for programs says of schedules, shifts, swaps, and of silences before they are made."""

from gateway.doors.machine.duty import SWAP
from gateway.doors.openapi.parts import (
    FLAG,
    MOMENT,
    NAMES,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    does,
    object_of,
    query,
    whole,
)

ACT = "needs the scope `act`"
ADMIN = "needs the scope `admin`"
SPAN: Data = {"starts_at": TEXT, "ends_at": TEXT}


def paths() -> Data:
    return {**_schedules(), **_swaps(), **_quiet()}


def _schedules() -> Data:
    one = "/api/v1/schedules/{number}"
    at: Data = {"type": "string", "format": "date-time"}
    times = [query("from", at, "The moment, with its offset. Default: now."),
             query("to", at, "Default: a week after `from`; 92 days at most.")]  # fmt: skip
    who = {"schedule": TEXT, "person": TEXT, "for": TEXT, **SPAN}
    return {
        "/api/v1/schedules": {"get": whole("schedules", "Schedule", "Schedules, their gaps and how they were shared")},
        f"{one}/calendar": {
            "post": does(f"A new secret address of its calendar, shown this once; {ACT}", "Address", []),
            "delete": does(f"That address ends; {ACT}", "Ended", []),
        },
        f"{one}/imports": {
            "post": does(f"A calendar of others as its last layer; {ADMIN}", "Imports", [], address=TEXT, text=TEXT)
        },
        f"{one}/imports/{{key}}": {"delete": does(f"Taken out again; {ADMIN}", "Imports", [])},
        "/api/v1/oncall/shifts": {
            "get": whole("shifts", "Shift", "Who is on call when",
                         query("schedule", TEXT, "A schedule's name. Default: all of them."), *times)
        },
        "/api/v1/oncall/overrides/preview": {
            "post": does("What an override would change; nothing is kept", "Preview",
                         ["schedule", "person"], **who)
        },
    }  # fmt: skip


def _swaps() -> Data:
    place = "/api/v1/oncall/swaps"
    times = {"gives_from": TEXT, "gives_to": TEXT, "takes_from": TEXT, "takes_to": TEXT}
    asked = does(
        "Somebody is asked to stand in; nothing changes until they accept",
        "Swap",
        ["schedule", "person", "gives_from", "gives_to"],
        schedule=TEXT,
        person=TEXT,
        reason=TEXT,
        **times,
    )
    return {
        place: {"get": whole("swaps", "Swap", "What one has asked or was asked"), "post": asked},
        f"{place}/{{number}}/accept": {"post": does("By who was asked: the schedule is changed", "Swap", [])},
        f"{place}/{{number}}/decline": {"post": does("By who was asked: nothing changes", "Swap", [])},
        f"{place}/{{number}}/withdraw": {"post": does("By who asked: nothing changes", "Swap", [])},
        "/api/v1/oncall/away": {
            "post": does("For each of one's own shifts in that time somebody is asked", "Swaps",
                         ["from", "to", "person"], **{"from": TEXT, "to": TEXT}, person=TEXT, reason=TEXT)
        },
    }  # fmt: skip


def _quiet() -> Data:
    window = {"start": TEXT, "length": TEXT, "rule": TEXT, "timezone": TEXT}
    return {
        "/api/v1/silences/preview": {
            "post": does("What it would hide; nothing is kept", "Foreseen", ["matchers"], matchers=NAMES,
                         page_emergencies=FLAG)
        },
        "/api/v1/maintenance/preview": {
            "post": does("What it would hide, and when; nothing is kept", "ForeseenWindow",
                         ["matchers", "start", "length"], matchers=NAMES, **window)
        },
        "/api/v1/silences/{number}/undo": {"post": does("One's last act on it is taken back", "Undone", [])},
        "/api/v1/maintenance/{number}/undo": {"post": does("One's last act on it is taken back", "Undone", [])},
    }  # fmt: skip


def schemas() -> Data:
    shift = object_of("starts_at", "ends_at", person=TEXT_OR_NONE)
    spans = {"type": "array", "items": object_of("starts_at", "ends_at")}
    share = object_of("person", hours=NUMBER, nights=NUMBER, weekends=NUMBER)
    imported = object_of("key", "error", duties=NUMBER, good_at=MOMENT)
    lists = {"shares": share, "imports": imported}
    times = dict.fromkeys(("gives_from", "gives_to", "takes_from", "takes_to"), MOMENT)
    swap = object_of(*SWAP, "schedule", **times)
    foreseen = {"firing_alerts": NUMBER, "incidents": NUMBER, "alerts_of_a_week": NUMBER,
                "emergencies_of_a_week": NUMBER, "capped": FLAG, "everything": FLAG}  # fmt: skip
    return {
        "Schedule": object_of("id", "name", "team", "timezone", gaps=spans, calendar_since=MOMENT,
                              **{name: {"type": "array", "items": one} for name, one in lists.items()}),
        "Imports": object_of(keys=NAMES),
        "Shift": object_of("schedule", "starts_at", "ends_at", person=TEXT_OR_NONE),
        "Preview": object_of(before={"type": "array", "items": shift}, after={"type": "array", "items": shift}),
        "Swap": swap,
        "Swaps": object_of(swaps={"type": "array", "items": swap}),
        "Foreseen": object_of(**foreseen),
        "ForeseenWindow": object_of(**foreseen, coming=spans),
        "Undone": object_of("id", "act"),
    }  # fmt: skip
