"""What the description of HTTP for programs says of sources, tickets, people, views, rules, audit log; as data."""

from gateway.doors.machine import answers
from gateway.doors.machine.questions import AUDIT, TICKETS
from gateway.doors.openapi import people
from gateway.doors.openapi.parts import (
    ANYTHING,
    FLAG,
    NUMBER,
    TEXT,
    TEXT_OR_NONE,
    Data,
    content,
    does,
    object_of,
    operation,
    page,
    parameter,
    ref,
    whole,
)  # fmt: skip

NUMBER_OR_NONE: Data = {"type": ["integer", "null"]}
ADMIN = "needs the scope `admin`"


def paths() -> Data:
    one = "/api/v1/sources/{number}"
    return {
        "/api/v1/sources": {
            "get": page("sources", "Source", "Who sends to us, with the keys in use"),
            "post": made("A source with its first key, which is shown this once", ["kind"], kind=TEXT, name=TEXT),
        },
        f"{one}/token": {
            "post": made("Another key; with `old`, in place of that one, which goes on for a day", [], old=NUMBER)
        },
        f"{one}/revoke": {
            "post": does_admin(
                "A key works no more; `confirm` is its ending",
                "Revoked",
                ["token", "confirm"],
                token=NUMBER,
                confirm=TEXT,
            )
        },
        f"{one}/quarantine": {"get": page("quarantine", "Aside", f"What could not be read; {ADMIN}")},
        f"{one}/replay": {
            "post": does_admin(
                "A request that was kept is read again and taken in", "Replayed", ["payload"], payload=NUMBER
            )
        },
        **_desk(),
    }


def _desk() -> Data:
    again = does_admin("A message that failed is sent once more", "Resent", [])
    return {
        "/api/v1/deliveries/{number}/resend": {"post": again},
        "/api/v1/audit": {"get": page("audit", "AuditRow", f"Who did what to what; {ADMIN}", AUDIT)},
        "/api/v1/people": {
            "post": people.new_person(),
            "get": page("people", "Person", "By name; whoever has left comes last. No addresses"),
        },
        "/api/v1/teams": {
            "post": people.new_team(),
            "get": whole("teams", "Team", "Teams, with their members and schedules"),
        },
        "/api/v1/tickets": {"get": page("tickets", "Ticket", "Tickets. Taken by /incidents/{number}/assign", TICKETS)},
        "/api/v1/tickets/{key}": {"get": _ticket()},
        "/api/v1/rules/explain": {"post": _explained()},
    }


def schemas(incident: Data) -> Data:
    key = object_of("id", "kind", "ending", "created_at", "last_used_at", "expires_at")
    contact = object_of("channel", verified=FLAG, failing=FLAG)
    names: Data = {"type": "array", "items": TEXT}
    tried = object_of("title", explanation=ANYTHING, joins=NUMBER_OR_NONE, hidden_by=TEXT_OR_NONE)
    texts: Data = {"type": "array", "items": object_of("place", "reason")}
    return {
        "Source": object_of(*answers.SOURCE, stale_after=NUMBER_OR_NONE, tokens={"type": "array", "items": key}),
        "Made": object_of("token", source=NUMBER_OR_NONE),
        "Revoked": object_of(token=NUMBER),
        "Aside": object_of(*answers.ASIDE, payload_id=NUMBER),
        "Replayed": object_of(incidents={"type": "array", "items": NUMBER}),
        "Resent": object_of(delivery=NUMBER),
        "AuditRow": object_of(*answers.AUDIT),
        "Person": object_of(*answers.PERSON, active=FLAG, teams=names, contacts={"type": "array", "items": contact}),
        "Team": object_of("name", members=names, schedules=names),
        "Ticket": object_of(*answers.INCIDENT, ticket={"type": ["object", "null"]}, **incident),
        "Explained": object_of(
            "problem", "place", alerts=NUMBER, tried={"type": "array", "items": tried}, quarantined=texts
        ),
    }


def does_admin(summary: str, answer: str, required: list[str], **said: Data) -> Data:
    return does(f"{summary}; {ADMIN}", answer, required, **said)


def made(summary: str, required: list[str], **said: Data) -> Data:
    return does_admin(summary, "Made", required, **said)


def _ticket() -> Data:
    said = operation("The ticket with this key; of several desks the one heard last", ref("Ticket"))
    return said | {"parameters": [parameter("", "source") | {"schema": TEXT}]}


def _explained() -> Data:
    known = {"payload": ANYTHING, "kind": TEXT, "source": TEXT, "at": {"type": "string", "format": "date-time"}}
    body = {"type": "object", "required": ["payload"], "properties": known}
    said = operation("What would happen to a payload; nothing is sent or kept", ref("Explained"))
    return said | {"requestBody": content(body), "description": "Needs the scope `read`: nothing is changed."}
