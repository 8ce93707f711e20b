"""A person's own single keys: one field for what each does, and back to the usual ones."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me.account import appearance
from dashboard.page import reader_of
from dashboard.takeback import actor_of
from gateway.access import mine, shortcuts
from gateway.access.auth import READERS, Visit, require


@bp.post("/me/keys")
@require(*READERS)
def keep_keys(visit: Visit) -> ResponseReturnValue:
    usual = request.form.get("usual") == "1"
    wanted = {} if usual else {name: request.form.get(f"key-{name}", "")[:10] for name in shortcuts.KEYS}
    say = reader_of(visit).say
    try:
        kept = shortcuts.written(wanted)
    except ValueError as problem:
        wrong = say("A key is one small letter, digit or sign of a Latin keyboard, and not *: %(key)s", key=problem)
        return appearance(visit, wrong, 422)
    if twice := shortcuts.twice(kept):
        return appearance(visit, say("Two actions cannot have the same key: %(key)s", key=twice), 422)
    mine.keep_keys(visit.person.person_id, kept, actor_of(visit), visit.now)
    return redirect(url_for("dashboard.my_appearance", said="kept"))
