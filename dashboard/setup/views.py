"""The first run: one page with all steps, each skippable, that fills itself in as things happen."""

from dataclasses import dataclass

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import push
from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.me import contacts as lines
from dashboard.me.account import zones
from dashboard.me.frame import SAID, words_of
from dashboard.page import draw, draw_part, htmx, reader_of
from dashboard.setup.ending import ending
from dashboard.setup.ways import ways
from dashboard.takeback import actor_of
from gateway import actions
from gateway.access import contacts, firstrun, mine
from gateway.access.auth import Visit, require
from gateway.flows import trial
from gateway.secrets import digest
from gateway.store.db import db, transaction
from gateway.store.directory import firstrun as store
from gateway.store.directory import signins
from gateway.world import world
from rules.lifecycle import Signal
from rules.words import Role

OWNERS = (Role.ADMIN,)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    number: int
    word: str
    state: str  # done, skipped, or nothing


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
    shown = [row for row in contacts.mine(me.person_id) if row.channel != "webpush"]  # browsers have a card below
    values: dict[str, object] = {
        "page": "setup",
        "steps": steps,
        "source": source,
        "ending": ending(progress.incident, me, reader),
        "ways": ways(me.person_id, reader),
        "push": push.card(visit),
        "zones": zones(),
        "lines": lines.lines(shown, reader, me.person_id, plain=True),
        "said": reader.say(said) if (said := SAID.get(request.args.get("said", ""), "")) else "",
        "others": [
            (one.email, one.name)
            for one in world().roll.current(session).people.values()
            if one.email != me.email and one.role != Role.VIEWER
        ],
        "all_done": all(one.state for one in steps),
        "wrong": wrong,
    }
    values["was"] = was = digest(repr((source, values["ending"])))[:12]
    if htmx and request.args.get("part"):
        if request.args.get("was") == was:
            return Response(status=204)  # as it was: what is open on the page stays open
        return draw_part(visit, "partials/setup_live.html", values)
    return draw(visit, "pages/setup_steps.html", values, code)


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
    """An alert of our own: it takes everybody's way, and tells whoever pressed by all that they have."""
    if not trial.send(actor_of(visit), visit.person.language, visit.now):
        return _page(visit, words_of("too many", "", reader_of(visit)), 429)
    return redirect(url_for("dashboard.first_steps", _anchor="end"))


@bp.post("/setup/steps/arrived")
@require(*OWNERS)
def set_up_arrived(visit: Visit) -> ResponseReturnValue:
    """They have it before them, and cannot answer in it: the links of messages may lead nowhere from there."""
    number, contact = store.progress(db.session()).incident, request.form.get("contact", "")
    if not (contact.isascii() and contact.isdigit() and len(contact) < 10):
        abort(400)
    if contacts.saw(actor_of(visit), int(contact), number, visit.now):
        actions.act(number, Signal.ACKNOWLEDGE, actor_of(visit), visit.now)
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
