"""Notices of the status page for those who write them: all, one, a new one; looked at before it is published."""

from dataclasses import replace

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.page import draw, reader_of
from dashboard.quiet.forms import matcher
from dashboard.reader import Reader, reader
from dashboard.rulebook.rows import local_input
from dashboard.status import forms, queries, rows
from dashboard.status.forms import Form
from dashboard.takeback import actor_of
from gateway.access.auth import READERS, Visit, require
from gateway.acts import notices as acts
from gateway.acts.notices import WRITERS, Published, Wanted
from gateway.secrets import new_key
from gateway.store.db import db
from gateway.store.outgoing.clients import AFTER
from gateway.store.tables import ComponentRow, SilenceRow
from gateway.world import world
from rules.reports.public import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    STAGES,
    About,
    NotFit,
    Notice,
    Phase,
    Said,
    Standing,
    State,
    Update,
    phase,
)

NUMBER = "<int(max=2147483647):number>"


@bp.get("/notices")
@require(*READERS)
def notices(visit: Visit) -> ResponseReturnValue:
    who, found = reader_of(visit), queries.listed(visit.now)
    standing = _standing()
    incidents = queries.incidents_of([one.id for one in found])
    values = {
        "page": "notices",
        "rows": [(rows.shown(one, standing, visit.now, who), incidents.get(one.id)) for one in found],
        "on": standing.on,
        "may_write": visit.person.role in WRITERS,
        "said": request.args.get("said", ""),
    }
    return draw(visit, "pages/notices.html", values)


def _standing() -> Standing:
    """As far as drawing one notice asks for it."""
    page = queries.set_page()
    return Standing(page.on, page.uuid, dict(page.names), tuple(queries.components()))


@bp.get("/notices/new")
@require(*WRITERS)
def new_notice(visit: Visit) -> ResponseReturnValue:
    """From ?incident=N, or from the maintenance window ?window=N; of either only when it was or will be."""
    who, form = reader_of(visit), forms.read(request.args)
    incident = queries.incident(_number("incident"))
    window = queries.window(_number("window"))
    form = replace(form, once=new_key(), starts=form.starts or local_input(visit.now, who))
    if incident is not None:
        known = {row.service: row.id for row in queries.component_rows()}
        named = {known[incident.service]: State.DOWN.value} if incident.service in known else {}
        starts = local_input(incident.opened_at, who)
        form = replace(form, incident=str(incident.id), starts=starts, states=named)
    if window is not None:
        starts, ends = local_input(window.starts_at, who), local_input(window.ends_at, who)
        named = {row.id: State.MAINTENANCE.value for row in queries.component_rows() if _keeps_quiet(window, row)}
        form = replace(form, about=About.MAINTENANCE.value, starts=starts, ends=ends, states=named)
    return _form(visit, form)


@bp.post("/notices/new")
@require(*WRITERS)
def turn_notice(visit: Visit) -> ResponseReturnValue:
    """The tab ?about=…, with what was written on the other one."""
    wanted = forms.read(request.args).about
    return _form(visit, forms.turned(forms.read(request.form), About(wanted)))


