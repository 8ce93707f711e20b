"""HTTP for what administrators do about people and teams, by a token of their own: it is a person who does it."""

from typing import Any

from flask import Response

from gateway.access import contacts, staff
from gateway.acts import reminding
from gateway.doors.ingest import problem
from gateway.doors.machine import answers
from gateway.doors.machine.bodies import (
    body,
    flag_in,
    line_in,
    missing,
    object_of,
    optional_body,
    small_number,
    text_in,
    texts_in,
)
from gateway.doors.machine.door import ACT, ADMIN, PLANNERS, READ, Call, Refused, as_json, bp, needs
from gateway.store.db import reading
from gateway.store.directory import contacts as contact_rows
from gateway.store.directory import reach
from gateway.store.directory import staff as store
from gateway.world import world
from rules.words import Role

SURE = 'leaving cannot be undone whole: say so with "sure": true'


@bp.get("/v1/people/<number>")
@needs(READ)
def person(_: Call, number: str) -> Response:
    return _person(small_number(number, "person"))


def _person(number: int) -> Response:
    """With their contacts as others may see them, and what the look ahead has found about them."""
    with reading() as session:
        row = store.person(session, number)
        if row is None:
            raise missing("person", str(number))
        ways = [
            {"id": one.id, "channel": one.channel, "address": contacts.masked(one),
             "verified": bool(one.verified_at) and not one.on_trust, "failing": bool(one.failed_at)}
            for one in contact_rows.of_person(session, number)
        ]  # fmt: skip
        lacks = [{"kind": one.kind, "detail": one.detail} for one in reach.of_person(session, number)]
        said = answers.person(row, world().roll.current(session))
        return as_json(said | {"contacts": ways, "lacks": lacks, "notify": row.notify, "quiet_hours": row.quiet_hours})


@bp.post("/v1/people")
@needs(ADMIN, only_persons=True)
def add_person(call: Call) -> Response:
    """Without a password: the link that sets one is made on the page, by who hands it over."""
    said = object_of(body())
    number, wrong = staff.add_person(_given(said, text_in(said, "email")), call.actor, call.now)
    if wrong:
        raise Refused(problem(400, wrong))
    return _person(number)


def _given(said: dict[str, Any], email: str, **before: str) -> staff.Given:
    plain = world().settings
    usual = {"role": Role.RESPONDER.value, "language": plain.language, "timezone": plain.timezone, **before}
    form = {name: text_in(said, name) if name in said else usual.get(name, "")
            for name in ("name", "role", "language", "timezone")}  # fmt: skip
    return staff.Given.of({**form, "email": email})


@bp.post("/v1/people/<number>")
@needs(ADMIN, only_persons=True)
def edit_person(call: Call, number: str) -> Response:
    """What is not named stays. The address is the person's name everywhere, and stays in any case."""
    wanted, said = small_number(number, "person"), object_of(body())
    with reading() as session:
        row = store.person(session, wanted)
        if row is None:
            raise missing("person", number)
        teams = [one.name for one in store.teams(session) if row.email in one.members]
        before = {"name": row.name, "role": row.role, "language": row.language, "timezone": row.timezone}
        email = row.email
    teams = texts_in(said, "teams") if "teams" in said else teams
    _done(number, staff.edit_person(wanted, _given(said, email, **before), teams, call.actor, call.now))
    return _person(wanted)


@bp.post("/v1/people/<number>/leave")
@needs(ADMIN, only_persons=True)
def leave(call: Call, number: str) -> Response:
    """Never told again, signed out everywhere; `instead`, an address, takes their turns."""
    wanted, said = small_number(number, "person"), object_of(body())
    if not flag_in(said, "sure"):
        raise Refused(problem(409, SURE))
    _done(number, staff.leave(wanted, text_in(said, "instead").lower(), call.actor, call.now))
    return _person(wanted)


