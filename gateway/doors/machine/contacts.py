"""HTTP for contacts: a person's own under /api/v1/me/contacts, entered, confirmed, tried out and removed."""

from typing import Any

from flask import Response

from gateway.access import contacts
from gateway.access.contacts import Result
from gateway.doors.ingest import problem
from gateway.doors.machine.bodies import body, missing, object_of, small_number, text_in
from gateway.doors.machine.door import ACT, ACTORS, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.directory import contacts as store
from gateway.store.tables import ContactRow

CONTACT = ("id", "channel", "failure", "verified_at", "tested_at", "seen_at", "on_trust")
WRONG = {
    "no provider": "no code can be sent: its provider is not set up; an administrator can confirm the contact",
    "too many": "that was the fifth within an hour: wait a little",
    "wrong": "this is not the code that was sent",
    "over": "this does not count any more: have a new one sent",
    "failed": "not sent",
    "nothing sent": "nothing was sent there that could have arrived: try it out first",
}
SAID = ("rang", "silent", "arrived")
WHAT = "contact of yours"


@bp.get("/v1/me/contacts")
@needs(READ, *ACTORS, only_persons=True)
def my_contacts(call: Call) -> Response:
    with reading() as session:
        rows = store.of_person(session, call.me.id)
        waiting = store.waiting(session, [row.id for row in rows], call.now)
        return as_json({"contacts": [_contact(row, row.id in waiting) for row in rows]})


def _contact(row: ContactRow, waits: bool) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in CONTACT}
    return said | {"address": contacts.plain(row), "code_waits": waits}


@bp.post("/v1/me/contacts")
@needs(ACT, *ACTORS, only_persons=True)
def add_my_contact(call: Call) -> Response:
    """Added, and the code sent at once. `sent` says what became of it: sent, logged, no provider, too many, failed."""
    said = object_of(body())
    number, wrong = contacts.add(call.me.id, text_in(said, "channel"), text_in(said, "address"), call.actor, call.now)
    if wrong:
        raise Refused(problem(400, wrong))
    result = contacts.send_code(call.actor, number, call.me.language, call.now)
    return as_json({"contact": number, "sent": result.word})


@bp.post("/v1/me/contacts/<number>/code")
@needs(ACT, *ACTORS, only_persons=True)
def send_code(call: Call, number: str) -> Response:
    return _said(number, contacts.send_code(call.actor, small_number(number, WHAT), call.me.language, call.now))


@bp.post("/v1/me/contacts/<number>/test")
@needs(ACT, *ACTORS, only_persons=True)
def try_my_contact(call: Call, number: str) -> Response:
    return _said(number, contacts.try_out(call.actor, small_number(number, WHAT), call.me.language, call.now))


@bp.post("/v1/me/contacts/<number>/confirm")
@needs(ACT, *ACTORS, only_persons=True)
def confirm_my_contact(call: Call, number: str) -> Response:
    """By the code as it was read there; of a test call by {"did": "rang"}; of a test by {"did": "arrived"}."""
    wanted, said = small_number(number, WHAT), object_of(body())
    did, code = text_in(said, "did"), text_in(said, "code")
    if bool(did) == bool(code) or (did and did not in SAID):
        raise Refused(problem(400, f"say either the code, or what the test did: {', '.join(SAID)}"))
    if did == "arrived":
        return _said(number, contacts.arrived(call.actor, wanted, call.now))
    if did:
        return _said(number, contacts.rang(call.actor, wanted, call.now, yes=did == "rang"))
    return _said(number, contacts.confirm(call.actor, wanted, code[:20], call.now))


@bp.delete("/v1/me/contacts/<number>")
@needs(ACT, *ACTORS, only_persons=True)
def remove_my_contact(call: Call, number: str) -> Response:
    wanted = small_number(number, WHAT)
    if not contacts.remove(call.me.id, wanted, call.actor, call.now):
        raise missing(WHAT, number)
    return as_json({"contact": wanted, "result": "removed"})


def _said(number: str, result: Result) -> Response:
    if result.word == "unknown":
        raise missing(WHAT, number)
    if result.word in WRONG:
        more = f": {result.words}" if result.words else ""
        raise Refused(problem(409, WRONG[result.word] + more))
    return as_json({"contact": int(number), "result": result.word})
