"""What is still to be set up before Nabat can be relied on: a list for administrators, until it is done or put away."""

from dataclasses import dataclass

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import reader_of
from gateway.access import firstrun
from gateway.access.auth import Visit, require
from gateway.store.db import db
from gateway.store.directory import firstrun as store
from gateway.world import world
from rules.duty.oncall import on_call
from rules.words import Directory, Role

SHIPPED = frozenset(("4a7e56aa07a8", "c1717621c98e"))  # versions of the rule books that come with Nabat


@dataclass(frozen=True, slots=True)
class Todo:
    done: bool
    word: str
    url: str


def checklist(visit: Visit, directory: Directory) -> list[Todo]:
    """Empty for others than administrators, when it is put away, and when all of it is done."""
    session, me, _ = db.session(), visit.person.person_id, reader_of(visit).say
    if visit.person.role is not Role.ADMIN or store.AWAY in store.progress(session).done:
        return []
    duty = any(on_call(one, visit.now) for one in directory.schedules.values())
    items = [
        Todo(bool(store.heard(session)), _("A source has been heard"), url_for("dashboard.new_source")),
        Todo(store.confirmed(session, me), _("A contact of yours is confirmed"), url_for("dashboard.my_contacts")),
        Todo(store.reached(session, me), _("A test message has reached you"), url_for("dashboard.my_contacts")),
        Todo(duty, _("Somebody is on call"), url_for("dashboard.oncall")),
        Todo(world().shelf.book.version not in SHIPPED, _("The rule book is your own"), url_for("dashboard.rules")),
        Todo(store.company(session, me), _("There is a second person"), url_for("dashboard.people")),
    ]
    return [] if all(one.done for one in items) else items


@bp.post("/overview/checklist")
@require(Role.ADMIN)
def put_checklist_away(visit: Visit) -> ResponseReturnValue:
    """For everybody; what is not done shows on the pages themselves."""
    firstrun.finish(store.AWAY, visit.person.email, visit.now)
    return redirect(url_for("dashboard.overview"))