def _keeps_quiet(window: SilenceRow, component: ComponentRow) -> bool:
    """As the form of a window writes it."""
    return matcher("service", component.service) in window.matchers


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _form(visit: Visit, form: Form, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    values = {"page": "notices", **_controls(visit, form), "wrong": wrong, "preview": None, "number": 0,
              "there": _already(visit, form)}  # fmt: skip
    return draw(visit, "pages/notice_new.html", values, code)


def _already(visit: Visit, form: Form) -> list[tuple[int, rows.Text]]:
    """What goes on, or is to come, of the same incident: somebody else was quicker."""
    found = queries.of_incident(int(form.incident)) if form.incident.isascii() and form.incident.isdigit() else []
    who = reader_of(visit)
    return [(one.id, rows.text(one.titles, who)) for one in found if phase(one, visit.now) is not Phase.OVER]


def _controls(visit: Visit, form: Form, notice: Notice | None = None) -> dict[str, object]:
    """The fields of the form, each with the words that it offers."""
    who, about = reader_of(visit), About(form.about)
    named = set(form.states) | (set(notice.last.states) if notice else set())
    states = [State.SLOW, State.DOWN] if notice is None else [State.WORKING, State.SLOW, State.DOWN]
    states = [State.MAINTENANCE] if about is About.MAINTENANCE else states
    return {
        "form": form,
        "on": queries.set_page().on,
        "parts": [
            (one.id, rows.text(one.names, who).text) for one in queries.components() if one.shown or one.id in named
        ],
        "states": [(one.value, rows.mark(one, who).word) for one in states],
        "stages": [(one.value, rows.stage(one, who)) for one in STAGES[about]],
        "most": {"title": LONGEST_TITLE, "text": LONGEST_TEXT},
    }


@bp.post("/notices")
@require(*WRITERS)
def publish_notice(visit: Visit) -> ResponseReturnValue:
    """Looked at first; published is only what was looked at."""
    form, who = forms.read(request.form), reader_of(visit)
    if request.form.get("do") == "change":
        return _form(visit, form)
    try:
        wanted = acts.check(db.session(), forms.wanted(form, who), visit.now)
        if not _was_seen(form):
            return _previewed(visit, form, _as_notice(wanted, visit))
        done = acts.publish(wanted, actor_of(visit), visit.now, once=form.key)
    except NotFit as wrong:
        return _form(visit, form, who.say(str(wrong)), 422)
    return _to(done)


def _to(done: Published | None) -> ResponseReturnValue:
    if done is None:
        abort(404)
    return redirect(url_for("dashboard.notice", number=done.notice, said=None if done.anew else "twice"))


def _was_seen(form: Form) -> bool:
    return request.form.get("do") == "publish" and request.form.get("seen") == form.digest


def _as_notice(wanted: Wanted, visit: Visit) -> Notice:
    return Notice(0, "", wanted.about, wanted.titles, wanted.starts_at, (_as_update(wanted.said, visit),))


def _as_update(said: Said, visit: Visit) -> Update:
    return Update(0, visit.now, said.stage, said.texts, said.states, said.ends_at)


def _previewed(visit: Visit, form: Form, notice: Notice) -> ResponseReturnValue:
    """As the world will see it, in each language."""
    values = {
        "page": "notices",
        "form": form,
        "number": notice.id,
        "preview": [(word, _seen_in(language, notice, visit)) for language, word in LANGUAGES.items()],
        "on": True,
        "wrong": "",
        "letters": queries.letters(),
        "there": _already(visit, form),
        "seconds": int(AFTER.total_seconds()),
    }
    return draw(visit, "pages/notice_new.html", values)


def _seen_in(language: str, notice: Notice, visit: Visit) -> tuple[Reader, rows.Shown]:
    who = reader(visit.now, language, world().settings.timezone)
    return who, rows.shown(notice, _standing(), visit.now, who)


@bp.get(f"/notices/{NUMBER}")
@require(*READERS)
def notice(visit: Visit, number: int) -> ResponseReturnValue:
    return _one(visit, _found(number))


def _found(number: int) -> Notice:
    found = queries.one(number)
    if found is None:
        abort(404)
    return found


def _one(
    visit: Visit, found: Notice, form: Form | None = None, wrong: str = "", code: int = 200
) -> ResponseReturnValue:
    who, authors = reader_of(visit), queries.authors(found.id)
    form = form or replace(forms.after(found, who), once=new_key())
    values = {
        "page": "notices",
        "one": rows.shown(found, _standing(), visit.now, who),
        "open": phase(found, visit.now).value != "over",
        "authors": [(rows.when(each.at, who), authors.get(each.id, "")) for each in reversed(found.updates)],
        "incident": queries.incidents_of([found.id]).get(found.id),
        "may_write": visit.person.role in WRITERS,
        "back": queries.may_take_back(found.id, actor_of(visit), visit.now) and visit.person.role in WRITERS,
        "alone": len(found.updates) == 1,
        "wrong": wrong,
        "said": request.args.get("said", ""),
        "number": found.id,
        **_controls(visit, form, found),
    }
    return draw(visit, "pages/notice.html", values, code)


@bp.post(f"/notices/{NUMBER}/updates")
@require(*WRITERS)
def add_update(visit: Visit, number: int) -> ResponseReturnValue:
    found, who = _found(number), reader_of(visit)
    form = replace(forms.read(request.form), about=found.about.value, titles={}, starts="", incident="")
    if request.form.get("do") == "change":
        return _one(visit, found, form)
    try:
        said = acts.check_update(db.session(), number, forms.said(form, found.last.stage, who), visit.now)
        if said is None:
            abort(404)
        if not _was_seen(form):
            forms.still_last(form, found)
            return _previewed(visit, form, replace(found, updates=(*found.updates, _as_update(said, visit))))
        done = acts.update(number, said, actor_of(visit), visit.now, once=form.key, after=form.after)
    except NotFit as wrong:
        return _one(visit, found, replace(form, last=str(found.last.id)), who.say(str(wrong)), 422)
    return _to(done)


@bp.post(f"/notices/{NUMBER}/undo")
@require(*WRITERS)
def take_back_notice(visit: Visit, number: int) -> ResponseReturnValue:
    """One's own last word, within ten minutes."""
    if not acts.take_back(number, actor_of(visit), visit.now):
        abort(404)
    if queries.one(number) is None:
        return redirect(url_for("dashboard.notices", said="back"))
    return redirect(url_for("dashboard.notice", number=number, said="back"))
