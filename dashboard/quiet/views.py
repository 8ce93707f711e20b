"""Silences: the list, one of them, a new one with a look at what it would hide, longer, and over."""

from dataclasses import replace
from datetime import datetime

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, draw_part, reader_of
from dashboard.quiet import forms, queries, undoing
from dashboard.quiet.forms import Form
from dashboard.quiet.rows import PLANNERS, may_change, n_incidents, report, row, rows, times
from dashboard.reader import Reader, grouped
from dashboard.rows import Tab
from dashboard.status.queries import set_page
from dashboard.takeback import actor_of
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.acts import silencing
from gateway.acts.silencing import LONGER, Wanted
from gateway.store.db import transaction
from gateway.store.quiet import silence_undos
from gateway.store.quiet.silence_undos import Stood
from gateway.store.tables import SilenceRow
from rules.matchers import Matcher
from rules.telling.suppress import EVERYTHING, Wrong, read_matchers, takes_everything
from rules.texts.text import cut
from rules.words import Role, Suppressor

MOST_WINDOWS = 3  # whose end is offered
TABS = ("active", "coming", "ended", "nothing")


@bp.get("/silences")
@require(*READERS)
def silences(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/silences.html", listing(visit, Suppressor.SILENCE))


def listing(visit: Visit, kind: Suppressor) -> dict[str, object]:
    reader, wanted = reader_of(visit), request.args.get("tab", "")
    wanted = wanted if wanted in TABS else TABS[0]
    found = queries.listed(kind, visit.now, ended=wanted == "ended")
    states = [silencing.state(one, visit.now) for one in found]
    counts = {} if wanted == "ended" else {"active": states.count("active"), "coming": states.count("pending")}
    if wanted != "ended":
        word = "pending" if wanted == "coming" else "active"
        found = [one for one, state in zip(found, states, strict=True) if state == word]
    if kind is Suppressor.SILENCE and wanted in ("active", "nothing"):
        useless = queries.matching_nothing(found) if found else set()
        counts["nothing"] = len(useless)
        found = [one for one in found if one.id in useless] if wanted == "nothing" else found
    return {
        "page": "silences",
        "kind": kind.value,
        "tab": wanted,
        "tabs": _tabs(kind, wanted, counts, reader),
        "rows": rows(found, visit, reader),
        "may_plan": visit.person.role in PLANNERS,
    }


def _tabs(kind: Suppressor, wanted: str, counts: dict[str, int], reader: Reader) -> list[Tab]:
    _ = reader.say
    names = [("active", _("Active")), ("coming", _("Coming")), ("ended", _("Ended"))]
    names += [("nothing", _("Matching nothing"))] if kind is Suppressor.SILENCE else []
    place = f"dashboard.{'silences' if kind is Suppressor.SILENCE else 'maintenance'}"
    return [
        Tab(word, url_for(place, tab=None if name == "active" else name), name == wanted, str(counts.get(name, "")))
        for name, word in names
    ]


@bp.get("/silences/<int(max=2147483647):number>")
@require(*READERS)
def silence(visit: Visit, number: int) -> ResponseReturnValue:
    return draw(visit, "pages/silence.html", whole(visit, number, Suppressor.SILENCE))


def whole(visit: Visit, number: int, kind: Suppressor) -> dict[str, object]:
    one, reader = found(number, kind), reader_of(visit)
    return {
        "page": "silences",
        "kind": kind.value,
        "row": row(one, queries.holds([one]), queries.has_hidden([one]), visit, reader),
        "zone": one.timezone,
        "coming": times(silencing.coming(one, visit.now), reader) if one.rule else [],
        "hid": report(queries.report(number), reader),
        "took": undoing.offer(visit, one, kind),
        "announce": kind is Suppressor.MAINTENANCE and set_page().on,
    }


def found(number: int, kind: Suppressor) -> SilenceRow:
    one = queries.one(number, kind)
    if one is None:
        abort(404)
    return one


@bp.get("/silences/new")
@require(*ACTORS)
def new_silence(visit: Visit) -> ResponseReturnValue:
    """Filled in from ?label=name=value, or ?incident=N."""
    pairs = [text.partition("=") for text in request.args.getlist("label")[: forms.MOST_ROWS]]
    labels = {name: value for name, equals, value in pairs if name and equals}
    number = request.args.get("incident", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        labels = queries.labels_of(int(number)) | labels
    return _form(visit, Form(matchers=forms.of_labels(labels)))


def _form(visit: Visit, form: Form, code: int = 200) -> ResponseReturnValue:
    reader = reader_of(visit)
    values = {
        "page": "silences",
        "form": form,
        "lengths": _lengths(visit, reader),
        "for_long": visit.person.role is Role.ADMIN,
        **foresight(visit, form),
    }
    return draw(visit, "pages/silence_new.html", values, code)


def _lengths(visit: Visit, reader: Reader) -> list[tuple[str, str]]:
    """For how long, as a choice: also until the end of what is being worked on now."""
    plain = [(value, reader.say(word)) for value, word in forms.LENGTHS]
    windows = [
        (
            forms.AT + one.ends_at.isoformat(),
            reader.say(
                "until “%(window)s” ends, %(time)s", window=cut(one.reason, 40), time=reader.moment(one.ends_at).short
            ),
        )
        for one in queries.listed(Suppressor.MAINTENANCE, visit.now, ended=False)
        if silencing.in_force(one, visit.now)
    ]
    return [*plain[:-1], *windows[:MOST_WINDOWS], plain[-1]]


def foresight(visit: Visit, form: Form) -> dict[str, object]:
    """What these matchers would keep quiet, or why that cannot be said."""
    reader = reader_of(visit)
    nothing = {"untouched": False, "unreadable": "", "foreseen": None, "everything": False, "phrase": EVERYTHING}
    if request.method == "GET" and not any(form.matchers):
        return nothing | {"untouched": True}  # no warning before anything is written; who sends it so is warned then
    try:
        matchers = read_matchers(form.matchers)
    except Wrong as wrong:
        return nothing | {"unreadable": reader.say(str(wrong))}
    return {
        "untouched": False,
        "unreadable": "",
        "foreseen": foreseen_words(visit, matchers, reader, spares=form.spares),
        "everything": takes_everything(matchers),
        "phrase": EVERYTHING,
    }


def foreseen_words(
    visit: Visit, matchers: tuple[Matcher, ...], reader: Reader, *, spares: bool
) -> dict[str, object]:  # fmt: skip
    seen = queries.foresee(matchers, visit.now, spares=spares)
    loud = reader.count("%(n)s emergency", "%(n)s emergencies", seen.emergencies)
    return {
        "firing": reader.count("%(n)s firing alert", "%(n)s firing alerts", seen.firing),
        "incidents": n_incidents(seen.incidents, reader),
        "week": reader.count("%(n)s alert", "%(n)s alerts", seen.week),
        "emergencies": loud if seen.emergencies else "",
        "spares": spares,
        "nothing": not seen.firing and not seen.week and not (spares and seen.emergencies),
        "capped": seen.capped,
        "most": grouped(silencing.MOST),
    }


@bp.get("/silences/preview")
@require(*ACTORS)
def preview_silence(visit: Visit) -> ResponseReturnValue:
    return draw_part(visit, "partials/foresight.html", foresight(visit, forms.read(request.args)))


@bp.post("/silences")
@require(*ACTORS)
def add_silence(visit: Visit) -> ResponseReturnValue:
    form = forms.read(request.form)
    if request.form.get("do") == "preview":
        return _form(visit, form)
    try:
        wanted = forms.silence(form, visit.now, reader_of(visit))
        _not_too_long(visit, wanted.spans[0][1])
        number = add(visit, Suppressor.SILENCE, wanted)
    except Wrong as wrong:
        return _form(visit, _wrong(form, wrong, reader_of(visit)), 422)
    return redirect(undoing.place(number, Suppressor.SILENCE))


def _not_too_long(visit: Visit, ends: datetime) -> None:
    if ends - visit.now > silencing.LONG and visit.person.role is not Role.ADMIN:
        raise Wrong("longer than a day is for administrators: ask one of them, or choose less")


def add(visit: Visit, kind: Suppressor, wanted: Wanted) -> int:
    """Raises Wrong."""
    with transaction() as session:
        row = silencing.add(session, kind, wanted, actor_of(visit), visit.now)
        return undoing.keep(session, visit, row, silence_undos.MADE, Stood.of(row))


def _wrong(form: Form, wrong: Wrong, reader: Reader) -> Form:
    return replace(form, wrong=reader.say(str(wrong)))


@bp.post("/silences/<int(max=2147483647):number>/extend")
@require(*ACTORS)
def extend_silence(visit: Visit, number: int) -> ResponseReturnValue:
    one = changeable(visit, number, Suppressor.SILENCE)
    try:
        _not_too_long(visit, one.ends_at + LONGER)
        with transaction() as session:
            before = Stood.of(one)
            row = silencing.extend(session, number, LONGER, actor_of(visit), visit.now)
            undoing.keep(session, visit, row, silence_undos.LONGER, before)
    except Wrong as wrong:
        values = whole(visit, number, Suppressor.SILENCE) | {"wrong": reader_of(visit).say(str(wrong))}
        return draw(visit, "pages/silence.html", values, 400)
    return redirect(undoing.place(number, Suppressor.SILENCE))


@bp.post("/silences/<int(max=2147483647):number>/end")
@require(*ACTORS)
def end_silence(visit: Visit, number: int) -> ResponseReturnValue:
    changeable(visit, number, Suppressor.SILENCE)
    return end(visit, number, Suppressor.SILENCE)


def changeable(visit: Visit, number: int, kind: Suppressor) -> SilenceRow:
    one = found(number, kind)
    if not may_change(one, visit):
        abort(403)
    return one


def end(visit: Visit, number: int, kind: Suppressor) -> ResponseReturnValue:
    with transaction() as session:
        before = Stood.of(found(number, kind))
        row = silencing.end(session, kind, number, actor_of(visit), visit.now)
        undoing.keep(session, visit, row, silence_undos.ENDED, before)
    return redirect(undoing.place(number, kind))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("longer than a day is for administrators: ask one of them, or choose less"),)
