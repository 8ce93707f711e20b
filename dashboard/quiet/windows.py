"""Maintenance windows: the list, one of them with what it hid, a new one with its next times."""

from dataclasses import replace

from flask import redirect, request
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, draw_part, reader_of
from dashboard.quiet import forms, undoing
from dashboard.quiet.forms import Form
from dashboard.quiet.rows import PLANNERS, times
from dashboard.quiet.views import add, changeable, end, foresight, listing, whole
from gateway.access.auth import READERS, Visit, require
from rules.telling.suppress import Wrong
from rules.words import Suppressor

NEXT = 6  # times shown before it is planned


@bp.get("/maintenance")
@require(*READERS)
def maintenance(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/silences.html", listing(visit, Suppressor.MAINTENANCE))


@bp.get("/maintenance/<int(max=2147483647):planned>")
@require(*READERS)
def window(visit: Visit, planned: int) -> ResponseReturnValue:
    return draw(visit, "pages/silence.html", whole(visit, planned, Suppressor.MAINTENANCE))


@bp.get("/maintenance/new")
@require(*PLANNERS)
def new_window(visit: Visit) -> ResponseReturnValue:
    service = request.args.get("service", "")
    matchers = (forms.matcher("service", service),) if service else ()
    start = visit.now.astimezone(reader_of(visit).zone).strftime("%Y-%m-%dT22:00")
    return _form(visit, Form(matchers=matchers, start=start, zone=reader_of(visit).zone.key, more={"hours": "2h"}))


def _form(visit: Visit, form: Form, code: int = 200) -> ResponseReturnValue:
    say = reader_of(visit).say
    repeats = [(value, say(word)) for value, word in forms.REPEATS]
    values = {"page": "silences", "form": form, "repeats": repeats, **_foresight(visit, form)}
    return draw(visit, "pages/window_new.html", values, code)


def _foresight(visit: Visit, form: Form) -> dict[str, object]:
    """With its next times, if they can be read already."""
    reader, form = reader_of(visit), replace(form, spares=False)
    try:
        spans = forms.window(form, visit.now).spans[:NEXT]
    except Wrong as wrong:
        return foresight(visit, form) | {"spans": [], "no_times": reader.say(str(wrong))}
    return foresight(visit, form) | {"spans": times(spans, reader), "no_times": ""}


@bp.get("/maintenance/preview")
@require(*PLANNERS)
def preview_window(visit: Visit) -> ResponseReturnValue:
    return draw_part(visit, "partials/foresight.html", _foresight(visit, forms.read(request.args)))


@bp.post("/maintenance")
@require(*PLANNERS)
def add_window(visit: Visit) -> ResponseReturnValue:
    form = forms.read(request.form)
    if request.form.get("do") == "preview":
        return _form(visit, form)
    try:
        number = add(visit, Suppressor.MAINTENANCE, forms.window(form, visit.now))
    except Wrong as wrong:
        return _form(visit, replace(form, wrong=reader_of(visit).say(str(wrong))), 422)
    return redirect(undoing.place(number, Suppressor.MAINTENANCE))


@bp.post("/maintenance/<int(max=2147483647):planned>/end")
@require(*PLANNERS)
def end_window(visit: Visit, planned: int) -> ResponseReturnValue:
    changeable(visit, planned, Suppressor.MAINTENANCE)
    return end(visit, planned, Suppressor.MAINTENANCE)
