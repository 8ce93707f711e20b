"""People: the list, and one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me import contacts as lines
from dashboard.me.account import zones
from dashboard.page import draw, reader_of
from dashboard.people import rows, shifts
from dashboard.reader import Reader
from dashboard.words import ROLES, WAYS
from gateway.access import contacts
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import db
from gateway.store.directory import contacts as store_contacts
from gateway.store.directory import reach, staff
from gateway.store.figures import reports
from gateway.store.figures.stats import Scope
from gateway.store.senders import sources
from gateway.store.tables import PersonRow, ReachFinding
from gateway.world import world
from rules.duty.personal import write_quiet
from rules.times.walltime import zone_of
from rules.words import Role, Urgency

PAGE = 50
LOAD_DAYS = 30
N32 = "<int(max=2147483647):number>"  # what a person's number may be
SAID = {
    "kept": "Saved.",
    "left": "Has left: is told nothing any more, and is signed out everywhere.",
    "back": "Is back.",
    "out": "Signed out everywhere.",
    "added": "Added.",
    "removed": "Removed: nothing goes there any more.",
}


@dataclass(frozen=True, slots=True)
class Breaks:
    """What would break if somebody left."""

    schedules: list[str]
    teams: list[str]
    policies: list[str]
    tokens: list[str]  # of theirs: they open nothing any more
    incidents: list[staff.Assigned]


@bp.get("/people")
@require(*READERS)
def people(visit: Visit) -> ResponseReturnValue:
    return people_page(visit)


def people_page(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader, session = reader_of(visit), db.session()
    after = request.args.get("after", "0")
    found = staff.page(session, int(after) if after.isdecimal() and len(after) < 10 else 0, PAGE + 1)
    findings = reach.everything(session)
    shown = rows.rows(found[:PAGE], world().roll.current(session), _by_person(findings), reader)
    scope = _lately(visit)
    looked = reach.looked_at(session)
    here, left = staff.count(session)
    values: dict[str, object] = {
        "page": "people",
        "rows": shown,
        "loads": {one.person_id: one for one in reports.response(session, scope, visit.now).figures.loads},
        "load_days": LOAD_DAYS,
        "load_url": _report_of(scope),
        "teams": [(team.name, len(team.members)) for team in staff.teams(session)],
        "others": rows.lacks_of([one for one in findings if one.kind in ("gap", "left")], reader),
        "looked": reader.moment(looked) if looked else None,
        "here": here,
        "left": left,
        "more": url_for("dashboard.people", after=found[PAGE - 1].id) if len(found) > PAGE else "",
        "admin": visit.person.role is Role.ADMIN,
        "wrong": wrong,
        "said": _said(reader),
    }
    return draw(visit, "pages/people.html", values, code)


def _lately(visit: Visit) -> Scope:
    """What the load is counted of, as the report says it, which is for the same readers."""
    zone = zone_of(world().shelf.book.timezone)
    today = visit.now.astimezone(zone).date()
    return Scope(today - timedelta(days=LOAD_DAYS - 1), today + timedelta(days=1), zone)


def _report_of(scope: Scope) -> str:
    asked = {"from": f"{scope.start}", "to": f"{scope.end - timedelta(days=1)}"}
    return url_for("dashboard.reports_load", **asked)  # type: ignore[arg-type]


def _by_person(findings: Sequence[ReachFinding]) -> dict[int, list[ReachFinding]]:
    found: dict[int, list[ReachFinding]] = {}
    for one in findings:
        if one.person_id is not None:
            found.setdefault(one.person_id, []).append(one)
    return found


@bp.get(f"/people/{N32}")
@require(*READERS)
def person(visit: Visit, number: int) -> ResponseReturnValue:
    return person_page(visit, number)


def person_page(visit: Visit, number: int, wrong: str = "", code: int = 200, link: str = "") -> ResponseReturnValue:
    reader, session = reader_of(visit), db.session()
    row = staff.person(session, number)
    if row is None:
        abort(404)
    admin, own = visit.person.role is Role.ADMIN, row.id == visit.person.person_id
    directory = world().roll.current(session)
    (shown,) = rows.rows([row], directory, {row.id: list(reach.of_person(session, row.id))}, reader)
    known = store_contacts.of_person(session, row.id)
    heirs = [(one.email, one.name) for one in directory.people.values() if one.id != row.id and one.role != Role.VIEWER]
    values: dict[str, object] = {
        "page": "people",
        "row": shown,
        "person": row,
        "lines": lines.lines(known, reader, row.id, plain=admin or own),
        "rules": _rules(row, reader),
        "admin": admin,
        "own": own,
        "roles": [(one.value, reader.say(ROLES[one])) for one in Role],
        "zones": zones(),
        "all_teams": [team.name for team in staff.teams(session)],
        "choices": [(one, reader.say(lines.CHANNELS[one][1])) for one in contacts.ENTERED],
        "breaks": breaks(row, visit.now) if admin and row.active else None,
        "heirs": heirs if admin else [],
        "signed_in": staff.signed_in(session, row.id) if admin else 0,
        "shifts": shifts.coming(directory, row.email, reader),
        "wrong": wrong,
        "link": link,
        "said": "" if wrong else _said(reader),
    }
    return draw(visit, "pages/person.html", values, code)


def _said(reader: Reader) -> str:
    """What was just done, as a sentence."""
    text = SAID.get(request.args.get("said", ""))
    return reader.say(text) if text else ""


def breaks(row: PersonRow, now: datetime) -> Breaks:
    session = db.session()
    schedules = [
        one.name
        for one in staff.schedules(session)
        if any(row.email in layer.get("members", ()) for layer in one.layers)
    ]
    teams = [team.name for team in staff.teams(session) if row.email in team.members]
    policies = [
        policy.name
        for policy in world().shelf.book.policies.values()
        if any(f"person:{row.email}" in step.notify for step in policy.steps)
    ]
    tokens = [one.name for one in sources.of_person(session, row.id, now)]
    return Breaks(schedules, teams, policies, tokens, staff.assigned(session, row.id))


def _rules(row: PersonRow, reader: Reader) -> list[tuple[str, str]]:
    """Their own notification rules in words: (class, "push at once, call after 1 min")."""
    directory = world().roll.current(db.session())
    known = directory.people.get(row.email)
    found = []
    for urgency in Urgency:
        wishes = known.wishes_for(urgency) if known else ()
        parts = [
            reader.say("%(way)s after %(time)s", way=reader.say(WAYS[one.way.value]), time=reader.duration(one.after))
            if one.after
            else reader.say("%(way)s at once", way=reader.say(WAYS[one.way.value]))
            for one in wishes
        ]
        if parts:
            found.append((urgency.value, ", ".join(parts)))
    if known and known.quiet:
        found.append(("quiet", write_quiet(known.quiet)))
    return found


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Has left: is told nothing any more, and is signed out everywhere."), _("Is back."),
        _("Signed out everywhere."), _("Added."),
    )  # fmt: skip
