"""The first run: one page with all steps, each skippable, that fills itself in as things happen."""

from dataclasses import dataclass

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.me import contacts as lines
from dashboard.me.account import zones
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.reader import Reader
from dashboard.takeback import actor_of
from dashboard.words import WAYS
from gateway.access import contacts, firstrun, mine
from gateway.access.auth import Visit, require
from gateway.actions import Actor
from gateway.doors import replay
from gateway.store import firstrun as store
from gateway.store import signins
from gateway.store.db import db, transaction
from gateway.world import world
from rules.words import Role

OWNERS = (Role.ADMIN,)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    number: int
    word: str
    state: str  # done, skipped, or nothing


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of the test alert, in words."""

    number: int
    said: str
    acknowledged: bool
    open: bool


@bp.get("/setup/steps")
@require(*OWNERS)
def first_steps(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader, session, me = reader_of(visit), db.session(), visit.person
    progress = store.progress(session)
    source, reached, oncall = store.heard(session), store.reached(session, me.person_id), store.on_call(session)
    facts = {"admin": True, "zone": False, "source": bool(source), "reach": reached, "oncall": oncall}
    words = {"admin": _("Administrator"), "zone": _("Language and time zone"), "source": _("A source"),
             "reach": _("Reach yourself"), "oncall": _("Who is on call")}  # fmt: skip
    steps = [
        Step(name, number, reader.say(words[name]), "done" if well else "skipped" if name in progress.done else "")
        for number, (name, well) in enumerate(facts.items(), 1)
    ]
    if "zone" in progress.done:  # there is nothing to look at: it is done when somebody says so
        steps[1] = Step("zone", 2, steps[1].word, "done")
    values: dict[str, object] = {
        "page": "setup",
        "steps": steps,
        "source": source,
        "ending": _ending(progress.incident, reader),
        "zones": zones(),
        "lines": lines.lines(contacts.mine(me.person_id), reader, me.person_id, plain=True),
        "others": [
            (one.email, one.name)
            for one in world().roll.current(session).people.values()
            if one.email != me.email and one.role != Role.VIEWER
        ],
        "all_done": all(one.state for one in steps),
        "wrong": wrong,
    }
    if htmx and request.args.get("part"):
        return draw_part(visit, "partials/setup_live.html", values)
    return draw(visit, "pages/setup_steps.html", values, code)


def _ending(number: int, reader: Reader) -> Ending | None:
    """From the button to the person's message: how long it took, and what it was."""
    found = store.test(db.session(), number)
    if found is None:
        return None
    way = reader.say(WAYS.get(found.way, "message"))
    took = reader.fraction((found.told_at - found.opened_at).total_seconds()) if found.told_at else ""
    if not found.told_at:
        said = reader.say("The test alert is taken in. Nobody has been told yet.")
    elif found.status == "logged":
        said = reader.say("Taken in, and written to the log after %(time)s: no provider is set up yet.", time=took)
    else:
        said = reader.say("From the alert to you: %(time)s (%(way)s).", time=took, way=way)
    return Ending(number, said, found.acknowledged_at is not None, found.resolved_at is None)


@bp.post("/setup/steps/zone")
@require(*OWNERS)
def set_up_zone(visit: Visit) -> ResponseReturnValue:
    me, language = visit.person, request.form.get("language", "")
    if language not in LANGUAGES:
        abort(400)
    taste = {"exact_times": me.exact_times, "single_keys": me.single_keys}
    wrong = mine.keep_zone(me.person_id, request.form.get("timezone", ""), actor_of(visit), visit.now, **taste)
    if wrong:
        return _page(visit, reader_of(visit).say(wrong), 422)
    with transaction() as session:
        signins.set_taste(session, me.person_id, language, me.theme)
    firstrun.finish("zone", me.email, visit.now)
    return redirect(url_for("dashboard.first_steps"))


@bp.post("/setup/steps/test")
@require(*OWNERS)
def set_up_test(visit: Visit) -> ResponseReturnValue:
    """An alert of our own: it takes everybody's way through rule book, outbox and channels."""
    actor = Actor(visit.person.name, "dashboard", visit.person.person_id, visit.person.email)
    made = replay.send_test(store.own_source(db.session()), world(), actor, visit.now)
    if isinstance(made, str) or not made:
        return _page(visit, made if isinstance(made, str) else "", 503)
    firstrun.keep_test(made[0], visit.now)
    return redirect(url_for("dashboard.first_steps", _anchor="end"))


@bp.post("/setup/steps/oncall")
@require(*OWNERS)
def set_up_on_call(visit: Visit) -> ResponseReturnValue:
    me = visit.person
    members = [me.email, request.form.get("second", "")] if request.form.get("who") == "two" else [me.email]
    wrong = firstrun.put_on_call(members, me.timezone, me.email, visit.now)
    if wrong:
        return _page(visit, reader_of(visit).say(wrong), 422)
    return redirect(url_for("dashboard.first_steps"))


@bp.post("/setup/steps/skip")
@require(*OWNERS)
def skip_step(visit: Visit) -> ResponseReturnValue:
    step = request.form.get("step", "")
    if not firstrun.finish(step, visit.person.email, visit.now):
        abort(400)
    return redirect(url_for("dashboard.incidents" if step == store.LEFT else "dashboard.first_steps"))


def _(text: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


MARKED = (_("There is a schedule already: change it on the page On call."), _("Choose somebody who may be told."))