@bp.post("/v1/people/<number>/back")
@needs(ADMIN, only_persons=True)
def come_back(call: Call, number: str) -> Response:
    wanted, _ = small_number(number, "person"), optional_body()
    _done(number, "" if staff.come_back(wanted, call.actor, call.now) else "unknown")
    return _person(wanted)


@bp.post("/v1/people/<number>/sign-out")
@needs(ADMIN, only_persons=True)
def sign_out(call: Call, number: str) -> Response:
    """Everywhere; their tokens end, too."""
    wanted, _ = small_number(number, "person"), optional_body()
    _done(number, "" if staff.sign_out(wanted, call.actor, call.now) else "unknown")
    return _person(wanted)


@bp.post("/v1/people/<number>/remind")
@needs(ACT, *PLANNERS)
def remind(call: Call, number: str) -> Response:
    """Told what lacks for them to be reached, once an hour at most."""
    wanted, _ = small_number(number, "person"), optional_body()
    came = reminding.remind(wanted, call.actor, call.now)
    if came.wrong == reminding.NOBODY:
        raise missing("person", number)
    return as_json({"result": came.wrong or "reminded"})


@bp.post("/v1/people/<number>/contacts")
@needs(ADMIN, only_persons=True)
def add_contact_of(call: Call, number: str) -> Response:
    """`verified`: the administrator has checked it otherwise."""
    wanted, said = small_number(number, "person"), object_of(body())
    with reading() as session:
        if store.person(session, wanted) is None:
            raise missing("person", number)
    channel, address, checked = line_in(said, "channel"), text_in(said, "address"), flag_in(said, "verified")
    _, wrong = contacts.add(wanted, channel, address, call.actor, call.now, verified=checked)
    _done(number, wrong)
    return _person(wanted)


@bp.post("/v1/people/<number>/contacts/<contact>/confirm")
@needs(ADMIN, only_persons=True)
def confirm_contact(call: Call, number: str, contact: str) -> Response:
    wanted, one = small_number(number, "person"), small_number(contact, "contact")
    optional_body()
    if not contacts.vouch(wanted, one, call.actor, call.now):
        raise missing("contact", contact)
    return _person(wanted)


@bp.delete("/v1/people/<number>/contacts/<contact>")
@needs(ADMIN, only_persons=True)
def remove_contact(call: Call, number: str, contact: str) -> Response:
    wanted, one = small_number(number, "person"), small_number(contact, "contact")
    if not contacts.remove(wanted, one, call.actor, call.now):
        raise missing("contact", contact)
    return _person(wanted)


def _done(number: str, wrong: str) -> None:
    if wrong == "unknown":
        raise missing("person", number)
    if wrong:
        raise Refused(problem(409 if wrong == staff.LAST_ADMIN else 400, wrong))


# Teams


@bp.post("/v1/teams")
@needs(ADMIN, only_persons=True)
def add_team(call: Call) -> Response:
    name = line_in(object_of(body()), "name", 101)
    wrong = staff.keep_team(name, [], call.actor, call.now, new=True)
    if wrong:
        raise Refused(problem(400, wrong))
    return as_json({"name": name, "members": []})


@bp.post("/v1/teams/<name>")
@needs(ADMIN, only_persons=True)
def edit_team(call: Call, name: str) -> Response:
    """Its members, all of them: those who are there keep their order, new ones come last."""
    members = [one.lower() for one in texts_in(object_of(body()), "members", 500)]
    with reading() as session:
        known = world().roll.current(session).people
    strangers = [one for one in members if one not in known]
    if strangers:
        raise Refused(problem(400, f"members: there is nobody with the address {strangers[0][:100]!r}"))
    if "\0" in name or staff.keep_team(name, list(dict.fromkeys(members)), call.actor, call.now):
        raise missing("team", name)
    with reading() as session:
        row = store.team(session, name)
        return as_json({"name": name, "members": row.members if row else []})
