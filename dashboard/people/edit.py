"""What administrators do about people and teams."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me import contacts as lines
from dashboard.me.account import zones
from dashboard.page import draw, reader_of
from dashboard.people import rows, views
from dashboard.people.views import N32
from dashboard.takeback import actor_of
from dashboard.words import ROLES
from gateway.access import contacts, staff
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import db
from gateway.store.directory import staff as store
from gateway.world import world
from rules.duty.oncall import on_call
from rules.words import Role

EDITORS = (Role.ADMIN,)


@bp.get("/people/new")
@require(*EDITORS)
def new_person(visit: Visit) -> ResponseReturnValue:
    plain = world().settings
    given = staff.Given("", "", Role.RESPONDER.value, plain.language, plain.timezone)
    return _new_page(visit, given)


def _new_page(visit: Visit, given: staff.Given, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    roles = [(one.value, reader_of(visit).say(ROLES[one])) for one in Role]
    values = {"page": "people", "given": given, "roles": roles, "zones": zones(), "wrong": wrong}
    return draw(visit, "pages/person_new.html", values, code)


@bp.post("/people")
@require(*EDITORS)
def add_person(visit: Visit) -> ResponseReturnValue:
    given = staff.Given.of(request.form)
    number, wrong = staff.add_person(given, actor_of(visit), visit.now)
    if wrong:
        return _new_page(visit, given, reader_of(visit).say(wrong), 422)
    link = staff.make_link(number, actor_of(visit), visit.now) if request.form.get("invite") == "1" else ""
    return views.person_page(visit, number, link=_whole(link)) if link else _to(number, "added")


@bp.post(f"/people/{N32}")
@require(*EDITORS)
def edit_person(visit: Visit, number: int) -> ResponseReturnValue:
    given, teams = staff.Given.of(request.form), request.form.getlist("team")
    return _done(visit, number, staff.edit_person(number, given, teams, actor_of(visit), visit.now), "kept")


@bp.post(f"/people/{N32}/leave")
@require(*EDITORS)
def let_leave(visit: Visit, number: int) -> ResponseReturnValue:
    if request.form.get("sure") != "1":
        return views.person_page(
            visit, number, reader_of(visit).say("Tick the box first: leaving cannot be undone whole."), 422
        )
    wrong = staff.leave(number, request.form.get("instead", ""), actor_of(visit), visit.now)
    return _done(visit, number, wrong, "left")


@bp.post(f"/people/{N32}/back")
@require(*EDITORS)
def take_back(visit: Visit, number: int) -> ResponseReturnValue:
    return _to(number, "back") if staff.come_back(number, actor_of(visit), visit.now) else abort(404)


@bp.post(f"/people/{N32}/sign-out")
@require(*EDITORS)
def sign_somebody_out(visit: Visit, number: int) -> ResponseReturnValue:
    return _to(number, "out") if staff.sign_out(number, actor_of(visit), visit.now) else abort(404)


@bp.post(f"/people/{N32}/link")
@require(*EDITORS)
def password_link(visit: Visit, number: int) -> ResponseReturnValue:
    """Shown once, to be handed over by whatever way is safe."""
    link = staff.make_link(number, actor_of(visit), visit.now)
    return views.person_page(visit, number, link=_whole(link)) if link else abort(404)


@bp.post(f"/people/{N32}/contacts")
@require(*EDITORS)
def add_contact(visit: Visit, number: int) -> ResponseReturnValue:
    if store.person(db.session(), number) is None:
        abort(404)
    channel, address = request.form.get("channel", ""), request.form.get("address", "")
    checked = request.form.get("checked") == "1"
    _, wrong = contacts.add(number, channel, address, actor_of(visit), visit.now, verified=checked)
    return _done(visit, number, wrong, "added")


@bp.post(f"/people/{N32}/contacts/<int(max=2147483647):contact>/<any(delete, confirm):what>")
@require(*EDITORS)
def change_contact(visit: Visit, number: int, contact: int, what: str) -> ResponseReturnValue:
    """Removed; or confirmed by somebody who checked it otherwise."""
    act = contacts.remove if what == "delete" else contacts.vouch
    if not act(number, contact, actor_of(visit), visit.now):
        abort(404)
    return _to(number, "removed" if what == "delete" else "kept")


def _whole(token: str) -> str:
    return f"{world().settings.public_url}/welcome/{token}" if token else ""


def _done(visit: Visit, number: int, wrong: str, said: str) -> ResponseReturnValue:
    if wrong == "unknown":
        abort(404)
    if wrong:
        return views.person_page(visit, number, reader_of(visit).say(wrong), 422)
    return _to(number, said)


def _to(number: int, said: str) -> ResponseReturnValue:
    return redirect(url_for("dashboard.person", number=number, said=said))


@bp.get("/teams/<path:name>")
@require(*READERS)
def team(visit: Visit, name: str) -> ResponseReturnValue:
    return _team_page(visit, name)


def _team_page(visit: Visit, name: str, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader, session = reader_of(visit), db.session()
    row = store.team(session, name)
    if row is None:
        abort(404)
    directory = world().roll.current(session)
    everybody = [one for one in directory.people.values() if one.role != Role.VIEWER or one.email in row.members]
    members = [directory.people[email] for email in row.members if email in directory.people]
    duty = [
        (one.name, directory.people[email].name if email in directory.people else "")
        for one in directory.schedules.values()
        for email in [on_call(one, visit.now) or ""]
        if one.team == name
    ]
    contacts_shown = lines.lines(store.contacts_of_team(session, row.id), reader, 0, plain=False)
    values: dict[str, object] = {
        "page": "people",
        "team": row,
        "members": [(one.id, one.name, rows.clock(one.timezone, visit.now)) for one in members],
        "gone": [email for email in row.members if email not in directory.people],
        "duty": duty,
        "lines": contacts_shown,
        "everybody": [(one.email, one.name, one.email in row.members) for one in everybody],
        "admin": visit.person.role is Role.ADMIN,
        "wrong": wrong,
        "said": reader.say("Saved.") if request.args.get("said") == "kept" else "",
    }
    return draw(visit, "pages/team.html", values, code)


@bp.post("/teams")
@require(*EDITORS)
def add_team(visit: Visit) -> ResponseReturnValue:
    name = " ".join(request.form.get("name", "").split())[:100]
    wrong = staff.keep_team(name, [], actor_of(visit), visit.now, new=True)
    if wrong:
        return views.people_page(visit, reader_of(visit).say(wrong), 422)
    return redirect(url_for("dashboard.team", name=name))


@bp.post("/teams/<path:name>")
@require(*EDITORS)
def edit_team(visit: Visit, name: str) -> ResponseReturnValue:
    known = world().roll.current(db.session()).people
    members = [email for email in request.form.getlist("member") if email in known]
    wrong = staff.keep_team(name, members, actor_of(visit), visit.now)
    if wrong:
        abort(404)
    return redirect(url_for("dashboard.team", name=name, said="kept"))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Somebody has to be an administrator: make another one first."), _("Choose a role and a language."),
        _("There is somebody with this address already."), _("There is a team of this name already."),
        _("A name is needed, without a slash."), _("Tick the box first: leaving cannot be undone whole."),
    )  # fmt: skip
